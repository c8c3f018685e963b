//! Whether a folder still holds exactly the commit that it is named after.
//!
//! Everything is read and hashed: the commit and its trees from the folder's own `.git`, each file through git's filters.
//! Modes of permission are no proof, because root is not held by them.

use super::blob::id_of_file;
use super::{Repo, Tree, id};
use crate::error::{Error, OrSay, Result};
use crate::names::CommitId;
use crate::pool::Key;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::index::entry::Mode;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

/// One way in which a folder is not the commit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// Another content, mode or kind.
    Changed(String),
    /// Gone.
    Missing(String),
    /// Not in the commit.
    Added(String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Changed(path) => write!(f, "changed: {path}"),
            Difference::Missing(path) => write!(f, "missing: {path}"),
            Difference::Added(path) => write!(f, "added:   {path}"),
        }
    }
}

/// What reading a folder has shown.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// All ways in which it is not the commit; none means that it is.
    pub differences: Vec<Difference>,
    /// Files that do not hold what they should, by what they should hold and their inode: they may be the pool's.
    pub damaged: Vec<(Key, u64)>,
}

impl Repo {
    /// All ways in which the work tree is not `commit`.
    pub fn differences(&self, commit: &CommitId) -> Result<Found> {
        let mut found = Found::default();
        self.differences_below(commit, "", &mut found)?;
        found.differences.sort();
        Ok(found)
    }

    fn differences_below(&self, commit: &CommitId, prefix: &str, into: &mut Found) -> Result<()> {
        let tree = self.authentic_tree(commit)?;
        let index = self.gix.index_from_tree(&tree.0).or_say(|| "the tree cannot be read")?;
        let mut expected: BTreeSet<BString> = BTreeSet::new();
        let found = &mut into.differences;
        let shown = |path: &BStr| format!("{prefix}{}", path.to_str_lossy());
        let entries = index.entries();
        for entry in entries {
            expected.insert(entry.path(&index).to_owned());
        }
        // Hashing dominates, so it is spread over the cores; each thread has its own view of the repository.
        let threads = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(1 + entries.len() / 500);
        let shared = gix::Repository::clone(&self.gix).into_sync();
        let top = self.top.as_std_path();
        let parts = std::thread::scope(|scope| {
            let workers: Vec<_> = entries
                .chunks(entries.len().div_ceil(threads).max(1))
                .map(|part| {
                    let (shared, index) = (&shared, &index);
                    scope.spawn(move || compare_files(&shared.to_thread_local(), top, index, part))
                })
                .collect();
            workers
                .into_iter()
                .map(|worker| {
                    worker.join().map_err(|_| Error::new("a thread that compared files died"))?
                })
                .collect::<Result<Vec<_>>>()
        })?;
        for (path, wrong) in parts.into_iter().flatten() {
            let path = shown(path.as_bstr());
            found.push(match wrong {
                Wrong::Missing => Difference::Missing(path),
                Wrong::Kind => Difference::Changed(path),
                Wrong::Content(file) => {
                    into.damaged.extend(file);
                    Difference::Changed(path)
                }
            });
        }
        added(top, top, &expected, &mut |path| found.push(Difference::Added(shown(path))))?;
        for entry in entries.iter().filter(|entry| entry.mode == Mode::COMMIT) {
            let path = entry.path(&index);
            match self.open_submodule(&path.to_str_lossy())? {
                Some(inner) => {
                    let commit = super::commit_id(entry.id);
                    inner.differences_below(&commit, &format!("{}/", shown(path)), into)?;
                }
                None => into.differences.push(Difference::Missing(shown(path))),
            }
        }
        Ok(())
    }

    /// The tree of a commit, after making sure that commit and trees hash to the ids under which they were found.
    fn authentic_tree(&self, commit: &CommitId) -> Result<Tree> {
        let check = |object: &gix::ObjectId| -> Result<()> {
            let found = self
                .gix
                .find_object(*object)
                .or_say(|| format!("the object {object} is not here"))?;
            let actual = gix::objs::compute_hash(self.gix.object_hash(), found.kind, &found.data)
                .or_say(|| "hashing failed")?;
            if actual == *object {
                Ok(())
            } else {
                Err(Error::new(format!(
                    "the object {object} in `{}` has been tampered with",
                    self.git_dir()
                )))
            }
        };
        check(&id(commit))?;
        let tree = self.tree_of(commit)?;
        check(&tree.0)?;
        let mut open = vec![tree.0];
        while let Some(next) = open.pop() {
            let object =
                self.gix.find_tree(next).or_say(|| format!("the tree {next} is not here"))?;
            for entry in object.iter() {
                let entry = entry.or_say(|| format!("the tree {next} cannot be read"))?;
                if entry.mode().is_tree() {
                    let below = entry.object_id();
                    check(&below)?;
                    open.push(below);
                }
            }
        }
        Ok(tree)
    }
}

/// How a file is not what the index says.
enum Wrong {
    Missing,
    Kind,
    /// With what it should hold and its inode, if it is a regular file.
    Content(Option<(Key, u64)>),
}

/// The files that are not what the index says.
fn compare_files(
    repo: &gix::Repository,
    top: &std::path::Path,
    index: &gix::index::State,
    part: &[gix::index::Entry],
) -> Result<Vec<(BString, Wrong)>> {
    let (mut pipeline, _) =
        repo.filter_pipeline(None).or_say(|| "git's filters cannot be set up")?;
    let mut wrong = Vec::new();
    for entry in part {
        let path = entry.path(index);
        if entry.mode == Mode::COMMIT {
            continue;
        }
        let file = top.join(super::path_of(path));
        let Ok(meta) = std::fs::symlink_metadata(&file) else {
            wrong.push((path.to_owned(), Wrong::Missing));
            continue;
        };
        if !same_kind(entry.mode, &meta) {
            wrong.push((path.to_owned(), Wrong::Kind));
            continue;
        }
        let unreadable = || format!("`{path}` cannot be read");
        let actual = if meta.is_symlink() {
            let target = std::fs::read_link(&file).or_say(unreadable)?;
            let target = gix::path::into_bstr(target).or_say(unreadable)?;
            gix::objs::compute_hash(repo.object_hash(), gix::objs::Kind::Blob, &target)
                .or_say(|| "hashing failed")?
        } else {
            let open = std::fs::File::open(&file).or_say(unreadable)?;
            id_of_file(&mut pipeline, index, path, open, meta.len()).or_say(unreadable)?
        };
        if actual != entry.id {
            use std::os::unix::fs::MetadataExt;
            let executable = entry.mode == Mode::FILE_EXECUTABLE;
            let blob = entry.id.as_slice().try_into().ok().filter(|_| meta.is_file());
            let file = blob.map(|blob| (Key { blob, executable }, meta.ino()));
            wrong.push((path.to_owned(), Wrong::Content(file)));
        }
    }
    Ok(wrong)
}

fn same_kind(mode: Mode, meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    match mode {
        Mode::SYMLINK => meta.is_symlink(),
        Mode::FILE_EXECUTABLE => meta.is_file() && meta.mode() & 0o100 != 0,
        _ => meta.is_file() && meta.mode() & 0o100 == 0,
    }
}

/// Calls `say` for every file that is not expected; folders of submodules have been looked at by themselves.
fn added(
    top: &Path,
    folder: &Path,
    expected: &BTreeSet<BString>,
    say: &mut dyn FnMut(&BStr),
) -> Result<()> {
    let failed = || format!("the folder `{}` cannot be read", folder.display());
    for entry in std::fs::read_dir(folder).or_say(failed)? {
        let entry = entry.or_say(failed)?;
        let path = entry.path();
        let below = path.strip_prefix(top).or_say(|| "a folder moved while it was read")?;
        let below = gix::path::into_bstr(below).or_say(|| "a name cannot be read")?;
        if below.as_ref() == ".git" || expected.contains(below.as_ref()) {
            continue;
        }
        if path.is_dir() && !path.is_symlink() {
            added(top, &path, expected, say)?;
        } else {
            say(below.as_ref());
        }
    }
    Ok(())
}
