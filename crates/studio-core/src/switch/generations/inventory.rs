//! What is on disk about the generations of a target: their links, and the records of attempts. Read once, then asked.

use crate::activation::{Generation, Place};
use crate::error::Result;
use crate::fs;
use crate::names::CommitId;
use crate::store_path::StorePath;
use crate::transaction::Record;

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
    /// Everything about a place and the records of attempts at it, oldest first.
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

    /// The snapshot that a generation was built from: by the attempt that made it, else by any that led to the same path.
    pub fn snapshot(&self, number: Option<u64>, path: &StorePath) -> Option<CommitId> {
        let of_path = || self.records.iter().rev().filter(|record| record.leads_to(path));
        let made = of_path()
            .filter(|record| number.is_some() && record.generation == number)
            .find_map(|record| record.call.snapshot.clone());
        made.or_else(|| of_path().find_map(|record| record.call.snapshot.clone()))
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
