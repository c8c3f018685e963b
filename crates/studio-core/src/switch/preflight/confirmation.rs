//! How long the user has to confirm what was activated: who is far away may have locked themselves out.
//!
//! Not here: asking (the client of the engine) and putting back (`studio-activate`).

use crate::config::{ConfirmWithin, Environment, Key, Settings};
use crate::error::Result;
use crate::switch::Site;
use crate::target::Kind;
use crate::transaction::Verb;

/// What a remote session has if nobody says anything, in seconds.
const REMOTE: u64 = 60;

/// The variables that a session over ssh has.
const OF_SSH: [&str; 2] = ["SSH_CONNECTION", "SSH_TTY"];

/// How long the user has, and who said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// Nobody is asked.
    NotAsked,
    /// This many seconds, by a setting.
    Set(u64),
    /// This many seconds, because the session is remote.
    Remote(u64),
}

impl Confirmation {
    /// The seconds; `None` if nobody is asked.
    pub fn seconds(self) -> Option<u64> {
        match self {
            Confirmation::NotAsked => None,
            Confirmation::Set(seconds) | Confirmation::Remote(seconds) => Some(seconds),
        }
    }
}

/// What holds for this attempt: a setting, else a default for what can lock a remote user out.
pub fn confirm_within(
    env: &Environment,
    settings: &Settings,
    site: &Site,
    verb: Verb,
) -> Result<Confirmation> {
    let set = settings.parsed::<ConfirmWithin>(Key::ConfirmWithin)?;
    let local = site.machine.is_this_one() && site.target.kind != Kind::Profile;
    let remote = OF_SSH.iter().any(|name| env.get(name).is_some());
    Ok(match set {
        // Nothing changes before the next start.
        _ if verb == Verb::Boot => Confirmation::NotAsked,
        Some(set) => set.seconds().map_or(Confirmation::NotAsked, Confirmation::Set),
        None if remote && local => Confirmation::Remote(REMOTE),
        None => Confirmation::NotAsked,
    })
}
