//! The Nix side of a lattice: from the model to the files that build it.
//!
//! `lattice.nix` says what there is to build and what needs what, as data; `offline.nix` or `nixpkgs.nix`, which are the
//! same for every lattice, say how a crate is built; flakes and `default.nix` put the two together. A crate's source is
//! the one file or the few files that the compiler reads, never the folder around them, so that nothing but they can
//! cause a rebuild. Not here: what the crates are (`lattice.json`), and running Nix.

mod args;
mod checks;
mod data;
mod flakes;
mod lock_size;
mod parts;
mod text;
mod toolchain;

pub use args::{Record, WIRING_FILE, WiringArgs};
pub use checks::tests_are_built;
pub use lock_size::LockSize;
pub use toolchain::{TOOLCHAIN_FILE, Toolchain};

use crate::model::Lattice;
use crate::vendor::{FOLDER, FOR_TESTS};
use studio_core::Result;
use studio_core::error::Error;
use studio_core::generated::{Kind, Tree};

/// How the flakes of single nodes know what is below them.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    clap::ValueEnum,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Wiring {
    /// They have no inputs and import the flake of the whole from the folder that both are in.
    #[default]
    Import,
    /// Their only input is the flake of the whole.
    Root,
    /// What is below them is their inputs, near and far, so that each is locked once.
    Closure,
    /// What they name is their inputs.
    Direct,
}

/// What builds a crate.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    clap::ValueEnum,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Builder {
    /// A Rust compiler of this machine and nothing else.
    #[default]
    Offline,
    /// `buildRustCrate` of nixpkgs, which is then an input of the flake.
    Nixpkgs,
}

/// What the Nix side of a lattice depends on besides the lattice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How nodes know each other.
    pub wiring: Wiring,
    /// What builds them.
    pub builder: With,
    /// Whether the crates from outside can be built, too.
    pub outside: Outside,
}

/// What becomes of the crates that a lattice builds on without being made of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outside {
    /// They are left to cargo.
    #[default]
    Left,
    /// Their sources lie in the folder of the lattice.
    Vendored,
}

/// What builds a crate, with what it needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum With {
    /// [`Builder::Offline`].
    Offline(Toolchain),
    /// [`Builder::Nixpkgs`]: the reference of nixpkgs.
    Nixpkgs(String),
}

/// The names that outputs have besides those of nodes.
const RESERVED: [&str; 3] = ["facade", "default", "externals"];

/// The name under which a level is built; `levels` is how many there are.
pub fn level_name(level: usize, levels: usize) -> String {
    let width = levels.saturating_sub(1).to_string().len().max(2);
    format!("level-{level:0width$}")
}

/// Adds the Nix files of a lattice to the tree that has its crates.
///
/// # Errors
/// If the nodes cannot be wired that way, or one has a name that cannot be built.
pub fn add(tree: &mut Tree, lattice: &Lattice, options: &Options) -> Result<()> {
    check_names(lattice)?;
    let mut files = flakes::files(lattice, options)?;
    files.push((WIRING_FILE.to_owned(), Record::of(options).to_json()?));
    files.push(("lattice.nix".to_owned(), data::lattice_nix(lattice, tree)?));
    files.push(("source.nix".to_owned(), include_str!("nix/source.nix").to_owned()));
    files.extend(options.builder.files()?);
    if [FOLDER, FOR_TESTS].iter().any(|folder| parts::manifest(tree, folder).is_some()) {
        files.push(("externals.rs".to_owned(), include_str!("nix/externals.rs").to_owned()));
        files.push(("externals.sh".to_owned(), include_str!("nix/externals.sh").to_owned()));
    }
    for (path, text) in files {
        tree.add(&path, text, Kind::Plain)?;
    }
    Ok(())
}

impl With {
    fn files(&self) -> Result<Vec<(String, String)>> {
        let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        Ok(match self {
            With::Offline(toolchain) => vec![
                file("default.nix", include_str!("nix/default.nix")),
                file("compile.sh", include_str!("nix/compile.sh")),
                file("offline.nix", include_str!("nix/offline.nix")),
                file(TOOLCHAIN_FILE, &toolchain.to_json()?),
            ],
            With::Nixpkgs(_) => vec![
                file("default.nix", include_str!("nix/default-nixpkgs.nix")),
                file("nixpkgs.nix", include_str!("nix/nixpkgs.nix")),
            ],
        })
    }
}

/// A node's name is a folder, a package of cargo and an attribute: what could be something else in one of them is refused.
fn check_names(lattice: &Lattice) -> Result<()> {
    let levels = lattice.nodes.iter().map(|node| node.level + 1).max().unwrap_or(0);
    let reserved: Vec<String> = (0..levels)
        .map(|level| level_name(level, levels))
        .chain(RESERVED.map(str::to_owned))
        .collect();
    for node in &lattice.nodes {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let why = match node.name.as_str() {
            "" => "it is empty",
            name if !name.chars().all(plain) => "it has a character that no crate has in its name",
            name if name.starts_with('-') => "it begins with a dash",
            name if reserved.iter().any(|taken| taken == name) => {
                "the flake has an output of that name"
            }
            _ => continue,
        };
        return Err(Error::new(format!("no node can be called `{}`", node.name)).because(why));
    }
    Ok(())
}
