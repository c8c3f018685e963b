//! An open folder, and what is done to the names in it: by the kernel's relative calls, which look up one name instead of
//! a whole path. This is what makes a hundred thousand links a matter of a fraction of a second.
//!
//! Errors are those of the operating system; the caller knows which file it meant. Not here: which names those are.

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Timespec, Timestamps};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// An open folder.
#[derive(Debug)]
pub struct Folder(OwnedFd);

/// What the file system says of a file or folder, as far as it changes whenever somebody touches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Stamp {
    /// The device that its number counts on.
    pub dev: u64,
    /// Its number.
    pub ino: u64,
    /// Bytes.
    pub size: u64,
    /// Kind and permissions, as `st_mode`.
    pub mode: u32,
    /// When it was last written: seconds and nanoseconds.
    pub mtime: (i64, u32),
    /// When anything of it was last changed, its number of links too; nobody can set it.
    pub ctime: (i64, u32),
    /// How many names it has.
    pub links: u64,
    /// How much room it takes, in units of 512 bytes.
    pub blocks: u64,
    /// Whose it is.
    pub uid: u32,
    /// Whose group's it is.
    pub gid: u32,
}

impl Stamp {
    /// That of a path; a link is not followed.
    pub fn of(path: &Path) -> io::Result<Stamp> {
        Ok(rustix::fs::lstat(path)?.into())
    }

    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        FileType::from_raw_mode(self.mode) == FileType::RegularFile
    }

    /// Whether it is a folder.
    pub fn is_dir(&self) -> bool {
        FileType::from_raw_mode(self.mode) == FileType::Directory
    }

    /// Whether it is a symbolic link.
    pub fn is_symlink(&self) -> bool {
        FileType::from_raw_mode(self.mode) == FileType::Symlink
    }
}

impl From<rustix::fs::Stat> for Stamp {
    // The types of these fields differ from system to system.
    #[allow(clippy::unnecessary_cast, clippy::cast_lossless, trivial_numeric_casts)]
    fn from(stat: rustix::fs::Stat) -> Stamp {
        Stamp {
            dev: stat.st_dev as u64,
            ino: stat.st_ino as u64,
            size: stat.st_size as u64,
            mode: stat.st_mode as u32,
            mtime: (stat.st_mtime as i64, stat.st_mtime_nsec as u32),
            ctime: (stat.st_ctime as i64, stat.st_ctime_nsec as u32),
            links: stat.st_nlink as u64,
            blocks: stat.st_blocks as u64,
            uid: stat.st_uid as u32,
            gid: stat.st_gid as u32,
        }
    }
}

/// How a file came to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// It shares the other's blocks until one of them is written.
    Cloned,
    /// Its bytes were written again.
    Written,
}

impl Folder {
    /// Opens the folder at `path`.
    pub fn open(path: &Path) -> io::Result<Folder> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Folder(rustix::fs::open(path, flags, Mode::empty())?))
    }

    /// The stamp of one name; `None` if there is no such name.
    pub fn stamp(&self, name: &[u8]) -> io::Result<Option<Stamp>> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat.into())),
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => Ok(None),
            Err(cause) => Err(cause.into()),
        }
    }

    /// Gives a file another name in `to`.
    pub fn link(&self, name: &[u8], to: &Folder, as_name: &[u8]) -> io::Result<()> {
        Ok(rustix::fs::linkat(&self.0, name, &to.0, as_name, AtFlags::empty())?)
    }

    /// Makes a symbolic link.
    pub fn symlink(&self, target: &[u8], name: &[u8]) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(target, &self.0, name)?)
    }

    /// Makes a file that was not there; the kernel takes the user's mask off `mode`.
    pub fn create(&self, name: &[u8], mode: u32) -> io::Result<File> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(&self.0, name, flags, Mode::from_raw_mode(mode as _))?))
    }

    /// Opens a file for reading.
    pub fn file(&self, name: &[u8]) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(&self.0, name, flags, Mode::empty())?))
    }

    /// Makes a file of its own with the bytes of another, by clone where the file system can, else by copy.
    pub fn copy(&self, name: &[u8], to: &Folder, as_name: &[u8], mode: u32) -> io::Result<Copied> {
        let mut from = self.file(name)?;
        let mut new = to.create(as_name, mode)?;
        if clone(&new, &from) {
            return Ok(Copied::Cloned);
        }
        io::copy(&mut from, &mut new)?;
        Ok(Copied::Written)
    }

    /// Makes a folder.
    pub fn make(&self, name: &[u8]) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.0, name, Mode::from_raw_mode(0o777))?)
    }

    /// Gives a file these permissions, and both its times.
    pub fn settle(&self, name: &[u8], mode: u32, time: i64) -> io::Result<()> {
        let file = self.file(name)?;
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode as _))?;
        Ok(rustix::fs::futimens(&file, &times(time))?)
    }

    /// Gives a file or link both its times.
    pub fn set_time(&self, name: &[u8], time: i64) -> io::Result<()> {
        Ok(rustix::fs::utimensat(&self.0, name, &times(time), AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Removes a file; it is no error if there is none.
    pub fn remove(&self, name: &[u8]) -> io::Result<()> {
        match rustix::fs::unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
            Err(cause) => Err(cause.into()),
        }
    }

    /// Gives a file another name in the same folder, replacing what has it.
    pub fn rename(&self, from: &[u8], to: &[u8]) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, from, &self.0, to)?)
    }

    /// The names in the folder, but `.` and `..`.
    pub fn names(&self) -> io::Result<Vec<Vec<u8>>> {
        let mut names = Vec::new();
        // Again from the beginning, whoever listed it before.
        rustix::fs::seek(&self.0, rustix::fs::SeekFrom::Start(0))?;
        super::each_name(self.0.as_fd(), |name, _| {
            names.push(name.to_bytes().to_vec());
            Ok(())
        })?;
        Ok(names)
    }

    /// Sets the permissions of the folder itself, and gives its stamp after that.
    pub fn close(&self, mode: u32) -> io::Result<Stamp> {
        rustix::fs::fchmod(&self.0, Mode::from_raw_mode(mode as _))?;
        Ok(rustix::fs::fstat(&self.0)?.into())
    }
}

/// Gives a file both its times, in seconds since 1970.
pub fn set_times(file: &File, time: i64) -> io::Result<()> {
    Ok(rustix::fs::futimens(file, &times(time))?)
}

fn times(seconds: i64) -> Timestamps {
    let moment = Timespec { tv_sec: seconds as _, tv_nsec: 0 };
    Timestamps { last_access: moment, last_modification: moment }
}

/// Raises the number of files that this process may have open to `most`, as far as the system lets it.
pub fn allow_open_files(most: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < most) {
        let current = Some(limit.maximum.map_or(most, |maximum| maximum.min(most)));
        // Where it cannot be, opening says so.
        let _ = setrlimit(Resource::Nofile, Rlimit { current, maximum: limit.maximum });
    }
}

/// Whether files that are made in this folder can share blocks with others until they are written.
pub fn shares_blocks(folder: &camino::Utf8Path) -> bool {
    let Ok(mut one) = tempfile::tempfile_in(folder) else { return false };
    let Ok(other) = tempfile::tempfile_in(folder) else { return false };
    one.write_all(&[1; 4096]).is_ok() && clone(&other, &one)
}

/// Whether `new` shares the blocks of `from` now.
#[cfg(target_os = "linux")]
fn clone(new: &File, from: &File) -> bool {
    rustix::fs::ioctl_ficlone(new, from).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn clone(_new: &File, _from: &File) -> bool {
    false
}
