//! A folder that is being made beside its place, and the removal of those that were never finished.
//!
//! Its maker holds a kernel lock on the folder itself, which ends with the maker whatever that dies of. So who can take
//! the lock of a `.tmp-` or `.trash-` folder knows that nobody works in it any more; a process number would not tell,
//! since numbers are used again.

use super::{failed, remove_tree, rename};
use crate::error::{Error, Result};
use camino::{Utf8Path, Utf8PathBuf};
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;

/// A folder beside its place; removed when dropped, unless it was put there.
#[derive(Debug)]
pub struct Draft {
    path: Utf8PathBuf,
    place: Utf8PathBuf,
    published: bool,
    /// The locked folder. It keeps its lock through the rename, for as long as the draft lives.
    _lock: File,
}

impl Draft {
    /// Makes an empty folder beside `place`.
    pub fn of(place: &Utf8Path) -> Result<Draft> {
        let name = place.file_name().unwrap_or("new");
        let pid = std::process::id();
        for attempt in 0..100 {
            let path = place.with_file_name(format!(".tmp-{name}-{pid}-{attempt}"));
            match std::fs::create_dir(&path) {
                Ok(()) => {}
                Err(cause) if cause.kind() == ErrorKind::AlreadyExists => continue,
                Err(cause) => return Err(failed("make the folder", &path, cause)),
            }
            // Between making and locking somebody may have taken it for an old one.
            if let Some(lock) = lock(&path) {
                return Ok(Draft { path, place: place.to_owned(), published: false, _lock: lock });
            }
        }
        Err(Error::new(format!("no free name beside `{place}` was found")).hint("try again"))
    }

    /// Where it is now.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Puts it in its place.
    pub fn publish(mut self) -> Result<()> {
        rename(&self.path, &self.place)?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.published {
            let _ = remove_tree(&self.path);
        }
    }
}

/// Moves a folder out of the way under a `.trash-` name and removes it there, so that nobody sees half of it.
pub fn discard(path: &Utf8Path) -> Result<()> {
    let name = path.file_name().unwrap_or_default();
    let trash = path.with_file_name(format!(".trash-{name}-{}", std::process::id()));
    let _lock = lock(path);
    rename(path, &trash)?;
    remove_tree(&trash)
}

/// Removes what killed commands left in `folder`: those of its `.tmp-` and `.trash-` folders in which nobody works.
///
/// What cannot be removed yet, because a child of the killed command still writes to it, is left for the next time.
pub fn sweep(folder: &Utf8Path) {
    let Ok(entries) = folder.read_dir_utf8() else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = name.starts_with(".tmp-") || name.starts_with(".trash-");
        if ours && let Some(_lock) = lock(entry.path()) {
            let _ = remove_tree(entry.path());
        }
    }
}

/// The lock of a folder; `None` if somebody has it, or if the folder is not there any more.
fn lock(path: &Utf8Path) -> Option<File> {
    let file = File::open(path).ok()?;
    file.try_lock().ok()?;
    let (locked, named) = (file.metadata().ok()?, path.symlink_metadata().ok()?);
    (locked.ino() == named.ino() && locked.dev() == named.dev()).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::{create_dir_all, utf8};

    fn names(folder: &Utf8Path) -> Vec<String> {
        let mut names: Vec<String> = folder
            .read_dir_utf8()
            .expect("list")
            .flatten()
            .map(|entry| entry.file_name().to_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn only_what_nobody_works_in_is_swept() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = utf8(dir.path()).expect("utf-8");
        create_dir_all(&dir.join(".tmp-x-1-0/below")).expect("mkdir");
        create_dir_all(&dir.join(".trash-y-1")).expect("mkdir");
        create_dir_all(&dir.join("kept")).expect("mkdir");
        let draft = Draft::of(&dir.join("new")).expect("draft");
        let at_work = draft.path().file_name().expect("name").to_owned();
        sweep(&dir);
        assert_eq!(names(&dir), [at_work, "kept".to_owned()]);
        draft.publish().expect("publish");
        assert_eq!(names(&dir), ["kept", "new"]);
        drop(Draft::of(&dir.join("other")).expect("draft"));
        discard(&dir.join("new")).expect("discard");
        assert_eq!(names(&dir), ["kept"]);
    }
}
