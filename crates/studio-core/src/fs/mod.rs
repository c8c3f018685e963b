//! The door to the file system: every write of this toolkit goes through here.
//!
//! What is made is made beside its place and renamed into it, so that `kill -9` or a full disk leaves the old state or
//! the new one. Remains have names that start with `.tmp-` or `.trash-`, which [`sweep`] removes once their maker is gone.
//! Not here: what the files mean.

#![expect(clippy::disallowed_methods, reason = "this is the door")]

mod draft;
mod folder;
mod listing;
mod lock;
mod space;
mod usage;
pub mod worktree;

pub use draft::{Draft, Held, abandoned, claim, discard, hold, sweep, wait_for};
pub use folder::{Copied, Folder, Stamp, allow_open_files, set_times, shares_blocks};
pub use listing::each_name;
pub use lock::{Busy, Lock, Shared};
pub use space::{Free, Lack, explain, free, is_mount_point, lack, same_device, tell_inodes};
pub use usage::Usage;

use crate::error::{Error, Result};
use camino::{Utf8Path, Utf8PathBuf};
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

/// Words for a failed operation on `path`, with the remedy where the cause is a usual one.
pub fn failed(what: &str, path: &Utf8Path, cause: io::Error) -> Error {
    let error = Error::new(format!("cannot {what} `{path}`")).because(plain(&cause));
    if let Some(remedy) = remedy(path, &cause) {
        return error.hint(remedy);
    }
    match cause.kind() {
        ErrorKind::NotADirectory => {
            error.hint("a file stands where a folder is needed; choose another place")
        }
        ErrorKind::PermissionDenied => error.hint(format!(
            "look at who may write there: `ls -ld {}`",
            path.parent().unwrap_or(path)
        )),
        _ => error,
    }
}

/// What to do about a failed operation on `path`, where the cause is a usual one.
pub fn remedy(path: &Utf8Path, cause: &io::Error) -> Option<&'static str> {
    // The operating system has one word for both.
    if cause.kind() == ErrorKind::StorageFull && lack(path) == Some(Lack::Inodes) {
        return Some(crate::error::NO_INODES);
    }
    crate::error::remedy(cause.kind())
}

/// The cause in the words of the operating system, without Rust's error number behind it.
pub fn plain(cause: &io::Error) -> String {
    let text = cause.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}

/// Reads a text file; `None` if there is none.
pub fn read_optional(path: &Utf8Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(cause)
            if cause.kind() == ErrorKind::NotFound || cause.kind() == ErrorKind::NotADirectory =>
        {
            Ok(None)
        }
        Err(cause) => Err(failed("read", path, cause)),
    }
}

/// Reads a file as bytes.
pub fn read(path: &Utf8Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|cause| failed("read", path, cause))
}

/// Makes a folder and those above it.
pub fn create_dir_all(path: &Utf8Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|cause| failed("make the folder", path, cause))
}

/// Replaces a file as a whole: written beside it, synced, renamed over it.
pub fn write_atomic(path: &Utf8Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes, Durable::Now)
}

/// The same without syncing the folder: nobody ever sees half of it, but a power cut may bring the old one back.
pub fn write_whole(path: &Utf8Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes, Durable::Soon)
}

/// When a file is sure to survive a power cut.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Durable {
    Now,
    Soon,
}

fn replace(path: &Utf8Path, bytes: &[u8], durable: Durable) -> Result<()> {
    let parent = path.parent().unwrap_or(Utf8Path::new("."));
    create_dir_all(parent)?;
    let write = || -> io::Result<()> {
        let mut file = beside(path, parent)?;
        file.write_all(bytes)?;
        // A temporary file is private; what it replaces keeps its mode, what is new gets the usual one.
        let mode = fs::metadata(path).map_or(0o644, |old| old.mode() & 0o7777);
        file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
        // Always: some file systems rename before they write, and a power cut would leave an empty file.
        file.as_file().sync_all()?;
        file.persist(path)?;
        match durable {
            // The rename itself is only on disk once the folder is.
            Durable::Now => fs::File::open(parent)?.sync_all(),
            Durable::Soon => Ok(()),
        }
    };
    write().map_err(|cause| failed("write", path, cause))
}

/// An empty file beside `path`, locked for as long as it is open, so that nobody takes it for what a kill left.
fn beside(path: &Utf8Path, parent: &Utf8Path) -> io::Result<tempfile::NamedTempFile> {
    loop {
        let file = tempfile::Builder::new().prefix(&draft_prefix(path)).tempfile_in(parent)?;
        match file.as_file().try_lock() {
            // Before it was locked, somebody may have swept it, or be about to.
            Ok(()) if !file.path().exists() => {}
            Err(fs::TryLockError::WouldBlock) => {}
            // Where nothing can be locked, nothing is swept either.
            Ok(()) | Err(fs::TryLockError::Error(_)) => return Ok(file),
        }
    }
}

/// How the names of the drafts of a file begin: with its own name, as far as there is room for it.
fn draft_prefix(path: &Utf8Path) -> String {
    let name: String = path.file_name().unwrap_or_default().chars().take(40).collect();
    format!(".tmp-{name}-")
}

/// Removes drafts of this file that killed commands left beside it; those at which somebody works stay.
pub fn sweep_remains_of(path: &Utf8Path) {
    let prefix = draft_prefix(path);
    let entries = path.parent().and_then(|parent| parent.read_dir_utf8().ok());
    for entry in entries.into_iter().flatten().flatten() {
        let ours = entry.file_name().starts_with(&prefix);
        if ours
            && entry.file_type().is_ok_and(|kind| kind.is_file())
            && let Some(_lock) = claim(entry.path())
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Replaces a file that is only a cache: nobody sees half of it, and after a power cut it may be the old one, or damaged.
///
/// What it is written as first has one name, so that a kill leaves nothing that the next write does not take.
pub fn write_cache(path: &Utf8Path, bytes: &[u8]) -> Result<()> {
    if let Some(parent) = path.parent() {
        create_dir_all(parent)?;
    }
    let new = Utf8PathBuf::from(format!("{path}.new"));
    write_new(&new, bytes)?;
    rename(&new, path)
}

/// Writes a new file inside a folder that is not in its place yet; no syncing, no renaming.
pub fn write_new(path: &Utf8Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|cause| failed("write", path, cause))
}

/// Appends to a file that only this process writes, such as a log; made if there is none.
pub fn append(path: &Utf8Path) -> Result<fs::File> {
    if let Some(parent) = path.parent() {
        create_dir_all(parent)?;
    }
    fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(|cause| failed("write", path, cause))
}

/// What tells a file that was replaced from the one before it; `None` if there is none.
pub fn identity(path: &Utf8Path) -> Option<(u64, u64, i64, i64)> {
    let meta = fs::symlink_metadata(path).ok()?;
    Some((meta.dev(), meta.ino(), meta.mtime(), meta.mtime_nsec()))
}

/// Whether this is a file that can be run.
pub fn is_program(path: &Utf8Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.mode() & 0o111 != 0)
}

/// Whether we may write to a folder, which may not be there yet: then the nearest one above it counts.
pub fn is_writable(path: &Utf8Path) -> bool {
    let there = path.ancestors().find(|folder| folder.exists());
    there.is_some_and(|folder| {
        rustix::fs::access(folder.as_std_path(), rustix::fs::Access::WRITE_OK).is_ok()
    })
}

/// Opens a file for reading.
pub fn open(path: &Utf8Path) -> Result<fs::File> {
    fs::File::open(path).map_err(|cause| failed("read", path, cause))
}

/// A file that takes everything and keeps nothing.
pub fn null() -> Result<fs::File> {
    let path = Utf8Path::new("/dev/null");
    fs::OpenOptions::new().write(true).open(path).map_err(|cause| failed("open", path, cause))
}

/// Renames; both names must lie on one file system.
pub fn rename(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    fs::rename(from, to).map_err(|cause| failed("move into place", to, cause))
}

/// Points a symbolic link at `target`, replacing the old one at once.
pub fn symlink_atomic(target: &Utf8Path, link: &Utf8Path) -> Result<()> {
    let parent = link.parent().unwrap_or(Utf8Path::new("."));
    create_dir_all(parent)?;
    let temporary =
        parent.join(format!(".tmp-{}-{}", link.file_name().unwrap_or("link"), std::process::id()));
    let _ = fs::remove_file(&temporary);
    std::os::unix::fs::symlink(target, &temporary)
        .and_then(|()| fs::rename(&temporary, link))
        .map_err(|cause| failed("link", link, cause))
}

/// Removes a file; it is no error if there is none.
pub fn remove_file(path: &Utf8Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(failed("remove", path, cause)),
        _ => Ok(()),
    }
}

/// Removes a folder if there is nothing in it.
pub fn remove_if_empty(path: &Utf8Path) {
    let _ = fs::remove_dir(path);
}

/// Removes a folder with everything in it, read-only folders (sealed snapshots) too.
pub fn remove_tree(path: &Utf8Path) -> Result<()> {
    fn remove(path: &std::path::Path) -> io::Result<()> {
        let meta = match fs::symlink_metadata(path) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        if !meta.is_dir() {
            return fs::remove_file(path);
        }
        if meta.mode() & 0o700 != 0o700 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        }
        for entry in fs::read_dir(path)? {
            remove(&entry?.path())?;
        }
        fs::remove_dir(path)
    }
    remove(path.as_std_path()).map_err(|cause| failed("remove", path, cause))
}

/// Gives a file a second name. `Ok(false)` where the file system cannot (another device, too many links).
///
/// It is no failure if the new name is taken, or if the file vanished: then it was a temporary one of git's, or was packed.
pub fn hard_link(from: &Utf8Path, to: &Utf8Path) -> Result<bool> {
    use ErrorKind::{
        AlreadyExists, CrossesDevices, NotFound, PermissionDenied, TooManyLinks, Unsupported,
    };
    match fs::hard_link(from, to) {
        Ok(()) => Ok(true),
        Err(cause) if cause.kind() == NotFound && from.symlink_metadata().is_err() => Ok(true),
        Err(cause) => match cause.kind() {
            AlreadyExists => Ok(true),
            // Some file systems refuse every hard link.
            CrossesDevices | TooManyLinks | PermissionDenied | Unsupported => Ok(false),
            _ => Err(failed("link", to, cause)),
        },
    }
}

/// Hard-links every file below `from` to the same place below `to`.
///
/// `Ok(false)` where the file system cannot (another device, too many links): then `to` may hold a part.
pub fn hard_link_tree(from: &Utf8Path, to: &Utf8Path, skip: &dyn Fn(&str) -> bool) -> Result<bool> {
    create_dir_all(to)?;
    for entry in from.read_dir_utf8().map_err(|cause| failed("read", from, cause))? {
        let entry = entry.map_err(|cause| failed("read", from, cause))?;
        if skip(entry.file_name()) {
            continue;
        }
        let target = to.join(entry.file_name());
        let kind = entry.file_type().map_err(|cause| failed("read", entry.path(), cause))?;
        if kind.is_dir() {
            if !hard_link_tree(entry.path(), &target, skip)? {
                return Ok(false);
            }
            continue;
        }
        if !hard_link(entry.path(), &target)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Gives a file, whatever it is, a second name, or makes a file like it where the file system cannot; folders are made for
/// it.
pub fn link_or_copy(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        create_dir_all(parent)?;
    }
    if hard_link(from, to)? {
        return Ok(());
    }
    let copy = || match fs::symlink_metadata(from)?.is_symlink() {
        true => std::os::unix::fs::symlink(fs::read_link(from)?, to),
        false => {
            fs::copy(from, to)?;
            worktree::set_time(to.as_std_path(), fs::metadata(from)?.modified()?)
        }
    };
    copy().map_err(|cause| failed("write", to, cause))
}

/// Brings what was written into these files and folders, which all lie on the file system of `top`, onto the disk.
pub fn flush<'a>(top: &Utf8Path, paths: impl ExactSizeIterator<Item = &'a Utf8Path>) -> Result<()> {
    // One by one each waits for the journal; all at once the files of others are waited for, too.
    #[cfg(target_os = "linux")]
    if paths.len() > 32 {
        return rustix::fs::syncfs(open(top)?).map_err(|cause| failed("write", top, cause.into()));
    }
    let sync =
        |path: &Utf8Path| open(path)?.sync_all().map_err(|cause| failed("write", path, cause));
    for path in paths {
        sync(path)?;
    }
    sync(top)
}

/// Sets the permission bits of a file or folder.
pub fn set_mode(path: &std::path::Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// The path from the root, without `.` and without `x/..`; nothing need be there, and links are not followed.
pub fn absolute(from: &Utf8Path, path: &Utf8Path) -> Utf8PathBuf {
    use camino::Utf8Component;
    let mut absolute = Utf8PathBuf::new();
    for component in from.join(path).components() {
        match component {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => _ = absolute.pop(),
            other => absolute.push(other.as_str()),
        }
    }
    absolute
}

/// A path as text, or a clear refusal: every path of this toolkit goes through text at some point.
pub fn utf8(path: &std::path::Path) -> Result<Utf8PathBuf> {
    Utf8PathBuf::from_path_buf(path.to_owned()).map_err(|path| {
        Error::new(format!("the path `{}` is not UTF-8", path.display()))
            .hint("use a folder whose name is UTF-8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = utf8(dir.path()).expect("utf-8");
        (dir, path)
    }

    #[test]
    fn a_sealed_tree_can_be_removed() {
        let (_keep, dir) = folder();
        let tree = dir.join("a/b");
        create_dir_all(&tree).expect("mkdir");
        write_new(&tree.join("file"), b"x").expect("write");
        set_mode(tree.join("file").as_std_path(), 0o444).expect("chmod");
        set_mode(tree.as_std_path(), 0o555).expect("chmod");
        set_mode(dir.join("a").as_std_path(), 0o555).expect("chmod");
        discard(&dir.join("a")).expect("discard");
        assert_eq!(dir.read_dir_utf8().expect("list").count(), 0);
    }

    #[test]
    fn drafts_that_nobody_works_at_are_swept() {
        let (_keep, dir) = folder();
        let file = dir.join("config.toml");
        let names = || {
            let entries = dir.read_dir_utf8().expect("list").flatten();
            let mut names: Vec<String> = entries.map(|e| e.file_name().to_owned()).collect();
            names.sort();
            names
        };
        write_new(&dir.join(".tmp-config.toml-a1B2c3"), b"half").expect("write");
        write_new(&dir.join(".tmp-other-a1B2c3"), b"of another").expect("write");
        let at_work = beside(&file, &dir).expect("a draft");
        sweep_remains_of(&file);
        let ours = utf8(at_work.path()).expect("utf-8").file_name().expect("name").to_owned();
        assert_eq!(names(), [ours, ".tmp-other-a1B2c3".to_owned()]);
        drop(at_work);
        write_atomic(&file, b"whole").expect("write");
        assert_eq!(names(), [".tmp-other-a1B2c3", "config.toml"]);
    }

    #[test]
    fn an_atomic_write_keeps_the_mode_of_what_it_replaces() {
        let (_keep, dir) = folder();
        let file = dir.join("file");
        write_atomic(&file, b"one").expect("write");
        set_mode(file.as_std_path(), 0o600).expect("chmod");
        write_atomic(&file, b"two").expect("write");
        assert_eq!(fs::metadata(&file).expect("stat").mode() & 0o777, 0o600);
        assert_eq!(read_optional(&file).expect("read").as_deref(), Some("two"));
    }
}
