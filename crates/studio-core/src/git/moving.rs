//! Moving the work tree from one tree to another in proportion to what differs.
//!
//! All that comes in is written beside the work tree first, so that a full disk stops it before anything is touched; then
//! files are renamed into their places. What is not plain (submodules, what git converts, attributes that change, folders
//! in the place of files, anything in the way) is left to git, which also says what is in the way. Not here: HEAD and branches.

use super::blob;
use super::content::Content;
use super::index::{Step, against, mode_of, written};
use super::{Any, PreparedIndex, Repo, Tree, path_of};
use crate::error::{Error, Result};
use crate::fs::{self, worktree};
use camino::{Utf8Path, Utf8PathBuf};
use gix::bstr::{BStr, BString, ByteSlice};
use gix::index::entry::{Flags, Stat};
use gix::index::{State, fs::Metadata, validate};
use gix::objs::tree::EntryKind;
use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What is to be done, found out by ids and without touching anything.
struct Plan {
    /// Files that come in, by their positions in `next`; those that replace one first say so.
    come: Vec<Coming>,
    /// Files that go.
    go: Vec<BString>,
    /// The index of the result, where what comes in has no stat yet.
    next: State,
    remembered: gix::index::extension::Tree,
    /// The index file that it was made from.
    from: Vec<u8>,
}

/// A move of the files that is done.
pub struct Moved {
    /// The index of the result, for when the rest is done, too.
    pub index: PreparedIndex,
    plan: Plan,
}

struct Coming {
    at: usize,
    kind: EntryKind,
    replaces: bool,
}

impl Repo {
    /// Changes the files from what `from` says to what `to` says, and prepares the index of the result.
    ///
    /// `None` if that takes more than this can do; nothing is touched then.
    pub fn move_quickly(&self, from: Tree, to: Tree) -> Result<Option<Moved>> {
        self.wait_for_index()?;
        // A linked worktree may lie on another device than what is prepared for it.
        let device = |path: &Utf8Path| path.metadata().map(|meta| meta.dev()).ok();
        if device(&self.git_dir()) != device(&self.top) {
            return Ok(None);
        }
        let Ok(Some(mut plan)) = self.plan(from, to) else { return Ok(None) };
        let folder = self.git_dir().join(format!("studio/incoming-{}", std::process::id()));
        fs::remove_tree(&folder)?;
        fs::create_dir_all(&folder)?;
        let outcome = self.carry_out(&mut plan, &folder);
        let cleared = fs::remove_tree(&folder);
        let index = outcome?;
        cleared?;
        Ok(index.map(|index| Moved { index, plan }))
    }

    /// Brings the files back to where a move began; its index must not be in its place yet.
    pub fn take_back(&self, moved: &Moved) -> Result<()> {
        self.put_back(&moved.plan)
    }

    fn carry_out(&self, plan: &mut Plan, folder: &Utf8Path) -> Result<Option<PreparedIndex>> {
        if let Err(cause) = self.bring(plan, folder) {
            return match cause.downcast::<io::Error>() {
                Ok(cause)
                    if matches!(
                        cause.kind(),
                        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
                    ) =>
                {
                    Err(fs::failed("write", folder, *cause))
                }
                // git says better what is wrong with a filter or an object.
                _ => Ok(None),
            };
        }
        if let Err(cause) = self.exchange(plan, folder) {
            let error = Error::new("the files could not be changed").because(cause);
            return Err(match self.put_back(plan) {
                Ok(()) => error.hint("they are as they were; see who may write there, and try again"),
                Err(second) => error.because(second.to_string()).hint(
                    "some of them may be changed: `git status` shows which, `git restore .` brings them back",
                ),
            });
        }
        let mut index = || -> Any<PreparedIndex> {
            for coming in &plan.come {
                let path = self.on_disk(plan.next.entries()[coming.at].path(&plan.next));
                let stat = Stat::from_fs(&Metadata::from_path_no_follow(&path)?)?;
                plan.next.entries_mut()[coming.at].stat = stat;
            }
            let path = self.git_dir().join(format!("studio/index-{}", std::process::id()));
            fs::write_new(&path, &written(&plan.next, &plan.remembered)?)?;
            Ok(PreparedIndex { path, from: std::mem::take(&mut plan.from) })
        };
        match index() {
            Ok(index) => Ok(Some(index)),
            Err(cause) => {
                let error = Error::new("the new index could not be written").because(cause);
                self.put_back(plan)?;
                Err(error.hint("the files are as they were; free some space, and try again"))
            }
        }
    }

    /// What is to be done; `None` if it is not plain.
    fn plan(&self, from: Tree, to: Tree) -> Any<Option<Plan>> {
        let bytes = self.index_bytes()?;
        let index = self.gix.index_or_empty()?;
        let sum = index.checksum().filter(|sum| bytes.ends_with(sum.as_bytes()));
        if sum.is_none_or(|sum| sum.is_null()) || !self.rewritable(&index) {
            return Ok(None);
        }
        let mut plain = true;
        against(&self.gix, &index, from.0, &mut |step| plain &= matches!(step, Step::Same(_)))?;
        if !plain {
            return Ok(None);
        }
        let mut next = State::new(self.gix.object_hash());
        let (mut come, mut go, mut leave) = (Vec::new(), Vec::new(), Vec::new());
        let entries = index.entries();
        let remembered = against(&self.gix, &index, to.0, &mut |step| match step {
            Step::Same(range) => {
                for entry in &entries[range] {
                    let path = entry.path(&index);
                    next.dangerously_push_entry(
                        entry.stat,
                        entry.id,
                        entry.flags,
                        entry.mode,
                        path,
                    );
                }
            }
            Step::Other { path, id, kind, entry } => {
                plain &= kind != EntryKind::Commit && is_plain(path.as_bstr(), kind);
                come.push(Coming { at: next.entries().len(), kind, replaces: entry.is_some() });
                leave.extend(entry);
                let path = path.as_bstr();
                next.dangerously_push_entry(
                    Stat::default(),
                    id,
                    Flags::empty(),
                    mode_of(kind),
                    path,
                );
            }
            Step::Gone(at) => {
                let path = entries[at].path(&index);
                plain &= is_plain(path, EntryKind::Blob);
                go.push(path.to_owned());
                leave.push(at);
            }
        })?;
        plain &= leave.iter().all(|at| {
            entries[*at].mode != gix::index::entry::Mode::COMMIT
                && !entries[*at].flags.contains(Flags::ASSUME_VALID)
        });
        if !plain {
            return Ok(None);
        }
        let mut conversion = self.conversion(&index)?;
        for coming in &come {
            let entry = &next.entries()[coming.at];
            if coming.kind != EntryKind::Link
                && conversion.may_change(entry.path(&next), entry.mode)?
            {
                return Ok(None);
            }
        }
        // Nobody wrote to what is about to go since it was saved.
        let kept = self.contents(&index, &leave)?;
        if kept.contains(&Content::Other) || !self.is_free(&next, &come) {
            return Ok(None);
        }
        Ok(Some(Plan { come, go, next, remembered, from: bytes }))
    }

    /// Whether nothing lies where new files come in, and nothing but folders above them.
    fn is_free(&self, next: &State, come: &[Coming]) -> bool {
        let top = self.top.as_std_path();
        let mut folders = BTreeSet::new();
        come.iter().filter(|coming| !coming.replaces).all(|coming| {
            let file = self.on_disk(next.entries()[coming.at].path(next));
            let missing = |path: &Path| {
                path.symlink_metadata().is_err_and(|cause| cause.kind() == ErrorKind::NotFound)
            };
            let mut above = file.ancestors().skip(1).take_while(|folder| *folder != top);
            missing(&file)
                && above.all(|folder| {
                    !folders.insert(folder.to_owned())
                        || missing(folder)
                        || folder.symlink_metadata().is_ok_and(|meta| meta.is_dir())
                })
        })
    }

    /// Writes what comes in to `folder`, where the names are numbers.
    fn bring(&self, plan: &Plan, folder: &Utf8Path) -> Any<()> {
        let large = blob::large(&self.gix);
        let (mut room, mut target) = (vec![], vec![]);
        for coming in &plan.come {
            let entry = &plan.next.entries()[coming.at];
            let content = blob::content(&self.gix, entry.id, large, &mut room)?;
            let place = incoming(folder, coming);
            if coming.kind == EntryKind::Link {
                content.whole(&mut target)?;
                worktree::write_link(place.as_std_path(), path_of(target.as_bstr()))?;
                continue;
            }
            let executable = coming.kind == EntryKind::BlobExecutable;
            content.write_to(&mut worktree::new_file(place.as_std_path(), executable)?)?;
        }
        Ok(())
    }

    fn exchange(&self, plan: &Plan, folder: &Utf8Path) -> io::Result<()> {
        for path in &plan.go {
            worktree::take_away(self.top.as_std_path(), &self.on_disk(path.as_bstr()))?;
        }
        for coming in &plan.come {
            let path = plan.next.entries()[coming.at].path(&plan.next);
            worktree::put(incoming(folder, coming).as_std_path(), &self.on_disk(path))?;
        }
        Ok(())
    }

    /// Brings the files back to what the index says, after an exchange that stopped half-way.
    fn put_back(&self, plan: &Plan) -> Result<()> {
        let mut back = Vec::new();
        for path in &plan.go {
            back.extend_from_slice(path);
            back.push(0);
        }
        for coming in &plan.come {
            let path = plan.next.entries()[coming.at].path(&plan.next);
            if coming.replaces {
                back.extend_from_slice(path);
                back.push(0);
            } else if let Err(cause) =
                worktree::take_away(self.top.as_std_path(), &self.on_disk(path))
                && !matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
            {
                return Err(Error::new(format!("`{path}` cannot be removed again")).because(cause));
            }
        }
        self.git(["checkout-index", "--quiet", "--force", "--index", "-z", "--stdin"])
            .stdin(back)
            .run()?;
        Ok(())
    }
}

fn incoming(folder: &Utf8Path, coming: &Coming) -> Utf8PathBuf {
    folder.join(coming.at.to_string())
}

/// Whether a path may be written or removed without looking at anything else: no part of it is special to git, and it
/// does not say how other files are to be converted.
fn is_plain(path: &BStr, kind: EntryKind) -> bool {
    let options =
        validate::path::component::Options { protect_windows: false, ..Default::default() };
    let mode = (kind == EntryKind::Link).then_some(validate::path::component::Mode::Symlink);
    path.split_str("/").all(|part| {
        part != b".gitattributes"
            && validate::path::component(part.as_bstr(), mode, options).is_ok()
    })
}

#[cfg(test)]
#[path = "moving_tests.rs"]
mod tests;
