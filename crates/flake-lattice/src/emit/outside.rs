//! The package that stands for the crate towards its dependencies: it has all of them and nothing else, so that cargo
//! can build them without the crate. An edit of the crate does not change it, only one of its dependencies does.

use super::externals::Entry;
use super::local;
use super::manifest::{self, Manifest};
use super::{Externals, Files};
use crate::package::{Dependency, Locals, Package, features::Features};
use cargo_metadata::DependencyKind;
use std::collections::BTreeSet;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

/// The package's one test, which is empty: what cargo gives it is what it gives those of the crate. externals.rs knows it
/// by this name.
const TEST: &str = "externals_tests";

/// The build script of the package: what cargo tells one is the same for that of the crate, which runs without cargo.
const SCRIPT: &str = r#"//! Notes what cargo tells a build script.

use std::{env, fs};

const NAMES: [&str; 6] =
    ["TARGET", "HOST", "OPT_LEVEL", "PROFILE", "DEBUG", "CARGO_ENCODED_RUSTFLAGS"];

fn main() {
    // Nobody asks for it where cargo is called by hand.
    let Ok(notes) = env::var("EXTERNALS_NOTES") else { return };
    let told = |name: &str| {
        NAMES.contains(&name) || name.starts_with("CARGO_CFG_") || name.starts_with("DEP_")
    };
    let variables = env::vars().filter(|(name, value)| told(name) && !value.contains('\n'));
    let mut lines: Vec<String> =
        variables.map(|(name, value)| format!("{name}={value}\n")).collect();
    lines.sort();
    fs::write(notes + "/environment", lines.concat()).expect("the notes can be written");
}
"#;

/// Whether the crate's own build script is run by Nix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnScript {
    /// It has none, or nodes have what it said.
    None,
    /// It is.
    Run,
}

/// What the package stands for.
pub struct Stand<'a> {
    /// The crate.
    pub package: &'a Package,
    /// Which of its features are on.
    pub features: &'a Features,
    /// What its library depends on.
    pub externals: &'a Externals,
    /// Whether its build script is run, which may depend on more.
    pub script: OwnScript,
    /// What its tests depend on besides; nothing, unless they are to be built.
    pub tests: Vec<&'a Dependency>,
    /// Those of all that are folders, which lie beside the package.
    pub locals: &'a Locals,
}

/// What the crate depends on when it is built, for whichever target.
pub fn dependencies<'p>(
    package: &'p Package,
    features: &'p Features,
    script: OwnScript,
) -> impl Iterator<Item = &'p Dependency> {
    let is_wanted = move |one: &&Dependency| match one.kind {
        DependencyKind::Normal => features.has(one),
        DependencyKind::Build => script == OwnScript::Run && features.has(one),
        _ => false,
    };
    package.dependencies.iter().filter(is_wanted)
}

impl Stand<'_> {
    /// The files of the package; not those of folders beside it.
    pub fn files(&self) -> Files {
        let mut externals = manifest::entries(self.externals, &self.externals.keys());
        for entry in externals.iter_mut().flat_map(|(_, entries)| entries) {
            *entry = self.placed(entry.clone());
        }
        let manifest = Manifest {
            name: "externals",
            version: "0.0.0",
            edition: "2021",
            root: "lib.rs",
            externals,
            build: (self.script == OwnScript::Run).then_some("build.rs"),
            ..Manifest::default()
        };
        let mut document = manifest.document();
        let mut workspace = Table::new();
        workspace["resolver"] = value("2");
        document["workspace"] = Item::Table(workspace);
        let mut files = Files::from([("lib.rs".to_owned(), b"#![no_std]\n".to_vec())]);
        if self.script == OwnScript::Run {
            let build = dependencies(self.package, self.features, self.script);
            for one in build.filter(|one| one.kind == DependencyKind::Build) {
                self.add(&mut document, "build-dependencies", one);
            }
            files.insert("build.rs".to_owned(), SCRIPT.as_bytes().to_vec());
        }
        if !self.tests.is_empty() {
            for one in &self.tests {
                self.add(&mut document, "dev-dependencies", one);
            }
            let mut test = Table::new();
            test["name"] = value(TEST);
            test["path"] = value("tests.rs");
            document["test"] = Item::ArrayOfTables(ArrayOfTables::from_iter([test]));
            files.insert("tests.rs".to_owned(), vec![]);
        }
        files.insert("Cargo.toml".to_owned(), document.to_string().into_bytes());
        files
    }

    fn add(&self, document: &mut DocumentMut, section: &str, one: &Dependency) {
        let mut on: BTreeSet<String> = one.features.iter().cloned().collect();
        on.extend(self.features.of_dependencies.get(&one.key).into_iter().flatten().cloned());
        let entry = self.placed(Entry { dependency: one.clone(), features: on });
        manifest::add(document, section, &one.key, &entry, None);
    }

    /// With the folder that stands beside the package, if it is one.
    fn placed(&self, mut entry: Entry) -> Entry {
        let there = entry.dependency.path.as_ref().and_then(|path| self.locals.at(path));
        if let Some(local) = there {
            entry.dependency.path = Some(local::place(local).into());
        }
        entry
    }
}
