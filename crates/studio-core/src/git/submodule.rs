//! Submodules: which there are, and the links to their commits in a tree. Getting them is git's own work.

use super::{Repo, Tree, commit_id, id};
use crate::error::{OrSay, Result};
use crate::names::CommitId;
use gix::bstr::ByteSlice;
use gix::objs::tree::EntryKind;
use std::collections::{BTreeSet, HashSet};

/// A submodule as the index has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submodule {
    /// Its folder, from the top of the work tree.
    pub path: String,
    /// The commit that is recorded for it.
    pub commit: CommitId,
}

impl Submodule {
    /// The name of the flake input that it is the source of: `NAME` of `inputs/NAME`.
    pub fn input(&self) -> Option<&str> {
        self.path.strip_prefix("inputs/").filter(|name| !name.contains('/'))
    }
}

impl Repo {
    /// The submodules in the index; one system call where there are none.
    pub fn submodules(&self) -> Result<Vec<Submodule>> {
        if !self.top.join(".gitmodules").exists() {
            return Ok(vec![]);
        }
        let index = self.gix.index_or_empty().or_say(|| "the index cannot be read")?;
        Ok(links(&index))
    }

    /// The submodules in a tree.
    pub fn links_in(&self, tree: Tree) -> Result<Vec<Submodule>> {
        let index =
            self.gix.index_from_tree(&tree.0).or_say(|| format!("the tree {tree} is not here"))?;
        Ok(links(&index))
    }

    /// Where the objects of this repository lie.
    pub fn objects_dir(&self) -> camino::Utf8PathBuf {
        self.common_dir().join("objects")
    }

    /// The submodules in an index that is at hand.
    pub(super) fn links_among(&self, index: &gix::index::State) -> Vec<Submodule> {
        links(index)
    }

    /// The commits of all submodules that the trees of these commits name, and of those in them, as far as this repository
    /// has them. Trees that several of them share are read once.
    pub fn links_reached(&self, commits: &BTreeSet<CommitId>) -> Result<BTreeSet<CommitId>> {
        let mut found = BTreeSet::new();
        let mut seen = HashSet::new();
        let mut commits: Vec<CommitId> = commits.iter().cloned().collect();
        let mut trees = Vec::new();
        while let Some(commit) = commits.pop() {
            if self.has(&commit) {
                trees.push(self.tree_of(&commit)?.0);
            }
            while let Some(id) = trees.pop() {
                if !seen.insert(id) {
                    continue;
                }
                let tree =
                    self.gix.find_tree(id).or_say(|| format!("the tree {id} is not here"))?;
                for entry in tree.iter() {
                    let entry = entry.or_say(|| format!("the tree {id} cannot be read"))?;
                    if entry.mode().is_tree() {
                        trees.push(entry.object_id());
                    } else if entry.mode().is_commit() {
                        let link = commit_id(entry.object_id());
                        if found.insert(link.clone()) {
                            commits.push(link);
                        }
                    }
                }
            }
        }
        Ok(found)
    }

    /// The repository of a submodule, if it is there.
    pub fn open_submodule(&self, path: &str) -> Result<Option<Repo>> {
        let top = self.top.join(path);
        if top.join(".git").exists() { Repo::open(&top).map(Some) } else { Ok(None) }
    }

    /// `tree` with other commits recorded for these submodules.
    pub fn tree_with_links(&self, tree: Tree, links: &[(String, CommitId)]) -> Result<Tree> {
        if links.is_empty() {
            return Ok(tree);
        }
        let write = || -> gix::Result<Tree> {
            let mut editor = self.gix.edit_tree(tree.0)?;
            for (path, commit) in links {
                editor.upsert(path.as_str(), EntryKind::Commit, id(commit))?;
            }
            Ok(Tree(editor.write()?.detach()))
        };
        write().or_say(|| "the submodules could not be recorded")
    }
}

fn links(index: &gix::index::State) -> Vec<Submodule> {
    index
        .entries()
        .iter()
        .filter(|entry| entry.mode == gix::index::entry::Mode::COMMIT)
        .map(|entry| Submodule {
            path: entry.path(index).to_str_lossy().into_owned(),
            commit: commit_id(entry.id),
        })
        .collect()
}
