//! The record of one attempt to switch a target: written before each step that cannot be undone by doing nothing.
//!
//! One JSON file an attempt, `ID.json`, replaced as a whole and synced, so that whatever ends the process leaves a record
//! that says how far it got. It lies on the machine that is switched (`var/lib/studio/transactions` of its root folder)
//! for systems, so that a boot-time program finds it without knowing any user, and in `STUDIO_HOME` for homes and
//! profiles. `studio-activate` writes it; everybody may read it. Not here: what is done at each step.

use crate::error::{Error, Result};
use crate::fs;
use crate::names::CommitId;
use crate::store_path::StorePath;
use crate::target::Target;
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The version of the format that this program writes, and the only one that it reads.
pub const VERSION: u32 = 1;

/// What an attempt is meant to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Activate until the next reboot.
    Test,
    /// Activate, prove, make permanent.
    Switch,
    /// Make permanent without activating; a reboot activates it.
    Boot,
    /// Like switch, with a generation that exists already.
    Rollback,
}

impl Verb {
    /// All of them.
    pub const ALL: [Verb; 4] = [Verb::Test, Verb::Switch, Verb::Boot, Verb::Rollback];

    /// The word for it in records and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Verb::Test => "test",
            Verb::Switch => "switch",
            Verb::Boot => "boot",
            Verb::Rollback => "rollback",
        }
    }

    /// The command that does it, as the user types it.
    pub fn command(self) -> &'static str {
        match self {
            Verb::Test => "git flake-test",
            Verb::Switch => "git flake-switch",
            Verb::Boot => "git flake-switch --boot",
            Verb::Rollback => "git flake-rollback",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How far an attempt got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Everything was looked at; nothing has changed.
    Prepared,
    /// The new one is being activated until the next reboot.
    Testing,
    /// It is activated, and is being looked at.
    Proving,
    /// Proved (or not provable without a reboot); the profile and the boot entry are being set.
    Committing,
    /// Ended: the profile and the boot entry are the new ones.
    Committed,
    /// Ended: activated until the next reboot, as was asked for.
    Tested,
    /// Ended before anything was changed.
    Refused,
    /// The old one is being put back.
    Reverting,
    /// Ended: the old one runs again, and the profile and the boot entry are the old ones.
    Reverted,
    /// Ended: the old one could not be put back.
    RevertFailed,
    /// Ended by something else (a kill, a power cut); a later attempt found it and `interrupted_in` says where.
    Interrupted,
}

impl Phase {
    /// Whether nothing more will be done.
    pub fn ended(self) -> bool {
        match self {
            Phase::Prepared
            | Phase::Testing
            | Phase::Proving
            | Phase::Committing
            | Phase::Reverting => false,
            Phase::Committed
            | Phase::Tested
            | Phase::Refused
            | Phase::Reverted
            | Phase::RevertFailed
            | Phase::Interrupted => true,
        }
    }

    /// What an attempt that was interrupted here left behind, for people.
    pub fn left_behind(self) -> &'static str {
        match self {
            Phase::Prepared => "before it changed anything",
            Phase::Testing => {
                "while the new one was being activated; what starts at boot was not touched"
            }
            Phase::Proving => {
                "after the new one was activated; what starts at boot was not touched"
            }
            Phase::Committing => {
                "while it set what starts at boot; the old and the new one were both proved"
            }
            Phase::Reverting => {
                "while the old one was being put back; what starts at boot is the old one"
            }
            _ => "after it had ended",
        }
    }
}

/// The name of an attempt: letters, digits and dashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id(String);

/// Not the name of an attempt.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not the id of a transaction")]
pub struct BadId(String);

impl Id {
    /// A new one, from the clock and the number of this process.
    pub fn new(now: i64) -> Id {
        Id(format!("{now}-{}", std::process::id()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Id {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Id, BadId> {
        Id::try_from(text.to_owned())
    }
}

impl TryFrom<String> for Id {
    type Error = BadId;
    fn try_from(text: String) -> Result<Id, BadId> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if text.is_empty() || text.len() > 64 || !text.bytes().all(allowed) {
            return Err(BadId(text.escape_debug().take(80).collect()));
        }
        Ok(Id(text))
    }
}

impl From<Id> for String {
    fn from(id: Id) -> String {
        id.0
    }
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`VERSION`].
    pub version: u32,
    /// Its name.
    pub id: Id,
    /// Its place in the order of attempts; clocks can be set back.
    pub sequence: u64,
    /// What it is meant to do.
    pub verb: Verb,
    /// What is switched.
    pub target: Target,
    /// The root folder of the machine.
    pub root: Utf8PathBuf,
    /// The profile whose generations these are.
    pub profile: Utf8PathBuf,
    /// The snapshot that the new one was built from, if it is known.
    pub snapshot: Option<CommitId>,
    /// What ran before; `None` if nothing did.
    pub old: Option<StorePath>,
    /// The generation that the profile had before.
    pub old_generation: Option<u64>,
    /// What is to run.
    pub new: StorePath,
    /// The generation that holds it, once there is one.
    pub generation: Option<u64>,
    /// How far it got.
    pub phase: Phase,
    /// Where it was when something else ended it.
    pub interrupted_in: Option<Phase>,
    /// The units that failed and had not failed before.
    pub newly_failed: Vec<String>,
    /// Whether a reboot is needed to finish.
    pub reboot: Reboot,
    /// Why it ended as it did, for people.
    pub reason: Option<String>,
    /// When it began, in seconds since 1970.
    pub began: i64,
    /// When it was last written.
    pub changed: i64,
    /// The process that works on it.
    pub process: u32,
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
}

impl Records {
    /// The records that lie in `folder`, which need not exist yet.
    pub fn at(folder: &Utf8Path) -> Records {
        Records { folder: folder.to_owned() }
    }

    /// Where one record lies.
    pub fn path(&self, id: &Id) -> Utf8PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    /// Writes a record: the old one or the new one is on disk, never half of one.
    pub fn write(&self, record: &Record) -> Result<()> {
        let mut text = serde_json::to_string_pretty(record)
            .map_err(|cause| Error::new("a transaction could not be written").because(cause))?;
        text.push('\n');
        fs::write_atomic(&self.path(&record.id), text.as_bytes())
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
                records.extend(read(entry.path())?);
            }
        }
        records.sort_by_key(|record| record.sequence);
        Ok(records)
    }

    /// The records of one profile, oldest first.
    pub fn of(&self, profile: &Utf8Path) -> Result<Vec<Record>> {
        let mut records = self.all()?;
        records.retain(|record| record.profile == profile);
        Ok(records)
    }
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
    use crate::names::ConfigName;
    use crate::target::Kind;

    fn record(sequence: u64) -> Record {
        let path = "/nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-nixos-system-demo-25.05";
        Record {
            version: VERSION,
            id: format!("t-{sequence}").parse().expect("id"),
            sequence,
            verb: Verb::Switch,
            target: Target { kind: Kind::Nixos, name: ConfigName::new("demo").expect("name") },
            root: "/".into(),
            profile: "/nix/var/nix/profiles/system".into(),
            snapshot: None,
            old: None,
            old_generation: None,
            new: StorePath::new(path).expect("path"),
            generation: Some(1),
            phase: Phase::Committed,
            interrupted_in: None,
            newly_failed: vec![],
            reboot: Reboot::NotNeeded,
            reason: None,
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

    #[test]
    fn a_newer_or_damaged_record_is_refused_with_a_remedy() {
        let (_keep, folder) = folder();
        fs::create_dir_all(&folder).expect("mkdir");
        let path = folder.join("x.json");
        fs::write_new(&path, br#"{"version": 2, "whatever": 1}"#).expect("write");
        let error = Records::at(&folder).all().expect_err("newer");
        assert!(error.message().ends_with("has format 2, and this program knows format 1"));
        assert_eq!(error.hints().len(), 1);
        for bad in ["", "{", "[]", r#"{"version": 1}"#, r#"{"version": "1"}"#] {
            fs::write_new(&path, bad.as_bytes()).expect("write");
            let error = Records::at(&folder).all().expect_err(bad);
            assert!(error.message().ends_with("cannot be understood"), "{}", error.message());
        }
    }

    #[test]
    fn an_id_cannot_leave_its_folder() {
        for bad in ["", "../x", "a/b", "a.b", "a b"] {
            assert!(bad.parse::<Id>().is_err(), "{bad} was taken");
        }
    }
}
