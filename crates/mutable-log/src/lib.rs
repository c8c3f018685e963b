//! `git mutable-log`: lists what was done in this studio.

use camino::Utf8PathBuf;
use clap::Parser;
use std::fmt::Write;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::clock;
use studio_core::error::{OrSay, Result};
use studio_core::studio::{self, Studio};

/// List what was done in this studio, newest first
///
/// One line for each operation: its id, when, what, and the commit that HEAD was at afterwards; and of a snapshot what
/// came of it: what its check, build, VM and test said, and the generations that were made of it. Operations can be taken
/// back by `git mutable-undo`, the newest first, and `git mutable-hydrate` takes every id that is listed.
#[derive(Debug, Parser)]
#[command(name = "mutable-log", bin_name = "git mutable-log")]
pub struct Args {
    /// List at most this many
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = studio::LISTED)]
    number: usize,
    /// Show also the generations of the machine with this root folder
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    root: Option<Utf8PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: Common,
}

impl Command for Args {
    const EXAMPLES: &'static str = "\
# what was done lately
git mutable-log
# the last snapshot, for a script
git mutable-log --json -n 1";

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, cx: &Context) -> Result<Done> {
        let studio = Studio::here(cx)?;
        // git runs aliases at the top of the work tree; a relative folder is one from where the user stands.
        let base = cx.env.cwd().join(cx.env.prefix());
        let root = self.root.map(|root| base.join(root));
        let entries = studio::log(cx, &studio, self.number, root.as_deref())?;
        if self.json {
            return Ok(Done::with(
                serde_json::to_string_pretty(&entries).or_say(|| "the log cannot be written")?,
            ));
        }
        if entries.is_empty() {
            cx.ui.step("nothing was done in this studio yet");
        }
        let mut text = String::new();
        for entry in &entries {
            let operation = &entry.operation;
            let came = entry.came_of_it();
            let came = if came.is_empty() { came } else { format!("  [{came}]") };
            let _ = writeln!(
                text,
                "{}  {}  {}  ({}){came}",
                entry.id.short(),
                clock::local(operation.time),
                operation.summary,
                operation.after.head
            );
        }
        Ok(Done::with(text))
    }
}
