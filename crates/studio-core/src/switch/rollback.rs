//! Going back: which generation that is, and the way there.
//!
//! Without a number it is what one expects of "undo": what is only being tried is left for what starts at boot; what was
//! made permanent is left for what ran before it. Doing it twice goes two steps back, as with `git mutable-undo`.

use super::elevation::Privilege;
use super::engine::{self, Attempt, How};
use super::{FailedUnits, Site, Wanted};
use crate::activation::{Generation, Place, verify};
use crate::cli::Done;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::nix::Nix;
use crate::target::Kind;
use crate::transaction::{Phase, Reboot, Record, Records, Verb};
use crate::{fs, ui};

/// Where to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// One step back.
    Before,
    /// To this generation.
    Number(u64),
}

/// Goes back on a site and returns the store path that runs then.
pub fn rollback(cx: &Context, site: &Site, goal: Goal) -> Result<Done> {
    let place = &site.place;
    if goal == Goal::Before && is_only_tried(place) {
        // There is no generation to go to: the link is all there is of the package.
        fs::remove_file(&place.running)?;
        cx.ui.step(format!("{} is gone: it was only being tried", site.target));
        return Ok(Done::silent());
    }
    let records = Records::at(&place.records).of(&place.profile)?;
    let generation = match goal {
        Goal::Number(number) => place.profile().generation(number)?,
        Goal::Before => before(place, &records)?,
    };
    let number = generation.number;
    let path = generation.path.ok_or_else(|| {
        Error::new(format!("generation {number} leads nowhere: what it held was deleted"))
            .hint("choose another one: `git flake-generations` lists them")
    })?;
    // What is wrong with it is better found before a password is asked for.
    verify(site.target.kind, &path, &place.root)?;
    let nix = Nix::find(cx)?.with_store(site.machine.store.as_deref());
    cx.ui.step(format!("{} goes to generation {number}, `{}`", site.target, path.name()));
    engine::show_changes(cx, &nix, site, &path)?;
    let attempt = Attempt {
        verb: Verb::Rollback,
        wanted: Wanted::Generation(number),
        snapshot: None,
        // Who goes back wants to be there; the old one may have failed units of its own.
        how: How { failed_units: FailedUnits::Accept, ..How::default() },
        privilege: Privilege::Later,
    };
    let exit = engine::run(cx, &nix, site, attempt)?;
    Ok(Done { stdout: path.to_string(), exit })
}

/// Whether a package is linked for a try and has no generation at all.
fn is_only_tried(place: &Place) -> bool {
    place.kind == Kind::Profile
        && !place.nothing_goes_at_reboot()
        && place.running.is_symlink()
        && place.profile().current().is_none()
}

/// The generation one step back.
fn before(place: &Place, records: &[Record]) -> Result<Generation> {
    let profile = place.profile();
    let generations = profile.generations()?;
    let current = profile.current();
    let at = current.and_then(|number| generations.iter().find(|one| one.number == number));
    if let (Some(at), Some(runs)) = (at, place.runs())
        && at.path.as_ref() != Some(&runs)
        && !waits_for_reboot(at, records)
    {
        return Ok(at.clone());
    }
    let recorded = at.and_then(|at| at.path.as_ref()).and_then(|path| {
        let made = records.iter().rev().find(|record| {
            record.new == *path
                && record.phase == Phase::Committed
                && matches!(record.call.verb, Verb::Switch | Verb::Boot)
                && record.old.as_ref().is_some_and(|old| old != path)
        })?;
        let old = made.old.as_ref()?;
        generations.iter().rev().find(|one| one.path.as_ref() == Some(old)).cloned()
    });
    let lower = || {
        let below = |one: &&Generation| current.is_some_and(|current| one.number < current);
        generations.iter().rev().find(below).cloned()
    };
    recorded.or_else(lower).ok_or_else(|| nothing_before(place, &generations))
}

/// Whether the current generation was made permanent without being activated, so that running something else is right.
fn waits_for_reboot(at: &Generation, records: &[Record]) -> bool {
    let ended = |record: &&Record| matches!(record.phase, Phase::Committed | Phase::Tested);
    records
        .iter()
        .rev()
        .find(ended)
        .is_some_and(|last| last.reboot == Reboot::Needed && Some(&last.new) == at.path.as_ref())
}

fn nothing_before(place: &Place, generations: &[Generation]) -> Error {
    let error = Error::new(format!("there is no generation of `{}` to go back to", place.profile));
    if generations.is_empty() {
        return error.hint("there is none at all yet: `git flake-switch` makes the first");
    }
    let numbers: Vec<String> =
        generations.iter().rev().map(|generation| generation.number.to_string()).collect();
    error
        .because(format!("there are, newest first: {}", ui::names(&numbers, 30)))
        .hint("name one of them: `git flake-rollback N`")
}
