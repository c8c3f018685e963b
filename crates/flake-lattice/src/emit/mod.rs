//! From nodes to the files of a cargo workspace: a folder per node, the facade, and what holds them together.
//!
//! A node's source repeats the modules of the original in which it has items or needs names. What lies in lower nodes
//! appears there by `use`, so that no path in any item has to be changed. Not here: Nix files, and writing to disk.

mod asks;
mod assets;
mod beyond;
mod externals;
mod facade;
mod local;
mod manifest;
mod names;
mod node;
mod outside;
mod print;
mod syntax;
mod whole;
mod widen;

pub use externals::Externals;
pub use local::{beyond as beyond_local, files as local_files, place as local_place};
pub use manifest::relative;
pub use names::asking;
pub use outside::{OwnScript, Stand, dependencies};
pub use syntax::Lines;
pub use whole::{DESCRIBED, LINKS, Said, made_of, tests, whole};
pub use widen::Widened;

use crate::digest;
use crate::graph::{Graph, NodeId};
use crate::item::{ItemId, Source};
use crate::model::{self, ItemKind, ItemRecord, Reason};
use crate::package::{Package, features::Features};
use crate::resolve::{Scopes, Uses};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};
use studio_core::error::Result;

/// Files by their path below a folder.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What nodes are made of.
pub struct Material<'a> {
    /// The package.
    pub package: &'a Package,
    /// Which features are on.
    pub features: &'a Features,
    /// Its library's source.
    pub source: &'a Source,
    /// What names mean in it.
    pub scopes: &'a Scopes<'a>,
    /// What each item needs.
    pub uses: &'a [Uses],
    /// The nodes.
    pub graph: &'a Graph,
    /// The dependencies that may be named.
    pub externals: &'a Externals,
    /// Where the lattice goes, if that is known: dependencies that are folders are named by the way to them.
    pub output: Option<&'a Utf8Path>,
    /// What must be visible outside of its node.
    pub widened: Widened,
    /// `--cfg` values that code may ask for while it is compiled, because macros do.
    pub late_cfg: BTreeSet<String>,
    /// The lines that nodes repeat.
    pub lines: Lines,
}

/// A crate of the workspace.
#[derive(Clone, Debug, Default)]
pub struct Emitted {
    /// Its files.
    pub files: Files,
    /// Keys of the dependencies that it names.
    pub externals: BTreeSet<String>,
    /// Nodes that it names besides those that its items name.
    pub nodes: BTreeSet<String>,
    /// `--cfg` values that it must be compiled with.
    pub flags: BTreeSet<String>,
    /// Files besides the source that were read for it.
    pub read: BTreeSet<Utf8PathBuf>,
}

impl Material<'_> {
    /// The files of a node.
    pub fn node(&self, node: NodeId) -> Result<Emitted> {
        node::emit(self, node)
    }

    /// The files of the facade.
    pub fn facade(&self) -> Result<Emitted> {
        facade::emit(self)
    }

    /// A node as it stands in the model.
    pub fn record(&self, node: NodeId, emitted: &Emitted) -> model::Node {
        let one = &self.graph.nodes[node];
        let mut dependencies: BTreeMap<String, BTreeSet<Reason>> = BTreeMap::new();
        for item in &one.items {
            for other in &self.uses[*item].items {
                let below = self.graph.node_of[*other];
                if below == node {
                    continue;
                }
                let reason = Reason { from: self.full_path(*item), to: self.full_path(*other) };
                let name = self.graph.nodes[below].name.clone();
                dependencies.entry(name).or_default().insert(reason);
            }
        }
        let sources = emitted.files.iter().filter(|(path, _)| path.ends_with(".rs"));
        model::Node {
            name: one.name.clone(),
            level: one.level,
            items: one.items.iter().map(|item| self.item_record(*item)).collect(),
            dependencies: dependencies
                .into_iter()
                .map(|(name, reasons)| (name, reasons.into_iter().collect()))
                .collect(),
            externals: emitted.externals.clone(),
            flags: emitted.flags.clone(),
            bytes: sources.map(|(_, bytes)| bytes.len() as u64).sum(),
            files: digests(&emitted.files),
        }
    }

    /// The canonical path of an item, with the crate.
    pub fn full_path(&self, item: ItemId) -> String {
        format!("{}::{}", self.package.library, self.source.items[item].path)
    }

    fn item_record(&self, item: ItemId) -> ItemRecord {
        let one = &self.source.items[item];
        ItemRecord {
            path: self.full_path(item),
            kind: one.kind,
            file: self.source.modules[one.module].file.to_string(),
        }
    }

    /// Macros that other nodes call, or that the original exports.
    pub fn is_shared_macro(&self, item: ItemId) -> bool {
        let one = &self.source.items[item];
        one.kind == ItemKind::Macro
            && (self.widened.macros.contains(&item) || one.reach == crate::item::Reach::Public)
    }
}

/// The SHA-256 of each file.
pub fn digests(files: &Files) -> BTreeMap<String, String> {
    files.iter().map(|(path, bytes)| (path.clone(), digest::hex(bytes))).collect()
}

/// The workspace's own files, around those of nodes and facade.
pub fn workspace() -> Files {
    // What is denied by default is the original's affair, as it is for every dependency that cargo compiles.
    let config = "[build]\nrustflags = [\"--cap-lints=warn\"]\n";
    Files::from([
        ("Cargo.toml".to_owned(), manifest::workspace().into_bytes()),
        (".cargo/config.toml".to_owned(), config.as_bytes().to_vec()),
    ])
}
