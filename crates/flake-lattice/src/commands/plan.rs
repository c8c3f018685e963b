//! `flake-lattice plan`: what would become of a crate.

use super::Crate;
use crate::generate::{Proof, generate, summary};
use crate::model::Lattice;
use crate::plan::Loaded;
use camino::Utf8PathBuf;
use studio_core::cli::{Context, Done};
use studio_core::error::{OrSay, Result};
use studio_core::ui::count;

/// Show the nodes that a crate would become
///
/// Nodes that turn out not to compile alone are put together by `generate`, so there may be fewer in the end.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of the crate; otherwise the current one
    folder: Option<Utf8PathBuf>,
    /// Write the whole lattice to stdout as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    krate: Crate,
}

impl Args {
    /// Plans.
    pub fn run(self, cx: &Context) -> Result<Done> {
        let request = self.krate.request(cx, self.folder.as_deref())?;
        let loaded = Loaded::read(&request, &[])?;
        let generated = generate(&request, loaded, &cx.env.cache_home()?, Proof::None, &cx.ui)?;
        cx.ui.step(summary(&generated));
        if let Some(cause) = &generated.lattice.whole {
            cx.ui.step(format!("it stays one node: {cause}"));
        }
        if self.json {
            let json = serde_json::to_string_pretty(&generated.lattice);
            return Ok(Done::with(json.or_say(|| "the plan is no JSON".to_owned())?));
        }
        Ok(Done::with(table(&generated.lattice)))
    }
}

/// A line a node, from the lowest level up: its level, its name, its items, and how many nodes must be built with it.
fn table(lattice: &Lattice) -> String {
    let above = crate::ways::above(lattice);
    let width = lattice.nodes.iter().map(|node| node.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (node, above) in lattice.nodes.iter().zip(above) {
        text.push_str(&format!(
            "{:>3}  {:width$}  {:>9}  an edit compiles {}\n",
            node.level,
            node.name,
            count(node.items.len(), "item"),
            count(above.len() + 1, "node"),
        ));
    }
    text
}
