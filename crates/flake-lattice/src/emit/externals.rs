//! The dependencies of the original, for the nodes that name them: the same requirement, the same features.

use crate::item::{Makes, ROOT, Source};
use crate::model;
use crate::package::{Dependency, Package, features::Features};
use cargo_metadata::DependencyKind;
use std::collections::{BTreeMap, BTreeSet};

/// What may be named of other crates.
#[derive(Debug, Default)]
pub struct Externals {
    /// By key, the entries of the original's manifest, one for each target that has one.
    entries: BTreeMap<String, Vec<Entry>>,
    /// From the name that code uses to the key.
    names: BTreeMap<String, String>,
    versions: BTreeMap<String, Vec<String>>,
}

/// An entry of a manifest.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The dependency.
    pub dependency: Dependency,
    /// All features that are on.
    pub features: BTreeSet<String>,
}

impl Externals {
    /// Those of a package that are on; `lock` is the text of its `Cargo.lock`, `libraries` says by key which of them are
    /// called otherwise in code than in `Cargo.toml`.
    pub fn new(
        package: &Package,
        features: &Features,
        source: &Source,
        lock: Option<&str>,
        libraries: &BTreeMap<String, String>,
    ) -> Externals {
        let mut externals = Externals { versions: locked(lock), ..Externals::default() };
        let normal = |one: &&Dependency| one.kind == DependencyKind::Normal && features.has(one);
        for dependency in package.dependencies.iter().filter(normal) {
            let mut on: BTreeSet<String> = dependency.features.iter().cloned().collect();
            on.extend(features.of_dependencies.get(&dependency.key).into_iter().flatten().cloned());
            let name = libraries.get(&dependency.key).cloned();
            let name = name.unwrap_or_else(|| dependency.name());
            externals.names.insert(name, dependency.key.clone());
            let entry = Entry { dependency: dependency.clone(), features: on };
            externals.entries.entry(dependency.key.clone()).or_default().push(entry);
        }
        for import in &source.modules[ROOT].imports {
            if let (Some(_), Makes::Name(alias), Some(name)) =
                (import.extern_crate, &import.makes, import.path.first())
                && let Some(key) = externals.names.get(name).cloned()
            {
                externals.names.insert(alias.clone(), key);
            }
        }
        externals
    }

    /// The names by which code knows them.
    pub fn names(&self) -> BTreeSet<String> {
        self.names.keys().cloned().collect()
    }

    /// The key of a name, if it is one of theirs.
    pub fn key(&self, name: &str) -> Option<&String> {
        self.names.get(name)
    }

    /// The manifest entries of a key.
    pub fn entries(&self, key: &str) -> &[Entry] {
        self.entries.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// All keys.
    pub fn keys(&self) -> BTreeSet<String> {
        self.entries.keys().cloned().collect()
    }

    /// Those of these keys as they stand in the model.
    pub fn records<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k String>,
    ) -> BTreeMap<String, model::External> {
        let record = |key: &String| {
            let one = &self.entries(key).first()?.dependency;
            // With two versions of one package in the lock it takes cargo to know which.
            let version = match self.versions.get(&one.package).map(Vec::as_slice) {
                Some([version]) => Some(version.clone()),
                _ => None,
            };
            let (package, requirement) = (one.package.clone(), one.requirement.clone());
            Some((key.clone(), model::External { package, requirement, version }))
        };
        keys.into_iter().filter_map(record).collect()
    }
}

/// The versions of each package in a `Cargo.lock`.
fn locked(lock: Option<&str>) -> BTreeMap<String, Vec<String>> {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let Some(document) = lock.and_then(|text| text.parse::<toml_edit::DocumentMut>().ok()) else {
        return versions;
    };
    let packages = document.get("package").and_then(|one| one.as_array_of_tables());
    for package in packages.into_iter().flatten() {
        let text = |key: &str| package.get(key).and_then(|one| one.as_str()).map(str::to_owned);
        if let (Some(name), Some(version)) = (text("name"), text("version")) {
            versions.entry(name).or_default().push(version);
        }
    }
    versions
}
