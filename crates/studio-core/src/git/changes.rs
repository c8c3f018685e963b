//! What differs between HEAD and the work tree, and the tree object of the whole work tree.
//!
//! The tree equals what `git add -A` and `git write-tree` give, but the user's index is only read. Untracked files are
//! in it, ignored ones are not. Not here: whether a change may go into a snapshot (`snapshot::guard`).

use super::content::{Content, TRIES};
use super::index::{self, Stale, Step};
use super::{Any, Repo, Tree, blob, scan};
use crate::error::{Error, OrSay, Result};
use gix::bstr::{BStr, BString, ByteSlice};
use gix::index::entry::Flags;
use gix::objs::tree::EntryKind;
use gix::status::{Item, UntrackedFiles, index_worktree};
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// What a path is compared to HEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// HEAD has no such file.
    New,
    /// HEAD has another content, mode or kind.
    Modified,
    /// It is gone.
    Deleted,
    /// A folder with a repository of its own that is no submodule.
    NestedRepository,
    /// git's index has it in several versions, from a merge.
    Unmerged,
}

/// One path that differs.
#[derive(Clone, Debug)]
pub struct Change {
    /// From the top of the work tree, in bytes: file names need not be UTF-8.
    pub path: Vec<u8>,
    /// What it is.
    pub nature: Nature,
}

impl Change {
    /// The path for people.
    pub fn shown(&self) -> String {
        self.path.as_bstr().to_str_lossy().into_owned()
    }
}

/// All that differs between HEAD and the work tree, submodules apart.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Sorted by path.
    pub list: Vec<Change>,
    /// Where the content is taken from, for each path that a tree would have: disk or index.
    sources: BTreeMap<BString, Source>,
    /// What the index has and HEAD has not; `None` where the index has it no more.
    staged: Vec<(BString, Option<(gix::ObjectId, EntryKind)>)>,
    untrackable: Option<Vec<BString>>,
    stale: Stale,
    head: gix::ObjectId,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    /// The work tree; gone if it is not there.
    Disk,
    /// The index, because the work tree does not differ from it (or is not checked out there).
    Index(gix::ObjectId, EntryKind),
    /// Not in the tree.
    Gone,
}

/// What a comparison found, before it is known what each of it is to HEAD.
#[derive(Default)]
struct Found {
    /// Paths at which the index is not as HEAD.
    staged: Vec<BString>,
    /// Paths at which the index has a file and the work tree has none that git would find there.
    gone: Vec<BString>,
    /// Paths at which the work tree is not as the index.
    on_disk: Vec<(BString, Option<Nature>)>,
    /// What git cannot hold, where that was seen on the way.
    untrackable: Option<Vec<BString>>,
    stale: Stale,
}

impl Repo {
    /// Compares HEAD, index and work tree.
    pub fn changes(&self) -> Result<Changes> {
        let head = self.gix.head_tree_id().or_say(|| "the tree of HEAD cannot be read")?.detach();
        let index = self.gix.index_or_empty().or_say(|| "the index cannot be read")?;
        if index.is_sparse() {
            return Err(Error::new(format!(
                "`{}` has a sparse index, which is not supported",
                self.top
            ))
            .hint("write it out in full: `git sparse-checkout reapply --no-sparse-index`"));
        }
        // Whatever the quick way stumbles over, the thorough one explains.
        let found = match self.quick_comparison(&index, head) {
            Ok(Some(found)) => found,
            Ok(None) | Err(_) => self.thorough_comparison()?,
        };
        self.changes_of(&index, head, found)
    }

    /// Compares by what is certain; `None` where it takes more than that.
    fn quick_comparison(
        &self,
        index: &gix::index::State,
        head: gix::ObjectId,
    ) -> Any<Option<Found>> {
        if !scan::usual(&self.gix, index) {
            return Ok(None);
        }
        let mut found = Found::default();
        index::against(&self.gix, index, head, &mut |step| match step {
            Step::Same(_) => {}
            Step::Other { path, .. } => found.staged.push(path),
            Step::Gone(at) => found.staged.push(index.entries()[at].path(index).to_owned()),
        })?;
        let mut scan = self.scan(index)?;
        let path = |at: usize| index.entries()[at].path(index).to_owned();
        found.gone.extend(scan.gone.iter().map(|at| path(*at)));
        let doubtful = std::mem::take(&mut scan.doubtful);
        let contents = self.contents(index, &doubtful)?;
        for (at, content) in doubtful.into_iter().zip(contents) {
            match content {
                Content::Other => found.on_disk.push((path(at), None)),
                Content::Same(_) => {
                    found.stale.0.insert(path(at));
                }
            }
        }
        let Some(untracked) = self.untracked(index, scan)? else { return Ok(None) };
        found.on_disk.extend(untracked.files.into_iter().map(|path| (path, None)));
        found.untrackable = Some(untracked.untrackable);
        Ok(Some(found))
    }

    /// Compares by gix, which knows every kind of index and configuration.
    fn thorough_comparison(&self) -> Result<Found> {
        let mut found = Found::default();
        let status = self
            .gix
            .status(gix::progress::Discard)
            .or_say(|| "the work tree cannot be compared")?;
        let items = status
            .untracked_files(UntrackedFiles::Files)
            .index_worktree_rewrites(None)
            .tree_index_track_renames(gix::status::tree_index::TrackRenames::Disabled)
            .index_worktree_submodules(gix::status::Submodule::Given {
                ignore: gix::submodule::config::Ignore::All,
                check_dirty: true,
            })
            .into_iter(Vec::new())
            .or_say(|| "the work tree cannot be compared")?;
        for item in items {
            match item.or_say(|| "the work tree cannot be compared")? {
                Item::TreeIndex(change) => found.staged.push(change.location().to_owned()),
                Item::IndexWorktree(index_worktree::Item::DirectoryContents { entry, .. }) => {
                    if entry.status == gix::dir::entry::Status::Untracked {
                        found.on_disk.push((entry.rela_path, untracked_nature(entry.disk_kind)));
                    }
                }
                Item::IndexWorktree(index_worktree::Item::Modification {
                    rela_path,
                    status,
                    ..
                }) => {
                    use gix::status::plumbing::index_as_worktree::{Change, EntryStatus};
                    match status {
                        EntryStatus::NeedsUpdate(_) => {
                            found.stale.0.insert(rela_path);
                        }
                        EntryStatus::Change(Change::Removed) => found.gone.push(rela_path),
                        EntryStatus::Conflict { .. } => {
                            found.on_disk.push((rela_path, Some(Nature::Unmerged)))
                        }
                        _ => found.on_disk.push((rela_path, None)),
                    }
                }
                // Not asked for.
                Item::IndexWorktree(index_worktree::Item::Rewrite { .. }) => {}
            }
        }
        Ok(found)
    }

    /// Says of each path what it is to HEAD, and where its content comes from.
    fn changes_of(
        &self,
        index: &gix::index::State,
        head: gix::ObjectId,
        found: Found,
    ) -> Result<Changes> {
        let mut sources: BTreeMap<BString, Source> = BTreeMap::new();
        let mut natures: BTreeMap<BString, Nature> = BTreeMap::new();
        let mut index_differs = Vec::new();
        for path in found.staged {
            let staged = index.entry_by_path(path.as_bstr());
            let kind =
                staged.and_then(|entry| entry.mode.to_tree_entry_mode()).map(|mode| mode.kind());
            let source = match (staged, kind) {
                // An intent to add has no content in the index yet.
                (Some(entry), _) if entry.flags.contains(Flags::INTENT_TO_ADD) => Source::Disk,
                (Some(entry), Some(kind)) => Source::Index(entry.id, kind),
                _ => Source::Gone,
            };
            match source {
                Source::Index(id, kind) => index_differs.push((path.clone(), Some((id, kind)))),
                Source::Gone => index_differs.push((path.clone(), None)),
                Source::Disk => {}
            }
            sources.insert(path, source);
        }
        let head_tree = self.gix.find_tree(head).or_say(|| "the tree of HEAD cannot be read")?;
        // Not looked for again by their names: a link may stand where their folder was, and lead to others like them.
        sources.extend(found.gone.into_iter().map(|path| (path, Source::Gone)));
        for (path, nature) in found.on_disk {
            if let Some(nature) = nature {
                natures.insert(path.clone(), nature);
            }
            sources.insert(path, Source::Disk);
        }
        for (path, source) in &sources {
            if natures.contains_key(path) {
                continue;
            }
            let in_head = head_tree
                .lookup_entry(path.split_str("/"))
                .or_say(|| "the tree of HEAD cannot be read")?
                .is_some();
            let there = match source {
                Source::Disk => std::fs::symlink_metadata(self.on_disk(path.as_bstr())).is_ok(),
                Source::Index(..) => true,
                Source::Gone => false,
            };
            let nature = match (in_head, there) {
                (true, true) => Nature::Modified,
                (true, false) => Nature::Deleted,
                (false, true) => Nature::New,
                // Added and taken away again: nothing of it is left.
                (false, false) => continue,
            };
            natures.insert(path.clone(), nature);
        }
        let list = natures
            .into_iter()
            .map(|(path, nature)| Change { path: path.into(), nature })
            .collect();
        Ok(Changes {
            list,
            sources,
            staged: index_differs,
            untrackable: found.untrackable,
            stale: found.stale,
            head,
        })
    }

    /// Writes the tree of the whole work tree; `leave_out` names paths that stay as they are in HEAD.
    ///
    /// A file that changes or vanishes while it is read is read again; the tree holds what it was at one moment.
    pub fn write_worktree_tree(
        &self,
        changes: &Changes,
        leave_out: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Tree> {
        let index = self.gix.index_or_empty().or_say(|| "the index cannot be read")?;
        let (mut pipeline, _) =
            self.gix.filter_pipeline(None).or_say(|| "git's filters cannot be set up")?;
        let mut editor =
            self.gix.edit_tree(changes.head).or_say(|| "the tree of HEAD cannot be read")?;
        let mut removals = Vec::new();
        let mut additions = Vec::new();
        for (path, source) in &changes.sources {
            if leave_out(path) {
                continue;
            }
            match source {
                Source::Gone => removals.push(path),
                Source::Index(id, kind) => additions.push((path, *id, *kind)),
                Source::Disk => match self.object_of_file(&mut pipeline, path.as_bstr(), &index)? {
                    Some((id, kind)) => additions.push((path, id, kind)),
                    None => removals.push(path),
                },
            }
        }
        // A file that became a folder is removed before what lies in that folder is added.
        let mut write = || -> gix::Result<gix::ObjectId> {
            for path in &removals {
                // Only what is there itself goes: a folder of that name may hold files that were added.
                editor.remove_leaf(path.as_bstr())?;
            }
            for (path, id, kind) in &additions {
                editor.upsert(path.as_bstr(), *kind, *id)?;
            }
            Ok(editor.write()?.detach())
        };
        Ok(Tree(write().or_say(|| "the tree could not be written")?))
    }

    /// Writes the tree of what is staged; `None` if the index is as HEAD.
    pub fn write_staged_tree(&self, changes: &Changes) -> Result<Option<Tree>> {
        if changes.staged.is_empty() {
            return Ok(None);
        }
        let write = || -> gix::Result<gix::ObjectId> {
            let mut editor = self.gix.edit_tree(changes.head)?;
            for (path, _) in changes.staged.iter().filter(|(_, content)| content.is_none()) {
                editor.remove_leaf(path.as_bstr())?;
            }
            for (path, content) in &changes.staged {
                if let Some((id, kind)) = content {
                    editor.upsert(path.as_bstr(), *kind, *id)?;
                }
            }
            Ok(editor.write()?.detach())
        };
        Ok(Some(Tree(write().or_say(|| "what is staged could not be recorded")?)))
    }

    fn object_of_file(
        &self,
        pipeline: &mut gix::filter::Pipeline<'_>,
        path: &BStr,
        index: &gix::index::State,
    ) -> Result<Option<(gix::ObjectId, EntryKind)>> {
        let file = self.on_disk(path);
        let large = blob::large(&self.gix);
        let look = |meta: &Metadata| {
            (meta.size(), meta.mtime(), meta.mtime_nsec(), meta.ino(), meta.mode())
        };
        let now = || std::fs::symlink_metadata(&file).ok();
        let same =
            |before: &Option<Metadata>| now().as_ref().map(look) == before.as_ref().map(look);
        for _ in 0..TRIES {
            let before = now();
            let size = before.as_ref().filter(|meta| meta.is_file()).map(|meta| meta.size());
            let found: Any<_> = match size.filter(|size| *size >= large) {
                Some(size) => {
                    blob::write_file(&self.gix, pipeline, index, path, (&file, size)).map(Some)
                }
                None => pipeline
                    .worktree_file_to_object(path, index)
                    .map(|found| found.map(|(id, kind, _)| (id, kind)))
                    .map_err(Into::into),
            };
            match found {
                Ok(found) if same(&before) => return Ok(found),
                // It changed under our hands.
                Ok(_) => {}
                Err(cause) if same(&before) => {
                    let error = Error::of(format!("`{path}` cannot be read"), cause);
                    return Err(match error.hints() {
                        [] => error.hint("nothing was changed; mend it or ignore it (`.gitignore`), and try again"),
                        _ => error,
                    });
                }
                Err(_) => {}
            }
        }
        Err(Error::new(format!("`{path}` keeps changing while it is read"))
            .hint("stop what writes to it, or ignore it (`.gitignore`), and try again; nothing was changed"))
    }

    /// Paths that git cannot hold and that are not ignored: sockets, FIFOs, devices.
    ///
    /// Where the comparison went gix's way, which passes over them in silence, this walks the folders once more; only
    /// asked when a commit is made.
    pub fn untrackable(&self, changes: &Changes) -> Result<Vec<String>> {
        let shown = |path: &BString| path.to_str_lossy().into_owned();
        if let Some(seen) = &changes.untrackable {
            return Ok(seen.iter().map(shown).collect());
        }
        let index = self.gix.index_or_empty().or_say(|| "the index cannot be read")?;
        let mut found = gix::dir::walk::delegate::Collect::default();
        let options = self.gix.dirwalk_options().or_say(|| "the work tree cannot be walked")?;
        let options = options.emit_untracked(gix::dir::walk::EmissionMode::Matching);
        let stop = std::sync::atomic::AtomicBool::new(false);
        self.gix
            .dirwalk(&index, None::<&str>, &stop, options, &mut found)
            .or_say(|| "the work tree cannot be walked")?;
        Ok(found
            .into_entries_by_path()
            .into_iter()
            .filter(|(entry, _)| entry.disk_kind == Some(gix::dir::entry::Kind::Untrackable))
            .map(|(entry, _)| shown(&entry.rela_path))
            .collect())
    }

    /// Where a path of the repository lies on disk.
    pub(super) fn on_disk(&self, path: &BStr) -> PathBuf {
        self.top.as_std_path().join(super::path_of(path))
    }
}

fn untracked_nature(kind: Option<gix::dir::entry::Kind>) -> Option<Nature> {
    match kind {
        Some(gix::dir::entry::Kind::Repository) => Some(Nature::NestedRepository),
        _ => None,
    }
}

impl Changes {
    /// Whether nothing differs that a tree would show.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The files whose stat in the index says nothing any more, although they are what it says.
    pub fn stale(&self) -> &Stale {
        &self.stale
    }
}

#[cfg(test)]
#[path = "changes_tests.rs"]
pub(super) mod tests;
