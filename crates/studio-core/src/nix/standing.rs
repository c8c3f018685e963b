//! How a Nix stands by itself: what it lets its user do without being told more, and whether its store answers.
//!
//! Nothing is evaluated or built. Not here: what the jobs of this toolkit need, which tell it what they use.

use super::diagnosis::{diagnose, disabled_feature};
use super::{FOLDER, Nix};
use crate::error::{Error, Result};
use crate::process::{Failure, Program};
use serde::Deserialize;

/// A store that answers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct StoreInfo {
    /// Its address: `daemon`, `local`, …
    pub url: String,
}

/// What the user may call by `nix` itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flakes {
    /// All that flakes need.
    On,
    /// This feature is off.
    Off(String),
    /// Nix said something else.
    Unknown(String),
}

impl Nix {
    /// Whether `nix flake` is there for the user, without the option by which this toolkit turns it on.
    ///
    /// Found out by calling it without a subcommand: that is refused for the missing subcommand where flakes are on, and
    /// for the feature where they are not. The setting itself does not tell: a Nix may have flakes without it.
    pub fn flakes_of_user(&self) -> Result<Flakes> {
        match self.plain(&["flake"]).run() {
            Ok(_) => Ok(Flakes::On),
            Err(Failure::Status { output, .. }) => Ok(match disabled_feature(&output) {
                Some(feature) => Flakes::Off(feature.to_owned()),
                None if output.contains("requires a sub-command") => Flakes::On,
                None => Flakes::Unknown(output),
            }),
            Err(failure) => Err(failure.into()),
        }
    }

    /// The store, if it answers. One that is not there yet may be made by being asked.
    pub fn store_info(&self) -> Result<StoreInfo> {
        // The old name goes on as an alias that warns; the new one came with 2.19.
        let name = if self.version()?.says_store_info() { "info" } else { "ping" };
        let said = self.verb(&["store", name, "--json"])?.run().map_err(|failure| {
            let Failure::Status { output, .. } = failure else { return Error::from(failure) };
            let known = diagnose(&output, None);
            let message = known.as_ref().and_then(|known| known.message.clone());
            let message = message.unwrap_or_else(|| "the store of Nix does not answer".to_owned());
            let hints = known.map_or_else(Vec::new, |known| known.hints);
            hints.into_iter().fold(Error::new(message).because(output), Error::hint)
        })?;
        serde_json::from_slice(&said.stdout)
            .map_err(|cause| Error::new("nix did not say what its store is").because(cause))
    }

    /// `nix VERB` as the user calls it: with no option of ours.
    fn plain(&self, verb: &[&str]) -> Program {
        Program::new(&self.program, FOLDER.into())
            .args(verb)
            .env("NO_COLOR", "1")
            .env("TERM", "dumb")
    }
}
