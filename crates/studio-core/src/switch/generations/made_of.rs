//! What snapshots led to on this machine: generations of any profile, attempts that are open, tests, what runs.
//!
//! For who lists snapshots or wants to remove some. Not here: the list of the generations of one target.

use super::Inventory;
use crate::activation::Place;
use crate::context::Context;
use crate::error::Result;
use crate::home::Home;
use crate::names::CommitId;
use crate::target::Kind;
use crate::transaction::{Phase, Record, Records, Verb};
use crate::verdict::Outcome;
use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A generation that was made of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MadeGeneration {
    /// Its profile.
    pub profile: Utf8PathBuf,
    /// Its number.
    pub generation: u64,
    /// What kind of target has this profile.
    pub target: Kind,
}

impl fmt::Display for MadeGeneration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.target, self.profile.file_name()) {
            (Kind::Nixos | Kind::Darwin, _) => write!(f, "generation {}", self.generation),
            (Kind::Home, _) => write!(f, "home generation {}", self.generation),
            (Kind::Profile, name) => {
                let name = name.unwrap_or_default();
                let name = name.strip_prefix("studio-").unwrap_or(name);
                write!(f, "`{name}` generation {}", self.generation)
            }
        }
    }
}

/// What snapshots led to.
#[derive(Clone, Debug, Default)]
pub struct Results {
    made: BTreeMap<CommitId, BTreeSet<MadeGeneration>>,
    at_work: BTreeSet<CommitId>,
    tests: BTreeMap<CommitId, Outcome>,
}

impl Results {
    /// Of this machine and this user, and of the machine under another root folder if one is given.
    ///
    /// A record that cannot be understood is an error: it may be about any snapshot.
    pub fn read(home: &Home, other_root: Option<&Utf8Path>) -> Result<Results> {
        let mut results = Results::default();
        for root in [Some(Utf8Path::new("/")), other_root].into_iter().flatten() {
            // Systems of nix-darwin have the same place.
            let place = Place::of_system(Kind::Nixos, root);
            results.add(&place, Records::at(&place.records).of(&place.profile)?)?;
        }
        // Homes and profiles of the user are those that were ever switched from here.
        let mut of_user: BTreeMap<Utf8PathBuf, (Place, Vec<Record>)> = BTreeMap::new();
        for record in Records::at(&home.transactions()).all()? {
            let place = record.call.place.clone();
            of_user.entry(place.profile.clone()).or_insert((place, vec![])).1.push(record);
        }
        for (place, records) in of_user.into_values() {
            results.add(&place, records)?;
        }
        Ok(results)
    }

    /// The same for who only shows it: what cannot be read is warned of and left out.
    pub fn shown(cx: &Context, home: &Home, other_root: Option<&Utf8Path>) -> Results {
        Results::read(home, other_root).unwrap_or_else(|error| {
            cx.ui.warn(format!("generations are not known: {}", error.message()));
            Results::default()
        })
    }

    fn add(&mut self, place: &Place, records: Vec<Record>) -> Result<()> {
        for record in &records {
            let Some(snapshot) = &record.call.snapshot else { continue };
            if !record.phase.ended() {
                self.at_work.insert(snapshot.clone());
            }
            if let Some(outcome) = of_test(record) {
                self.tests.insert(snapshot.clone(), outcome);
            }
        }
        let inventory = Inventory::with(place, records)?;
        let whole = |commits: Vec<String>| {
            commits.into_iter().filter_map(|commit| CommitId::new(&commit).ok())
        };
        for generation in &inventory.generations {
            let Some(path) = &generation.path else { continue };
            for commit in whole(inventory.commits(path)) {
                self.made.entry(commit).or_default().insert(MadeGeneration {
                    profile: place.profile.clone(),
                    generation: generation.number,
                    target: place.kind,
                });
            }
        }
        for path in [&inventory.runs, &inventory.booted].into_iter().flatten() {
            self.at_work.extend(whole(inventory.commits(path)));
        }
        Ok(())
    }

    /// The generations that were made of a snapshot and are still there.
    pub fn generations(&self, id: &CommitId) -> Vec<&MadeGeneration> {
        self.made.get(id).into_iter().flatten().collect()
    }

    /// Every snapshot of which there is a generation.
    pub fn made(&self) -> impl Iterator<Item = &CommitId> {
        self.made.keys()
    }

    /// Every snapshot that an open attempt is about, or that what runs or was booted is made of.
    pub fn at_work(&self) -> impl Iterator<Item = &CommitId> {
        self.at_work.iter()
    }

    /// What the last try of a snapshot until the next reboot came to.
    pub fn test(&self, id: &CommitId) -> Option<Outcome> {
        self.tests.get(id).copied()
    }
}

/// What an attempt says of its snapshot, if it was one to try it.
fn of_test(record: &Record) -> Option<Outcome> {
    match record.phase {
        _ if record.call.verb != Verb::Test => None,
        Phase::Tested if record.newly_failed.is_empty() && record.exit == Some(0) => {
            Some(Outcome::Passed)
        }
        Phase::Tested | Phase::Reverted | Phase::RevertFailed => Some(Outcome::Failed),
        _ => None,
    }
}
