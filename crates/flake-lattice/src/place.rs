//! The folder of a lattice that was generated: where it is, what it holds, and what can be built of it.

use crate::commands;
use crate::model::{LATTICE_FILE, Lattice};
use crate::vendor;
use crate::wiring::{self, Builder, Record};
use camino::{Utf8Path, Utf8PathBuf};
use studio_core::cli::Context;
use studio_core::error::{Error, Exit, Result};
use studio_core::names;

/// The command by whose name the folder is written.
pub const TOOL: &str = "flake-lattice";

/// Which lattice is meant.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct PlaceArgs {
    /// The folder of the lattice; by default the one that you stand in
    #[arg(long = "in", value_name = "DIR")]
    pub folder: Option<Utf8PathBuf>,
}

/// A folder with a lattice.
#[derive(Clone, Debug)]
pub struct Place {
    /// The folder, absolute.
    pub folder: Utf8PathBuf,
    /// What it holds.
    pub lattice: Lattice,
    /// What builds it.
    pub builder: Builder,
}

/// Something that can be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its attribute in `default.nix`.
    pub attribute: String,
    /// What its path in the store is called with this builder, so that it is known again.
    pub output: String,
}

impl PlaceArgs {
    /// Finds it and reads it.
    pub fn read(&self, cx: &Context) -> Result<Place> {
        let folder = match &self.folder {
            Some(folder) => {
                let folder = cx.env.cwd().join(folder);
                folder.canonicalize_utf8().unwrap_or(folder)
            }
            None => above(cx.env.cwd())?,
        };
        Place::at(folder)
    }
}

/// The nearest folder above that has a lattice.
fn above(folder: &Utf8Path) -> Result<Utf8PathBuf> {
    let found = folder.ancestors().find(|folder| folder.join(LATTICE_FILE).is_file());
    found.map(Utf8Path::to_owned).ok_or_else(|| {
        Error::new("no lattice is meant: neither this folder nor one above it has a `lattice.json`")
            .hint("say where it is: `--in DIR`")
            .hint("or make one: `flake-lattice generate --output DIR`")
            .exit(Exit::Usage)
    })
}

impl Place {
    /// Reads the lattice of a folder.
    pub fn at(folder: Utf8PathBuf) -> Result<Place> {
        let lattice = commands::read(&folder)?;
        let builder = Record::read(&folder)?.builder;
        Ok(Place { folder, lattice, builder })
    }

    /// Everything.
    pub fn whole(&self) -> Part {
        let Lattice { krate, .. } = &self.lattice;
        Part {
            attribute: "whole".to_owned(),
            output: format!("{}-lattice-{}", krate.name, krate.version),
        }
    }

    /// What is called so: a node, an item in one, a level, the facade.
    pub fn part(&self, name: &str) -> Result<Part> {
        let Lattice { krate, nodes, facade, .. } = &self.lattice;
        // `buildRustCrate` puts programs and libraries into outputs of their own.
        let part = |attribute: String, name: &str| match self.builder {
            Builder::Offline => Part { attribute, output: format!("{name}-{}", krate.version) },
            Builder::Nixpkgs => Part {
                attribute: format!("{attribute}.lib"),
                output: format!("rust_{name}-{}-lib", krate.version),
            },
        };
        let node = |name: &str| part(format!("nodes.\"{name}\""), name);
        if nodes.iter().any(|one| one.name == name) {
            return Ok(node(name));
        }
        if name == "facade" && !facade.files.is_empty() {
            return Ok(part("facade".to_owned(), &format!("{}-facade", krate.name)));
        }
        if name == vendor::FOLDER && self.folder.join(vendor::FOLDER).is_dir() {
            return Ok(Part {
                attribute: format!("packages.{name}"),
                output: format!("{}-{name}", krate.name),
            });
        }
        let count = self.levels();
        let mut levels = (0..count).map(|level| wiring::level_name(level, count));
        if levels.any(|level| level == name) {
            let output = format!("{}-{name}", krate.name);
            return Ok(Part { attribute: format!("levels.\"{name}\""), output });
        }
        let mut owners = nodes.iter().filter(|one| one.items.iter().any(|item| item.path == name));
        if let (Some(owner), None) = (owners.next(), owners.next()) {
            return Ok(node(&owner.name));
        }
        Err(self.unknown(name))
    }

    /// The node that is called so, or has the item of that path.
    pub fn node(&self, name: &str) -> Result<&str> {
        let has = |path: &str| {
            let node = self.lattice.nodes.iter();
            node.filter(|one| one.items.iter().any(|item| item.path == path)).collect::<Vec<_>>()
        };
        if let Some(node) = self.lattice.nodes.iter().find(|node| node.name == name) {
            return Ok(&node.name);
        }
        match has(name).as_slice() {
            [node] => Ok(&node.name),
            _ => Err(self.unknown(name)),
        }
    }

    fn unknown(&self, name: &str) -> Error {
        let nodes = self.lattice.nodes.iter();
        let items = nodes.clone().flat_map(|node| node.items.iter().map(|item| item.path.as_str()));
        let known = nodes.map(|node| node.name.as_str()).chain(items);
        let error = Error::new(format!("the lattice has no node `{name}`")).exit(Exit::Usage);
        match names::nearest(name, known) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("see what there is: `flake-lattice plan`"),
        }
    }

    /// How many levels there are.
    pub fn levels(&self) -> usize {
        self.lattice.nodes.iter().map(|node| node.level + 1).max().unwrap_or(0)
    }
}
