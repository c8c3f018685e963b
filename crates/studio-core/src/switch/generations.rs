//! The generations of a target, with the commit that each came from. Files are read; nothing is run.

use super::Site;
use crate::activation::Generation;
use crate::context::Context;
use crate::error::Result;
use crate::fs;
use crate::names::CommitId;
use crate::store_path::StorePath;
use crate::transaction::{Record, Records};
use serde::Serialize;

/// One generation, as it is listed.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its number.
    pub generation: u64,
    /// When it was made, in seconds since 1970.
    pub made: i64,
    /// What it is; nothing if its link leads nowhere.
    pub path: Option<StorePath>,
    /// The commit that it was built from: by our record, else by what the system says of itself.
    pub commit: Option<String>,
    /// The snapshot that it was built from, if we built it.
    pub snapshot: Option<CommitId>,
    /// What it is just now.
    pub marks: Vec<Mark>,
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
    fn word(self) -> &'static str {
        match self {
            Mark::Current => "current",
            Mark::Running => "running",
            Mark::Booted => "booted",
        }
    }
}

/// All generations of a target, lowest number first.
pub fn generations(cx: &Context, site: &Site) -> Result<Vec<Listed>> {
    let place = &site.place;
    let records = match Records::at(&place.records).of(&place.profile) {
        Ok(records) => records,
        Err(error) => {
            // The list is still of use, and perhaps what is needed to find out what is wrong.
            cx.ui.warn(format!("commits are not known: {}", error.message()));
            vec![]
        }
    };
    let profile = place.profile();
    let (current, runs, booted) = (profile.current(), place.runs(), place.booted());
    let listed = profile.generations()?.into_iter().map(|generation| {
        let snapshot = snapshot_of(&generation, &records);
        let revision = generation.path.as_ref().and_then(revision);
        let is = |other: &Option<StorePath>| other.is_some() && generation.path == *other;
        let marks = [
            (Mark::Current, current == Some(generation.number)),
            (Mark::Running, is(&runs)),
            (Mark::Booted, is(&booted)),
        ];
        Listed {
            generation: generation.number,
            made: generation.made,
            commit: snapshot.as_ref().map(ToString::to_string).or(revision),
            snapshot,
            marks: marks.into_iter().filter(|(_, holds)| *holds).map(|(mark, _)| mark).collect(),
            path: generation.path,
        }
    });
    Ok(listed.collect())
}

/// The snapshot by our records: that of the attempt that made this generation, else of any that led to the same path.
fn snapshot_of(generation: &Generation, records: &[Record]) -> Option<CommitId> {
    let path = generation.path.as_ref()?;
    let of_path = || records.iter().rev().filter(|record| record.new == *path);
    let made = of_path().find(|record| {
        record.generation == Some(generation.number) && record.call.snapshot.is_some()
    });
    made.or_else(|| of_path().find(|record| record.call.snapshot.is_some()))?.call.snapshot.clone()
}

/// The commit that a system says it was built from: `configurationRevision`, where its owner has set that.
fn revision(path: &StorePath) -> Option<String> {
    let text = fs::read_optional(&path.path().join("nixos-version.json")).ok()??;
    let json: serde_json::Value = serde_json::from_str(&text).ok()?;
    let revision = json.get("configurationRevision")?.as_str()?;
    (!revision.is_empty()).then(|| revision.to_owned())
}

/// The list for people, newest first.
pub fn table(generations: &[Listed]) -> String {
    let mut lines = vec![];
    for listed in generations.iter().rev() {
        let commit = match (&listed.snapshot, &listed.commit) {
            (Some(snapshot), _) => snapshot.short().to_owned(),
            (None, Some(commit)) => commit.chars().take(12).collect(),
            (None, None) => "-".to_owned(),
        };
        let marks: Vec<&str> = listed.marks.iter().map(|mark| mark.word()).collect();
        let name = listed.path.as_ref().map_or("(gone)", |path| path.name());
        let line = format!(
            "{:>4}  {}  {commit:<12}  {name}  {}",
            listed.generation,
            local_time(listed.made),
            marks.join(", ")
        );
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

/// A moment in the user's time zone, to the minute.
fn local_time(seconds: i64) -> String {
    match jiff::Timestamp::from_second(seconds) {
        Ok(moment) => {
            let zone = jiff::tz::TimeZone::system();
            moment.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string()
        }
        Err(_) => "-".to_owned(),
    }
}
