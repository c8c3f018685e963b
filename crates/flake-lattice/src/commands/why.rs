//! `flake-lattice why`: what makes one node depend on another.

use super::Crate;
use crate::model::Lattice;
use crate::ways;
use camino::Utf8PathBuf;
use studio_core::cli::{Context, Done};
use studio_core::error::{Error, Result};

/// Say why one node depends on another, or is one with it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A node, or an item by its path
    from: String,
    /// The one that it depends on
    to: String,
    /// The folder of a lattice or of a crate; otherwise the current one
    #[arg(long = "in", value_name = "DIR")]
    folder: Option<Utf8PathBuf>,
    #[command(flatten)]
    krate: Crate,
}

impl Args {
    /// Explains.
    pub fn run(self, cx: &Context) -> Result<Done> {
        let lattice = super::read_or_plan(cx, &self.krate, self.folder.as_ref())?;
        let from = find(&lattice, &self.from)?;
        let to = find(&lattice, &self.to)?;
        if from == to {
            return Ok(Done::with(together(&lattice, from)));
        }
        let Some(way) = ways::shortest(&lattice, from, to) else {
            let (from, to) = (&lattice.nodes[from].name, &lattice.nodes[to].name);
            let error = Error::new(format!("`{from}` does not depend on `{to}`"));
            return Err(
                match ways::shortest(&lattice, self.index(&lattice, to), self.index(&lattice, from))
                {
                    Some(_) => error.hint(format!(
                        "`{to}` depends on `{from}`: `flake-lattice why {to} {from}`"
                    )),
                    None => {
                        error.because("neither depends on the other: they are built independently")
                    }
                },
            );
        };
        let mut text = format!("{}\n", lattice.nodes[from].name);
        for pair in way.windows(2) {
            let (upper, lower) = (&lattice.nodes[pair[0]], &lattice.nodes[pair[1]]);
            text.push_str(&format!("  builds on {}\n", lower.name));
            for reason in upper.dependencies.get(&lower.name).into_iter().flatten().take(5) {
                text.push_str(&format!("    {} names {}\n", reason.from, reason.to));
            }
        }
        Ok(Done::with(text))
    }

    fn index(&self, lattice: &Lattice, name: &str) -> usize {
        lattice.nodes.iter().position(|node| node.name == name).unwrap_or_default()
    }
}

fn together(lattice: &Lattice, node: usize) -> String {
    let node = &lattice.nodes[node];
    let mut text = format!("{} holds both\n", node.name);
    let ours = |path: &String| node.items.iter().any(|item| item.path == *path);
    let causes: Vec<_> =
        lattice.coarsened.iter().filter(|one| one.items.iter().any(ours)).collect();
    for one in &causes {
        text.push_str(&format!("  put together in round {}: {}\n", one.round, one.cause));
    }
    if let Some(cause) = &lattice.whole {
        text.push_str(&format!("  the crate is one node: {cause}\n"));
    } else if causes.is_empty() {
        text.push_str("  its items name each other in a circle, or are impls, which belong to their type or trait:\n");
    }
    for item in node.items.iter().take(20) {
        text.push_str(&format!("    {} {}\n", item.kind.word(), item.path));
    }
    if node.items.len() > 20 {
        text.push_str(&format!("    and {} more\n", node.items.len() - 20));
    }
    text
}

/// The node that is meant: by its name, or by the path of one of its items, with or without the crate.
pub fn find(lattice: &Lattice, wanted: &str) -> Result<usize> {
    let full = format!("{}::{wanted}", lattice.krate.lib);
    let by_name = lattice.nodes.iter().position(|node| node.name == wanted);
    let by_item = || {
        lattice
            .nodes
            .iter()
            .position(|node| node.items.iter().any(|item| item.path == wanted || item.path == full))
    };
    by_name.or_else(by_item).ok_or_else(|| {
        let last = wanted.rsplit("::").next().unwrap_or(wanted);
        let items = lattice.nodes.iter().flat_map(|node| &node.items);
        let similar: Vec<&str> = items
            .map(|item| item.path.as_str())
            .filter(|path| path.rsplit("::").next() == Some(last))
            .collect();
        let error = Error::new(format!("`{}` has no node or item `{wanted}`", lattice.krate.name));
        match similar.as_slice() {
            [] => error.hint("see what there is: `flake-lattice plan`"),
            some => error.hint(format!("did you mean {}?", studio_core::ui::names(some, 5))),
        }
    })
}
