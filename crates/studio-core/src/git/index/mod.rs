//! The user's index: prepared beside its place, put there by a rename, or left exactly as it was.

mod against;
mod rewrite;

pub(super) use against::{Step, against};
pub(super) use rewrite::{mode_of, written};

use super::{Repo, Tree};
use crate::error::{Error, Result};
use crate::fs;
use camino::Utf8PathBuf;
use gix::bstr::BString;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// An index that is ready to be put in place.
#[derive(Debug)]
pub struct PreparedIndex {
    pub(super) path: Utf8PathBuf,
    /// What the index was when this one was prepared from it.
    pub(super) from: Vec<u8>,
}

/// Files that are what the index says, although their stat is not.
#[derive(Clone, Debug, Default)]
pub struct Stale(pub(super) BTreeSet<BString>);

impl Stale {
    /// How many they are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How long another git may hold the index before it is named in an error.
const PATIENCE: Duration = Duration::from_secs(3);

impl Repo {
    fn index_path(&self) -> Utf8PathBuf {
        self.git_dir().join("index")
    }

    /// The index file as it is; empty if there is none.
    pub fn index_bytes(&self) -> Result<Vec<u8>> {
        let path = self.index_path();
        if path.exists() { fs::read(&path) } else { Ok(vec![]) }
    }

    /// Prepares an index that holds `tree` and knows which files of the work tree are unchanged.
    pub fn prepare_index(&self, tree: Tree, stale: &Stale) -> Result<PreparedIndex> {
        let path = self.git_dir().join(format!("studio/index-{}", std::process::id()));
        let from = self.index_bytes()?;
        fs::create_dir_all(&self.git_dir().join("studio"))?;
        fs::remove_file(&path)?;
        // What the quick way stumbles over, git explains.
        if let Ok(Some(bytes)) = self.rewritten_index(&from, tree, &stale.0) {
            fs::write_new(&path, &bytes)?;
            return Ok(PreparedIndex { path, from });
        }
        if !from.is_empty() {
            fs::write_new(&path, &from)?;
        }
        // With one tree, `-m` keeps what the old index knows about files whose content is the same.
        let unmerged =
            self.git(["read-tree", "-m", &tree.to_string()]).env("GIT_INDEX_FILE", &path).run();
        if unmerged.is_err() {
            self.git(["read-tree", "--reset", &tree.to_string()])
                .env("GIT_INDEX_FILE", &path)
                .run()?;
        }
        // Exit status 1 only says that some files differ.
        let _ = self.git(["update-index", "-q", "--refresh"]).env("GIT_INDEX_FILE", &path).run();
        Ok(PreparedIndex { path, from })
    }

    /// Writes down what the stats of `stale` files are now, as `git status` does when it finds such; an index that is not
    /// as HEAD, or that another git is at, is left alone.
    pub fn refresh_index(&self, stale: &Stale) -> Result<()> {
        let Ok(head) = self.gix.head_tree_id() else { return Ok(()) };
        let from = self.index_bytes()?;
        let Ok(Some(bytes)) = self.refreshed_index(&from, Tree(head.detach()), &stale.0) else {
            return Ok(());
        };
        let path = self.git_dir().join(format!("studio/index-{}", std::process::id()));
        fs::create_dir_all(&self.git_dir().join("studio"))?;
        fs::write_new(&path, &bytes)?;
        let untouched = !self.git_dir().join("index.lock").exists() && self.index_bytes()? == from;
        if untouched { fs::rename(&path, &self.index_path()) } else { fs::remove_file(&path) }
    }

    /// Prepares an index from bytes that were kept.
    pub fn prepare_index_from(&self, bytes: &[u8]) -> Result<PreparedIndex> {
        let path = self.git_dir().join(format!("studio/index-{}", std::process::id()));
        let from = self.index_bytes()?;
        fs::create_dir_all(&self.git_dir().join("studio"))?;
        fs::write_new(&path, bytes)?;
        let _ = self.git(["update-index", "-q", "--refresh"]).env("GIT_INDEX_FILE", &path).run();
        Ok(PreparedIndex { path, from })
    }

    /// Makes sure that the index is still what `prepared` was made from and that nobody is writing it.
    pub fn index_unchanged(&self, prepared: &PreparedIndex) -> Result<()> {
        self.wait_for_index()?;
        if self.index_bytes()? == prepared.from {
            return Ok(());
        }
        fs::remove_file(&prepared.path)?;
        Err(Error::new("the index was changed by another git command while this one was at work")
            .hint("nothing was changed; try again"))
    }

    /// Waits until no git holds the index.
    pub fn wait_for_index(&self) -> Result<()> {
        let lock = self.git_dir().join("index.lock");
        let start = Instant::now();
        while lock.exists() {
            if start.elapsed() > PATIENCE {
                return Err(Error::new(format!(
                    "another git command holds the index: `{lock}` exists"
                ))
                .hint(format!("wait for it; if there is none, it died: `rm {lock}`")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Puts a prepared index in its place.
    pub fn install_index(&self, prepared: &PreparedIndex) -> Result<()> {
        fs::rename(&prepared.path, &self.index_path())
    }

    /// Changes files from what `from` says to what `to` says, and returns the index of the result.
    ///
    /// git refuses, before it touches anything, to overwrite a file that is neither in `from` nor ignored.
    pub fn move_files(&self, from: Tree, to: Tree) -> Result<PreparedIndex> {
        let prepared = self.prepare_index(from, &Stale::default())?;
        self.git(["read-tree", "-m", "-u", "--exclude-per-directory=.gitignore"])
            .args([from.to_string(), to.to_string()])
            .env("GIT_INDEX_FILE", &prepared.path)
            .run()
            .map_err(|cause| {
                let output = cause.output().to_owned();
                let error = Error::from(cause)
                    .within("the files could not be changed; they are as they were");
                fs::explain(error, &output, self.top())
            })?;
        Ok(prepared)
    }
}
