//! Copying into another repository on this machine what a commit reaches and that one has not, in proportion to what is
//! missing: no process, no list of refs.
//!
//! The other repository is *closed*: whatever it has, it has all that this reaches. So the walk stops at what is there
//! already, and what is missing is written children first: a kill at any moment leaves it closed. Not here: refs, locks,
//! and anything that talks to a network.

use super::blob::{Content, Exactly, content, large};
use super::{Repo, Tree, id};
use crate::error::{Error, OrSay, Result};
use crate::fs;
use crate::names::CommitId;
use camino::Utf8Path;
use gix::ObjectId;
use gix::objs::{Kind, Write};
use std::collections::{HashMap, HashSet};

/// What became of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// So many objects were missing, and are there now.
    All(usize),
    /// More are missing than was allowed; nothing was written. A pack is the better way for so many.
    TooMany,
}

/// One step of the walk: an object is looked at, then all that it reaches, then it is left.
enum Step {
    Enter(ObjectId),
    Leave(ObjectId),
}

impl Repo {
    /// Copies into `to` what `commit` reaches and `to` has not, unless that is more than `at_most` objects.
    pub fn copy_missing(&self, commit: &CommitId, to: &Repo, at_most: usize) -> Result<Copied> {
        let mut there = to.gix.clone();
        // Most of what is asked for is not there, and looking at the disk again each time would not find it either.
        there.objects.refresh_never();
        let Some(missing) = self.missing(commit, &there, at_most)? else {
            return Ok(Copied::TooMany);
        };
        let (from, into) = (self.objects_dir(), to.objects_dir());
        for id in &missing {
            self.copy_object(*id, &from, &there, &into)?;
        }
        Ok(Copied::All(missing.len()))
    }

    /// The objects that `there` has not, each after all that it reaches; `None` if they are more than `at_most`.
    fn missing(
        &self,
        commit: &CommitId,
        there: &gix::Repository,
        at_most: usize,
    ) -> Result<Option<Vec<ObjectId>>> {
        let mut seen = HashSet::new();
        let mut missing = Vec::new();
        let mut open = 0;
        let mut steps = vec![Step::Enter(id(commit))];
        while let Some(step) = steps.pop() {
            match step {
                Step::Leave(id) => {
                    open -= 1;
                    missing.push(id);
                }
                Step::Enter(id) => {
                    if !seen.insert(id) || there.has_object(id) {
                        continue;
                    }
                    open += 1;
                    if open + missing.len() > at_most {
                        return Ok(None);
                    }
                    steps.push(Step::Leave(id));
                    self.reached_from(id, |child| steps.push(Step::Enter(child)))?;
                }
            }
        }
        Ok(Some(missing))
    }

    /// Reads an object, makes sure that it is what its id says, and names what it leads to.
    fn reached_from(&self, id: ObjectId, mut reached: impl FnMut(ObjectId)) -> Result<()> {
        let header = self.gix.find_header(id).map_err(|cause| self.not_whole(id, &cause))?;
        if header.kind() == Kind::Blob && header.size() >= large(&self.gix) {
            let found = content(&self.gix, id, large(&self.gix), &mut vec![])?.id();
            return match found.map_err(|cause| self.not_whole(id, &cause))? == id {
                true => Ok(()),
                false => Err(self.not_whole(id, &"its content is not what its id says")),
            };
        }
        let object = self.gix.find_object(id).map_err(|cause| self.not_whole(id, &cause))?;
        let hash = gix::objs::compute_hash(id.kind(), object.kind, &object.data)
            .or_say(|| format!("the object {id} cannot be read"))?;
        if hash != id {
            return Err(self.not_whole(id, &"its content is not what its id says"));
        }
        let unreadable = || format!("the object {id} cannot be read");
        match object.kind {
            Kind::Blob => {}
            Kind::Tree => {
                let tree = object.into_tree();
                for entry in tree.iter() {
                    let entry = entry.or_say(unreadable)?;
                    // The commit of a submodule lies in the submodule's repository.
                    if !entry.mode().is_commit() {
                        reached(entry.object_id());
                    }
                }
            }
            Kind::Commit => {
                let commit = object.into_commit();
                commit.parent_ids().for_each(|parent| reached(parent.detach()));
                reached(commit.tree_id().or_say(unreadable)?.detach());
            }
            Kind::Tag => {
                let tag = object.into_tag();
                reached(tag.target_id().or_say(unreadable)?.detach());
            }
        }
        Ok(())
    }

    /// Whether all files of a commit are here, given that those of `known` are; in proportion to how they differ.
    ///
    /// That a commit is here says little: a fetch that was killed leaves commits without their files.
    pub fn has_files_of(&self, commit: &CommitId, known: Tree) -> Result<bool> {
        let Ok(tree) = self.tree_of(commit) else { return Ok(false) };
        let mut pairs = vec![(tree.0, Some(known.0))];
        while let Some((tree, known)) = pairs.pop() {
            if known == Some(tree) {
                continue;
            }
            let Some(tree) = self.find_tree(tree)? else { return Ok(false) };
            let known = known.map(|id| self.find_tree(id)).transpose()?.flatten();
            let known = known.iter().flat_map(|known| known.iter()).flatten();
            let known: HashMap<_, _> =
                known.map(|entry| (entry.filename().to_owned(), entry.inner)).collect();
            for entry in tree.iter() {
                let entry = entry.or_say(|| format!("the object {} cannot be read", tree.id))?;
                let beside = known.get(entry.filename());
                let beside = beside.filter(|beside| beside.mode == entry.mode());
                let beside = beside.map(|beside| beside.oid.to_owned());
                if beside == Some(entry.object_id()) || entry.mode().is_commit() {
                    continue;
                }
                if entry.mode().is_tree() {
                    pairs.push((entry.object_id(), beside));
                } else if !self.gix.has_object(entry.object_id()) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn find_tree(&self, id: ObjectId) -> Result<Option<gix::Tree<'_>>> {
        let object =
            self.gix.try_find_object(id).or_say(|| format!("the object {id} cannot be read"))?;
        Ok(object.map(|object| object.into_tree()))
    }

    fn copy_object(
        &self,
        id: ObjectId,
        from: &Utf8Path,
        there: &gix::Repository,
        into: &Utf8Path,
    ) -> Result<()> {
        let hex = id.to_string();
        let (folder, name) = hex.split_at(2);
        let loose = from.join(folder).join(name);
        if loose.exists() {
            let target = into.join(folder);
            fs::create_dir_all(&target)?;
            let target = target.join(name);
            // It may have been packed under our hands, and then there was nothing to link.
            if fs::hard_link(&loose, &target)? && target.exists() {
                return Ok(());
            }
        }
        let header = self.gix.find_header(id).map_err(|cause| self.not_whole(id, &cause))?;
        let written = if header.kind() == Kind::Blob && header.size() >= large(&self.gix) {
            match content(&self.gix, id, large(&self.gix), &mut vec![])? {
                Content::Whole(bytes) => there.objects.write_buf(Kind::Blob, bytes),
                Content::Streamed(from, size) => {
                    let mut from = Exactly { from, left: size };
                    there.objects.write_stream(Kind::Blob, size, &mut from)
                }
            }
        } else {
            let object = self.gix.find_object(id).map_err(|cause| self.not_whole(id, &cause))?;
            there.objects.write_buf(object.kind, &object.data)
        };
        written.map(drop).map_err(|cause| {
            // What the operating system said lies below gix's words.
            let system = cause
                .iter_errors()
                .find_map(|error| Some(error.downcast_ref::<std::io::Error>()?.kind()));
            match system {
                Some(kind) => fs::failed("write", into, kind.into()),
                None => Error::new(format!("the object {id} cannot be written to `{into}`"))
                    .because(cause),
            }
        })
    }

    fn not_whole(&self, id: ObjectId, cause: &dyn std::fmt::Display) -> Error {
        let error =
            Error::new(format!("the object {id} of `{}` cannot be read", self.top)).because(cause);
        if self.gix.is_shallow().unwrap_or_default() {
            return error.hint(format!(
                "its history is cut short; get the rest: `git -C {} fetch --unshallow`",
                self.top
            ));
        }
        error.hint(look_at(&self.top))
    }
}

/// How to see what is wrong with the objects of a repository.
pub(super) fn look_at(top: &Utf8Path) -> String {
    format!("see what is wrong: `git -C {top} fsck`")
}
