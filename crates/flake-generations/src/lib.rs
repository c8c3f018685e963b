//! `git flake-generations`: list the generations of a target with the commit that each came from.
//!
//! Reads files only, so it is fast with a hundred generations and works when Nix does not.

use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::switch::{Site, SiteArgs, generations, table};
use studio_core::{OrSay, Result};

/// List generations with the commit that each came from, newest first
///
/// Shows number, date, commit (`-` where nobody recorded it), name, and what is current (starts at boot), running and
/// booted.
#[derive(Debug, Parser)]
#[command(name = "flake-generations", bin_name = "git flake-generations")]
pub struct Args {
    /// Write JSON
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    site: SiteArgs,
    #[command(flatten)]
    common: Common,
}

impl Command for Args {
    const EXAMPLES: &'static str = "
git flake-generations
# the commit of what starts at boot
git flake-generations --json | jq -r '.[] | select(.marks | index(\"current\")).commit'
# the generations of a profile
git flake-generations --target profile --host hello
";

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, cx: &Context) -> Result<Done> {
        let site = Site::without_flake(cx, &self.site)?;
        let listed = generations(cx, &site)?;
        if self.json {
            let text = serde_json::to_string_pretty(&listed)
                .or_say(|| "the list could not be written as JSON")?;
            return Ok(Done::with(text));
        }
        if listed.is_empty() {
            cx.ui.step(format!("{} has no generation yet", site.target));
        }
        Ok(Done::with(table(&listed)))
    }
}
