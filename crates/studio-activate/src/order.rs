//! Taking an order: everything is looked at, the record is written, and an engine is started that lives on its own.
//!
//! Until the record is there nothing but this process knows of the order, and what is wrong with it is said here, on the
//! terminal. From then on the record and its log speak, and this process may be killed. Not here: what the engine does.

use crate::attempt::Attempt;
use crate::{keeper, trust};
use std::io::{Read, Write};
use std::time::{Duration, Instant};
use studio_core::cli::Context;
use studio_core::fs::{self, Lock};
use studio_core::switch::{Call, last_attempt, settled};
use studio_core::transaction::{Phase, Records};
use studio_core::{Error, Exit, OrSay, Result};

/// The most that an order may have; one of ours has a few thousand bytes.
const MOST_BYTES: u64 = 1 << 20;

/// How long the lock is waited for where it is not known to become free.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long it is waited for when the last attempt has said how it ended: its engine is about to let go of it, which on a
/// machine under load is no matter of milliseconds.
const FAREWELL: Duration = Duration::from_secs(10);

/// How long an engine may take to start before it is left to whoever watches the record.
const START: Duration = Duration::from_secs(5);

/// Says that the privilege is there, and waits for the words of an order, which may take as long as a build.
pub fn wait() -> Result<Option<Vec<String>>> {
    let mut stdout = std::io::stdout().lock();
    // Not data for a person: the one who started us reads it, and closes our stdin when there is nothing to be done.
    stdout.write_all(b"ready\n").and_then(|()| stdout.flush()).or_say(|| "nobody listens")?;
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(MOST_BYTES)
        .read_to_string(&mut text)
        .or_say(|| "the order could not be read")?;
    let Some(text) = text.strip_suffix('\0') else { return Ok(None) };
    Ok(Some(text.split('\0').map(str::to_owned).collect()))
}

/// Records the order and starts its engine.
pub fn submit(call: &Call, cx: &Context) -> Result<Exit> {
    trust::program(&call.nix_env)?;
    let records = Records::at(&call.place.records);
    let lock = lock(call, &records)?;
    let earlier = records.of(&call.place.profile)?;
    let mut attempt = Attempt::new(call, cx, records)?;
    if settled(last_attempt(&earlier), call) {
        cx.ui.step(format!("{} runs `{}` already", call.target, attempt.record.runs.name()));
        return Ok(Exit::Done);
    }
    attempt.write(Phase::Prepared)?;
    let log = attempt.records.log(&call.id);
    fs::remove_file(&log)?;
    fs::append(&log)?;
    // The engine takes it. Should another one be faster, it finds that nothing was done here, and says so.
    drop(lock);
    if let Err(error) = keeper::launch(call) {
        // systemd also says so of an engine that started and ended at once. Only who has the lock knows.
        if let Ok(_lock) = Lock::try_for(PATIENCE, &call.place.lock, call.verb.command())?
            && attempt.is_as_recorded()?
        {
            attempt.record.exit = Some(error.status() as u8);
            attempt.note(Phase::Refused);
            return Err(error);
        }
        return Ok(Exit::Done);
    }
    // So that whoever comes after us is told that somebody is at work.
    let until = Instant::now() + START;
    while !Lock::is_held(&call.place.lock) && Instant::now() < until {
        if attempt.records.read(&call.id)?.is_none_or(|record| record.phase != Phase::Prepared) {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(Exit::Done)
}

/// The lock of the target; that it becomes free is waited for only where nobody is at work any more.
fn lock(call: &Call, records: &Records) -> Result<Lock> {
    let until = Instant::now() + FAREWELL;
    loop {
        let busy = match Lock::try_for(PATIENCE, &call.place.lock, call.verb.command())? {
            Ok(lock) => return Ok(lock),
            Err(busy) => busy,
        };
        // A record that cannot be read is said by whoever has the lock.
        let earlier = records.of(&call.place.profile).unwrap_or_default();
        let ended = earlier.last().is_some_and(|last| last.exit.is_some());
        if !ended || Instant::now() >= until {
            return Err(Error::new(format!("another switch of {} is running", call.target))
                .because(busy.to_string())
                .hint("wait until it is done, then try again")
                .hint(format!("to watch it: `{}`", call.typed("git flake-switch --attach")))
                .exit(Exit::Busy));
        }
    }
}
