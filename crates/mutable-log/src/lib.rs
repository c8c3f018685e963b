//! `git mutable-log`: lists what was done in this studio.

use clap::Parser;
use std::fmt::Write;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::clock;
use studio_core::error::{OrSay, Result};
use studio_core::studio::{self, Studio};

/// List what was done in this studio, newest first
///
/// One line for each operation: its id, when, what, and the commit that HEAD was at afterwards. Operations can be taken
/// back by `git mutable-undo`, the newest first.
#[derive(Debug, Parser)]
#[command(name = "mutable-log", bin_name = "git mutable-log")]
pub struct Args {
    /// List at most this many
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 30)]
    number: usize,
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
        let entries = studio::log(&studio, self.number)?;
        if self.json {
            let all: Vec<_> = entries
                .iter()
                .map(|entry| serde_json::json!({ "id": entry.id, "operation": entry.operation }))
                .collect();
            return Ok(Done::with(
                serde_json::to_string_pretty(&all).or_say(|| "the log cannot be written")?,
            ));
        }
        if entries.is_empty() {
            cx.ui.step("nothing was done in this studio yet");
        }
        let mut text = String::new();
        for entry in &entries {
            let operation = &entry.operation;
            let _ = writeln!(
                text,
                "{}  {}  {}  ({})",
                entry.id.short(),
                clock::local(operation.time),
                operation.summary,
                operation.after.head
            );
        }
        Ok(Done::with(text))
    }
}
