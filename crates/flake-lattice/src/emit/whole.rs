//! The coarsest lattice: the crate as it is, as one node, and a facade that passes everything on. It compiles because the
//! original does.

use super::beyond::Beyond;
use super::externals::Entry;
use super::manifest::{self, Manifest};
use super::{Emitted, Externals, Files, assets};
use crate::package::{Dependency, Harness, LibraryKind, Package, features::Features};
use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::DependencyKind;
use std::collections::BTreeSet;
use studio_core::error::Result;
use studio_core::fs;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};

/// The one node and the facade; the node's name first.
pub fn whole(
    package: &Package,
    features: &Features,
    externals: &Externals,
    output: Option<&Utf8Path>,
) -> Result<(String, Emitted, Emitted)> {
    let name = format!("{}__crate", package.library);
    let mut node = Emitted { externals: externals.keys(), ..Emitted::default() };
    copy(&package.folder, &package.folder, &mut node.files)?;
    let mut beyond = Beyond { folder: &package.folder, said: &package.said, read: BTreeSet::new() };
    beyond.bring(&mut node.files);
    node.read = beyond.read;
    let relative =
        |path: &Utf8Path| path.strip_prefix(&package.folder).unwrap_or(path).as_str().to_owned();
    let root = relative(&package.root);
    if let Some(text) = node.files.get_mut(&root) {
        unname(text);
    }
    let script = package.build_script.as_deref().map(relative);
    let base = output.map(|output| output.join("nodes").join(&name));
    let manifest = Manifest {
        name: &name,
        version: &package.version,
        edition: &package.edition,
        root: &root,
        externals: manifest::entries(externals, &node.externals),
        features: on_by_default(features),
        build: script.as_deref(),
        base: base.clone(),
        ..Manifest::default()
    };
    let mut document = manifest.document();
    if package.kind == LibraryKind::ProcMacro {
        document["lib"]["proc-macro"] = value(true);
    }
    if let Some(links) = &package.links {
        document["package"]["links"] = value(format!("{links}{LINKS}"));
    }
    if script.is_some() {
        describe(package, &mut document);
    }
    if script.is_some() && !package.others.is_empty() {
        add_targets(package, &mut document);
        node.files.insert(NO_TARGET.to_owned(), b"fn main() {}\n".to_vec());
    }
    for one in &package.dependencies {
        if one.kind == DependencyKind::Build && features.has(one) {
            let features = one.features.iter().cloned().collect();
            let entry = Entry { dependency: one.clone(), features };
            manifest::add(&mut document, "build-dependencies", &one.key, &entry, base.as_deref());
        }
    }
    node.files.insert("Cargo.toml".to_owned(), document.to_string().into_bytes());
    let mut facade = Emitted { nodes: BTreeSet::from([name.clone()]), ..Emitted::default() };
    let attribute = if is_no_std(package) { "#![no_std]\n" } else { "" };
    let start =
        if package.edition == "2015" { format!("extern crate {name};\n") } else { String::new() };
    let text = format!("#![allow(warnings)]\n{attribute}{start}pub use ::{name}::*;\n");
    facade.files.insert("lib.rs".to_owned(), text.into_bytes());
    let nodes = vec![(name.clone(), format!("../nodes/{name}"))];
    let mut manifest = facade_manifest(package, nodes, vec![], None);
    if let Some(links) = &package.links {
        manifest["package"]["links"] = value(links);
        manifest["package"]["build"] = value("build.rs");
        facade.files.insert("build.rs".to_owned(), relay(links).into_bytes());
    }
    facade.files.insert("Cargo.toml".to_owned(), manifest.to_string().into_bytes());
    Ok((name, node, facade))
}

/// Says of the package what its build script may ask for; code is told in place.
fn describe(package: &Package, document: &mut DocumentMut) {
    for (variable, key) in DESCRIBED {
        match package.said.get(variable).map(String::as_str) {
            None | Some("") => {}
            Some(text) if key == "authors" => {
                document["package"][key] = value(text.split(':').collect::<Array>());
            }
            Some(text) => document["package"][key] = value(text),
        }
    }
}

/// The variables by which cargo tells what a manifest says of its package for people, and where it says that.
pub const DESCRIBED: [(&str, &str); 8] = [
    ("CARGO_PKG_AUTHORS", "authors"),
    ("CARGO_PKG_DESCRIPTION", "description"),
    ("CARGO_PKG_HOMEPAGE", "homepage"),
    ("CARGO_PKG_LICENSE", "license"),
    ("CARGO_PKG_LICENSE_FILE", "license-file"),
    ("CARGO_PKG_README", "readme"),
    ("CARGO_PKG_REPOSITORY", "repository"),
    ("CARGO_PKG_RUST_VERSION", "rust-version"),
];

/// The file of targets that are never built.
const NO_TARGET: &str = "beyond/none.rs";

/// Adds the targets that the package has besides its library, without their code: cargo stops a build script that says
/// something to the linker of targets that are not there. A feature that nothing turns on keeps them from being built.
fn add_targets(package: &Package, document: &mut DocumentMut) {
    const NEVER: &str = "never-in-a-lattice";
    for (table, name) in &package.others {
        let mut target = Table::new();
        target["name"] = value(name);
        target["path"] = value(NO_TARGET);
        target["required-features"] = value(Array::from_iter([NEVER]));
        let all = document.entry(table).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        if let Some(all) = all.as_array_of_tables_mut() {
            all.push(target);
        }
    }
    document["features"][NEVER] = value(Array::new());
}

/// What the node adds to the name of the native library that the crate says it links: the facade says the name itself, as
/// cargo tells what the build script says only to those that depend on who says it, and two may not say the same name.
pub const LINKS: &str = "-lattice";

/// A build script that says what that of the node says for those of dependents:
/// <https://doc.rust-lang.org/cargo/reference/build-scripts.html#the-links-manifest-key>
fn relay(links: &str) -> String {
    let name = format!("{links}{LINKS}").to_uppercase().replace('-', "_");
    format!(
        "fn main() {{\n    for (name, value) in std::env::vars() {{\n        \
         if let Some(key) = name.strip_prefix(\"DEP_{name}_\") {{\n            \
         println!(\"cargo:{{key}}={{value}}\");\n        }}\n    }}\n}}\n"
    )
}

/// Takes out `#![crate_name = "…"]`: the node has a name of its own. Whatever else is there stays where it is.
fn unname(text: &mut [u8]) {
    let Some(file) = std::str::from_utf8(text).ok().and_then(|text| syn::parse_file(text).ok())
    else {
        return;
    };
    for attribute in file.attrs.iter().filter(|one| one.path().is_ident("crate_name")) {
        use syn::spanned::Spanned;
        let place = attribute.span().byte_range();
        if let Some(bytes) = text.get_mut(place) {
            bytes.fill(b' ');
        }
    }
}

/// A facade that pulls `std` in would do so for a crate that does not.
fn is_no_std(package: &Package) -> bool {
    std::fs::read_to_string(&package.root)
        .is_ok_and(|text| text.lines().any(|line| line.trim() == "#![no_std]"))
}

/// All files of a package but those that no library is made of.
fn copy(folder: &Utf8Path, root: &Utf8Path, files: &mut Files) -> Result<()> {
    const LEFT: [&str; 8] = [
        "target",
        "tests",
        "benches",
        "examples",
        "Cargo.lock",
        "Cargo.toml",
        "Cargo.toml.orig",
        "fuzz",
    ];
    let failed = |cause| fs::failed("read", folder, cause);
    let mut entries: Vec<_> =
        folder.read_dir_utf8().map_err(failed)?.collect::<Result<_, _>>().map_err(failed)?;
    entries.sort_by(|a, b| a.file_name().cmp(b.file_name()));
    for entry in entries {
        let name = entry.file_name();
        let at_top = folder == root;
        if name.starts_with('.') || at_top && LEFT.contains(&name) {
            continue;
        }
        let kind = entry.file_type().map_err(failed)?;
        // A folder with a manifest is a package of its own.
        if kind.is_dir() && !entry.path().join("Cargo.toml").is_file() {
            copy(entry.path(), root, files)?;
        } else if kind.is_file() || kind.is_symlink() && entry.path().is_file() {
            let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
            files.insert(path.as_str().to_owned(), fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// What tests name beside their own folder: some compile a part of the library's source themselves, by `../src/…`.
fn beside(package: &Utf8Path, files: &mut Files) -> Result<()> {
    let sources = files.iter().filter(|(path, _)| path.ends_with(".rs"));
    let text: String = sources.map(|(_, bytes)| String::from_utf8_lossy(bytes)).collect();
    let named = |name: &str| {
        [format!("../{name}/"), format!("../{name}\"")].iter().any(|way| text.contains(way))
    };
    let failed = |cause| fs::failed("read", package, cause);
    for entry in package.read_dir_utf8().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        if ["tests", "target", "Cargo.toml"].contains(&name) || !named(name) {
            continue;
        }
        match entry.path().is_dir() {
            true => copy(entry.path(), package, files)?,
            false => drop(files.insert(name.to_owned(), fs::read(entry.path())?)),
        }
    }
    Ok(())
}

/// The files of a package that its library may be made of, with what they hold.
pub fn library_of(package: &Utf8Path) -> Result<Files> {
    let mut files = Files::new();
    copy(package, package, &mut files)?;
    Ok(files)
}

/// The files of a package that a lattice may be made of, with what they hold.
pub fn made_of(package: &Utf8Path) -> Result<Files> {
    let mut files = library_of(package)?;
    let tests = package.join("tests");
    if tests.is_dir() {
        copy(&tests, package, &mut files)?;
    }
    Ok(files)
}

fn on_by_default(features: &Features) -> Vec<(String, Vec<String>)> {
    let on: Vec<String> = features.on.iter().filter(|name| *name != "default").cloned().collect();
    let mut all = vec![("default".to_owned(), on.clone())];
    all.extend(on.into_iter().map(|name| (name, vec![])));
    all
}

/// The manifest of a facade: the original's name, and its features, which were decided when the lattice was made.
pub fn facade_manifest(
    package: &Package,
    nodes: Vec<(String, String)>,
    externals: Vec<(String, Vec<Entry>)>,
    base: Option<Utf8PathBuf>,
) -> DocumentMut {
    let keep = |on: &Vec<String>| -> Vec<String> {
        on.iter().filter(|one| package.features.contains_key(*one)).cloned().collect()
    };
    let all = package.features.iter().map(|(name, on)| (name.clone(), keep(on))).collect();
    let manifest = Manifest {
        name: &package.name,
        version: &package.version,
        edition: &package.edition,
        library: Some(&package.library),
        root: "lib.rs",
        nodes,
        externals,
        features: all,
        base,
        ..Manifest::default()
    };
    manifest.document()
}

/// What the original's build script says that its tests need.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// `--cfg` values.
    pub cfg: Vec<String>,
    /// What it says to the linker of tests.
    pub link_args: Vec<String>,
}

/// The original's integration tests, as a package of its own that uses the facade: what tests need besides must not be
/// there for the lattice to compile. `None` if there are none, or none without features that are off.
pub fn tests(
    package: &Package,
    features: &Features,
    said: &Said,
    output: Option<&Utf8Path>,
) -> Result<Option<Files>> {
    let folder = package.folder.join("tests");
    let mut tests = ArrayOfTables::new();
    for one in &package.tests {
        let Ok(path) = one.path.strip_prefix(&folder) else { continue };
        if one.required_features.iter().any(|name| !features.on.contains(name)) {
            continue;
        }
        let mut table = Table::new();
        table["name"] = value(&one.name);
        table["path"] = value(format!("tests/{path}"));
        if one.harness == Harness::Own {
            table["harness"] = value(false);
        }
        tests.push(table);
    }
    if tests.is_empty() {
        return Ok(None);
    }
    let name = format!("{}-tests", package.name);
    let flags = said.cfg.iter().map(|flag| format!("cargo:rustc-cfg={flag}"));
    let args = said.link_args.iter().map(|one| format!("cargo:rustc-link-arg-tests={one}"));
    let script = assets::script_saying(flags.chain(args));
    let manifest = Manifest {
        name: &name,
        version: &package.version,
        edition: &package.edition,
        root: "lib.rs",
        features: on_by_default(features),
        nodes: vec![(package.name.clone(), "../facade".to_owned())],
        build: script.as_ref().map(|_| "build.rs"),
        ..Manifest::default()
    };
    let mut document = manifest.document();
    if !said.cfg.is_empty() {
        // Whoever runs no build scripts finds it here.
        let mut lattice = InlineTable::new();
        lattice.insert("cfg", Value::Array(said.cfg.iter().collect()));
        document["package"]["metadata"]["lattice"] = value(lattice);
    }
    document["workspace"] = Item::Table(Table::new());
    document["test"] = Item::ArrayOfTables(tests);
    let base = output.map(|output| output.join("tests"));
    for entry in of_tests(package, features) {
        let key = entry.dependency.key.clone();
        // The way to a folder is known where it is known where the lattice goes.
        if entry.dependency.path.is_none() || base.is_some() {
            manifest::add(&mut document, "dev-dependencies", &key, &entry, base.as_deref());
        }
    }
    let mut files = Files::new();
    copy(&folder, &package.folder, &mut files)?;
    beside(&package.folder, &mut files)?;
    files.insert("lib.rs".to_owned(), b"#![no_std]\n".to_vec());
    if let Some(script) = script {
        files.insert("build.rs".to_owned(), script.into_bytes());
    }
    files.insert("Cargo.toml".to_owned(), document.to_string().into_bytes());
    Ok(Some(files))
}

/// What tests may name: what is for them, and what the library depends on. Of what is both, each asks for features.
fn of_tests(package: &Package, features: &Features) -> Vec<Entry> {
    let is_itself = |one: &Dependency| {
        one.key == package.name || one.path.as_ref().is_some_and(|path| *path == package.folder)
    };
    let mut entries: Vec<Entry> = vec![];
    for kind in [DependencyKind::Development, DependencyKind::Normal] {
        let wanted = package.dependencies.iter().filter(|one| {
            one.kind == kind
                && !is_itself(one)
                && (kind == DependencyKind::Development || features.has(one))
        });
        for one in wanted {
            let same = |entry: &&mut Entry| {
                entry.dependency.key == one.key && entry.dependency.target == one.target
            };
            match entries.iter_mut().find(same) {
                Some(entry) => {
                    entry.features.extend(one.features.iter().cloned());
                    entry.dependency.default_features |= one.default_features;
                }
                None => entries.push(Entry {
                    dependency: one.clone(),
                    features: one.features.iter().cloned().collect(),
                }),
            }
        }
    }
    entries
}
