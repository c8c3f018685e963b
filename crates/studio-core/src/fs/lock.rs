//! Locks that the kernel holds and releases when their holder dies, whatever it dies of.
//!
//! The lock file stays; its text says who holds it, for the message of those who wait.

use super::{create_dir_all, failed};
use crate::error::Result;
use crate::ui::Ui;
use camino::Utf8Path;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek};
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

/// For how many milliseconds a holder who has not signed yet is waited for.
const MOMENTS: usize = 20;

/// A held lock; released when dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// While it lives, children inherit the lock.
#[derive(Debug)]
pub struct Shared<'a> {
    lock: &'a Lock,
}

impl Drop for Shared<'_> {
    fn drop(&mut self) {
        self.lock.set_inherited(false);
    }
}

/// Somebody else holds the lock.
#[derive(Debug, thiserror::Error)]
#[error("{holder} is at work")]
pub struct Busy {
    /// Who, as they wrote it down: `` `git mutable-snapshot` (process 4711) ``.
    pub holder: String,
}

impl Lock {
    /// Takes the lock, waiting for it if need be; `who` is the command, for those who wait meanwhile.
    pub fn wait(path: &Utf8Path, who: &str, ui: &Ui) -> Result<Lock> {
        let mut file = open(path)?;
        if let Err(cause) = file.try_lock() {
            match cause {
                TryLockError::WouldBlock => {
                    ui.step(format!("waiting for {} ...", holder(&mut file)));
                    file.lock().map_err(|cause| failed("lock", path, cause))?;
                }
                TryLockError::Error(cause) => return Err(failed("lock", path, cause)),
            }
        }
        sign(&file, who);
        Ok(Lock { file })
    }

    /// Lets children inherit the lock while the result lives, so that they hold it even if we are killed.
    ///
    /// For children that change files: the next command must not start beside them. Not for those that talk to a network,
    /// which may leave a helper behind (one that caches passwords, say) that would hold the lock for as long as it lives.
    pub fn shared_with_children(&self) -> Shared<'_> {
        self.set_inherited(true);
        Shared { lock: self }
    }

    fn set_inherited(&self, inherited: bool) {
        use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};
        if let Ok(flags) = fcntl_getfd(&self.file) {
            let flags = if inherited { flags - FdFlags::CLOEXEC } else { flags | FdFlags::CLOEXEC };
            let _ = fcntl_setfd(&self.file, flags);
        }
    }

    /// Takes the lock, waiting for it without a word.
    pub fn wait_silently(path: &Utf8Path, who: &str) -> Result<Lock> {
        let file = open(path)?;
        file.lock().map_err(|cause| failed("lock", path, cause))?;
        sign(&file, who);
        Ok(Lock { file })
    }

    /// Whether somebody holds the lock, asked without taking it. Nobody does where there is no lock file.
    pub fn is_held(path: &Utf8Path) -> bool {
        let Ok(file) = File::open(path) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Takes the lock, or says who has it and has had it for all of `patience`.
    pub fn try_for(patience: Duration, path: &Utf8Path, who: &str) -> Result<Result<Lock, Busy>> {
        let until = Instant::now() + patience;
        let mut file = open(path)?;
        loop {
            match file.try_lock() {
                Ok(()) => {
                    sign(&file, who);
                    return Ok(Ok(Lock { file }));
                }
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(TryLockError::WouldBlock) => {
                    return Ok(Err(Busy { holder: holder(&mut file) }));
                }
                Err(TryLockError::Error(cause)) => return Err(failed("lock", path, cause)),
            }
        }
    }
}

fn open(path: &Utf8Path) -> Result<File> {
    if let Some(parent) = path.parent() {
        create_dir_all(parent)?;
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|cause| failed("open the lock", path, cause))
}

/// Writes down who holds the lock. It is only for messages, so a failure (a full disk) is no reason to stop.
///
/// In one piece over what is there: whoever reads it meanwhile finds a name, not the beginning of one.
fn sign(file: &File, who: &str) {
    let text = format!("`{who}` (process {})\n", std::process::id());
    if file.write_all_at(text.as_bytes(), 0).is_ok() {
        let _ = file.set_len(text.len() as u64);
    }
}

/// Who holds the lock, which may have been taken only now and not be signed yet.
fn holder(file: &mut File) -> String {
    for _ in 0..MOMENTS {
        let mut text = String::new();
        let _ = file.rewind();
        let _ = file.read_to_string(&mut text);
        if let Some((who, _)) = text.split_once('\n') {
            return who.to_owned();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    "another command".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_names_its_holder_and_a_dropped_one_is_free() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = crate::fs::utf8(dir.path()).expect("utf-8").join("lock");
        let held =
            Lock::try_for(Duration::ZERO, &path, "git flake-switch").expect("lock").expect("free");
        let busy = Lock::try_for(Duration::ZERO, &path, "other").expect("lock").expect_err("held");
        assert!(busy.holder.starts_with("`git flake-switch` (process "), "{}", busy.holder);
        drop(held);
        assert!(Lock::try_for(Duration::ZERO, &path, "other").expect("lock").is_ok());
    }
}
