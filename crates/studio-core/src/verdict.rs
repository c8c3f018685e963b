//! What was found out about a snapshot, on disk: a check, a build, a VM run or a test, with its outcome.
//!
//! A snapshot never changes, so a verdict stays true. It is still only a cache: a record that is damaged, or was written
//! by a newer version of this toolkit, is ignored with a warning, and the work is done again. Not here: what is done
//! with a verdict (`check`, `build`, `vm`).

use crate::context::Context;
use crate::error::Result;
use crate::fs;
use crate::home::Home;
use crate::names::CommitId;
use crate::snapshot::Snapshot;
use crate::store_path::StorePath;
use camino::Utf8PathBuf;
use std::fmt;

/// The version of the format; a change that an older toolkit would misread gets the next number.
const FORMAT: u32 = 1;

/// What was tried.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `nix flake check`, and the syntax before it.
    Check,
    /// A build.
    Build,
    /// A run of the VM.
    Vm,
    /// An activation until the next reboot.
    Test,
}

impl Kind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Check => "check",
            Kind::Build => "build",
            Kind::Vm => "vm",
            Kind::Test => "test",
        }
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was good.
    Passed,
    /// It was not.
    Failed,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
        })
    }
}

/// What was built.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Built {
    /// What it was built from.
    pub drv: StorePath,
    /// The result.
    pub out: StorePath,
    /// The link that keeps the result from the garbage collector.
    pub root: Utf8PathBuf,
}

impl Built {
    /// Whether the result is still there and its link still keeps it.
    pub fn stands(&self) -> bool {
        self.root.read_link_utf8().is_ok_and(|target| target == self.out.path())
            && self.out.path().exists()
    }
}

/// One outcome.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Verdict {
    format: u32,
    /// What was tried.
    pub kind: Kind,
    /// What it was tried on, where a snapshot has several: `nixos-demo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The machine that it holds for: `x86_64-linux`.
    pub system: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When it ended, in seconds since 1970.
    pub at: i64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// The version of Nix that did it, where one was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nix: Option<String>,
    /// The file with all that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<Utf8PathBuf>,
    /// What was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built: Option<Built>,
}

/// The place of one verdict: there is at most one for each, and the newest stands.
#[derive(Clone, Debug)]
pub struct Slot<'a> {
    /// Whose verdict.
    pub snapshot: &'a Snapshot,
    /// What was tried.
    pub kind: Kind,
    /// What it was tried on. A file name is made of it.
    pub subject: Option<String>,
    /// On which kind of machine.
    pub system: &'a str,
}

impl Slot<'_> {
    /// The verdict, if there is one that can be read.
    pub fn read(&self, cx: &Context) -> Option<Verdict> {
        let path = self.path();
        let text = match fs::read_optional(&path) {
            Ok(text) => text?,
            Err(error) => {
                cx.ui.warn(format!("{}; going on without it", error.message()));
                return None;
            }
        };
        parse(&text)
            .and_then(|verdict| {
                let ours = (self.kind, self.subject.as_deref(), self.system);
                let found = (verdict.kind, verdict.subject.as_deref(), verdict.system.as_str());
                if ours == found { Ok(verdict) } else { Err("it is of something else".to_owned()) }
            })
            .inspect_err(|why| cx.ui.warn(format!("the record `{path}` is ignored: {why}")))
            .ok()
    }

    /// A new verdict for this place, as of now.
    pub fn verdict(&self, cx: &Context, outcome: Outcome, took: std::time::Duration) -> Verdict {
        Verdict {
            format: FORMAT,
            kind: self.kind,
            subject: self.subject.clone(),
            system: self.system.to_owned(),
            outcome,
            at: cx.env.now(),
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            nix: None,
            log: None,
            built: None,
        }
    }

    /// Writes the verdict in its place; the one before is gone.
    pub fn record(&self, verdict: &Verdict) -> Result<()> {
        let text = serde_json::to_string_pretty(verdict)
            .map_err(|cause| crate::Error::new("the verdict cannot be written").because(cause))?;
        fs::write_atomic(&self.path(), format!("{text}\n").as_bytes())
    }

    /// Where the record lies.
    pub fn path(&self) -> Utf8PathBuf {
        self.snapshot.home().verdicts(self.snapshot.id()).join(format!("{}.json", self.name()))
    }

    /// A name for what belongs to it: its record, its lock, its log.
    pub fn name(&self) -> String {
        match &self.subject {
            Some(subject) => format!("{}-{subject}-{}", self.kind.word(), self.system),
            None => format!("{}-{}", self.kind.word(), self.system),
        }
    }
}

/// Everything that was found out about a snapshot, in the order of [`Kind`], then by what it was tried on. A record that
/// cannot be understood is left out: who lists is not who relies on it.
pub fn all(home: &Home, id: &CommitId) -> Vec<Verdict> {
    let entries = home.verdicts(id).read_dir_utf8().into_iter().flatten().flatten();
    let mut found: Vec<Verdict> = entries
        .filter(|entry| entry.file_name().ends_with(".json"))
        .filter_map(|entry| parse(&fs::read_optional(entry.path()).ok()??).ok())
        .collect();
    found.sort_by(|a, b| (a.kind, &a.subject, &a.system).cmp(&(b.kind, &b.subject, &b.system)));
    found
}

/// `check passed` and `build failed`, of outcomes in the order of their kinds: of what was tried on several hosts the worst
/// counts.
pub fn words(tried: &[(Kind, Outcome)]) -> Vec<String> {
    let of_kind = tried.chunk_by(|(one, _), (other, _)| one == other).map(|of_kind| {
        let failed = of_kind.iter().any(|(_, outcome)| *outcome == Outcome::Failed);
        let outcome = if failed { Outcome::Failed } else { Outcome::Passed };
        format!("{} {outcome}", of_kind[0].0.word())
    });
    of_kind.collect()
}

/// A record, or why it cannot be understood.
fn parse(text: &str) -> Result<Verdict, String> {
    // The number first: the fields of a newer format may be others.
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
    }
    match serde_json::from_str::<Format>(text) {
        Ok(Format { format }) if format > FORMAT => Err("a newer version wrote it".to_owned()),
        Ok(_) => serde_json::from_str(text).map_err(|cause| cause.to_string()),
        Err(cause) => Err(cause.to_string()),
    }
}

impl Verdict {
    /// When it was: `5 minutes ago`.
    pub fn age(&self, cx: &Context) -> String {
        ago(cx.env.now() - self.at)
    }
}

/// How long ago something was, roughly.
pub fn ago(seconds: i64) -> String {
    let (number, unit) = match seconds {
        // A clock that was set back makes no difference worth telling.
        ..60 => return "just now".to_owned(),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{} ago", crate::ui::count(usize::try_from(number).unwrap_or(0), unit))
}

/// How long something took: `0.4 s`, `12 s`, `3 min 20 s`.
pub fn took(time: std::time::Duration) -> String {
    match time.as_secs() {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ 10..100 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_rough() {
        assert_eq!(ago(-5), "just now");
        assert_eq!(ago(60), "1 minute ago");
        assert_eq!(ago(5 * 60 + 59), "5 minutes ago");
        assert_eq!(ago(3 * 3600), "3 hours ago");
        assert_eq!(ago(86_400), "1 day ago");
    }
}
