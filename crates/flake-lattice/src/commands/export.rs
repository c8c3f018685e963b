//! `flake-lattice export`: a node and all that is below it as a lattice of its own, which needs nothing around it.

use crate::emit;
use crate::model::{Facade, LATTICE_FILE, Lattice};
use crate::place::{Place, PlaceArgs, TOOL};
use crate::vendor;
use crate::wiring::{self, Options};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};
use studio_core::cli::{Context, Done};
use studio_core::error::{Error, Exit, OrSay, Result};
use studio_core::generated::{Kind, Overwrite, Tree, write};
use studio_core::{fs, ui};
use toml_edit::{Array, DocumentMut, TableLike, value};

/// Copy nodes and all below them into a folder of their own
///
/// The folder is a flake and a cargo workspace. Prints it.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// A node, or the path of an item in it
    #[arg(value_name = "NODE", required = true)]
    nodes: Vec<String>,
    /// Where they go
    #[arg(short, long, value_name = "DIR")]
    output: Utf8PathBuf,
    /// Replace whatever is in the folder; what was made by hand is kept beside it
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

impl Args {
    /// Does it.
    pub fn run(self, cx: &Context) -> Result<Done> {
        let place = self.place.read(cx)?;
        let output = cx.env.cwd().join(&self.output);
        if output == place.folder || output.starts_with(place.folder.join("nodes")) {
            return Err(Error::new("a part of a lattice cannot lie in it")
                .hint("choose another folder: `--output DIR`")
                .exit(Exit::Usage));
        }
        let mut wanted = BTreeSet::new();
        for name in &self.nodes {
            wanted.insert(place.node(name)?.to_owned());
        }
        let lattice = part(&place.lattice, &wanted);
        let tree = tree(&place, &lattice, &output)?;
        let overwrite = if self.force { Overwrite::Anything } else { Overwrite::OnlyGenerated };
        let written = write(&output, &tree, TOOL, overwrite)?;
        let nodes = ui::count(lattice.nodes.len(), "node");
        match written.changes.len() {
            0 => cx.ui.step(format!("{nodes}: nothing changed")),
            some => cx.ui.step(format!("{nodes}: {} written", ui::count(some, "file"))),
        }
        if let Some(kept) = written.kept {
            cx.ui.step(format!("what was there by hand is in `{kept}`"));
        }
        Ok(Done::with(output))
    }
}

/// The lattice of these nodes and all below them; it has no facade, which would name others.
fn part(lattice: &Lattice, wanted: &BTreeSet<String>) -> Lattice {
    let mut keep = wanted.clone();
    // Each node comes after those that it names.
    for node in lattice.nodes.iter().rev() {
        if keep.contains(&node.name) {
            keep.extend(node.dependencies.keys().cloned());
        }
    }
    let nodes: Vec<_> =
        lattice.nodes.iter().filter(|node| keep.contains(&node.name)).cloned().collect();
    let used: BTreeSet<&String> = nodes.iter().flat_map(|node| &node.externals).collect();
    let externals = lattice.externals.iter().filter(|(key, _)| used.contains(key));
    let items: BTreeSet<&str> =
        nodes.iter().flat_map(|node| &node.items).map(|item| item.path.as_str()).collect();
    let mut krate = lattice.krate.clone();
    krate.items = nodes.iter().map(|node| node.items.len()).sum();
    let coarsened = lattice.coarsened.iter();
    let names_any = lattice.whole.is_some() || !used.is_empty();
    Lattice {
        krate,
        outside: lattice.outside.clone().filter(|_| names_any),
        facade: Facade {
            dependencies: BTreeSet::new(),
            externals: BTreeSet::new(),
            files: BTreeMap::new(),
        },
        externals: externals.map(|(key, one)| (key.clone(), one.clone())).collect(),
        coarsened: coarsened
            .filter(|one| one.items.iter().any(|item| items.contains(item.as_str())))
            .cloned()
            .collect(),
        nodes,
        ..lattice.clone()
    }
}

/// The files of a part of a lattice, out of the folder of the whole.
fn tree(place: &Place, lattice: &Lattice, output: &Utf8Path) -> Result<Tree> {
    let mut tree = Tree::new();
    let json = serde_json::to_string_pretty(lattice).or_say(|| "the lattice cannot be written")?;
    tree.add(LATTICE_FILE, json + "\n", Kind::Plain)?;
    tree.add("Cargo.toml", workspace(&place.folder)?, Kind::Plain)?;
    // Versions that nothing here asks for are left out by cargo.
    for file in ["Cargo.lock", ".cargo/config.toml"] {
        if let Some(text) = fs::read_optional(&place.folder.join(file))? {
            tree.add(file, text, Kind::Plain)?;
        }
    }
    for node in &lattice.nodes {
        let folder = format!("nodes/{}", node.name);
        let manifest = "Cargo.toml".to_owned();
        let files: BTreeSet<&String> = node.files.keys().chain([&manifest]).collect();
        for file in files {
            let path = format!("{folder}/{file}");
            let mut bytes = fs::read(&place.folder.join(&path))?;
            if *file == manifest {
                bytes = moved(&bytes, &place.folder.join(&folder), &output.join(&folder))?;
            }
            tree.add(&path, bytes, Kind::Plain)?;
        }
    }
    if lattice.outside.is_some() {
        for (path, bytes, kind) in vendor::read(&place.folder)? {
            tree.add(&path, bytes, kind)?;
        }
    }
    let options = Options::read(&place.folder)?;
    wiring::add(&mut tree, lattice, &options)?;
    Ok(tree)
}

/// A manifest as it is when its folder is another one: the way to packages of folders outside of the lattice.
fn moved(bytes: &[u8], from: &Utf8Path, to: &Utf8Path) -> Result<Vec<u8>> {
    let text = String::from_utf8_lossy(bytes);
    let mut manifest: DocumentMut =
        text.parse().or_say(|| format!("`{from}/Cargo.toml` is no manifest of cargo"))?;
    let mut sections: Vec<&mut dyn TableLike> = vec![];
    for (name, item) in manifest.iter_mut() {
        match (name.get(), item.as_table_like_mut()) {
            ("dependencies" | "build-dependencies", Some(table)) => sections.push(table),
            ("target", Some(targets)) => sections.extend(
                targets
                    .iter_mut()
                    .filter_map(|(_, target)| target.as_table_like_mut())
                    .flat_map(|target| target.iter_mut())
                    .filter_map(|(_, section)| section.as_table_like_mut()),
            ),
            _ => {}
        }
    }
    for (_, entry) in sections.into_iter().flat_map(|section| section.iter_mut()) {
        let Some(path) = entry.get("path").and_then(|path| path.as_str()) else { continue };
        let folder = fs::absolute(from, Utf8Path::new(path));
        // Nodes move along.
        if folder.parent() != from.parent() {
            entry["path"] = value(emit::relative(to, &folder));
        }
    }
    Ok(manifest.to_string().into_bytes())
}

/// The manifest of the workspace, with the nodes as its members.
fn workspace(folder: &Utf8Path) -> Result<String> {
    let file = folder.join("Cargo.toml");
    let text = fs::read_optional(&file)?.unwrap_or_default();
    let mut manifest: DocumentMut =
        text.parse().or_say(|| format!("`{file}` is no manifest of cargo"))?;
    manifest["workspace"]["members"] = value(Array::from_iter(["nodes/*"]));
    Ok(manifest.to_string())
}
