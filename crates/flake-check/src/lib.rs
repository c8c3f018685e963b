//! `git flake-check`: checks a snapshot, once. What is checked and how is `studio_core::check`.

use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done, NixOutput};
use studio_core::error::{OrSay, Result};
use studio_core::ui::LogFormat;
use studio_core::{check, nix::Nix, snapshot};

/// Check a snapshot: the syntax of every .nix file, then `nix flake check`
///
/// Works on the snapshot that you stand in; in a studio, a snapshot is taken first. All syntax errors are shown at once,
/// and all failing checks. What passed is remembered and not checked again, because a snapshot never changes.
#[derive(Debug, Parser)]
#[command(name = "flake-check", bin_name = "git flake-check")]
pub struct Args {
    /// Check also what has passed before
    #[arg(long)]
    again: bool,
    /// Write the verdict to stdout as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    nix: NixOutput,
    #[command(flatten)]
    common: Common,
}

impl Command for Args {
    const EXAMPLES: &'static str = "\
# is what I have here good?
git flake-check
# it failed for lack of network: try it once more
git flake-check --again";

    fn common(&self) -> &Common {
        &self.common
    }

    fn log_format(&self) -> LogFormat {
        self.nix.log_format
    }

    fn run(self, cx: &Context) -> Result<Done> {
        let snapshot = snapshot::here(cx)?;
        let nix = Nix::find(cx)?;
        let verdict = check::check(cx, &nix, &snapshot, self.again)?;
        if !self.json {
            return Ok(Done::silent());
        }
        let json = serde_json::to_string_pretty(&verdict)
            .or_say(|| "the verdict is not JSON".to_owned())?;
        Ok(Done::with(json))
    }
}
