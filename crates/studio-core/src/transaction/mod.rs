//! The record of one attempt to switch a target: written before each step that cannot be undone by doing nothing.
//!
//! One JSON file an attempt, `ID.json`, replaced as a whole and synced, so that whatever ends the process leaves a record
//! that says how far it got. It lies on the machine that is switched (`var/lib/studio/transactions` of its root folder)
//! for systems, so that a boot-time program finds it without knowing any user, and in `STUDIO_HOME` for homes and
//! profiles. `studio-activate` writes it; everybody may read it. Not here: what is done at each step.

mod call;
mod phase;

pub use call::{Call, FailedUnits, Keeper, VARIABLES, Wanted, variable, variables};
pub use phase::{BadId, Id, Phase, Verb};

use crate::error::{Error, Result};
use crate::fs;
use crate::store_path::StorePath;
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The version of the format that this program writes, and the only one that it reads.
pub const VERSION: u32 = 2;

/// One attempt. `docs/transactions.md` describes the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`VERSION`].
    pub version: u32,
    /// Its place in the order of attempts; clocks can be set back.
    pub sequence: u64,
    /// What was asked for, and all that is needed to finish it or to go back.
    pub call: Call,
    /// The machine that it was made on, by its `machine-id`; a disk may be copied to another one.
    pub machine: Option<String>,
    /// The time from one start of the machine to its end in which it began.
    pub boot_id: String,
    /// What ran before; `None` if nothing did.
    pub old: Option<StorePath>,
    /// The generation that the profile was at before.
    pub old_generation: Option<u64>,
    /// What that generation held: what started at boot before.
    pub old_default: Option<StorePath>,
    /// What was started at the last boot.
    pub booted: Option<StorePath>,
    /// What is to start at boot.
    pub new: StorePath,
    /// What is to run: `new`, or one of its specialisations.
    pub runs: StorePath,
    /// The generation that holds `new`, once there is one.
    pub generation: Option<u64>,
    /// Whether the profile or the boot entry may be other than they were.
    pub permanent: Permanent,
    /// How far it got.
    pub phase: Phase,
    /// Where it was when something else ended it; what then followed by rule is in `phase`.
    pub interrupted_in: Option<Phase>,
    /// The units that had failed before anything was done.
    pub failed_before: Vec<String>,
    /// The units that failed and had not failed before.
    pub newly_failed: Vec<String>,
    /// Whether a reboot is needed to finish.
    pub reboot: Reboot,
    /// When it is put back unless it was confirmed: milliseconds since the machine was started, which nobody sets back.
    pub deadline: Option<u64>,
    /// Why it ended as it did, for people.
    pub reason: Option<String>,
    /// The exit status of the command, once it ended.
    pub exit: Option<u8>,
    /// When it began, in seconds since 1970.
    pub began: i64,
    /// When it was last written.
    pub changed: i64,
    /// The process that works on it.
    pub process: u32,
}

/// What an attempt did so far to what outlives a reboot: the profile and the boot entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permanent {
    /// Nothing.
    #[default]
    Untouched,
    /// It began to set them; if it goes back, it puts them back.
    Touched,
}

/// Whether what was made permanent runs already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reboot {
    /// It runs.
    #[default]
    NotNeeded,
    /// It runs after the next reboot.
    Needed,
}

/// The records of one machine or one user.
#[derive(Clone, Debug)]
pub struct Records {
    folder: Utf8PathBuf,
    /// Those that have ended, as they were when they were read, with what tells their file from another one: each is
    /// looked at several times by one command, and there may be hundreds.
    ended: Arc<Mutex<HashMap<Utf8PathBuf, (Identity, Record)>>>,
}

/// What [`fs::identity`] says of a file.
type Identity = (u64, u64, i64, i64);

impl Records {
    /// The records that lie in `folder`, which need not exist yet.
    pub fn at(folder: &Utf8Path) -> Records {
        Records { folder: folder.to_owned(), ended: Arc::default() }
    }

    /// The folder.
    pub fn folder(&self) -> &Utf8Path {
        &self.folder
    }

    /// The whole output of one attempt.
    pub fn log(&self, id: &Id) -> Utf8PathBuf {
        self.folder.join(format!("{id}.log"))
    }

    /// Where one record lies.
    pub fn path(&self, id: &Id) -> Utf8PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    /// Writes a record: the old one or the new one is on disk, never half of one.
    pub fn write(&self, record: &Record) -> Result<()> {
        fs::write_atomic(&self.path(&record.call.id), &text(record)?)
    }

    /// Writes a record whose loss at a power cut would tell nothing wrong: as a whole, but a power cut may bring
    /// the one before it back.
    pub fn write_soon(&self, record: &Record) -> Result<()> {
        fs::write_whole(&self.path(&record.call.id), &text(record)?)
    }

    /// Reads one record; `None` if there is none.
    pub fn read(&self, id: &Id) -> Result<Option<Record>> {
        read(&self.path(id))
    }

    /// All records, oldest first. One that cannot be understood is an error: what it says may matter.
    pub fn all(&self) -> Result<Vec<Record>> {
        let entries = match self.folder.read_dir_utf8() {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
            Err(cause) => return Err(fs::failed("read", &self.folder, cause)),
        };
        let mut records = vec![];
        for entry in entries {
            let entry = entry.map_err(|cause| fs::failed("read", &self.folder, cause))?;
            let name = entry.file_name();
            if name.ends_with(".json") && !name.starts_with('.') {
                records.extend(self.once(entry.path())?);
            }
        }
        records.sort_by(|a, b| (a.sequence, &a.call.id).cmp(&(b.sequence, &b.call.id)));
        Ok(records)
    }

    /// Reads a file, unless it is known already and has ended: then nobody writes it again.
    fn once(&self, path: &Utf8Path) -> Result<Option<Record>> {
        // Before it is read: should it be replaced meanwhile, it is read again the next time.
        let identity = fs::identity(path);
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        match ended.get(path) {
            Some((known, record)) if Some(*known) == identity => return Ok(Some(record.clone())),
            _ => {}
        }
        let record = read(path)?;
        if let (Some(identity), Some(record)) = (identity, &record)
            && record.phase.ended()
        {
            ended.insert(path.to_owned(), (identity, record.clone()));
        }
        Ok(record)
    }

    /// The records of one profile, oldest first.
    pub fn of(&self, profile: &Utf8Path) -> Result<Vec<Record>> {
        let mut records = self.all()?;
        records.retain(|record| record.call.place.profile == profile);
        Ok(records)
    }
}

/// A record as it stands in its file.
fn text(record: &Record) -> Result<Vec<u8>> {
    let text = serde_json::to_string_pretty(record)
        .map_err(|cause| Error::new("a transaction could not be written").because(cause))?;
    Ok(format!("{text}\n").into_bytes())
}

/// The version stands apart, so that a record of a later version is refused for that and not for its fields.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

fn read(path: &Utf8Path) -> Result<Option<Record>> {
    let Some(text) = fs::read_optional(path)? else { return Ok(None) };
    let damaged = |cause: &dyn fmt::Display| {
        Error::new(format!("the transaction `{path}` cannot be understood")).because(cause).hint(
            format!("look at it, and move it away if it is no longer needed: `mv {path} /tmp`"),
        )
    };
    let version: Versioned = serde_json::from_str(&text).map_err(|cause| damaged(&cause))?;
    if version.version != VERSION {
        return Err(Error::new(format!(
            "the transaction `{path}` has format {}, and this program knows format {VERSION}",
            version.version
        ))
        .hint("use the version of this toolkit that wrote it, or a newer one"));
    }
    serde_json::from_str(&text).map(Some).map_err(|cause| damaged(&cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(sequence: u64) -> Record {
        let id = format!("t-{sequence}").parse().expect("id");
        let call = call::sample(Verb::Switch, crate::target::Kind::Nixos, id);
        let Wanted::Toplevel(new) = call.wanted.clone() else { panic!("a switch has a toplevel") };
        Record {
            version: VERSION,
            sequence,
            call,
            machine: None,
            boot_id: "b".into(),
            old: None,
            old_generation: None,
            old_default: None,
            booted: None,
            runs: new.clone(),
            new,
            generation: Some(1),
            permanent: Permanent::Touched,
            phase: Phase::Committed,
            interrupted_in: None,
            failed_before: vec![],
            newly_failed: vec![],
            reboot: Reboot::NotNeeded,
            deadline: None,
            reason: None,
            exit: Some(0),
            began: 1,
            changed: 2,
            process: 3,
        }
    }

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = fs::utf8(dir.path()).expect("utf-8").join("transactions");
        (dir, path)
    }

    #[test]
    fn what_was_written_comes_back_in_order_of_attempts() {
        let (_keep, folder) = folder();
        let records = Records::at(&folder);
        assert_eq!(records.all().expect("none"), []);
        for sequence in [3, 1, 2] {
            records.write(&record(sequence)).expect("write");
        }
        let order: Vec<u64> = records.all().expect("all").iter().map(|r| r.sequence).collect();
        assert_eq!(order, [1, 2, 3]);
        let id = "t-2".parse().expect("id");
        assert_eq!(records.read(&id).expect("read"), Some(record(2)));
    }

    /// The words in backticks that begin the rows of the first table after a heading.
    fn rows(text: &str, heading: &str) -> Vec<String> {
        let (_, part) = text.split_once(&format!("{heading}\n")).expect(heading);
        let table = part.lines().skip_while(|line| !line.starts_with('|'));
        let cells = table.take_while(|line| line.starts_with('|')).filter_map(|line| {
            let cell = line.split('|').nth(1)?;
            cell.contains('`').then(|| cell.split('`').skip(1).step_by(2).map(str::to_owned))
        });
        let mut words: Vec<String> = cells.flatten().collect();
        words.sort();
        words
    }

    fn keys(value: &serde_json::Value) -> Vec<String> {
        let mut keys: Vec<String> = value.as_object().expect("object").keys().cloned().collect();
        keys.sort();
        keys
    }

    #[test]
    fn the_document_names_every_field_and_every_phase_and_no_others() {
        let docs = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        if !docs.exists() {
            // A package is built without documents.
            return;
        }
        let text = std::fs::read_to_string(docs.join("transactions.md")).expect("the document");
        let mut record = record(1);
        record.call.health = vec![crate::health::HealthCheck {
            name: "ssh".into(),
            command: vec!["true".into()],
            timeout: 1,
            retries: 0,
            pause: 1,
        }];
        let value = serde_json::to_value(&record).expect("JSON");
        assert_eq!(rows(&text, "## The record"), keys(&value));
        let call = &value["call"];
        assert_eq!(rows(&text, "### The call"), keys(call));
        let (_, of_call) = text.split_once("### The call").expect("it has one");
        for inner in [&call["target"], &call["place"], &call["health"][0]] {
            for key in keys(inner) {
                assert!(of_call.contains(&format!("`{key}`")), "{key}");
            }
        }
        let mut phases = Phase::ALL.map(|phase| phase.word().to_owned()).to_vec();
        phases.sort();
        assert_eq!(rows(&text, "## Phases"), phases);
        assert!(text.contains(&format!("JSON, version {VERSION},")));
    }

    #[test]
    fn what_is_remembered_is_what_is_on_disk() {
        let (_keep, folder) = folder();
        let records = Records::at(&folder);
        let mut one = record(1);
        for phase in [Phase::Testing, Phase::Committed, Phase::RevertFailed, Phase::Reverted] {
            one.phase = phase;
            records.write(&one).expect("write");
            assert_eq!(records.all().expect("all"), [one.clone()]);
            assert_eq!(records.clone().all().expect("all again"), [one.clone()]);
        }
        fs::remove_file(&records.path(&one.call.id)).expect("remove");
        assert_eq!(records.all().expect("none"), []);
    }

    #[test]
    fn a_newer_or_damaged_record_is_refused_with_a_remedy() {
        let (_keep, folder) = folder();
        fs::create_dir_all(&folder).expect("mkdir");
        let path = folder.join("x.json");
        fs::write_new(&path, br#"{"version": 3, "whatever": 1}"#).expect("write");
        let error = Records::at(&folder).all().expect_err("newer");
        assert!(error.message().ends_with("has format 3, and this program knows format 2"));
        assert_eq!(error.hints().len(), 1);
        for bad in ["", "{", "[]", r#"{"version": 2}"#, r#"{"version": "2"}"#] {
            fs::write_new(&path, bad.as_bytes()).expect("write");
            let error = Records::at(&folder).all().expect_err(bad);
            assert!(error.message().ends_with("cannot be understood"), "{}", error.message());
        }
    }
}
