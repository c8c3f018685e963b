//! How much room a file system has left, and whether a folder is one of its own. Reading only.
//!
//! Not here: how much is needed.

use super::failed;
use crate::error::{self, Error, Result};
use camino::Utf8Path;
use std::os::unix::fs::MetadataExt;

/// What is left on a file system for somebody without privilege.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    /// Bytes.
    pub bytes: u64,
    /// Files and folders; `None` where the file system does not count them.
    pub inodes: Option<u64>,
}

/// What is left on the file system of `path`, which need not be there yet: then the nearest folder above it counts.
pub fn free(path: &Utf8Path) -> Result<Free> {
    let there = path.ancestors().find(|folder| folder.exists()).unwrap_or(Utf8Path::new("/"));
    let stat = rustix::fs::statvfs(there.as_std_path())
        .map_err(|cause| failed("look at the file system of", there, cause.into()))?;
    Ok(Free {
        bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
        // FAT and btrfs say that they have none at all.
        inodes: (stat.f_files > 0).then_some(stat.f_favail),
    })
}

/// What a file system has as good as none of any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Room.
    Bytes(u64),
    /// Inodes: no more files and folders can be made, however much room there is.
    Inodes,
}

/// So few bytes are none: git alone writes more for one commit.
const FEW_BYTES: u64 = 1 << 20;

/// So few inodes are none, since others may be making files, too.
const FEW_INODES: u64 = 8;

/// As few as these are what is lacking where something could not be made for want of room, although there is room: a
/// program that fails may take away what it made before anybody can ask.
const FEW_INODES_AFTERWARDS: u64 = 256;

/// What the file system of `path` lacks, if anything.
pub fn lack(path: &Utf8Path) -> Option<Lack> {
    lack_below(path, FEW_INODES)
}

fn lack_below(path: &Utf8Path, few_inodes: u64) -> Option<Lack> {
    let free = free(path).ok()?;
    if free.bytes < FEW_BYTES {
        // Where inodes are made of what room there is (xfs), there are none without it, either.
        return Some(Lack::Bytes(free.bytes));
    }
    free.inodes.is_some_and(|inodes| inodes < few_inodes).then_some(Lack::Inodes)
}

/// Adds what to do about a disk on which a program could not write, if that was the cause: git does not always say why.
///
/// `output` is what it said, `path` where it worked.
pub fn explain(error: Error, output: &str, path: &Utf8Path) -> Error {
    let said = output.contains("No space left");
    match lack_below(path, if said { FEW_INODES_AFTERWARDS } else { FEW_INODES }) {
        Some(Lack::Inodes) => error.hint(error::NO_INODES),
        Some(Lack::Bytes(bytes)) if !said => error
            .because(format!("only {} are left on that disk", crate::ui::size(bytes)))
            .hint(error::NO_ROOM),
        _ if said => error.hint(error::NO_ROOM),
        _ => error,
    }
}

/// Says that it is the inodes that are used up, where an error says that the disk of `path` is full: gix and the operating
/// system have one word for both.
///
/// To be asked before what was begun is removed, which makes room again.
pub fn tell_inodes(error: Error, path: &Utf8Path) -> Error {
    match error.is_of_full_disk() && lack_below(path, FEW_INODES_AFTERWARDS) == Some(Lack::Inodes) {
        true => error.of_inodes(),
        false => error,
    }
}

/// Whether two folders lie on one file system; if one of them is not there, they do.
pub fn same_device(one: &Utf8Path, other: &Utf8Path) -> bool {
    let device = |path: &Utf8Path| path.metadata().ok().map(|meta| meta.dev());
    device(one).zip(device(other)).is_none_or(|(one, other)| one == other)
}

/// Whether another file system begins at this folder.
pub fn is_mount_point(folder: &Utf8Path) -> bool {
    let device = |path: &Utf8Path| path.metadata().ok().map(|meta| meta.dev());
    let above = folder.parent().and_then(device);
    device(folder).is_some_and(|own| above.is_some_and(|above| own != above))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_yet_has_the_room_of_what_is_above_it() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = crate::fs::utf8(dir.path()).expect("utf-8");
        assert!(free(&dir.join("a/b")).expect("looked").bytes > 0);
        assert!(!is_mount_point(&dir));
        assert!(!is_mount_point(&dir.join("nowhere")));
    }
}
