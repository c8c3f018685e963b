//! An index made anew from the one that is there: entries that stay keep what was known of them, the others are looked at.
//!
//! It remembers the tree of every folder, so that the next comparison need not ask the objects. Not here: indexes of kinds
//! that few people have, which git itself rewrites ([`super`]).

use super::{Step, against};
use crate::git::content::Content;
use crate::git::scan::{racy, usual};
use crate::git::{Any, Repo, Tree};
use gix::bstr::{BString, ByteSlice};
use gix::index::entry::{Flags, Mode, Stat};
use gix::index::extension::Tree as Remembered;
use gix::index::{State, Version, write};
use gix::objs::tree::EntryKind;
use std::collections::BTreeSet;

impl Repo {
    /// The bytes of an index that holds `tree`; `None` where this index is not of the usual kind.
    ///
    /// `from` is the index file as it was read, `stale` names files that are known to have another stat than it says.
    pub(in crate::git) fn rewritten_index(
        &self,
        from: &[u8],
        tree: Tree,
        stale: &BTreeSet<BString>,
    ) -> Any<Option<Vec<u8>>> {
        let index = self.gix.index_or_empty()?;
        let sum = index.checksum().filter(|sum| from.ends_with(sum.as_bytes()));
        if sum.is_none_or(|sum| sum.is_null()) || !self.rewritable(&index) {
            return Ok(None);
        }
        let mut next = State::new(self.gix.object_hash());
        let mut doubtful = Vec::new();
        let remembered = against(&self.gix, &index, tree.0, &mut |step| match step {
            Step::Same(range) => {
                for entry in &index.entries()[range] {
                    let path = entry.path(&index);
                    // What git will not suspect any more once this index is there is made sure of now.
                    let suspect = racy(&index, entry) || stale.contains(path);
                    let looked_at =
                        entry.mode != Mode::COMMIT && !entry.flags.contains(Flags::ASSUME_VALID);
                    if suspect && looked_at {
                        doubtful.push(next.entries().len());
                    }
                    next.dangerously_push_entry(
                        entry.stat,
                        entry.id,
                        entry.flags,
                        entry.mode,
                        path,
                    );
                }
            }
            Step::Other { path, id, kind, .. } => {
                if kind != EntryKind::Commit {
                    doubtful.push(next.entries().len());
                }
                let path = path.as_bstr();
                next.dangerously_push_entry(
                    Stat::default(),
                    id,
                    Flags::empty(),
                    mode_of(kind),
                    path,
                );
            }
            Step::Gone(_) => {}
        })?;
        let contents = self.contents(&next, &doubtful)?;
        for (at, content) in doubtful.into_iter().zip(contents) {
            next.entries_mut()[at].stat = match content {
                Content::Same(stat) => stat,
                // Matches no file, so that whoever compares looks at it.
                Content::Other => Stat::default(),
            };
        }
        written(&next, &remembered).map(Some)
    }

    /// The bytes of an index whose entries are those of `tree`, with what it can remember of the folders.
    pub(in crate::git) fn index_with_trees(&self, entries: &State, tree: Tree) -> Any<Vec<u8>> {
        let remembered = against(&self.gix, entries, tree.0, &mut |_| {})?;
        written(entries, &remembered)
    }

    /// The same for an index that holds `tree` already; `None` for any other.
    pub(super) fn refreshed_index(
        &self,
        from: &[u8],
        tree: Tree,
        stale: &BTreeSet<BString>,
    ) -> Any<Option<Vec<u8>>> {
        let index = self.gix.index_or_empty()?;
        let mut same = true;
        against(&self.gix, &index, tree.0, &mut |step| same &= matches!(step, Step::Same(_)))?;
        if same { self.rewritten_index(from, tree, stale) } else { Ok(None) }
    }

    /// Whether nothing of the index would be lost that its user wants it to have.
    pub(in crate::git) fn rewritable(&self, index: &State) -> bool {
        let shared = |entry: camino::Utf8DirEntry| entry.file_name().starts_with("sharedindex.");
        usual(&self.gix, index)
            && index.version() != Version::V4
            && index.untracked().is_none()
            && index.fs_monitor().is_none()
            && self.git_dir().read_dir_utf8().is_ok_and(|entries| !entries.flatten().any(shared))
    }
}

/// An index file with these entries and what it remembers of their folders.
pub(in crate::git) fn written(entries: &State, remembered: &Remembered) -> Any<Vec<u8>> {
    let mut bytes = Vec::with_capacity(entries.entries().len() * 100);
    let options = write::Options { extensions: write::Extensions::None, skip_hash: false };
    entries.write_to(&mut bytes, options)?;
    remembered.write_to(&mut bytes)?;
    let mut hasher = gix::hash::hasher(entries.object_hash());
    hasher.update(&bytes);
    bytes.extend_from_slice(hasher.try_finalize()?.as_slice());
    Ok(bytes)
}

/// The mode that an index has for an entry of this kind.
pub(in crate::git) fn mode_of(kind: EntryKind) -> Mode {
    match kind {
        EntryKind::Tree => Mode::DIR,
        EntryKind::Blob => Mode::FILE,
        EntryKind::BlobExecutable => Mode::FILE_EXECUTABLE,
        EntryKind::Link => Mode::SYMLINK,
        EntryKind::Commit => Mode::COMMIT,
    }
}
