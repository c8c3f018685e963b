//! `lattice.json`: what a lattice is, for everything that builds on it (Nix files, `diff`, `why`, `graph`).
//!
//! Nothing in it depends on where or when it was written, and nothing in it changes when a comment does: what was read to
//! make it stands in [`Inputs`], a file of its own.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of both formats; a reader refuses any other.
pub const FORMAT: u32 = 1;

/// The file that holds a [`Lattice`], in the folder that was generated.
pub const LATTICE_FILE: &str = "lattice.json";

/// The file that holds the [`Inputs`], beside it.
pub const INPUTS_FILE: &str = "inputs.json";

/// A crate as nodes that build on each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lattice {
    /// [`FORMAT`].
    pub format: u32,
    /// The version of `flake-lattice` that made it.
    pub tool: String,
    /// What was taken apart.
    #[serde(rename = "crate")]
    pub krate: Crate,
    /// The target triple whose `cfg` was used: a lattice is one of a target and a set of features.
    pub target: String,
    /// The features that are on, in order.
    pub features: Vec<String>,
    /// What `rustc --print cfg` says of the target, and what the build script added, in order.
    pub cfg: Vec<String>,
    /// The nodes; each comes after those that it depends on.
    pub nodes: Vec<Node>,
    /// The crate with the original name and public items.
    pub facade: Facade,
    /// The dependencies of the original that a node or the facade uses, by the name that the code knows them by.
    pub externals: BTreeMap<String, External>,
    /// The SHA-256 in hexadecimal of what lies in the folder `externals`, if it is there: a node that names one of them is
    /// built again when any of it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<String>,
    /// What the build script says to the linker of tests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub link_args: Vec<String>,
    /// Where items had to be put together that the graph alone would have kept apart, in the order in which it was found.
    pub coarsened: Vec<Coarsening>,
    /// Why the crate is one node, if it is.
    pub whole: Option<String>,
}

/// The crate that was taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crate {
    /// The package's name.
    pub name: String,
    /// The name that code knows its library by.
    pub lib: String,
    /// Its version.
    pub version: String,
    /// Its edition: `2015`, `2018`, `2021`, `2024`.
    pub edition: String,
    /// How many items it has; a node has at least one.
    pub items: usize,
}

/// A crate of the lattice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Its name as a cargo package, a crate, a folder below `nodes` and a Nix attribute.
    pub name: String,
    /// 0 if it depends on no other node, else one more than the highest of those.
    pub level: usize,
    /// What it holds, in source order.
    pub items: Vec<ItemRecord>,
    /// The nodes that it names, by name, and why.
    pub dependencies: BTreeMap<String, Vec<Reason>>,
    /// Keys of [`Lattice::externals`] that it names.
    pub externals: BTreeSet<String>,
    /// What `rustc --cfg` must be given besides the target's own, because its code asks for it while it is compiled.
    pub flags: BTreeSet<String>,
    /// Its files by their path below the node's folder, with their SHA-256 in hexadecimal.
    pub files: BTreeMap<String, String>,
    /// The size of its Rust sources in bytes.
    pub bytes: u64,
}

/// An item of the original.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemRecord {
    /// Its canonical path, `strsim::jaro_winkler`; what has no name has its kind and a hash instead.
    pub path: String,
    /// What it is.
    pub kind: ItemKind,
    /// The file that it is in, relative to the package.
    pub file: String,
}

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// `struct`
    Struct,
    /// `enum`
    Enum,
    /// `union`
    Union,
    /// `type`
    Type,
    /// `trait`
    Trait,
    /// `fn`
    Fn,
    /// `const`
    Const,
    /// `static`
    Static,
    /// `macro_rules!`
    Macro,
    /// `impl Type`
    Impl,
    /// `impl Trait for Type`
    TraitImpl,
    /// `extern "C" { … }`
    Extern,
    /// A macro called where an item may stand.
    MacroCall,
    /// The whole crate, where it is one node.
    Crate,
}

impl ItemKind {
    /// As it stands in the source, for people.
    pub fn word(self) -> &'static str {
        match self {
            ItemKind::Struct => "struct",
            ItemKind::Enum => "enum",
            ItemKind::Union => "union",
            ItemKind::Type => "type",
            ItemKind::Trait => "trait",
            ItemKind::Fn => "fn",
            ItemKind::Const => "const",
            ItemKind::Static => "static",
            ItemKind::Macro => "macro",
            ItemKind::Impl => "impl",
            ItemKind::TraitImpl => "trait impl",
            ItemKind::Extern => "extern block",
            ItemKind::MacroCall => "macro call",
            ItemKind::Crate => "crate",
        }
    }
}

/// Why a node depends on another one: an item of the first names an item of the second.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// The item that names.
    pub from: String,
    /// The item that is named.
    pub to: String,
}

/// The crate that stands for the original.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facade {
    /// The nodes that it names.
    pub dependencies: BTreeSet<String>,
    /// Keys of [`Lattice::externals`] that it names.
    pub externals: BTreeSet<String>,
    /// Its files by their path below `facade`, with their SHA-256 in hexadecimal.
    pub files: BTreeMap<String, String>,
}

/// A dependency of the original.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct External {
    /// The package's name.
    pub package: String,
    /// The version that was asked for.
    pub requirement: String,
    /// The version in `Cargo.lock`, where there is one.
    pub version: Option<String>,
}

/// Items that were put together, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coarsening {
    /// In which round of checking it was found, from 1; 0 is before the first.
    pub round: usize,
    /// How far it went.
    pub extent: Extent,
    /// The items, by canonical path.
    pub items: Vec<String>,
    /// The cause, in words; with the compiler's code where it has one.
    pub cause: String,
}

/// How far items were put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// Those that the cause names.
    Items,
    /// All of a module.
    Module,
    /// All of a module and of those in it.
    ModuleTree,
    /// Everything.
    Crate,
}

/// What was read to make a lattice: whether a second run has anything to do is seen by it alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// [`FORMAT`].
    pub format: u32,
    /// The version of `flake-lattice`.
    pub tool: String,
    /// `rustc -vV`.
    pub toolchain: String,
    /// What was asked for on the command line that changes the result.
    pub options: Vec<String>,
    /// The files that were read, by their path relative to the package, with their SHA-256.
    pub files: BTreeMap<String, String>,
}
