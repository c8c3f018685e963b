//! The check of a snapshot: the syntax of every file, then `nix flake check`; once, because a snapshot never changes.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs::Lock;
use crate::nix::{Blame, Log, Nix, syntax};
use crate::snapshot::Snapshot;
use crate::studio;
use crate::ui;
use crate::verdict::{Kind, Outcome, Slot, Verdict, took};
use std::time::Instant;

/// Checks the snapshot unless that was done already and it passed; `again` does it anyway.
///
/// A check that says no is an error; its verdict is recorded too, but never reused: what it depends on outside of the
/// snapshot (the network, the disk) may be better by now.
pub fn check(cx: &Context, nix: &Nix, snapshot: &Snapshot, again: bool) -> Result<Verdict> {
    let _held = studio::hold(snapshot.home(), snapshot.id())?;
    let slot = Slot { snapshot, kind: Kind::Check, subject: None, system: nix.system() };
    // Who waited for the same check of somebody else finds its verdict.
    let name = format!("{}-{}", snapshot.id().short(), slot.name());
    let _lock = Lock::wait(&snapshot.home().lock(&name), &cx.command, &cx.ui)?;
    if let Some(known) = slot.read(cx).filter(|known| known.outcome == Outcome::Passed && !again) {
        cx.ui.step(format!(
            "{}: checked {}, {} (`--again` runs it anyway)",
            snapshot.id().short(),
            known.age(cx),
            known.outcome
        ));
        return Ok(known);
    }
    run(cx, nix, &slot, &name)
}

/// Whether it was checked already and passed.
pub fn known(cx: &Context, nix: &Nix, snapshot: &Snapshot) -> bool {
    let slot = Slot { snapshot, kind: Kind::Check, subject: None, system: nix.system() };
    slot.read(cx).is_some_and(|known| known.outcome == Outcome::Passed)
}

fn run(cx: &Context, nix: &Nix, slot: &Slot<'_>, log: &str) -> Result<Verdict> {
    let snapshot = slot.snapshot;
    let start = Instant::now();
    let record = |outcome: Outcome, nix: Option<String>, log: Option<&Log>| -> Result<Verdict> {
        let mut verdict = slot.verdict(cx, outcome, start.elapsed());
        verdict.nix = nix;
        verdict.log = log.map(|log| log.path().to_owned());
        slot.record(&verdict)?;
        Ok(verdict)
    };
    // A nix that is missing or too old cannot speak for a file that seems wrong, and the fault stands.
    let accepts = |file: &camino::Utf8Path| nix.parses(file).unwrap_or(false);
    let files = match syntax::check(snapshot.path(), &accepts)?.into_result() {
        Ok(files) => files,
        Err(error) => {
            record(Outcome::Failed, None, None)?;
            return Err(error.hint("correct them in the studio and snapshot again"));
        }
    };
    cx.ui.step(format!("syntax of {}: good", ui::count(files, "file")));
    let version = nix.version()?.to_string();
    let mut log = Log::create(cx, &format!("{log}.log"))?.about(snapshot.path());
    if let Err(refusal) = nix.flake_check(cx, &snapshot.flake_ref(), &mut log) {
        // What the machine's Nix cannot do says nothing about the snapshot.
        if refusal.blame() != Blame::Machine {
            record(Outcome::Failed, Some(version), Some(&log))?;
        }
        return Err(Error::from(refusal));
    }
    let verdict = record(Outcome::Passed, Some(version), Some(&log))?;
    cx.ui.step(format!(
        "{}: all checks passed in {}",
        snapshot.id().short(),
        took(start.elapsed())
    ));
    Ok(verdict)
}
