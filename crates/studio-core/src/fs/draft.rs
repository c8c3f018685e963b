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

    /// Changes places with the folder that stands there, which is where the draft was from then on, and goes when this is
    /// dropped. `Ok(false)`, with nothing changed, where the file system cannot do that in one step.
    pub fn exchange(&mut self) -> Result<bool> {
        exchange(&self.path, &self.place)
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

/// The folders that killed makers of `place` left beside it, each with the sole right to it.
///
/// Unlike [`sweep`] this looks at no name but those that a [`Draft`] of that place has: beside it may lie anything.
pub fn abandoned(place: &Utf8Path) -> Vec<(Utf8PathBuf, Held)> {
    let prefix = format!(".tmp-{}-", place.file_name().unwrap_or("new"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_draft = |name: &str| {
        let numbers = name.strip_prefix(&prefix).and_then(|rest| rest.split_once('-'));
        numbers.is_some_and(|(pid, attempt)| is_number(pid) && is_number(attempt))
    };
    let Some(Ok(entries)) = place.parent().map(Utf8Path::read_dir_utf8) else { return vec![] };
    entries
        .flatten()
        .filter(|entry| is_draft(entry.file_name()))
        .filter_map(|entry| Some((entry.path().to_owned(), claim(entry.path())?)))
        .collect()
}

/// Lets two folders change places in one step.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchange(one: &Utf8Path, other: &Utf8Path) -> Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, one.as_str(), CWD, other.as_str(), RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        // The file system or the kernel does not know it.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(false),
        Err(cause) => Err(failed("move into place", other, cause.into())),
    }
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn exchange(_one: &Utf8Path, _other: &Utf8Path) -> Result<bool> {
    Ok(false)
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

/// A folder that is used, or that nobody else may use; free again when dropped.
///
/// The lock is on the folder itself, so it goes with the folder and leaves no file behind.
#[derive(Debug)]
pub struct Held(#[expect(dead_code, reason = "it is there to be dropped")] File);

/// Keeps a folder from being removed by those who [`claim`] before they remove; `None` if it is gone, which is waited for
/// where somebody is just removing it. Many can hold one folder.
pub fn hold(folder: &Utf8Path) -> Option<Held> {
    let file = File::open(folder).ok()?;
    file.lock_shared().ok()?;
    still_named(&file, folder).then_some(Held(file))
}

/// The sole right to a folder, waited for; free again when dropped.
pub fn wait_for(folder: &Utf8Path) -> Result<Held> {
    let lock = || {
        let file = File::open(folder)?;
        file.lock()?;
        Ok(Held(file))
    };
    lock().map_err(|cause| failed("lock", folder, cause))
}

/// The sole right to a folder, for who wants to remove it; `None` if somebody uses it or it is gone.
pub fn claim(folder: &Utf8Path) -> Option<Held> {
    lock(folder).map(Held)
}

/// The lock of a folder; `None` if somebody has it, or if the folder is not there any more.
fn lock(path: &Utf8Path) -> Option<File> {
    let file = File::open(path).ok()?;
    file.try_lock().ok()?;
    still_named(&file, path).then_some(file)
}

/// Whether an open folder is still the one that has this name.
fn still_named(file: &File, path: &Utf8Path) -> bool {
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(locked), Ok(named)) => locked.ino() == named.ino() && locked.dev() == named.dev(),
        _ => false,
    }
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

    #[test]
    fn two_folders_change_places_and_only_drafts_of_the_place_are_abandoned() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = utf8(dir.path()).expect("utf-8");
        let place = dir.join("x");
        create_dir_all(&place.join("old")).expect("mkdir");
        let mut draft = Draft::of(&place).expect("draft");
        create_dir_all(&draft.path().join("new")).expect("mkdir");
        assert!(draft.exchange().expect("exchanged"), "temporary folders can");
        assert_eq!(names(&place), ["new"]);
        assert_eq!(names(draft.path()), ["old"]);
        drop(draft);
        assert_eq!(names(&dir), ["x"]);

        for name in [".tmp-x-12-0", ".tmp-x-notes", ".tmp-x-1", ".tmp-xx-1-0", "x-1-0"] {
            create_dir_all(&dir.join(name)).expect("mkdir");
        }
        let at_work = Draft::of(&place).expect("draft");
        let found = abandoned(&place);
        assert_eq!(
            found.iter().map(|(path, _)| path).collect::<Vec<_>>(),
            [&dir.join(".tmp-x-12-0")]
        );
        drop(at_work);
    }

    #[test]
    fn what_is_held_cannot_be_claimed_and_what_is_gone_cannot_be_held() {
        let dir = tempfile::tempdir().expect("temp dir");
        let folder = utf8(dir.path()).expect("utf-8").join("snapshot");
        assert!(hold(&folder).is_none());
        create_dir_all(&folder).expect("mkdir");
        let one = hold(&folder).expect("held");
        let two = hold(&folder).expect("held twice");
        drop(one);
        assert!(claim(&folder).is_none());
        drop(two);
        let claimed = claim(&folder).expect("free");
        assert!(claim(&folder).is_none());
        // Who has claimed it can remove it, and who waited for it is told that it is gone.
        let waiting = std::thread::spawn({
            let folder = folder.clone();
            move || hold(&folder).is_none()
        });
        std::thread::sleep(std::time::Duration::from_millis(20));
        discard(&folder).expect("discard");
        drop(claimed);
        assert!(waiting.join().expect("it ends"));
    }
}
