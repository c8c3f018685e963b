//! `git flake-generations`: list the generations of a target: the commit that each came from, and how it did.
//!
//! Reads files, and asks nix only for sizes that are not known yet, so it is fast with a hundred generations and works
//! when Nix does not. Not here: what is found out about a generation (`studio_core::switch`).

use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::switch::{Site, SiteArgs, generations, table};
use studio_core::{OrSay, Result, ui};

/// List generations with the commit that each came from, newest first
///
/// Columns: number; date; commit and its subject; kernel; health; size with all that it needs; and what is current (starts
/// at boot), running and booted. `-` stands for what is not known.
///
/// Health is what the last attempt at a generation came to. proved: it ran and nothing newly failed. unproved: it was made
/// permanent without having run, or although units failed. booted: that, and it was started at a boot since. failed: it was
/// put back. left: somebody went back from it.
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
# what failed, and why
git flake-generations --json | jq '.[] | select(.health == \"failed\") | {generation, reason}'
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
        Ok(Done::with(table(&listed, ui::columns(cx.env.get("COLUMNS")))))
    }
}
