//! What an attempt is meant to do, how far it got, and its name.

use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::fmt;

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
    /// It is activated, and is being looked at: failed units, health checks.
    Proving,
    /// It is good by itself; the user is to say so too.
    AwaitingConfirmation,
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
    /// Ended: somebody else switched the machine meanwhile, and what they did was left alone.
    Superseded,
}

impl Phase {
    /// All of them.
    pub const ALL: [Phase; 12] = [
        Phase::Prepared,
        Phase::Testing,
        Phase::Proving,
        Phase::AwaitingConfirmation,
        Phase::Committing,
        Phase::Committed,
        Phase::Tested,
        Phase::Refused,
        Phase::Reverting,
        Phase::Reverted,
        Phase::RevertFailed,
        Phase::Superseded,
    ];

    /// Whether nothing more will be done.
    pub fn ended(self) -> bool {
        match self {
            Phase::Prepared
            | Phase::Testing
            | Phase::Proving
            | Phase::AwaitingConfirmation
            | Phase::Committing
            | Phase::Reverting => false,
            Phase::Committed
            | Phase::Tested
            | Phase::Refused
            | Phase::Reverted
            | Phase::RevertFailed
            | Phase::Superseded => true,
        }
    }

    /// The word for it, as in records.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Prepared => "prepared",
            Phase::Testing => "testing",
            Phase::Proving => "proving",
            Phase::AwaitingConfirmation => "awaiting-confirmation",
            Phase::Committing => "committing",
            Phase::Committed => "committed",
            Phase::Tested => "tested",
            Phase::Refused => "refused",
            Phase::Reverting => "reverting",
            Phase::Reverted => "reverted",
            Phase::RevertFailed => "revert-failed",
            Phase::Superseded => "superseded",
        }
    }

    /// Where an attempt that was interrupted here was, for people.
    pub fn interrupted(self) -> &'static str {
        match self {
            Phase::Prepared => "before it changed anything",
            Phase::Testing => "while the new one was being activated",
            Phase::Proving => "while the new one was being proved",
            Phase::AwaitingConfirmation => "before it was confirmed",
            Phase::Committing => "while it set what starts at boot",
            Phase::Reverting => "while the old one was being put back",
            _ => "after it had ended",
        }
    }
}

/// The name of an attempt: letters, digits and dashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_leave_its_folder() {
        for bad in ["", "../x", "a/b", "a.b", "a b"] {
            assert!(bad.parse::<Id>().is_err(), "{bad} was taken");
        }
    }
}
