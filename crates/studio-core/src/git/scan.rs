//! One pass over the work tree that tells what the index proves unchanged from what has to be looked at.
//!
//! Every folder is read once and every file of the index is asked for its stat, on all cores. Decided is only what is
//! certain: a file whose stat is the one that the index recorded, and that is not too young for that to prove anything.
//! Not here: what a doubtful file holds ([`super::content`]), and what it means ([`super::changes`]).

use super::{Any, Repo, path_of};
use crate::fs::each_name;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::index::entry::{Flags, Mode};
use gix::index::{Entry, State};
use rustix::fs::{AtFlags, FileType, OFlags, RawMode, Stat};
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Condvar, Mutex, PoisonError};

/// How many files a core should have before another one is worth starting a thread for.
const FILES_PER_THREAD: usize = 2000;

/// What a pass over the work tree found; positions are those of the index.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Entries that nothing lies at, or nothing that an entry can stand for.
    pub(super) gone: Vec<usize>,
    /// Entries whose stat proves nothing.
    pub(super) doubtful: Vec<usize>,
    /// What the index does not have, from the top of the work tree; ignored or not.
    unknown: Vec<(BString, FileType)>,
}

/// What lies in the work tree, is not in the index and not ignored.
#[derive(Debug, Default)]
pub(super) struct Untracked {
    /// Files and links.
    pub(super) files: Vec<BString>,
    /// What git cannot hold: sockets, FIFOs, devices.
    pub(super) untrackable: Vec<BString>,
}

/// Whether an index and a configuration are of the kind that most people have: then what is quick is also right.
pub(super) fn usual(repo: &gix::Repository, index: &State) -> bool {
    let odd = Flags::STAGE_MASK | Flags::INTENT_TO_ADD | Flags::SKIP_WORKTREE;
    let plain_system = repo.filesystem_options().is_ok_and(|system| {
        !system.ignore_case && !system.precompose_unicode && system.executable_bit && system.symlink
    });
    plain_system
        && repo.stat_options().is_ok_and(|options| options.check_stat)
        && !index.is_sparse()
        && index.link().is_none()
        && !index.entries().iter().any(|entry| entry.flags.intersects(odd))
}

/// Whether an entry may have been changed after its stat was recorded without the stat showing it.
pub(super) fn racy(index: &State, entry: &Entry) -> bool {
    i64::from(entry.stat.mtime.secs) >= index.timestamp().unix_seconds()
}

impl Repo {
    /// Compares the stat of every file with what the index recorded, and finds names that the index does not have.
    pub(super) fn scan(&self, index: &State) -> io::Result<Scan> {
        let trust_ctime = self.gix.stat_options().map_err(io::Error::other)?.trust_ctime;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let top = rustix::fs::open(self.top.as_std_path(), flags, rustix::fs::Mode::empty())?;
        let pass = Pass { top, index, trust_ctime, work: Mutex::default(), ready: Condvar::new() };
        let whole = Folder { path: BString::default(), entries: 0..index.entries().len() };
        pass.lock().waiting.push(whole);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.min(1 + index.entries().len() / FILES_PER_THREAD);
        let mut parts = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| pass.run())).collect();
            let mut parts = vec![pass.run()];
            parts.extend(others.into_iter().map(|other| {
                other
                    .join()
                    .unwrap_or_else(|_| Err(io::Error::other("a thread that read folders died")))
            }));
            parts.into_iter().collect::<io::Result<Vec<Scan>>>()
        })?;
        let mut all = parts.pop().unwrap_or_default();
        for part in parts {
            all.gone.extend(part.gone);
            all.doubtful.extend(part.doubtful);
            all.unknown.extend(part.unknown);
        }
        all.gone.sort_unstable();
        all.doubtful.sort_unstable();
        all.unknown.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(all)
    }

    /// Those of the unknown names that are not ignored; `None` if a repository of its own may be among them.
    pub(super) fn untracked(&self, index: &State, scan: Scan) -> Any<Option<Untracked>> {
        let mut found = Untracked::default();
        if scan.unknown.is_empty() {
            return Ok(Some(found));
        }
        let source = gix::worktree::stack::state::ignore::Source::WorktreeThenIdMappingIfNotSkipped;
        let mut excludes = self.gix.excludes(index, None, source)?;
        // Sorted, and what is added comes from below what was taken last: rules are read once for each folder.
        let mut open: Vec<_> = scan.unknown.into_iter().rev().collect();
        while let Some((path, kind)) = open.pop() {
            let mode = if kind == FileType::Directory { Mode::DIR } else { Mode::FILE };
            if excludes.at_entry(path.as_bstr(), Some(mode))?.excluded_kind().is_some() {
                continue;
            }
            match kind {
                FileType::Directory => {
                    let Some(below) = self.names_below(&path)? else { return Ok(None) };
                    open.extend(below);
                }
                FileType::RegularFile | FileType::Symlink => found.files.push(path),
                _ => found.untrackable.push(path),
            }
        }
        Ok(Some(found))
    }

    /// The names in a folder that the index knows nothing of, last first; `None` if there is a `.git` among them.
    fn names_below(&self, folder: &BString) -> io::Result<Option<Vec<(BString, FileType)>>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let place = self.on_disk(folder.as_bstr());
        let mut names = Vec::new();
        let mut another = false;
        let here = rustix::fs::open(&place, flags, rustix::fs::Mode::empty())?;
        each_name(here.as_fd(), |name, kind| {
            another |= name.to_bytes() == b".git";
            let mut path = folder.clone();
            path.push(b'/');
            path.extend_from_slice(name.to_bytes());
            let kind = match kind {
                FileType::Unknown => kind_of(&rustix::fs::lstat(self.on_disk(path.as_bstr()))?),
                kind => kind,
            };
            names.push((path, kind));
            Ok(())
        })?;
        if another {
            return Ok(None);
        }
        names.sort_unstable_by(|a, b| b.0.cmp(&a.0));
        Ok(Some(names))
    }
}

/// A folder that waits to be read: its path with a slash behind it, and the entries of the index that lie below it.
struct Folder {
    path: BString,
    entries: Range<usize>,
}

#[derive(Default)]
struct Work {
    waiting: Vec<Folder>,
    /// How many threads are reading a folder, and may find more.
    busy: usize,
    failed: bool,
}

struct Pass<'a> {
    top: OwnedFd,
    index: &'a State,
    trust_ctime: bool,
    work: Mutex<Work>,
    ready: Condvar,
}

/// What the index has at a name in a folder.
enum Child {
    File(usize),
    Folder(Range<usize>),
}

impl Pass<'_> {
    fn lock(&self) -> std::sync::MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads folders until none is left.
    fn run(&self) -> io::Result<Scan> {
        let mut scan = Scan::default();
        let mut below = Vec::new();
        while let Some(folder) = self.next() {
            let outcome = self.read(&folder, &mut scan, &mut below);
            let mut work = self.lock();
            work.busy -= 1;
            work.failed |= outcome.is_err();
            // The others are asked only if there is something for them, or nothing more to come.
            let news = below.len() > 1 || work.failed || (work.busy == 0 && below.is_empty());
            work.waiting.append(&mut below);
            drop(work);
            if news {
                self.ready.notify_all();
            }
            outcome?;
        }
        Ok(scan)
    }

    fn next(&self) -> Option<Folder> {
        let mut work = self.lock();
        loop {
            if work.failed {
                return None;
            }
            if let Some(folder) = work.waiting.pop() {
                work.busy += 1;
                return Some(folder);
            }
            if work.busy == 0 {
                return None;
            }
            work = self.ready.wait(work).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn read(&self, folder: &Folder, scan: &mut Scan, below: &mut Vec<Folder>) -> io::Result<()> {
        let children = self.children(folder);
        let mut seen = vec![false; children.len()];
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let place = match folder.path.strip_suffix(b"/") {
            Some(path) => path_of(path.as_bstr()),
            None => std::path::Path::new("."),
        };
        let here = rustix::fs::openat(&self.top, place, flags, rustix::fs::Mode::empty())?;
        each_name(here.as_fd(), |entry, kind| {
            let name = entry.to_bytes();
            if name == b".git" {
                return Ok(());
            }
            let kind = match kind {
                FileType::Unknown => {
                    kind_of(&rustix::fs::statat(&here, entry, AtFlags::SYMLINK_NOFOLLOW)?)
                }
                kind => kind,
            };
            let known = children.binary_search_by(|(child, _)| child.as_bytes().cmp(name)).ok();
            if let Some(position) = known {
                match (&children[position].1, kind) {
                    (Child::Folder(entries), FileType::Directory) => {
                        seen[position] = true;
                        below.push(Folder {
                            path: joined(folder, name, true),
                            entries: entries.clone(),
                        });
                        return Ok(());
                    }
                    (Child::File(at), FileType::Directory) if self.is_link(*at) => {
                        seen[position] = true;
                        return Ok(());
                    }
                    (Child::File(at), kind)
                        if kind != FileType::Directory && !self.is_link(*at) =>
                    {
                        seen[position] = true;
                        return self.look(here.as_fd(), entry, *at, scan);
                    }
                    // Something of another kind: what the index has is gone, and this is new.
                    (Child::File(at), _) if self.assumed(*at) => {
                        seen[position] = true;
                        return Ok(());
                    }
                    _ => {}
                }
            }
            scan.unknown.push((joined(folder, name, false), kind));
            Ok(())
        })?;
        for ((_, child), _) in children.iter().zip(seen).filter(|(_, seen)| !seen) {
            let entries = match child {
                Child::File(at) => *at..at + 1,
                Child::Folder(entries) => entries.clone(),
            };
            scan.gone.extend(entries.filter(|at| !self.assumed(*at)));
        }
        Ok(())
    }

    fn look(
        &self,
        here: BorrowedFd<'_>,
        name: &std::ffi::CStr,
        at: usize,
        scan: &mut Scan,
    ) -> io::Result<()> {
        if self.assumed(at) {
            return Ok(());
        }
        match rustix::fs::statat(here, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if self.proves(&stat, &self.index.entries()[at]) => {}
            Ok(_) => scan.doubtful.push(at),
            // Removed since the folder was read.
            Err(rustix::io::Errno::NOENT) => scan.gone.push(at),
            Err(cause) => return Err(cause.into()),
        }
        Ok(())
    }

    /// Whether a file with this stat is certainly what the index says.
    fn proves(&self, stat: &Stat, entry: &Entry) -> bool {
        let recorded = &entry.stat;
        // An index may have no nanoseconds.
        let same_time =
            |seconds: u32, nanoseconds: u32, recorded: &gix::index::entry::stat::Time| {
                seconds == recorded.secs && (recorded.nsecs == 0 || nanoseconds == recorded.nsecs)
            };
        // As git does, all is cut to the 32 bits that an index has.
        recorded.size == stat.st_size as u32
            && same_time(stat.st_mtime as u32, stat.st_mtime_nsec as u32, &recorded.mtime)
            && (!self.trust_ctime
                || same_time(stat.st_ctime as u32, stat.st_ctime_nsec as u32, &recorded.ctime))
            && recorded.ino == stat.st_ino as u32
            && recorded.uid == stat.st_uid
            && recorded.gid == stat.st_gid
            && entry.mode == mode_of(stat)
            // git records a size of 0 for a file that it knows to be doubtful.
            && (recorded.size == 0) == entry.id.is_empty_blob()
            && !racy(self.index, entry)
    }

    /// What the index has in a folder, sorted by name.
    fn children(&self, folder: &Folder) -> Vec<(&BStr, Child)> {
        let entries = self.index.entries();
        let mut children = Vec::new();
        let mut at = folder.entries.start;
        while at < folder.entries.end {
            let path = entries[at].path(self.index);
            let name = &path[folder.path.len()..];
            match name.find_byte(b'/') {
                None => {
                    children.push((name.as_bstr(), Child::File(at)));
                    at += 1;
                }
                Some(slash) => {
                    let prefix = &path[..folder.path.len() + slash + 1];
                    let rest = &entries[at..folder.entries.end];
                    let len =
                        rest.partition_point(|entry| entry.path(self.index).starts_with(prefix));
                    children.push((name[..slash].as_bstr(), Child::Folder(at..at + len)));
                    at += len;
                }
            }
        }
        children.sort_unstable_by(|a, b| a.0.cmp(b.0));
        children
    }

    fn is_link(&self, at: usize) -> bool {
        self.index.entries()[at].mode == Mode::COMMIT
    }

    /// Whether git was told not to look.
    fn assumed(&self, at: usize) -> bool {
        self.index.entries()[at].flags.contains(Flags::ASSUME_VALID)
    }
}

fn joined(folder: &Folder, name: &[u8], slash: bool) -> BString {
    let mut path = BString::from(Vec::with_capacity(folder.path.len() + name.len() + 1));
    path.extend_from_slice(&folder.path);
    path.extend_from_slice(name);
    if slash {
        path.push(b'/');
    }
    path
}

fn kind_of(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode as RawMode)
}

/// The mode that git gives to such a file; that of a folder for what it has none for.
fn mode_of(stat: &Stat) -> Mode {
    match kind_of(stat) {
        FileType::Symlink => Mode::SYMLINK,
        FileType::RegularFile if stat.st_mode & 0o100 != 0 => Mode::FILE_EXECUTABLE,
        FileType::RegularFile => Mode::FILE,
        _ => Mode::DIR,
    }
}
