//! Whether what is wanted is there already, by what is on disk: asked by the commands before they ask for a password, and
//! by `studio-activate` under its lock.

use crate::store_path::StorePath;
use crate::transaction::{Call, Phase, Reboot, Record, Verb, Wanted};

/// The last attempt that changed something.
pub fn last_attempt(records: &[Record]) -> Option<&Record> {
    records.iter().rev().find(|record| record.phase != Phase::Refused)
}

/// Whether the wanted one runs and, where that is asked for, is permanent.
///
/// A link alone does not say that what made it came to its end, so the last attempt must say so too.
pub fn settled(last: Option<&Record>, call: &Call) -> bool {
    let phases: &[Phase] = match call.verb {
        Verb::Test => &[Phase::Tested, Phase::Committed],
        Verb::Switch | Verb::Rollback => &[Phase::Committed],
        Verb::Boot => return false,
    };
    let profile = call.place.profile();
    let (new, permanent): (Option<StorePath>, bool) = match &call.wanted {
        Wanted::Toplevel(path) => (Some(path.clone()), profile.path().as_ref() == Some(path)),
        Wanted::Generation(number) => (
            profile.generation(*number).ok().and_then(|generation| generation.path),
            profile.current() == Some(*number),
        ),
    };
    let Some(last) = last else { return false };
    let ended_well = Some(&last.new) == new.as_ref()
        && last.call.specialisation == call.specialisation
        && last.newly_failed.is_empty()
        && last.exit == Some(0)
        && last.reboot == Reboot::NotNeeded
        && phases.contains(&last.phase);
    ended_well
        && (call.verb == Verb::Test || permanent)
        && call.place.runs().as_ref() == Some(&last.runs)
}
