//! `flake-lattice graph`: the nodes and what builds on what, for other programs.

use super::Crate;
use crate::drawing::svg;
use crate::model::Lattice;
use camino::Utf8PathBuf;
use studio_core::cli::{Context, Done};
use studio_core::error::{OrSay, Result};
use studio_core::process::Program;

/// Write the graph of the nodes to stdout
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of a lattice or of a crate; otherwise the current one
    folder: Option<Utf8PathBuf>,
    /// For Graphviz, which is what is written unless something else is asked for
    #[arg(long, conflicts_with_all = ["json", "svg"])]
    dot: bool,
    /// As a picture, which Graphviz draws if it is installed
    #[arg(long, conflicts_with = "json")]
    svg: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    krate: Crate,
}

impl Args {
    /// Writes it.
    pub fn run(self, cx: &Context) -> Result<Done> {
        let lattice = super::read_or_plan(cx, &self.krate, self.folder.as_ref())?;
        if self.json {
            return Ok(Done::with(json(&lattice)?));
        }
        if self.svg {
            return Ok(Done::with(picture(cx, &lattice)));
        }
        Ok(Done::with(dot(&lattice)))
    }
}

/// By Graphviz, or our own, which is plainer.
fn picture(cx: &Context, lattice: &Lattice) -> String {
    let program = Program::new("dot", cx.env.cwd()).arg("-Tsvg").stdin(dot(lattice));
    match program.run() {
        Ok(said) => said.text(),
        Err(failure) => {
            cx.ui.detail(format!("drawn without Graphviz: {failure}"));
            svg(lattice)
        }
    }
}

/// <https://graphviz.org/doc/info/lang.html>; names of nodes are letters, digits and `_`, so that none needs escaping.
fn dot(lattice: &Lattice) -> String {
    let mut text =
        format!("digraph {} {{\n  rankdir = BT;\n  node [shape = box];\n", lattice.krate.lib);
    let mut level = usize::MAX;
    for node in &lattice.nodes {
        if node.level != level {
            if level != usize::MAX {
                text.push_str("  }\n");
            }
            level = node.level;
            text.push_str("  {\n    rank = same;\n");
        }
        text.push_str(&format!("    {};\n", node.name));
    }
    if level != usize::MAX {
        text.push_str("  }\n");
    }
    for node in &lattice.nodes {
        for below in node.dependencies.keys() {
            text.push_str(&format!("  {} -> {below};\n", node.name));
        }
    }
    text.push_str("}\n");
    text
}

#[derive(serde::Serialize)]
struct Graph<'a> {
    nodes: Vec<Node<'a>>,
    edges: Vec<(&'a str, &'a str)>,
}

#[derive(serde::Serialize)]
struct Node<'a> {
    name: &'a str,
    level: usize,
    items: usize,
}

fn json(lattice: &Lattice) -> Result<String> {
    let node = |node: &'_ crate::model::Node| (node.level, node.items.len());
    let graph = Graph {
        nodes: lattice
            .nodes
            .iter()
            .map(|one| {
                let (level, items) = node(one);
                Node { name: &one.name, level, items }
            })
            .collect(),
        edges: lattice
            .nodes
            .iter()
            .flat_map(|one| {
                one.dependencies.keys().map(|below| (one.name.as_str(), below.as_str()))
            })
            .collect(),
    };
    serde_json::to_string_pretty(&graph).or_say(|| "the graph is no JSON".to_owned())
}
