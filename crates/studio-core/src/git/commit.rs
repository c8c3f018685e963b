//! Writing commits, blobs and trees. Objects only: no ref moves here, so a kill at any point changes nothing.

use super::{Repo, Tree, commit_id, id};
use crate::error::{OrSay, Result};
use crate::names::CommitId;
use gix::actor::Signature;
use gix::bstr::ByteSlice;
use gix::objs::tree::EntryKind;

/// Who makes commits here.
#[derive(Clone, Debug)]
pub struct Identity {
    pub(super) author: Signature,
    pub(super) committer: Signature,
    /// Whether it is the stated stand-in, because the user has configured none.
    pub stand_in: bool,
}

/// What a commit says, read at once.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Its tree.
    pub tree: Tree,
    /// Its parents, first to last.
    pub parents: Vec<CommitId>,
    /// The first line of its message.
    pub subject: String,
}

/// The name and address of commits by people who have configured neither; said when it is used.
pub(super) const STAND_IN: (&str, &str) = ("studio", "studio@localhost");

impl Repo {
    /// The user's identity with the time of now, or a stated stand-in.
    pub fn identity(&self, now: i64) -> Identity {
        let author = self.gix.author().and_then(Result::ok).and_then(|who| who.to_owned().ok());
        let committer =
            self.gix.committer().and_then(Result::ok).and_then(|who| who.to_owned().ok());
        match (author, committer) {
            (Some(author), Some(committer)) => Identity { author, committer, stand_in: false },
            _ => {
                let time = gix::date::Time::new(now, 0);
                let who = Signature { name: STAND_IN.0.into(), email: STAND_IN.1.into(), time };
                Identity { author: who.clone(), committer: who, stand_in: true }
            }
        }
    }

    /// Writes a commit object.
    pub fn write_commit(
        &self,
        who: &Identity,
        message: &str,
        tree: Tree,
        parents: &[CommitId],
    ) -> Result<CommitId> {
        let (mut author_time, mut committer_time) = Default::default();
        let commit = self
            .gix
            .new_commit_as(
                who.committer.to_ref(&mut committer_time),
                who.author.to_ref(&mut author_time),
                message,
                tree.0,
                parents.iter().map(id),
            )
            .or_say(|| "the commit could not be written")?;
        Ok(commit_id(commit.id))
    }

    /// Writes a tree of files and whole trees, none of them below a folder.
    pub fn write_flat_tree(&self, files: &[(&str, &[u8])], trees: &[(&str, Tree)]) -> Result<Tree> {
        let write = || -> gix::Result<Tree> {
            let mut editor = self.gix.empty_tree().edit()?;
            for (name, bytes) in files {
                let blob = self.gix.write_blob(bytes)?;
                editor.upsert(*name, EntryKind::Blob, blob)?;
            }
            for (name, tree) in trees {
                editor.upsert(*name, EntryKind::Tree, tree.0)?;
            }
            Ok(Tree(editor.write()?.detach()))
        };
        write().or_say(|| "a record could not be written to git")
    }

    /// `tree` with one file replaced or added.
    pub fn tree_with_file(&self, tree: Tree, path: &str, bytes: &[u8]) -> Result<Tree> {
        let write = || -> gix::Result<Tree> {
            let mut editor = self.gix.edit_tree(tree.0)?;
            let blob = self.gix.write_blob(bytes)?;
            editor.upsert(path, EntryKind::Blob, blob)?;
            Ok(Tree(editor.write()?.detach()))
        };
        write().or_say(|| format!("`{path}` could not be written to git"))
    }

    /// A commit: its tree, parents and subject.
    pub fn commit(&self, commit: &CommitId) -> Result<Commit> {
        let found = self
            .gix
            .find_commit(id(commit))
            .or_say(|| format!("the commit {} is not here", commit.short()))?;
        let broken = || format!("the commit {} cannot be read", commit.short());
        let parts = found.decode().or_say(broken)?;
        Ok(Commit {
            tree: Tree(parts.tree()),
            parents: parts.parents().map(commit_id).collect(),
            subject: parts.message().summary().to_str_lossy().into_owned(),
        })
    }
}
