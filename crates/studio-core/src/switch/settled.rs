//! Whether what is wanted is there already, by what is on disk: asked by the commands before they ask for a password, and
//! by `studio-activate` under its lock.

use super::Wanted;
use crate::activation::Place;
use crate::transaction::{Phase, Reboot, Record, Verb};

/// The last attempt that changed something.
pub fn last_attempt(records: &[Record]) -> Option<&Record> {
    records.iter().rev().find(|record| record.phase != Phase::Refused)
}

/// Whether the wanted one runs and, where that is asked for, is permanent.
///
/// A link alone does not say that what made it came to its end, so the last attempt must say so too.
pub fn settled(place: &Place, last: Option<&Record>, verb: Verb, wanted: &Wanted) -> bool {
    let phases: &[Phase] = match verb {
        Verb::Test => &[Phase::Tested, Phase::Committed],
        Verb::Switch | Verb::Rollback => &[Phase::Committed],
        Verb::Boot => return false,
    };
    let profile = place.profile();
    let (new, permanent) = match wanted {
        Wanted::Toplevel(path) => (Some(path.clone()), profile.path().as_ref() == Some(path)),
        Wanted::Generation(number) => (
            profile.generation(*number).ok().and_then(|generation| generation.path),
            profile.current() == Some(*number),
        ),
    };
    let ended_well = last.is_some_and(|last| {
        Some(&last.new) == new.as_ref()
            && last.newly_failed.is_empty()
            && last.reboot == Reboot::NotNeeded
            && phases.contains(&last.phase)
    });
    ended_well && (verb == Verb::Test || permanent) && place.runs() == new
}
