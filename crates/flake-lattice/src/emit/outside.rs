//! The package that stands for the crate towards its dependencies: it has all of them and nothing else, so that cargo
//! can build them without the crate. An edit of the crate does not change it, only one of its dependencies does.

use super::externals::Entry;
use super::manifest::{self, Manifest};
use super::{Externals, Files};
use crate::package::{Dependency, Package, features::Features};
use cargo_metadata::DependencyKind;
use std::collections::BTreeSet;
use toml_edit::{Item, Table, value};

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

/// The files of the package.
pub fn outside(
    package: &Package,
    features: &Features,
    externals: &Externals,
    script: OwnScript,
) -> Files {
    let manifest = Manifest {
        name: "externals",
        version: "0.0.0",
        edition: "2021",
        root: "lib.rs",
        externals: manifest::entries(externals, &externals.keys()),
        build: (script == OwnScript::Run).then_some("build.rs"),
        ..Manifest::default()
    };
    let mut document = manifest.document();
    let mut workspace = Table::new();
    workspace["resolver"] = value("2");
    document["workspace"] = Item::Table(workspace);
    let mut files = Files::from([("lib.rs".to_owned(), b"#![no_std]\n".to_vec())]);
    if script == OwnScript::Run {
        let build = dependencies(package, features, script);
        for one in build.filter(|one| one.kind == DependencyKind::Build) {
            let mut on: BTreeSet<String> = one.features.iter().cloned().collect();
            on.extend(features.of_dependencies.get(&one.key).into_iter().flatten().cloned());
            let entry = Entry { dependency: one.clone(), features: on };
            manifest::add(&mut document, "build-dependencies", &one.key, &entry, None);
        }
        files.insert("build.rs".to_owned(), SCRIPT.as_bytes().to_vec());
    }
    files.insert("Cargo.toml".to_owned(), document.to_string().into_bytes());
    files
}
