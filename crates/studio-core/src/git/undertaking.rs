//! A change to a repository that may be killed at any point, and the cleaning up after one that was.
//!
//! While a command changes a repository, the file `studio/undertaking.json` in its `.git` says so. Who finds it under the
//! lock knows that its writer died: lock files of git's that are left are stale, and an index that was prepared for the
//! commit that HEAD has now is put in its place.

use super::{Head, Identity, PreparedIndex, Repo, digest};
use crate::error::Result;
use crate::fs;
use crate::names::CommitId;
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// An open change; over when dropped.
#[derive(Debug)]
pub struct Undertaking {
    file: Utf8PathBuf,
    git_dir: Utf8PathBuf,
    /// Where HEAD was when a rebase began that was killed; for who heals it.
    pub killed_rebase: Option<Head>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Note {
    git_dir: Utf8PathBuf,
    intent: Option<Intent>,
    /// Where HEAD was when a rebase of ours began that has not ended.
    #[serde(default)]
    rebasing: Option<Head>,
}

/// The index that belongs to HEAD once HEAD is at a commit.
#[derive(Debug, Serialize, Deserialize)]
struct Intent {
    index: Utf8PathBuf,
    /// The fingerprint of the index that it was prepared from.
    from: String,
    head: CommitId,
}

/// How long a lock file of git's may belong to a git that is still alive.
const PATIENCE: Duration = Duration::from_secs(2);

impl Repo {
    /// Begins a change, after healing what an earlier one left. The caller holds the lock that makes it the only one.
    pub fn undertake(&self) -> Result<Undertaking> {
        let file = self.common_dir().join("studio/undertaking.json");
        let mut killed_rebase = None;
        if let Some(text) = fs::read_optional(&file)? {
            // A note that was cut short by a full disk still says that somebody died here.
            let note = serde_json::from_str(&text).unwrap_or_default();
            killed_rebase = self.heal(note)?;
        }
        let undertaking = Undertaking { file, git_dir: self.git_dir(), killed_rebase };
        undertaking.note(None, undertaking.killed_rebase.clone())?;
        Ok(undertaking)
    }

    /// Heals what a killed change left in a submodule that it had begun with.
    pub fn heal_submodules(&self) -> Result<()> {
        for submodule in self.submodules()? {
            if let Some(repo) = self.open_submodule(&submodule.path)?
                && repo.common_dir().join("studio/undertaking.json").exists()
            {
                drop(repo.undertake()?);
            }
        }
        Ok(())
    }

    fn heal(&self, note: Note) -> Result<Option<Head>> {
        let git_dir = if note.git_dir.is_dir() { note.git_dir } else { self.git_dir() };
        let start = Instant::now();
        loop {
            let mut stale = Vec::new();
            for folder in [&git_dir, &self.common_dir()] {
                lock_files(folder, Depth::Here, &mut stale);
            }
            for folder in ["refs", "modules"] {
                lock_files(&self.common_dir().join(folder), Depth::Below, &mut stale);
            }
            if stale.is_empty() {
                break;
            }
            // Some may belong to a git that the user runs just now.
            if start.elapsed() > PATIENCE {
                for file in stale {
                    fs::remove_file(&file)?;
                }
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        if let Some(intent) = note.intent
            && intent.index.exists()
        {
            let index = git_dir.join("index");
            let current = if index.exists() { fs::read(&index)? } else { vec![] };
            let reached = self.head().is_ok_and(|head| head.commit == intent.head);
            if reached && fingerprint(&current) == intent.from && git_dir == self.git_dir() {
                fs::rename(&intent.index, &index)?;
            } else {
                fs::remove_file(&intent.index)?;
            }
        }
        // Indexes that were being prepared, their locks, and files that were about to come in.
        if let Ok(entries) = git_dir.join("studio").read_dir_utf8() {
            for entry in entries.flatten() {
                match entry.file_name() {
                    name if name.starts_with("index-") => fs::remove_file(entry.path())?,
                    name if name.starts_with("incoming-") => fs::remove_tree(entry.path())?,
                    _ => {}
                }
            }
        }
        Ok(note.rebasing.filter(|_| git_dir == self.git_dir()))
    }

    /// Gives up a rebase that was killed: what it left in the files is committed on `keep`, then HEAD, files and index go
    /// back to `head`.
    pub fn give_up_rebase(&self, who: &Identity, head: &Head, keep: &str) -> Result<()> {
        let changes = self.changes()?;
        let tree = self.write_worktree_tree(&changes, &|_| false)?;
        let at = self.head()?.commit;
        let message = "wip: what a rebase that was killed left in the files";
        let commit = self.write_commit(who, message, tree, &[at])?;
        self.git(["update-ref", &format!("refs/heads/{keep}"), commit.as_str()]).run()?;
        // Which of them git is in the middle of depends on the moment of the kill.
        for state in ["rebase", "cherry-pick", "revert"] {
            let _ = self.git([state, "--quit"]).run();
        }
        for leftover in ["rebase-merge", "rebase-apply"] {
            fs::remove_tree(&self.git_dir().join(leftover))?;
        }
        for leftover in ["CHERRY_PICK_HEAD", "REBASE_HEAD", "MERGE_MSG", "AUTO_MERGE"] {
            fs::remove_file(&self.git_dir().join(leftover))?;
        }
        // From exactly what was kept, so that what the rebase had written and not yet tracked goes, too.
        let index = self.move_files(tree, self.tree_of(&head.commit)?)?;
        match &head.branch {
            Some(branch) => {
                self.git(["symbolic-ref", "HEAD", &format!("refs/heads/{branch}")]).run()?
            }
            None => self.git(["update-ref", "--no-deref", "HEAD", head.commit.as_str()]).run()?,
        };
        self.install_index(&index)
    }
}

impl Undertaking {
    /// Writes down that `index` belongs to HEAD once HEAD is at `head`.
    pub fn intend(&self, index: &PreparedIndex, head: &CommitId) -> Result<()> {
        let intent = Intent {
            index: index.path.clone(),
            from: fingerprint(&index.from),
            head: head.clone(),
        };
        self.note(Some(intent), None)
    }

    /// Writes down that a rebase begins that leads back to `head` if it is killed.
    pub fn rebasing(&self, head: &Head) -> Result<()> {
        self.note(None, Some(head.clone()))
    }

    fn note(&self, intent: Option<Intent>, rebasing: Option<Head>) -> Result<()> {
        let note = Note { git_dir: self.git_dir.clone(), intent, rebasing };
        let text = serde_json::to_vec(&note).unwrap_or_default();
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write_new(&self.file, &text)
    }
}

impl Drop for Undertaking {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}

/// What tells an index file from others: the sum that git puts at its end, or one of ours where it puts none.
fn fingerprint(index: &[u8]) -> String {
    match index.last_chunk::<20>() {
        Some(sum) if sum.iter().any(|byte| *byte != 0) => {
            sum.iter().map(|byte| format!("{byte:02x}")).collect()
        }
        _ => digest(index),
    }
}

/// How far lock files are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// In the folder itself.
    Here,
    /// In it and in all folders below.
    Below,
}

/// Removes the lock files of gits that were killed; the caller holds a lock which says that none of them lives.
pub fn remove_stale_locks(folder: &Utf8Path, depth: Depth) -> Result<()> {
    let mut stale = Vec::new();
    lock_files(folder, depth, &mut stale);
    stale.iter().try_for_each(|file| fs::remove_file(file))
}

/// The files that git makes beside what it is about to replace, and leaves when it is killed.
fn lock_files(folder: &Utf8Path, depth: Depth, found: &mut Vec<Utf8PathBuf>) {
    let Ok(entries) = folder.read_dir_utf8() else { return };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if depth == Depth::Below {
                lock_files(entry.path(), depth, found);
            }
        } else if entry.file_name().ends_with(".lock") {
            found.push(entry.path().to_owned());
        }
    }
}
