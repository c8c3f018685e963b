//! `flake-lattice diff`: what has to be built again.

use crate::diff::{Change, diff};
use camino::Utf8PathBuf;
use studio_core::cli::{Context, Done};
use studio_core::error::{OrSay, Result};
use studio_core::ui::count;

/// Say which nodes have to be built again, and why
///
/// A node is built again if its own files changed, or if a node that it builds on is.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of a lattice, or its `lattice.json`
    old: Utf8PathBuf,
    /// The one that is compared with it
    new: Utf8PathBuf,
    /// Write the difference to stdout as JSON
    #[arg(long)]
    json: bool,
}

impl Args {
    /// Compares.
    pub fn run(self, cx: &Context) -> Result<Done> {
        let old = super::read(&cx.env.cwd().join(&self.old))?;
        let new = super::read(&cx.env.cwd().join(&self.new))?;
        let changes = diff(&old, &new);
        let rebuilt = changes.values().filter(|change| !matches!(change, Change::Removed)).count();
        cx.ui.step(format!("{rebuilt} of {} to build", count(new.nodes.len(), "node")));
        if self.json {
            let json = serde_json::to_string_pretty(&changes);
            return Ok(Done::with(json.or_say(|| "the difference is no JSON".to_owned())?));
        }
        let mut text = String::new();
        for (name, change) in &changes {
            text.push_str(&match change {
                Change::Added => format!("added    {name}\n"),
                Change::Removed => format!("removed  {name}\n"),
                Change::Changed => format!("changed  {name}\n"),
                Change::Rebuilt { because } => format!("rebuilt  {name}  (builds on {because})\n"),
            });
        }
        Ok(Done::with(text))
    }
}
