//! Where an engine speaks: into the log of its attempt, which everybody may read, and under systemd into the journal too.
//!
//! Children write into the same file, and nothing of theirs is a pipe that could break. Not here: who reads it.

use std::fs::File;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use studio_core::transaction::{Keeper, Record, Records};
use studio_core::{OrSay, Result, fs};

/// How often the log is looked at for the journal.
const PAUSE: Duration = Duration::from_millis(50);

/// Our stderr, while it is the log of an attempt.
pub struct Voice {
    ended: Arc<AtomicBool>,
    copier: Option<JoinHandle<()>>,
}

/// Turns our stderr into the log of an attempt; gives the file for children too.
pub fn into_log(records: &Records, record: &Record) -> Result<(File, Voice)> {
    let path = records.log(&record.call.id);
    let log = fs::append(&path)?;
    let say = || format!("the log `{path}` could not be opened");
    let ended = Arc::new(AtomicBool::new(false));
    let copier = if record.call.keeper == Keeper::Session {
        None
    } else {
        let journal: File =
            rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr(), 3).or_say(say)?.into();
        let mut reader = fs::open(&path)?;
        // What is there already was said by somebody else.
        std::io::Seek::seek(&mut reader, std::io::SeekFrom::End(0)).or_say(say)?;
        let ended = Arc::clone(&ended);
        Some(std::thread::spawn(move || copy(&mut reader, &journal, &ended)))
    };
    rustix::stdio::dup2_stderr(&log).or_say(say)?;
    Ok((log, Voice { ended, copier }))
}

/// Copies what is appended to a file until it is said that nothing more will be.
fn copy(from: &mut File, mut to: &File, ended: &AtomicBool) {
    let mut buffer = vec![0; 1 << 14];
    loop {
        let last = ended.load(Ordering::Acquire);
        match from.read(&mut buffer) {
            Ok(0) if last => return,
            Ok(0) => std::thread::sleep(PAUSE),
            // A journal that is gone is no reason to stop.
            Ok(length) => drop(to.write_all(&buffer[..length])),
            Err(_) => return,
        }
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        if let Some(copier) = self.copier.take() {
            let _ = copier.join();
        }
    }
}
