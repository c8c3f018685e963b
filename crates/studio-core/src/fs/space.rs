//! How much room a file system has left, and whether a folder is one of its own. Reading only.
//!
//! Not here: how much is needed.

use super::failed;
use crate::error::Result;
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
