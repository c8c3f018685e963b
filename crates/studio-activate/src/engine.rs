//! The engine: the process that carries out a recorded order, apart from whoever gave it.
//!
//! It leads a session of its own, takes the lock, resolves what others left open, and then walks through the attempt. All
//! that it and its children say goes into the log of the attempt; under systemd also into the journal. Its guard waits
//! for its lock: only when the engine dies before its time does the guard get it, and then finishes by rule.

use crate::attempt::{Attempt, End};
use crate::grammar::EngineArgs;
use crate::{keeper, pruning, recovery, roots, trust, voice};
use studio_core::cli::Context;
use studio_core::fs::Lock;
use studio_core::transaction::{Phase, Record, Records};
use studio_core::{Error, Exit, Result};

/// Carries out a recorded order.
pub fn run(args: &EngineArgs, cx: &Context) -> Result<Exit> {
    // An interrupt at the client's terminal, or the end of that terminal, must not stop an activation half-way: a session
    // of our own gets neither. It fails only where we lead one already, as under systemd.
    let _ = rustix::process::setsid();
    let records = Records::at(&args.records);
    let record = read(&records, args)?;
    let call = record.call.clone();
    let lock = Lock::wait_silently(&call.place.lock, call.verb.command())?;
    // Somebody may have been faster and have found that nothing was done yet.
    let mut record = read(&records, args)?;
    if record.phase != Phase::Prepared {
        return Ok(Exit::Busy);
    }
    let (log, voice) = voice::into_log(&records, &record)?;
    record.process = std::process::id();
    let guard = keeper::guard(&call)?;
    let mut attempt = Attempt::of(record, records, log, cx);
    let end = attempt.begin().map_or_else(End::refused, |()| attempt.go());
    let exit = attempt.finish(end);
    if let Some(mut guard) = guard {
        // Before the lock is free: it must not take it for a moment, when somebody else may want it.
        let _ = guard.kill();
        let _ = guard.wait();
    }
    if let Err(error) = pruning::prune(&attempt.records, &call.place.profile) {
        attempt.ui.detail(format!("old records were not removed: {}", error.message()));
    }
    drop(lock);
    keeper::disarm(&call);
    drop(voice);
    Ok(exit)
}

/// Waits until the engine is gone, and finishes its work if it did not end.
pub fn guard(args: &EngineArgs, cx: &Context) -> Result<Exit> {
    let _ = rustix::process::setsid();
    let records = Records::at(&args.records);
    let record = read(&records, args)?;
    let _lock = Lock::wait_silently(&record.call.place.lock, record.call.verb.command())?;
    let record = read(&records, args)?;
    if record.phase.ended() {
        // It said its last word, and may have been killed before it had tidied up.
        roots::sweep(&records)?;
        return Ok(Exit::Done);
    }
    recovery::resolve(record, records, cx, recovery::Patience::UntilDeadline)
}

/// The record that the arguments name, if it may be acted upon.
fn read(records: &Records, args: &EngineArgs) -> Result<Record> {
    trust::record(&records.path(&args.id))?;
    records.read(&args.id)?.ok_or_else(|| {
        Error::new(format!("there is no transaction `{}` in `{}`", args.id, records.folder()))
    })
}

impl Attempt<'_> {
    /// What comes before the first change: others' remains, the present, and links that keep old and new.
    fn begin(&mut self) -> Result<()> {
        // Whose children must be waited for, should we die before the next time that it is written: after a power cut
        // there are none. What is looked at from here on is written before the first change.
        self.records.write_soon(&self.record)?;
        recovery::resolve_others(self)?;
        self.look()?;
        roots::keep(self)?;
        // Not before the roots: what lies in the store might be collected between the look and the links.
        trust::toplevel(&self.record.call, &self.record.new)
    }

    /// Writes down how it ended, and takes the links away that are only for as long as it is open.
    pub fn finish(&mut self, end: End) -> Exit {
        if let Some(error) = &end.error {
            self.ui.error(error);
        }
        self.record.exit = Some(end.exit as u8);
        self.note(end.phase);
        roots::release(self);
        end.exit
    }
}
