//! How a generation did, by the records of attempts: the newest one that concerns it says.
//!
//! Health belongs to what a generation holds, not to its number: two numbers with the same store path did equally well.

use crate::clock;
use crate::store_path::StorePath;
use crate::transaction::{Phase, Reboot, Record, Verb};
use crate::ui;
use serde::Serialize;

/// How a generation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It ran, nothing newly failed, and it was made permanent.
    Proved,
    /// It was made permanent without proof, and has been started at boot since.
    Booted,
    /// It was made permanent without proof: it has not run, or units failed and that was accepted.
    Unproved,
    /// The last attempt at it was put back.
    Failed,
    /// It was made permanent, and then somebody went back from it.
    Left,
}

impl Health {
    /// The word for it in the list.
    pub fn word(self) -> &'static str {
        match self {
            Health::Proved => "proved",
            Health::Booted => "booted",
            Health::Unproved => "unproved",
            Health::Failed => "failed",
            Health::Left => "left",
        }
    }
}

/// The health of what a generation holds and the reason for it; nothing where nothing is on record.
///
/// `records` are oldest first; `booted` is what was started at the last boot.
pub(in crate::switch) fn health(
    path: &StorePath,
    records: &[Record],
    booted: Option<&StorePath>,
) -> (Option<Health>, Option<String>) {
    for (at, record) in records.iter().enumerate().rev() {
        match record.phase {
            Phase::Committed if record.new == *path => {
                let later = records[at..].iter().filter_map(|record| record.booted.as_ref());
                let has_booted = later.chain(booted).any(|started| started == path);
                return committed(record, has_booted);
            }
            Phase::Committed if leads_away(record, path) => {
                let to =
                    record.generation.map_or(String::new(), |to| format!(" to generation {to}"));
                let when = clock::local(record.changed);
                return (
                    Some(Health::Left),
                    Some(format!("`git flake-rollback` went back{to} at {when}")),
                );
            }
            Phase::Reverted | Phase::RevertFailed if record.new == *path => {
                return (Some(Health::Failed), record.reason.clone());
            }
            _ => {}
        }
    }
    if booted == Some(path) {
        return (Some(Health::Booted), Some("it was started at the last boot".to_owned()));
    }
    (None, None)
}

fn committed(record: &Record, has_booted: bool) -> (Option<Health>, Option<String>) {
    let why = match (record.reboot, record.newly_failed.as_slice()) {
        (Reboot::NotNeeded, []) => return (Some(Health::Proved), None),
        (Reboot::NotNeeded, failed) => {
            format!("{} failed, and that was accepted", ui::names(failed, 5))
        }
        (Reboot::Needed, _) if record.call.verb == Verb::Boot => {
            "it was set for the next boot without having run".to_owned()
        }
        (Reboot::Needed, _) => {
            record.reason.clone().unwrap_or_else(|| "it could not run without a reboot".to_owned())
        }
    };
    if has_booted {
        return (Some(Health::Booted), Some(format!("{why}; it was started at a boot since")));
    }
    (Some(Health::Unproved), Some(why))
}

/// Whether this attempt went back from `path`: it ran, or it was what was to start at boot.
fn leads_away(record: &Record, path: &StorePath) -> bool {
    record.call.verb == Verb::Rollback
        && record.new != *path
        && (record.old.as_ref() == Some(path) || record.old_default.as_ref() == Some(path))
}
