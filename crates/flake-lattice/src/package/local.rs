//! Packages that a crate depends on and that no registry has: folders of this machine, such as other members of its
//! workspace.

use super::{Dependency, ask, dependency};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;
use studio_core::error::Result;

/// Such a package.
#[derive(Clone, Debug)]
pub struct Local {
    /// The folder of its `Cargo.toml`.
    pub folder: Utf8PathBuf,
    /// All that cargo says of it, with what it has from its workspace.
    pub told: cargo_metadata::Package,
    /// What it depends on, for whichever target and with whichever feature; nothing that only its tests need.
    pub dependencies: Vec<Dependency>,
}

impl Local {
    /// A name that no other package has beside it: cargo wants one name and version to mean one folder.
    pub fn title(&self) -> String {
        format!("{}-{}", self.told.name, self.told.version)
    }
}

/// Packages by their folders.
#[derive(Clone, Debug, Default)]
pub struct Locals(BTreeMap<Utf8PathBuf, Local>);

impl Locals {
    /// Those among `dependencies`, and those that these depend on.
    ///
    /// # Errors
    /// If one is not there.
    pub fn of<'d>(
        cargo: &str,
        dependencies: impl IntoIterator<Item = &'d Dependency>,
    ) -> Result<Locals> {
        let folders = |all: &[Dependency]| -> Vec<Utf8PathBuf> {
            all.iter().filter_map(|one| one.path.clone()).collect()
        };
        let mut todo: Vec<Utf8PathBuf> =
            dependencies.into_iter().filter_map(|one| one.path.clone()).collect();
        let mut found = BTreeMap::new();
        while let Some(folder) = todo.pop() {
            if found.contains_key(&folder) {
                continue;
            }
            let (told, _) = ask(cargo, &folder, None)?;
            let is_built =
                |one: &&cargo_metadata::Dependency| one.kind != super::DependencyKind::Development;
            let dependencies: Vec<Dependency> =
                told.dependencies.iter().filter(is_built).map(dependency).collect();
            todo.extend(folders(&dependencies));
            found.insert(folder.clone(), Local { folder, told, dependencies });
        }
        Ok(Locals(found))
    }

    /// The one in a folder.
    pub fn at(&self, folder: &Utf8Path) -> Option<&Local> {
        self.0.get(folder)
    }

    /// All of them, by their folders.
    pub fn iter(&self) -> impl Iterator<Item = &Local> {
        self.0.values()
    }
}
