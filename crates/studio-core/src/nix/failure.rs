//! What it means when nix says no: the machine's Nix cannot be used, or the flake is at fault.
//!
//! Nix's messages are matched only to add a remedy. What nix said is shown as it said it, and never said again.

use crate::context::Context;
use crate::error::Error;
use crate::process::Failure;
use crate::ui::Verbosity;
use camino::Utf8Path;

/// nix did not do what it was asked.
#[derive(Debug)]
pub struct Refusal {
    error: Error,
    blame: Blame,
}

/// What is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The Nix of this machine: missing, too old, without its daemon, interrupted. It says nothing about the flake.
    Machine,
    /// `flake.lock` does not fit `flake.nix`.
    Lock,
    /// Something else in the flake: its evaluation, a build, a check.
    Flake,
}

impl Refusal {
    /// The Nix of this machine cannot be used.
    pub(super) fn machine(error: impl Into<Error>) -> Refusal {
        Refusal { error: error.into(), blame: Blame::Machine }
    }

    /// Explains a failed program. `said` is all that it said, `shown` whether the user has seen that already.
    pub(super) fn explain(
        message: String,
        failure: Failure,
        said: &str,
        shown: bool,
        log: Option<&Utf8Path>,
    ) -> Refusal {
        let Failure::Status { code, output, .. } = failure else {
            return Refusal::machine(failure);
        };
        let (blame, wording) = diagnose(said);
        let (message, remedy) = match wording {
            Some(Wording { message: ours, remedy }) => (ours.unwrap_or(message), Some(remedy)),
            None => (message, None),
        };
        let mut error = Error::new(message);
        if !shown {
            error = error.because(output);
        }
        if let Some(remedy) = remedy {
            error = error.hint(remedy);
        }
        if let Some(log) = log {
            error = error.hint(format!("all that nix said: `less {log}`"));
        }
        // Who was killed gave no judgement.
        Refusal { error, blame: if code.is_none() { Blame::Machine } else { blame } }
    }

    /// What is at fault.
    pub fn blame(&self) -> Blame {
        self.blame
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        refusal.error
    }
}

/// Whether a child's lines were shown to the user as they came.
pub(super) fn shows(cx: &Context) -> bool {
    cx.ui.verbosity() >= Verbosity::Normal
}

/// Better words for a message of nix that is known.
struct Wording {
    /// What is wrong, where that is not what was being done.
    message: Option<String>,
    /// What to type next.
    remedy: String,
}

fn diagnose(said: &str) -> (Blame, Option<Wording>) {
    let wording = |message: &str, remedy: &str| {
        Some(Wording { message: Some(message.to_owned()), remedy: remedy.to_owned() })
    };
    if said.contains("cannot connect to socket at")
        || said.contains("cannot open connection to remote store 'daemon'")
    {
        let start = if cfg!(target_os = "macos") {
            "start it: `sudo launchctl kickstart system/org.nixos.nix-daemon`"
        } else {
            "start it: `sudo systemctl start nix-daemon`"
        };
        return (Blame::Machine, wording("the daemon of Nix does not answer", start));
    }
    if said.contains("not allowed due to '--no-update-lock-file'") {
        let remedy = "run `nix flake lock` in the studio and snapshot again";
        return (Blame::Lock, wording("`flake.lock` does not fit `flake.nix`", remedy));
    }
    if said.contains("No space left on device") {
        let remedy = "remove what Nix no longer needs: `nix store gc`";
        return (Blame::Machine, wording("the disk is full", remedy));
    }
    if let Some(feature) = disabled_feature(said) {
        let remedy = format!(
            "the flake needs a feature of Nix that is off; turn it on in your `nix.conf`: \
             `extra-experimental-features = {feature}`"
        );
        return (Blame::Flake, Some(Wording { message: None, remedy }));
    }
    (Blame::Flake, None)
}

/// The name in `experimental Nix feature 'ca-derivations' is disabled`; Lix leaves out the word `Nix`.
fn disabled_feature(said: &str) -> Option<&str> {
    said.match_indices("feature '").find_map(|(at, start)| {
        let (name, rest) = said[at + start.len()..].split_once('\'')?;
        rest.trim_start().starts_with("is disabled").then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_refusals_are_told_apart() {
        let blame = |said: &str| diagnose(said).0;
        assert_eq!(
            blame(
                "error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket': No such file"
            ),
            Blame::Machine
        );
        assert_eq!(
            blame(
                "error: flake 'x' requires lock file changes but they're not allowed due to \
                 '--no-update-lock-file'"
            ),
            Blame::Lock
        );
        assert_eq!(blame("error: attribute 'feature' missing"), Blame::Flake);
    }

    #[test]
    fn a_feature_that_is_off_is_named() {
        let said = "error: experimental Nix feature 'ca-derivations' is disabled; add …";
        assert_eq!(disabled_feature(said), Some("ca-derivations"));
        assert_eq!(disabled_feature("the feature 'x' is nice"), None);
    }
}
