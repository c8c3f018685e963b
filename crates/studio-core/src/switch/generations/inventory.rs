//! What is on disk about the generations of a target: their links, and the records of attempts. Read once, then asked.

use super::plain;
use crate::activation::{Generation, Place, linked_store_path};
use crate::error::Result;
use crate::fs;
use crate::names::CommitId;
use crate::store_path::StorePath;
use crate::transaction::{Record, Records};

/// The generations of a target and the attempts at it, as they were when they were read.
#[derive(Clone, Debug)]
pub(in crate::switch) struct Inventory {
    /// Lowest number first.
    pub generations: Vec<Generation>,
    /// Oldest first.
    pub records: Vec<Record>,
    /// The number that the profile is at; there need not be such a generation any more.
    pub current: Option<u64>,
    /// What runs.
    pub runs: Option<StorePath>,
    /// What was started at the last boot.
    pub booted: Option<StorePath>,
}

impl Inventory {
    /// Everything about a place; records that cannot be understood are an error.
    pub fn read(place: &Place) -> Result<Inventory> {
        let records = Records::at(&place.records).of(&place.profile)?;
        Inventory::with(place, records)
    }

    /// The same with records that were read already.
    pub fn with(place: &Place, records: Vec<Record>) -> Result<Inventory> {
        let profile = place.profile();
        Ok(Inventory {
            generations: profile.generations()?,
            records,
            current: profile.current(),
            runs: place.runs(),
            booted: place.booted(),
        })
    }

    /// The generation with this number.
    pub fn number(&self, number: u64) -> Option<&Generation> {
        self.generations.iter().find(|generation| generation.number == number)
    }

    /// The newest generation that holds this.
    pub fn holding(&self, path: &StorePath) -> Option<&Generation> {
        self.generations.iter().rev().find(|generation| generation.path.as_ref() == Some(path))
    }

    /// The snapshot that a generation was built from: by the attempt that made it, else by any that led to the same path.
    pub fn snapshot(&self, number: Option<u64>, path: &StorePath) -> Option<CommitId> {
        let of_path = || self.records.iter().rev().filter(|record| record.leads_to(path));
        let made = of_path()
            .filter(|record| number.is_some() && record.generation == number)
            .find_map(|record| record.call.snapshot.clone());
        made.or_else(|| of_path().find_map(|record| record.call.snapshot.clone()))
    }

    /// Every commit that this was built from, for all that is known: several may lead to the same path.
    pub fn commits(&self, path: &StorePath) -> Vec<String> {
        let recorded = self.records.iter().rev().filter(|record| record.leads_to(path));
        let mut commits: Vec<String> = recorded
            .filter_map(|record| record.call.snapshot.as_ref().map(ToString::to_string))
            .chain(revision(path))
            .collect();
        commits.sort();
        commits.dedup();
        commits
    }
}

trait LeadsTo {
    /// Whether the attempt is about this path: the system that starts at boot, or the specialisation of it that runs.
    fn leads_to(&self, path: &StorePath) -> bool;
}

impl LeadsTo for Record {
    fn leads_to(&self, path: &StorePath) -> bool {
        self.new == *path || self.runs == *path
    }
}

/// Whether it is this system that runs: itself, or one of its specialisations.
pub(in crate::switch) fn runs_as(system: &StorePath, running: &StorePath) -> bool {
    let specialisations = || system.path().join("specialisation").read_dir_utf8();
    system == running
        || specialisations().into_iter().flatten().flatten().any(|specialisation| {
            linked_store_path(specialisation.path()).as_ref() == Some(running)
        })
}

/// Whether what a generation holds is there: a link may outlive it.
pub(in crate::switch) fn is_there(generation: &Generation) -> bool {
    generation.path.as_ref().is_some_and(|path| path.path().exists())
}

/// The commit that a system says it was built from: `configurationRevision`, where its owner has set that.
pub(super) fn revision(path: &StorePath) -> Option<String> {
    let text = fs::read_optional(&path.path().join("nixos-version.json")).ok()??;
    let json: serde_json::Value = serde_json::from_str(&text).ok()?;
    let revision = json.get("configurationRevision")?.as_str()?;
    (!revision.is_empty()).then(|| revision.to_owned())
}

/// The commit that something was built from, or why that is not known; `what` is what it is called.
pub(in crate::switch) fn commit_of(
    inventory: &Inventory,
    generation: Option<u64>,
    path: &StorePath,
    what: &str,
) -> Result<CommitId, String> {
    let commit = inventory.snapshot(generation, path).map(|id| id.to_string());
    whole_commit(commit.or_else(|| revision(path)).as_deref(), what)
}

/// The commit that a system says of itself or that is on record, if it is one.
pub(super) fn whole_commit(commit: Option<&str>, what: &str) -> Result<CommitId, String> {
    let commit = commit.ok_or_else(|| format!("the commit of {what} is not known"))?;
    CommitId::new(commit)
        .map_err(|_| format!("{what} was built from `{}`, which is no commit", plain(commit)))
}
