//! Removing records that nobody needs any more, so that a machine which was switched a thousand times is switched as fast
//! as a new one.
//!
//! A record stays while it is one of the newest, while it is open, while it says which commit some generation came from,
//! and while it is the last that changed anything. Not here: when (`engine`; the lock is held).

use camino::Utf8Path;
use std::collections::HashSet;
use studio_core::activation::{Generation, Profile};
use studio_core::switch::last_attempt;
use studio_core::transaction::{Record, Records};
use studio_core::{Result, fs};

/// How many of the newest stay, whatever they say.
const NEWEST: usize = 100;

/// Removes records of one profile, with their logs.
pub fn prune(records: &Records, profile: &Utf8Path) -> Result<()> {
    let all = records.of(profile)?;
    if all.len() <= NEWEST {
        return Ok(());
    }
    for record in needless(&all, &Profile::at(profile).generations()?) {
        // The record last: a log alone would stay for ever.
        fs::remove_file(&records.log(&record.call.id))?;
        fs::remove_file(&records.path(&record.call.id))?;
    }
    Ok(())
}

/// Those of `all`, oldest first, that nobody needs.
fn needless<'a>(all: &'a [Record], generations: &[Generation]) -> Vec<&'a Record> {
    let numbers: HashSet<u64> = generations.iter().map(|generation| generation.number).collect();
    let held: HashSet<_> = generations.iter().filter_map(|one| one.path.as_ref()).collect();
    let last = last_attempt(all).map(|record| &record.call.id);
    let mut seen = HashSet::new();
    let mut is_needed = |age: usize, record: &'a Record| {
        let newest_of_its_path = seen.insert(&record.new);
        age < NEWEST
            || !record.phase.ended()
            || Some(&record.call.id) == last
            || record.generation.is_some_and(|number| numbers.contains(&number))
            || (newest_of_its_path && held.contains(&record.new))
    };
    let newest_first = all.iter().rev().enumerate();
    newest_first
        .filter(|(age, record)| !is_needed(*age, record))
        .map(|(_, record)| record)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use studio_core::store_path::StorePath;

    const STORE: &str = "/nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2";

    fn record(sequence: u64, path: &str, change: Value) -> Record {
        let mut record = json!({
            "version": 2, "sequence": sequence, "machine": null, "boot_id": "b", "old": null,
            "old_generation": null, "old_default": null, "booted": null, "generation": null,
            "new": format!("{STORE}-{path}"), "runs": format!("{STORE}-{path}"),
            "permanent": "untouched", "phase": "committed", "interrupted_in": null,
            "failed_before": [], "newly_failed": [], "reboot": "not-needed", "deadline": null,
            "reason": null, "exit": 0, "began": 1, "changed": 1, "process": 1,
            "call": {
                "verb": "switch", "target": {"kind": "nixos", "name": "box"},
                "place": {
                    "kind": "nixos", "root": "/", "profile": "/p/system", "running": "/r",
                    "records": "/t", "lock": "/l"
                },
                "id": format!("t-{sequence}"), "wanted": {"toplevel": format!("{STORE}-{path}")},
                "specialisation": null, "snapshot": null, "store_dir": "/nix/store",
                "store": null, "nix_env": "/bin/nix-env", "failed_units": "put-back",
                "health": [], "confirm_within": null, "answer": "/a", "limit": 1,
                "keeper": "session", "variables": []
            }
        });
        for (name, value) in change.as_object().expect("an object") {
            record[name] = value.clone();
        }
        serde_json::from_value(record).expect("a record")
    }

    #[test]
    fn what_is_open_or_new_or_speaks_for_a_generation_stays() {
        let held = StorePath::new(format!("{STORE}-held")).expect("path");
        let generations = [
            Generation { number: 7, path: None, made: 0 },
            Generation { number: 8, path: Some(held), made: 0 },
        ];
        let mut all = vec![
            record(0, "x", json!({})),
            record(1, "held", json!({})),
            record(2, "held", json!({})),
            record(3, "x", json!({"generation": 7})),
            record(4, "x", json!({"generation": 6})),
            record(5, "x", json!({"phase": "testing"})),
            record(6, "x", json!({"phase": "refused"})),
            record(7, "x", json!({"phase": "tested"})),
        ];
        // Of those that changed something the last one says what may run.
        all.extend((8..108).map(|number| record(number, "y", json!({"phase": "refused"}))));
        let gone: Vec<u64> = needless(&all, &generations).iter().map(|one| one.sequence).collect();
        assert_eq!(gone, [6, 4, 1, 0]);
    }
}
