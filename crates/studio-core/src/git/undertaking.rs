//! A change to a repository that may be killed at any point, and the cleaning up after one that was.
//!
//! While a command changes a repository, the file `studio/undertaking.json` in its `.git` says so. Who finds it under the
//! lock knows that its writer died: lock files of git's that are left are stale, and an index that was prepared for the
//! commit that HEAD has now is put in its place.

use super::{Head, Identity, Move, PreparedIndex, Repo, Target, digest};
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
    /// The refs that move with it. Each is a file, so a kill may come between two of them.
    #[serde(default)]
    moves: Vec<Move>,
    /// Where HEAD was before.
    #[serde(default)]
    was: Option<Head>,
    /// When, in seconds since 1970.
    #[serde(default)]
    time: i64,
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
        if let Some(intent) = &note.intent
            && git_dir == self.git_dir()
        {
            self.finish_moves(intent)?;
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

    /// Moves the rest of refs of which some have moved; none where somebody else moved one of them since.
    fn finish_moves(&self, intent: &Intent) -> Result<()> {
        let (Some(was), Ok(now)) = (&intent.was, self.head()) else { return Ok(()) };
        let head_is = |head: &Head, to: &Target| match to {
            Target::Ref(name) => {
                head.branch.as_deref().is_some_and(|branch| format!("refs/heads/{branch}") == *name)
            }
            Target::Commit(commit) => head.branch.is_none() && head.commit == *commit,
            Target::Nothing => false,
        };
        let (mut begun, mut rest) = (false, vec![]);
        for one in &intent.moves {
            // What is where it goes anyway says nothing.
            let (done, open, changes) = if one.name == "HEAD" {
                // On a branch, HEAD is at whatever commit that is at by now.
                let same = now.branch == was.branch && (now.branch.is_some() || now == *was);
                (head_is(&now, &one.to), same, !head_is(was, &one.to))
            } else {
                let current = self.ref_commit(&one.name)?;
                let to = match &one.to {
                    Target::Commit(commit) => Some(commit.clone()),
                    Target::Ref(_) | Target::Nothing => None,
                };
                (current == to, current == one.from, to != one.from)
            };
            match (done, open) {
                (true, _) => begun |= changes,
                (false, true) => rest.push(one.clone()),
                (false, false) => return Ok(()),
            }
        }
        if begun && !rest.is_empty() {
            self.move_refs(&self.identity(intent.time), "studio: finished after a kill", &rest)?;
        }
        Ok(())
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
    /// Writes down that `index` belongs to HEAD once HEAD is at `head`, and which refs are about to move with it, from
    /// where HEAD is at `was`.
    pub fn intend(
        &self,
        index: &PreparedIndex,
        head: &CommitId,
        was: &Head,
        (who, moves): (&Identity, &[Move]),
    ) -> Result<()> {
        let intent = Intent {
            index: index.path.clone(),
            from: fingerprint(&index.from),
            head: head.clone(),
            moves: moves.to_vec(),
            was: Some(was.clone()),
            time: who.committer.time.seconds,
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

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::Sandbox;

    /// A repository in which a change was killed after HEAD had moved and before the other ref; and `script` since.
    fn killed_between(script: &str) -> (Sandbox, Repo) {
        let sandbox = Sandbox::new();
        let make = "git init -q repo && cd repo && git commit -q --allow-empty -m one
            git branch other && git commit -q --allow-empty -m two && git rev-parse HEAD";
        let two = CommitId::new(&sandbox.sh("", make).ok()).expect("an id");
        let repo = Repo::open(&sandbox.root().join("repo")).expect("a repository");
        let was = repo.head().expect("HEAD");
        let tree = repo.tree_of(&two).expect("a tree");
        let index = repo.prepare_index(tree, &Default::default()).expect("an index");
        let moves = [
            Move { name: "HEAD".into(), from: None, to: Target::Ref("refs/heads/other".into()) },
            Move { name: "refs/x/log".into(), from: None, to: Target::Commit(two) },
        ];
        let who = repo.identity(testkit::NOW);
        let undertaking = repo.undertake().expect("begun");
        undertaking.intend(&index, &was.commit, &was, (&who, &moves)).expect("noted");
        std::mem::forget(undertaking);
        sandbox.sh("repo", script).ok();
        drop(repo.undertake().expect("healed"));
        (sandbox, repo)
    }

    #[test]
    fn refs_of_which_some_had_moved_all_move() {
        let (_sandbox, repo) = killed_between("git symbolic-ref HEAD refs/heads/other");
        assert_eq!(repo.head_branch().expect("HEAD").as_deref(), Some("other"));
        assert!(repo.ref_commit("refs/x/log").expect("read").is_some());
    }

    #[test]
    fn where_none_had_moved_or_somebody_moved_one_since_they_stay() {
        for since in [
            "true",
            "git symbolic-ref HEAD refs/heads/other; git update-ref refs/x/log other",
            "git switch -q -c third",
        ] {
            let (sandbox, repo) = killed_between(&format!("git rev-parse HEAD >../two\n{since}"));
            let two = sandbox.read("two");
            let log = repo.ref_commit("refs/x/log").expect("read");
            assert!(log.is_none_or(|log| log.as_str() != two.trim()), "{since}");
        }
    }
}
