//! Whether an attempt at a target did not come to a good end, so that what is listed may be half a switch.

use crate::context::Context;
use crate::switch::{is_worked_on, last_attempt};
use crate::transaction::{Phase, Record};

/// The attempt that calls for going back: one that was interrupted, else the last one if its way back failed.
///
/// One that was interrupted before it changed anything is none: nothing is half done.
pub(in crate::switch) fn unfinished(records: &[Record]) -> Option<&Record> {
    let half_done = |record: &&Record| !record.phase.ended() && record.phase != Phase::Prepared;
    let open = records.iter().rev().find(half_done);
    open.or_else(|| last_attempt(records).filter(|last| last.phase == Phase::RevertFailed))
}

/// Says so if there is one, and what to type.
pub(super) fn warn(cx: &Context, records: &[Record]) {
    let Some(record) = unfinished(records) else { return };
    let what = format!("`{}` of `{}`", record.call.verb.command(), record.new.name());
    if record.phase == Phase::RevertFailed {
        let why = record.reason.as_deref().map_or(String::new(), |why| format!("\n{why}"));
        cx.ui.warn(format!("{what} failed, and so did the way back{why}"));
    } else if is_worked_on(record) {
        cx.ui.step(format!("{what} is at work (process {})", record.process));
        let watch = record.call.typed("git flake-switch --attach");
        cx.ui.hint(format!("to watch it: `{watch}`"));
        return;
    } else {
        cx.ui.warn(format!("{what} was interrupted {}", record.phase.interrupted()));
    }
    let back = record.call.typed("git flake-rollback");
    cx.ui.hint(format!("go back to what ran before: `{back}`"));
}
