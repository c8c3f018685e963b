//! `git flake-generations`: list the generations of a target, with the commit that each came from and how it did, and show
//! what differs between two of them.
//!
//! Reads files and Nix's database, and asks nix only for what that does not tell, so it is fast with a hundred generations and
//! works when Nix does not. Not here: what is found out about a generation (`studio_core::switch`).

use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::complete;
use studio_core::git::Shown;
use studio_core::switch::{Site, SiteArgs, difference, generations, table};
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
#[command(disable_help_subcommand = true)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// Write JSON
    #[arg(long, global = true, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    site: SiteArgs,
    #[command(flatten)]
    common: Common,
}

/// What is wanted instead of the list.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show what differs between two generations
    ///
    /// Packages added, removed, up and down, with versions: first those that somebody chose, then those that others need;
    /// the size of the closure; units, users, kernel and its parameters, files of /etc; commits, inputs of flake.lock that
    /// moved, and the configuration as `git diff` shows it. Each generation is named as for `git flake-rollback`: by its
    /// number, the commit that it was built from, or a snapshot.
    Diff {
        /// The old one; by default what runs
        #[arg(add = complete::generations())]
        from: Option<String>,
        /// The new one; by default the newest generation
        #[arg(add = complete::generations())]
        to: Option<String>,
        /// Of the configuration show only how much changed in each file
        #[arg(long)]
        stat: bool,
    },
}

impl Command for Args {
    const EXAMPLES: &'static str = "
git flake-generations
# the commit of what starts at boot
git flake-generations --json | jq -r '.[] | select(.marks | index(\"current\")).commit'
# what failed, and why
git flake-generations --json | jq '.[] | select(.health == \"failed\") | {generation, reason}'
# what changed from generation 41 to 42; with a pager
git flake-generations diff 41 42
git -p flake-generations diff 41 42
# what a reboot would change
git flake-generations diff --stat
# every package whose version differs
git flake-generations diff 41 42 --json | jq -r '.packages.changed[].name'
# the generations of a profile
git flake-generations --target profile --host hello
";

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, cx: &Context) -> Result<Done> {
        let site = Site::to_read(cx, &self.site)?;
        if let Some(What::Diff { from, to, stat }) = &self.what {
            let shown = Shown {
                stat: *stat,
                color: ui::stdout_color(self.common.color, cx.env.no_color()),
                columns: ui::columns(cx.env.get("COLUMNS")),
            };
            let found = difference(cx, &site, from.as_deref(), to.as_deref(), shown)?;
            for why in &found.not_compared {
                cx.ui.warn(format!("not compared: {why}"));
            }
            return if self.json { json(&found) } else { Ok(Done::with(found.text())) };
        }
        let listed = generations(cx, &site)?;
        if self.json {
            return json(&listed);
        }
        if listed.is_empty() {
            cx.ui.step(format!("{} has no generation yet", site.target));
        }
        Ok(Done::with(table(&listed, ui::columns(cx.env.get("COLUMNS")))))
    }
}

fn json(what: &impl serde::Serialize) -> Result<Done> {
    let text =
        serde_json::to_string_pretty(what).or_say(|| "the result could not be written as JSON")?;
    Ok(Done::with(text))
}
