//! The `Cargo.toml` of a node, of the facade, and of the workspace.

use super::externals::Entry;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value, value};

/// What a manifest says.
#[derive(Default)]
pub struct Manifest<'a> {
    /// The package.
    pub name: &'a str,
    /// The original's version, so that `CARGO_PKG_VERSION` is what it was.
    pub version: &'a str,
    /// The original's edition.
    pub edition: &'a str,
    /// The library's name, where it is not the package's.
    pub library: Option<&'a str>,
    /// The library's root file.
    pub root: &'a str,
    /// Nodes, by name, with the way to their folders.
    pub nodes: Vec<(String, String)>,
    /// Dependencies of the original, by key.
    pub externals: Vec<(String, Vec<Entry>)>,
    /// Features, each with those that it turns on.
    pub features: Vec<(String, Vec<String>)>,
    /// Whether a build script says the `--cfg` values.
    pub build: Option<&'a str>,
    /// Where the package's folder will be, so that the way to dependencies that are folders is known.
    pub base: Option<Utf8PathBuf>,
}

impl Manifest<'_> {
    /// As a document, to which more can be added.
    pub fn document(&self) -> DocumentMut {
        let mut document = DocumentMut::new();
        let mut package = Table::new();
        package["name"] = value(self.name);
        package["version"] = value(self.version);
        package["edition"] = value(self.edition);
        package["publish"] = value(false);
        // Nothing but what is written here is a target.
        for target in ["autobins", "autoexamples", "autotests", "autobenches"] {
            package[target] = value(false);
        }
        match self.build {
            Some(path) => package["build"] = value(path),
            None => package["build"] = value(false),
        }
        document["package"] = Item::Table(package);
        let mut library = Table::new();
        if let Some(name) = self.library {
            library["name"] = value(name);
        }
        library["path"] = value(self.root);
        library["test"] = value(false);
        library["doctest"] = value(false);
        document["lib"] = Item::Table(library);
        if !self.features.is_empty() {
            let mut features = Table::new();
            for (name, on) in &self.features {
                features[name] = value(on.iter().collect::<Array>());
            }
            document["features"] = Item::Table(features);
        }
        if !self.nodes.is_empty() || !self.externals.is_empty() {
            document["dependencies"] = Item::Table(Table::new());
        }
        for (name, path) in &self.nodes {
            let mut entry = InlineTable::new();
            entry.insert("path", path.as_str().into());
            document["dependencies"][name] = value(entry);
        }
        for (key, entries) in &self.externals {
            for entry in entries {
                add(&mut document, "dependencies", key, entry, self.base.as_deref());
            }
        }
        document
    }
}

/// Adds a dependency of the original to a section.
pub fn add(
    document: &mut DocumentMut,
    section: &str,
    key: &str,
    entry: &Entry,
    base: Option<&Utf8Path>,
) {
    put(document, section, key, entry, table(key, entry, base));
}

/// What a manifest says of a dependency.
pub fn table(key: &str, entry: &Entry, base: Option<&Utf8Path>) -> InlineTable {
    let one = &entry.dependency;
    let mut table = InlineTable::new();
    if one.package != key {
        table.insert("package", one.package.as_str().into());
    }
    match (&one.path, base) {
        (Some(path), Some(base)) => {
            table.insert("path", relative(base, path).into());
        }
        (Some(path), None) => {
            table.insert("path", path.as_str().into());
        }
        _ => {}
    }
    if one.path.is_none() || one.requirement != "*" {
        table.insert("version", one.requirement.as_str().into());
    }
    if let Some(source) = &one.source {
        add_source(&mut table, source);
    }
    if !one.default_features {
        table.insert("default-features", false.into());
    }
    if !entry.features.is_empty() {
        let features: Array = entry.features.iter().collect();
        table.insert("features", Value::Array(features));
    }
    table
}

/// Puts that into a section, below the target that it is for.
pub fn put(
    document: &mut DocumentMut,
    section: &str,
    key: &str,
    entry: &Entry,
    table: InlineTable,
) {
    let root = document.as_table_mut();
    let sections = match &entry.dependency.target {
        None => section_of(root, &[section]),
        Some(target) => section_of(root, &["target", target, section]),
    };
    sections[key] = value(table);
}

fn section_of<'t>(mut table: &'t mut Table, path: &[&str]) -> &'t mut Table {
    for (at, name) in path.iter().enumerate() {
        let entry = table.entry(name).or_insert_with(|| {
            let mut inner = Table::new();
            inner.set_implicit(at + 1 < path.len());
            Item::Table(inner)
        });
        if !entry.is_table() {
            *entry = Item::Table(Table::new());
        }
        let Item::Table(inner) = entry else { unreachable!("it was made a table above") };
        table = inner;
    }
    table
}

/// `git+https://…?branch=main#…`, `registry+…`
fn add_source(table: &mut InlineTable, source: &str) {
    let source = source.split('#').next().unwrap_or_default();
    if let Some(git) = source.strip_prefix("git+") {
        let (url, query) = git.split_once('?').unwrap_or((git, ""));
        table.insert("git", url.into());
        for pair in query.split('&') {
            if let Some((key @ ("branch" | "tag" | "rev"), name)) = pair.split_once('=') {
                table.insert(key, name.into());
            }
        }
    } else if let Some(registry) = source.strip_prefix("registry+") {
        table.insert("registry-index", registry.into());
    }
}

/// The way from one folder to another.
pub fn relative(from: &Utf8Path, to: &Utf8Path) -> String {
    let from: Vec<&str> = from.components().map(|part| part.as_str()).collect();
    let to: Vec<&str> = to.components().map(|part| part.as_str()).collect();
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - common);
    let way: Vec<&str> = up.chain(to[common..].iter().copied()).collect();
    if way.is_empty() { ".".to_owned() } else { way.join("/") }
}

/// Entries of dependencies, by key.
pub fn entries(externals: &super::Externals, keys: &BTreeSet<String>) -> Vec<(String, Vec<Entry>)> {
    keys.iter().map(|key| (key.clone(), externals.entries(key).to_vec())).collect()
}

/// The manifest above all.
pub fn workspace() -> String {
    "[workspace]\nmembers = [\"facade\", \"nodes/*\"]\nexclude = [\"tests\"]\nresolver = \"2\"\n"
        .to_owned()
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn ways_between_folders_are_short() {
        let way = |from: &str, to: &str| relative(Utf8Path::new(from), Utf8Path::new(to));
        assert_eq!(way("/a/b/c", "/a/d"), "../../d");
        assert_eq!(way("/a", "/a/b"), "b");
        assert_eq!(way("/a", "/a"), ".");
    }
}
