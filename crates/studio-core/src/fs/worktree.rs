//! Files of a work tree, whose names are bytes: brought in by a rename, taken away with the folders that they leave empty.
//!
//! Not here: which of them, and what is in them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A new file to write to, with the mode that the user's umask gives to such files.
pub fn new_file(path: &Path, executable: bool) -> io::Result<File> {
    let mode = if executable { 0o777 } else { 0o666 };
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

/// Gives a file the time at which it was last written.
pub fn set_time(path: &Path, time: std::time::SystemTime) -> io::Result<()> {
    fs::File::open(path)?.set_modified(time)
}

/// Makes a new symbolic link.
pub fn write_link(path: &Path, target: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

/// Puts a file that was written elsewhere in its place, over the one that is there; folders are made for it.
pub fn put(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::rename(from, to)
        }
        other => other,
    }
}

/// Takes a file away, and the folders above it that are empty then, but never `top`.
pub fn take_away(top: &Path, file: &Path) -> io::Result<()> {
    fs::remove_file(file)?;
    let folders = file.ancestors().skip(1).take_while(|folder| *folder != top);
    for folder in folders {
        // One that is not empty stays, as do those above it.
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}
