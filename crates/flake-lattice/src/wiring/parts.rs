//! What a crate of the lattice is made of, as `mkNode` in offline.nix and nixpkgs.nix takes it.

use super::text;
use crate::emit::{DESCRIBED, LINKS};
use crate::model::Lattice;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use studio_core::Result;
use studio_core::error::Error;
use studio_core::generated::{Tree, TreePath};
use toml_edit::{DocumentMut, TableLike};

/// A crate; what a manifest says is taken from the one in the tree.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub name: String,
    pub folder: String,
    /// The library's name, where it does not follow from that of the package.
    pub library: Option<&'a str>,
    pub root: String,
    pub files: Vec<&'a str>,
    /// Nodes.
    pub dependencies: Vec<&'a str>,
    /// Crates from outside of the lattice.
    pub externals: BTreeSet<String>,
    pub features: BTreeSet<String>,
    pub flags: BTreeSet<String>,
    pub env: BTreeMap<&'static str, String>,
    pub whole: Whole,
}

/// What only a whole crate has.
#[derive(Debug, Default)]
pub(super) struct Whole {
    /// Whether the compiler runs it.
    pub proc_macro: bool,
    /// The native library that it says it links.
    pub links: Option<String>,
    /// Its build script.
    pub script: Option<String>,
    /// What that names of crates from outside.
    pub script_externals: BTreeSet<String>,
}

impl Whole {
    /// What the manifest of a whole crate says.
    pub(super) fn of(tree: &Tree, folder: &str) -> Whole {
        let Some(manifest) = manifest(tree, folder) else { return Whole::default() };
        let package = |key: &str| Some(manifest.get("package")?.get(key)?.as_str()?.to_owned());
        let library = |key: &str| manifest.get("lib").and_then(|lib| lib.get(key)?.as_bool());
        let script = package("build");
        let build = if script.is_some() { named(&manifest, "build-dependencies") } else { vec![] };
        Whole {
            proc_macro: library("proc-macro") == Some(true),
            links: package("links")
                .map(|links| links.strip_suffix(LINKS).unwrap_or(&links).to_owned()),
            script,
            script_externals: build.into_iter().map(|one| one.key).collect(),
        }
    }
}

impl Parts<'_> {
    /// As an attribute set.
    pub(super) fn text(&self) -> Result<String> {
        let mut out = String::from("{\n");
        let mut line = |key: &str, value: String| {
            let _ = writeln!(out, "      {key} = {value};");
        };
        let list = |names: &BTreeSet<String>| text::strings(names.iter().map(String::as_str));
        line("name", text::string(&self.name)?);
        line("folder", format!("./{}", self.folder));
        if let Some(library) = self.library {
            line("library", text::string(library)?);
        }
        if self.root != "lib.rs" {
            line("root", text::string(&self.root)?);
        }
        if self.files != ["lib.rs"] {
            line("files", text::strings(self.files.iter().copied())?);
        }
        if !self.dependencies.is_empty() {
            line("dependencies", references(self.dependencies.iter().copied())?);
        }
        if !self.externals.is_empty() {
            line("externals", list(&self.externals)?);
        }
        if !self.features.is_empty() {
            line("features", list(&self.features)?);
        }
        if !self.flags.is_empty() {
            line("flags", list(&self.flags)?);
        }
        if !self.env.is_empty() {
            line("env", variables(&self.env)?);
        }
        let Whole { proc_macro, links, script, script_externals } = &self.whole;
        if *proc_macro {
            line("procMacro", "true".to_owned());
        }
        if let Some(links) = links {
            line("links", text::string(links)?);
        }
        if let Some(script) = script {
            line("script", text::string(script)?);
        }
        if !script_externals.is_empty() {
            line("scriptExternals", list(script_externals)?);
        }
        out.push_str("    }");
        Ok(out)
    }
}

/// Nodes by name, as a list. They are attributes and no variables, so that one may have any name.
pub(super) fn references<'a>(names: impl Iterator<Item = &'a str>) -> Result<String> {
    let items: Result<Vec<String>> =
        names.map(|name| Ok(format!("nodes.{}", text::name(name)?))).collect();
    Ok(text::list(&items?))
}

/// Variables of the environment, as an attribute set.
pub(super) fn variables(env: &BTreeMap<&'static str, String>) -> Result<String> {
    let pairs: Result<Vec<String>> =
        env.iter().map(|(name, value)| Ok(format!("{name} = {};", text::string(value)?))).collect();
    Ok(format!("{{ {} }}", pairs?.join(" ")))
}

/// The files that the compiler may read: not those of cargo and Nix.
pub(super) fn sources<'a>(files: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let not_source = ["Cargo.toml", "Cargo.lock", "flake.nix", "flake.lock"];
    files.map(String::as_str).filter(|file| !not_source.contains(file)).collect()
}

/// A file of the tree.
pub(super) fn file<'t>(tree: &'t Tree, path: &str) -> Option<&'t [u8]> {
    Some(&tree.get(&TreePath::new(path).ok()?)?.bytes)
}

/// The manifest in a folder of the tree.
pub(super) fn manifest(tree: &Tree, folder: &str) -> Option<DocumentMut> {
    std::str::from_utf8(file(tree, &format!("{folder}/Cargo.toml"))?).ok()?.parse().ok()
}

/// A dependency that a manifest names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    pub key: String,
    /// What it says but for features, in order.
    pub said: Vec<(String, String)>,
    pub defaults: Defaults,
    pub features: BTreeSet<String>,
}

/// What of an entry says which package is meant; the way to a folder is another one from each place.
const IDENTITY: [&str; 7] = ["package", "version", "registry-index", "git", "branch", "tag", "rev"];

/// Whether default features of a dependency are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Defaults {
    Off,
    On,
}

/// What a manifest names in `section`, for whichever target.
pub(super) fn named(manifest: &DocumentMut, section: &str) -> Vec<Named> {
    let table = |item: Option<&toml_edit::Item>, of: &mut Vec<Named>| {
        let entries = item.and_then(|item| item.as_table_like()).into_iter();
        of.extend(entries.flat_map(TableLike::iter).map(|(key, entry)| {
            let features = entry.get("features").and_then(|features| features.as_array());
            let features = features.into_iter().flatten().filter_map(|one| one.as_str());
            let text = |name: &str| Some((name.to_owned(), entry.get(name)?.as_str()?.to_owned()));
            let off = entry.get("default-features").and_then(|on| on.as_bool()) == Some(false);
            Named {
                key: key.to_owned(),
                said: IDENTITY.into_iter().filter_map(text).collect(),
                defaults: if off { Defaults::Off } else { Defaults::On },
                features: features.map(str::to_owned).collect(),
            }
        }));
    };
    let mut all = vec![];
    table(manifest.get(section), &mut all);
    let targets = manifest.get("target").and_then(|item| item.as_table_like());
    for (_, target) in targets.into_iter().flat_map(TableLike::iter) {
        table(target.get(section), &mut all);
    }
    all
}

/// The file that a library begins with: `lib.rs`, unless its manifest says otherwise.
pub(super) fn root(tree: &Tree, folder: &str, files: &[&str]) -> Result<String> {
    let said = manifest(tree, folder)
        .and_then(|manifest| Some(manifest.get("lib")?.get("path")?.as_str()?.to_owned()));
    let root = said.unwrap_or_else(|| "lib.rs".to_owned());
    match files.contains(&root.as_str()) {
        true => Ok(root),
        false => {
            Err(Error::new(format!("`{folder}` has no `{root}`"))
                .hint("generate the lattice again"))
        }
    }
}

/// The variables that cargo sets for a crate, as far as its source asks for them: a new version of the package is to
/// rebuild nothing else.
pub(super) fn environment(
    lattice: &Lattice,
    tree: &Tree,
    folder: &str,
    files: &[&str],
) -> BTreeMap<&'static str, String> {
    let contents = files.iter().filter_map(|name| file(tree, &format!("{folder}/{name}")));
    let asking: Vec<&str> = contents
        .filter_map(|bytes| std::str::from_utf8(bytes).ok())
        .filter(|text| text.contains("CARGO_"))
        .collect();
    if asking.is_empty() {
        return BTreeMap::new();
    }
    let mut all = said_by_cargo(lattice);
    all.retain(|name, _| asking.iter().any(|text| text.contains(name)));
    all
}

/// What cargo tells a build script of a package for people, as far as the manifest says it.
pub(super) fn said_by_manifest(tree: &Tree, folder: &str) -> BTreeMap<&'static str, String> {
    let Some(manifest) = manifest(tree, folder) else { return BTreeMap::new() };
    let said = DESCRIBED.into_iter().filter_map(|(variable, key)| {
        let entry = manifest.get("package")?.get(key)?;
        let text = match entry.as_array() {
            Some(all) => all.iter().filter_map(|one| one.as_str()).collect::<Vec<_>>().join(":"),
            None => entry.as_str()?.to_owned(),
        };
        Some((variable, text))
    });
    said.collect()
}

/// The variables that cargo sets for a crate. A build script gets all of them: what it calls may ask for any.
pub(super) fn said_by_cargo(lattice: &Lattice) -> BTreeMap<&'static str, String> {
    let version = &lattice.krate.version;
    let mut numbers = version.split(['-', '+']).next().unwrap_or_default().split('.');
    let mut number = || numbers.next().unwrap_or_default().to_owned();
    let (major, minor, patch) = (number(), number(), number());
    let pre = version.split('+').next().unwrap_or_default().split_once('-');
    let pre = pre.map_or(String::new(), |(_, pre)| pre.to_owned());
    let mut all = BTreeMap::from([
        ("CARGO_PKG_NAME", lattice.krate.name.clone()),
        ("CARGO_PKG_VERSION", version.clone()),
        ("CARGO_PKG_VERSION_MAJOR", major),
        ("CARGO_PKG_VERSION_MINOR", minor),
        ("CARGO_PKG_VERSION_PATCH", patch),
        ("CARGO_PKG_VERSION_PRE", pre),
        ("CARGO_CRATE_NAME", lattice.krate.lib.clone()),
    ]);
    // They are always set.
    all.extend(DESCRIBED.map(|(name, _)| (name, String::new())));
    all
}
