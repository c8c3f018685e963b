//! What "back" means without a target: what ran before, by the records; never just "the number before".
//!
//! What is half done or only being tried is left for what starts at boot; what was made permanent is left for what ran
//! before it. Where that is no generation any more, the way leads on to what ran before that.

use crate::activation::{Generation, Place};
use crate::error::{Error, Result};
use crate::store_path::StorePath;
use crate::switch::generations::{Health, Inventory, health, is_there, runs_as, unfinished};
use crate::switch::last_attempt;
use crate::transaction::{Phase, Reboot, Record, Verb};
use crate::ui;

/// The generation one step back, and what is to be said about the way there.
#[derive(Debug)]
pub(super) struct Step {
    pub generation: Generation,
    /// Why it is not the one that one would expect.
    pub detour: Option<String>,
}

/// What ran at some time: a number only if the profile was at it then.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ran {
    number: Option<u64>,
    path: StorePath,
}

/// The generation one step back.
pub(super) fn before(place: &Place, inventory: &Inventory) -> Result<Step> {
    if let Some(record) = unfinished(&inventory.records)
        && let Some(generation) = put_right(record, inventory)
    {
        return Ok(Step { generation: generation.clone(), detour: None });
    }
    let at = inventory.current.and_then(|number| inventory.number(number));
    if let (Some(at), Some(runs)) = (at, &inventory.runs)
        && (is_tried(runs, inventory) || !at.path.as_ref().is_some_and(|path| runs_as(path, runs)))
        && !waits_for_reboot(at, &inventory.records)
        && is_there(at)
    {
        return Ok(Step { generation: at.clone(), detour: None });
    }
    let mut gone: Option<StorePath> = None;
    for ran in way_back(inventory) {
        match generation_of(&ran, inventory) {
            Some(generation) if Some(generation.number) == inventory.current => {}
            Some(generation) => {
                let detour = gone.map(|path| {
                    format!("what ran before, `{path}`, is gone, so the way leads further back")
                });
                return Ok(Step { generation: generation.clone(), detour });
            }
            None => gone = gone.or(Some(ran.path)),
        }
    }
    let Some(generation) = next_lower(inventory) else {
        return Err(nothing_before(place, inventory, gone.as_ref()));
    };
    let detour = gone.map(|path| {
        let number = generation.number;
        format!("what ran before, `{path}`, is gone; generation {number} is the next lower one")
    });
    Ok(Step { generation: generation.clone(), detour })
}

/// Whether what runs is there until the next reboot alone, as a specialisation of what starts at boot can be.
fn is_tried(runs: &StorePath, inventory: &Inventory) -> bool {
    last_attempt(&inventory.records).is_some_and(|last| {
        last.phase == Phase::Tested && last.runs == *runs && last.old.as_ref() != Some(runs)
    })
}

/// Where an attempt that did not come to a good end is put right: where it came from. One that was itself a way back is
/// gone on with.
fn put_right<'a>(record: &Record, inventory: &'a Inventory) -> Option<&'a Generation> {
    let from = || left(record).and_then(|ran| generation_of(&ran, inventory));
    let default = || {
        let path = record.old_default.clone()?;
        generation_of(&Ran { number: record.old_generation, path }, inventory)
    };
    match record.call.verb {
        Verb::Rollback => {
            let to = Ran { number: record.generation, path: record.new.clone() };
            generation_of(&to, inventory)
        }
        // What ran may have been a try itself, which has no generation.
        Verb::Test | Verb::Switch | Verb::Boot => from().or_else(default),
    }
}

/// The generation that holds what ran, if it is still there: the number that it had then, else the newest.
fn generation_of<'a>(ran: &Ran, inventory: &'a Inventory) -> Option<&'a Generation> {
    let then = ran.number.and_then(|number| inventory.number(number));
    then.filter(|generation| generation.path.as_ref() == Some(&ran.path))
        .or_else(|| inventory.holding(&ran.path))
        .filter(|generation| is_there(generation))
}

/// What ran before what the profile is at, before that, and so on, as far as records tell.
fn way_back(inventory: &Inventory) -> Vec<Ran> {
    let Some(mut ran) = present(inventory) else { return vec![] };
    let mut records = inventory.records.as_slice();
    let mut way = vec![];
    while let Some((at, came_from)) = came_from(records, &ran) {
        way.push(came_from.clone());
        records = &records[..at];
        ran = came_from;
    }
    way
}

/// What the profile is at; by the records where its link was deleted.
fn present(inventory: &Inventory) -> Option<Ran> {
    let number = inventory.current;
    let linked = number.and_then(|number| inventory.number(number)?.path.clone());
    let recorded = || {
        let made = inventory.records.iter().rev().find(|record| {
            number.is_some() && record.generation == number && record.phase == Phase::Committed
        });
        made.map(|record| record.new.clone())
    };
    Some(Ran { number, path: linked.or_else(recorded).or_else(|| inventory.runs.clone())? })
}

/// What the attempt left that made this permanent, and which attempt that was.
///
/// The attempt that made this number comes first: the same path may have been reached from elsewhere under another one.
fn came_from(records: &[Record], ran: &Ran) -> Option<(usize, Ran)> {
    let made = |record: &Record| {
        record.phase == Phase::Committed
            && matches!(record.call.verb, Verb::Switch | Verb::Boot)
            && record.new == ran.path
    };
    let find = |wanted: &dyn Fn(&Record) -> bool| {
        let mut made = records.iter().enumerate().rev().filter(|(_, one)| made(one) && wanted(one));
        // One that found its own system there already, such as a second `--boot`, led nowhere new.
        made.find(|(_, record)| left(record).is_some() || record.old.is_none())
    };
    let same_number = |record: &Record| ran.number.is_some() && record.generation == ran.number;
    let (at, record) = find(&same_number).or_else(|| find(&|_| true))?;
    left(record).map(|left| (at, left))
}

/// What an attempt left: what ran, or what started at boot if the new one was only being tried already.
fn left(record: &Record) -> Option<Ran> {
    let of_new = |path: &StorePath| runs_as(&record.new, path);
    let default = record.old_default.as_ref();
    let at_boot = || {
        let path = default.filter(|path| !of_new(path))?.clone();
        Some(Ran { number: record.old_generation, path })
    };
    match &record.old {
        Some(old) if default.is_some_and(|default| runs_as(default, old)) => at_boot(),
        Some(old) if !of_new(old) => Some(Ran { number: None, path: old.clone() }),
        _ => at_boot(),
    }
}

/// The next lower generation that is there and is not known to have failed: all that is left where no record tells.
fn next_lower(inventory: &Inventory) -> Option<&Generation> {
    let current = inventory.current?;
    inventory.generations.iter().rev().filter(|one| one.number < current).find(|one| {
        let failed = one.path.as_ref().is_some_and(|path| {
            health(path, &inventory.records, inventory.booted.as_ref()).0 == Some(Health::Failed)
        });
        is_there(one) && !failed
    })
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

fn nothing_before(place: &Place, inventory: &Inventory, gone: Option<&StorePath>) -> Error {
    let error = Error::new(format!("there is no generation of `{}` to go back to", place.profile));
    let error = match gone {
        Some(path) => error.because(format!("what ran before, `{path}`, is gone")),
        None => error,
    };
    if inventory.generations.is_empty() {
        return error.hint("there is none at all yet: `git flake-switch` makes the first");
    }
    let numbers: Vec<String> = inventory
        .generations
        .iter()
        .rev()
        .filter(|generation| is_there(generation) && Some(generation.number) != inventory.current)
        .map(|generation| generation.number.to_string())
        .collect();
    match (numbers.is_empty(), inventory.current) {
        (false, _) => error
            .because(format!("there are, newest first: {}", ui::names(&numbers, 30)))
            .hint("name one of them: `git flake-rollback N`"),
        (true, Some(current)) => error
            .because(format!("generation {current} is the only one that is there"))
            .hint("to something else: `cd SNAPSHOT && git flake-switch`"),
        (true, None) => error.hint("to something else: `cd SNAPSHOT && git flake-switch`"),
    }
}
