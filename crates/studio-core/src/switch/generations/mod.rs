//! The generations of a target: where each came from, how it did, and what it is just now.
//!
//! Files are read, and git's objects by gix; nix is asked for nothing but sizes, where its database does not tell them, and
//! the list is complete without it. Not here: which of them going back leads to ([`mod@super::rollback`]).

mod difference;
mod health;
mod inventory;
mod kernel;
mod made_of;
mod named;
mod size;
mod source;
mod table;
mod unfinished;

pub use difference::{Difference, Side, difference};
pub use health::Health;
pub use made_of::{MadeGeneration, Results};
pub use table::table;
pub use unfinished::{OpenAttempt, Standing, open_attempts};

pub(super) use health::health;
pub(super) use inventory::{Inventory, commit_of, is_there, runs_as};
pub(super) use kernel::kernel;
pub(super) use named::{named, snapshot_folder};
pub(crate) use source::Sources;
pub(super) use table::plain;
pub(super) use unfinished::unfinished;

use super::{Site, SiteArgs};
use crate::activation::Generation;
use crate::context::Context;
use crate::error::Result;
use crate::names::CommitId;
use crate::store_path::StorePath;
use crate::transaction::Records;
use inventory::revision;
use serde::Serialize;

/// One generation, as it is listed.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its number.
    pub generation: u64,
    /// When it was made, in seconds since 1970.
    pub made: i64,
    /// What it is; nothing if its link leads to no store path.
    pub path: Option<StorePath>,
    /// Whether that is still in the store.
    pub there: bool,
    /// The commit that it was built from: by our record, else by what the system says of itself.
    pub commit: Option<String>,
    /// The first line of that commit's message, if the commit is on this machine.
    pub subject: Option<String>,
    /// The snapshot that it was built from, if we built it.
    pub snapshot: Option<CommitId>,
    /// Whether the folder of that snapshot is still there.
    pub snapshot_kept: bool,
    /// What it is just now.
    pub marks: Vec<Mark>,
    /// The version of its kernel, for a system.
    pub kernel: Option<String>,
    /// How it did, as far as that is on record.
    pub health: Option<Health>,
    /// Why that is so, where there is more to say.
    pub reason: Option<String>,
    /// The size of it with all that it needs, in bytes.
    pub closure_size: Option<u64>,
}

/// What a generation is just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// The profile is at it: it starts at the next boot.
    Current,
    /// It runs.
    Running,
    /// It was started at the last boot.
    Booted,
}

impl Mark {
    /// The word for it in the list.
    pub fn word(self) -> &'static str {
        match self {
            Mark::Current => "current",
            Mark::Running => "running",
            Mark::Booted => "booted",
        }
    }
}

/// All generations of a target, lowest number first. An attempt that did not come to a good end is warned of.
pub fn generations(cx: &Context, site: &Site) -> Result<Vec<Listed>> {
    let place = &site.place;
    let records = match Records::at(&place.records).of(&place.profile) {
        Ok(records) => records,
        Err(error) => {
            // The list is still of use, and perhaps what is needed to find out what is wrong.
            cx.ui.warn(format!("commits and health are not known: {}", error.message()));
            vec![]
        }
    };
    unfinished::warn(cx, &records);
    let inventory = Inventory::with(place, records)?;
    let sources = Sources::of(cx.home()?);
    let paths: Vec<StorePath> =
        inventory.generations.iter().filter_map(|generation| generation.path.clone()).collect();
    let sizes = size::closure_sizes(cx, site, &paths);
    let listed = inventory.generations.iter().map(|generation| {
        let path = generation.path.as_ref();
        Listed {
            // Of another store nothing is known here.
            there: path.is_some() && (site.machine.store.is_some() || is_there(generation)),
            closure_size: path.and_then(|path| sizes.get(path)).copied(),
            ..listed(generation, &inventory, &sources)
        }
    });
    Ok(listed.collect())
}

/// The numbers of a target's generations, lowest first, each with the first line of its commit's message, if that is known.
/// Links and records are read, and nothing is asked.
pub fn numbers(cx: &Context, args: &SiteArgs) -> Result<Vec<(u64, Option<String>)>> {
    let place = Site::to_read(cx, args)?.place;
    let inventory = Inventory::read(&place).or_else(|_| Inventory::with(&place, vec![]))?;
    let sources = Sources::of(cx.home()?);
    let numbers = inventory.generations.iter().map(|generation| {
        let path = generation.path.as_ref();
        let commit = path.and_then(|path| inventory.snapshot(Some(generation.number), path));
        (generation.number, commit.and_then(|commit| sources.subject(&commit)))
    });
    Ok(numbers.collect())
}

/// One generation without its size, which costs a question to nix.
fn listed(generation: &Generation, inventory: &Inventory, sources: &Sources) -> Listed {
    let path = generation.path.as_ref();
    let snapshot = path.and_then(|path| inventory.snapshot(Some(generation.number), path));
    let commit = snapshot.as_ref().map(ToString::to_string).or_else(|| path.and_then(revision));
    let is = |other: &Option<StorePath>| match (path, other) {
        (Some(path), Some(other)) => runs_as(path, other),
        _ => false,
    };
    let marks = [
        (Mark::Current, inventory.current == Some(generation.number)),
        (Mark::Running, is(&inventory.runs)),
        (Mark::Booted, is(&inventory.booted)),
    ];
    let (health, reason) = match path {
        Some(path) => health(path, &inventory.records, inventory.booted.as_ref()),
        None => (None, None),
    };
    Listed {
        generation: generation.number,
        made: generation.made,
        there: is_there(generation),
        subject: commit
            .as_deref()
            .and_then(|commit| CommitId::new(commit).ok())
            .and_then(|commit| sources.subject(&commit)),
        snapshot_kept: snapshot.as_ref().is_some_and(|id| sources.has_snapshot(id)),
        commit,
        snapshot,
        marks: marks.into_iter().filter(|(_, holds)| *holds).map(|(mark, _)| mark).collect(),
        kernel: path.and_then(kernel::kernel),
        health,
        reason,
        closure_size: None,
        path: generation.path.clone(),
    }
}
