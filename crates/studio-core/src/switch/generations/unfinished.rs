//! Whether an attempt at a target did not come to a good end, so that what is listed may be half a switch.

use crate::activation::Place;
use crate::context::Context;
use crate::error::Result;
use crate::home::Home;
use crate::switch::{is_worked_on, last_attempt};
use crate::target::Kind;
use crate::transaction::{Phase, Record, Records};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;

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
    let open = OpenAttempt::of(record);
    match open.standing {
        Standing::AtWork => cx.ui.step(open.what),
        Standing::Interrupted | Standing::WayBackFailed => cx.ui.warn(open.what),
    }
    cx.ui.hint(open.next);
}

/// How an attempt stands that did not come to a good end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A process works on it.
    AtWork,
    /// Something ended it half-way.
    Interrupted,
    /// What ran before could not be put back.
    WayBackFailed,
}

/// An attempt that did not come to a good end, in words.
#[derive(Clone, Debug)]
pub struct OpenAttempt {
    /// How it stands.
    pub standing: Standing,
    /// What it is and what came of it.
    pub what: String,
    /// What to type next.
    pub next: String,
}

impl OpenAttempt {
    fn of(record: &Record) -> OpenAttempt {
        let what = format!("`{}` of `{}`", record.call.verb.command(), record.new.name());
        let back = record.call.typed("git flake-rollback");
        let next = format!("go back to what ran before: `{back}`");
        if record.phase == Phase::RevertFailed {
            let why = record.reason.as_deref().map_or(String::new(), |why| format!("\n{why}"));
            let what = format!("{what} failed, and so did the way back{why}");
            OpenAttempt { standing: Standing::WayBackFailed, what, next }
        } else if is_worked_on(record) {
            let watch = record.call.typed("git flake-switch --attach");
            OpenAttempt {
                standing: Standing::AtWork,
                what: format!("{what} is at work (process {})", record.process),
                next: format!("to watch it: `{watch}`"),
            }
        } else {
            let what = format!("{what} was interrupted {}", record.phase.interrupted());
            OpenAttempt { standing: Standing::Interrupted, what, next }
        }
    }
}

/// What did not come to a good end on a machine and for its user, one attempt for each profile. Reading only.
///
/// # Errors
/// If a record cannot be read or understood: what it says may matter.
pub fn open_attempts(home: &Home, root: &Utf8Path) -> Result<Vec<OpenAttempt>> {
    // Systems of nix-darwin have the same place.
    let of_system = Place::of_system(Kind::Nixos, root).records;
    let mut of_profile: BTreeMap<Utf8PathBuf, Vec<Record>> = BTreeMap::new();
    for folder in [of_system, home.transactions()] {
        for record in Records::at(&folder).all()? {
            of_profile.entry(record.call.place.profile.clone()).or_default().push(record);
        }
    }
    Ok(of_profile.values().filter_map(|records| unfinished(records)).map(OpenAttempt::of).collect())
}
