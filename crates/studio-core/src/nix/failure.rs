//! What it means when nix says no: the machine's Nix cannot be used, or the flake is at fault.
//!
//! What nix said is shown as it said it, and never said again; what is known about it ([`super::diagnosis`]) is added.

use super::Log;
use super::diagnosis::{Diagnosis, diagnose};
use crate::context::Context;
use crate::error::Error;
use crate::process::Failure;
use crate::ui::Verbosity;

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

    /// Explains a failed program. `said` is all that it said, `shown` whether the user has seen that already; `log` has
    /// it too, and knows the flake that it was about.
    pub(super) fn explain(
        message: String,
        failure: Failure,
        said: &str,
        shown: bool,
        log: &Log,
    ) -> Refusal {
        let Failure::Status { code, output, .. } = failure else {
            return Refusal::machine(failure);
        };
        // Who was killed gave no judgement.
        if code.is_none() {
            let error = Error::new(message).because(if shown { "" } else { &output });
            return Refusal::machine(error.hint(in_full(log)));
        }
        let known = diagnose(said, log.source()).unwrap_or_else(|| Diagnosis {
            blame: Blame::Flake,
            message: None,
            hints: vec![],
        });
        let mut error = Error::new(known.message.unwrap_or(message));
        if !shown {
            error = error.because(output);
        }
        for hint in known.hints {
            error = error.hint(hint);
        }
        Refusal { error: error.hint(in_full(log)), blame: known.blame }
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

fn in_full(log: &Log) -> String {
    format!("all that nix said: `less {}`", log.path())
}

/// Whether a child's lines were shown to the user as they came.
pub(super) fn shows(cx: &Context) -> bool {
    cx.ui.verbosity() >= Verbosity::Normal
}
