//! Children of an engine that was killed: an activation that still runs must end before another one begins.
//!
//! They are found by the session that they are in and by a variable that only children of this attempt have. What an
//! activation starts on purpose to stay (a daemon) leads a session of its own and is not touched. Linux only, as there
//! is no `/proc` elsewhere.

use crate::attempt::Attempt;
use camino::Utf8Path;
use rustix::process::{Pid, Signal, kill_process};
use std::time::{Duration, Instant};

/// The variable that every child of an attempt has, with its name as the value.
pub const VARIABLE: &str = "STUDIO_TRANSACTION";

/// Waits until the children of the process that the record names have ended; kills them after the limit of the attempt.
pub fn wait_for(attempt: &Attempt<'_>) {
    let record = &attempt.record;
    let limit = Instant::now() + Duration::from_secs(record.call.limit);
    let (mut told, mut killed) = (false, false);
    loop {
        let left = of(record.process, record.call.id.as_str());
        if left.is_empty() {
            return;
        }
        if !told {
            attempt.ui.step("waiting for what it started to end ...");
            told = true;
        }
        if Instant::now() > limit {
            if !killed {
                attempt.ui.warn("what it started did not end in time and is killed");
                killed = true;
            }
            for pid in left {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The processes of the session `leader` that have the variable of the attempt `id`.
fn of(leader: u32, id: &str) -> Vec<Pid> {
    let Ok(entries) = Utf8Path::new("/proc").read_dir_utf8() else { return vec![] };
    let mark = format!("{VARIABLE}={id}");
    entries
        .flatten()
        .filter_map(|entry| {
            let number: i32 = entry.file_name().parse().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            // The name of a program may have anything in it; behind its last bracket are state, parent, group, session.
            let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
            let session: u32 = fields.get(3)?.parse().ok()?;
            if session != leader || matches!(fields.first(), Some(&"Z")) {
                return None;
            }
            let environ = std::fs::read(entry.path().join("environ")).ok()?;
            environ.split(|byte| *byte == 0).any(|text| text == mark.as_bytes()).then_some(())?;
            Pid::from_raw(number)
        })
        .collect()
}
