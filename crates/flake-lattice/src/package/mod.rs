//! A package as cargo knows it: its library, edition, features and dependencies, and the target it is compiled for.
//!
//! `cargo metadata --no-deps` is all that is asked of cargo: it writes no `Cargo.lock` and needs no network. Which
//! versions the dependencies have is cargo's to say when the lattice is compiled.

pub mod features;
mod local;
mod target;

pub use local::{Local, Locals};
pub use target::{Target, toolchain};

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{DependencyKind, Metadata, TargetKind};
use std::collections::BTreeMap;
use studio_core::error::{Error, OrSay, Result};
use studio_core::fs;
use studio_core::process::Program;
use toml_edit::DocumentMut;

/// A package with a library.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `2015`, `2018`, `2021` or `2024`.
    pub edition: String,
    /// The folder of its `Cargo.toml`.
    pub folder: Utf8PathBuf,
    /// The folder of the workspace, which has the `Cargo.lock`.
    pub workspace: Utf8PathBuf,
    /// The name that code knows its library by.
    pub library: String,
    /// The root file of its library.
    pub root: Utf8PathBuf,
    /// What kind of library it is.
    pub kind: LibraryKind,
    /// Its build script.
    pub build_script: Option<Utf8PathBuf>,
    /// The native library that it says it links.
    pub links: Option<String>,
    /// What each feature turns on, as in `Cargo.toml`.
    pub features: BTreeMap<String, Vec<String>>,
    /// All its dependencies, of all kinds and targets.
    pub dependencies: Vec<Dependency>,
    /// Its integration tests.
    pub tests: Vec<Test>,
    /// The tables of the manifest that its other targets are in, with their names: `bin`, `test`, `example`, `bench`.
    pub others: Vec<(&'static str, String)>,
    /// What cargo tells its code of it by variables, but for the version, which each node has, too.
    pub said: BTreeMap<String, String>,
}

/// What kind of library a package has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LibraryKind {
    /// One that other crates link.
    Plain,
    /// One that the compiler runs.
    ProcMacro,
}

/// A dependency.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// The name in `Cargo.toml`: what features and optional dependencies are called by.
    pub key: String,
    /// The package's name.
    pub package: String,
    /// The versions that will do.
    pub requirement: String,
    /// Whether it is there only if a feature asks for it.
    pub optional: bool,
    /// Whether its default features are on.
    pub default_features: bool,
    /// Features of it that are always on.
    pub features: Vec<String>,
    /// The target it is for: a triple, or `cfg(…)`.
    pub target: Option<String>,
    /// Where it lies, if it is a folder.
    pub path: Option<Utf8PathBuf>,
    /// Where it comes from, if it is neither a folder nor of crates.io.
    pub source: Option<String>,
    /// What it is for.
    pub kind: DependencyKind,
}

impl Dependency {
    /// The name that code knows it by.
    pub fn name(&self) -> String {
        self.key.replace('-', "_")
    }
}

/// An integration test.
#[derive(Clone, Debug)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// Its root file.
    pub path: Utf8PathBuf,
    /// Features without which it is not run.
    pub required_features: Vec<String>,
    /// Its edition.
    pub edition: String,
    /// What runs it.
    pub harness: Harness,
}

/// What runs the functions of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harness {
    /// The one that comes with the compiler.
    Standard,
    /// Its own `main`.
    Own,
}

/// Reads the package in a folder, or the one that is named in the workspace there.
pub fn load(cargo: &str, folder: &Utf8Path, name: Option<&str>) -> Result<Package> {
    let (package, workspace) = ask(cargo, folder, name)?;
    of(&package, workspace)
}

/// What cargo says of that package, and the folder of its workspace.
fn ask(
    cargo: &str,
    folder: &Utf8Path,
    name: Option<&str>,
) -> Result<(cargo_metadata::Package, Utf8PathBuf)> {
    let manifest = folder.join("Cargo.toml");
    if !manifest.is_file() {
        return Err(Error::new(format!("there is no crate in `{folder}`"))
            .because("it has no `Cargo.toml`")
            .hint("name the folder of a crate: `flake-lattice plan PATH`"));
    }
    let said = Program::new(cargo, folder)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"])
        .arg(&manifest)
        .run()?;
    let mut metadata: Metadata = serde_json::from_slice(&said.stdout)
        .or_say(|| "what `cargo metadata` says was not understood".to_owned())?;
    let canonical = manifest.canonicalize_utf8().unwrap_or(manifest);
    let chosen = metadata.packages.iter().position(|package| match name {
        Some(name) => package.name.as_str() == name,
        None => package.manifest_path.canonicalize_utf8().is_ok_and(|path| path == canonical),
    });
    let Some(chosen) = chosen else {
        let names: Vec<&str> = metadata.packages.iter().map(|one| one.name.as_str()).collect();
        let found = match name {
            Some(name) => format!("there is no package `{name}` in `{folder}`"),
            None => format!("`{folder}` is a workspace, and no crate itself"),
        };
        return Err(Error::new(found)
            .because(format!("its packages: {}", studio_core::ui::names(&names, 12)))
            .hint("name one of them: `--package NAME`"));
    };
    Ok((metadata.packages.swap_remove(chosen), metadata.workspace_root))
}

fn of(package: &cargo_metadata::Package, workspace: Utf8PathBuf) -> Result<Package> {
    let kind = |one: &cargo_metadata::Target| {
        let linked = [TargetKind::Lib, TargetKind::RLib, TargetKind::DyLib, TargetKind::StaticLib];
        if one.kind.contains(&TargetKind::ProcMacro) {
            Some(LibraryKind::ProcMacro)
        } else if one.kind.iter().any(|kind| linked.contains(kind) || *kind == TargetKind::CDyLib) {
            Some(LibraryKind::Plain)
        } else {
            None
        }
    };
    let library = package.targets.iter().find_map(|one| Some((one, kind(one)?)));
    let Some((library, kind)) = library else {
        return Err(Error::new(format!("`{}` has no library", package.name))
            .because("only the items of a library can be built on by others")
            .hint("move what is in `src/main.rs` to `src/lib.rs`, or name another package"));
    };
    let folder = package.manifest_path.parent().unwrap_or(Utf8Path::new("/")).to_owned();
    let of_kind =
        |kind: TargetKind| package.targets.iter().filter(move |one| one.kind.contains(&kind));
    let own = with_own_harness(&package.manifest_path)?;
    Ok(Package {
        name: package.name.to_string(),
        version: package.version.to_string(),
        edition: library.edition.to_string(),
        workspace,
        others: others(package),
        said: said(package, library),
        library: library.name.replace('-', "_"),
        root: library.src_path.clone(),
        kind,
        build_script: of_kind(TargetKind::CustomBuild).next().map(|one| one.src_path.clone()),
        links: package.links.clone(),
        features: package.features.clone(),
        dependencies: package.dependencies.iter().map(dependency).collect(),
        tests: of_kind(TargetKind::Test)
            .map(|one| Test {
                name: one.name.clone(),
                path: one.src_path.clone(),
                required_features: one.required_features.clone(),
                edition: one.edition.to_string(),
                harness: match own.contains(&one.name) {
                    true => Harness::Own,
                    false => Harness::Standard,
                },
            })
            .collect(),
        folder,
    })
}

fn others(package: &cargo_metadata::Package) -> Vec<(&'static str, String)> {
    let tables = package.targets.iter().flat_map(|target| {
        target.kind.iter().filter_map(|kind| match kind {
            TargetKind::Bin => Some(("bin", target.name.clone())),
            TargetKind::Test => Some(("test", target.name.clone())),
            TargetKind::Example => Some(("example", target.name.clone())),
            TargetKind::Bench => Some(("bench", target.name.clone())),
            _ => None,
        })
    });
    tables.collect()
}

/// <https://doc.rust-lang.org/cargo/reference/environment-variables.html#environment-variables-cargo-sets-for-crates>
fn said(
    package: &cargo_metadata::Package,
    library: &cargo_metadata::Target,
) -> BTreeMap<String, String> {
    let path = |path: &Option<Utf8PathBuf>| path.as_ref().map(ToString::to_string);
    let all = [
        ("CARGO_CRATE_NAME", Some(library.name.replace('-', "_"))),
        ("CARGO_PKG_NAME", Some(package.name.to_string())),
        ("CARGO_PKG_AUTHORS", Some(package.authors.join(":"))),
        ("CARGO_PKG_DESCRIPTION", package.description.clone()),
        ("CARGO_PKG_HOMEPAGE", package.homepage.clone()),
        ("CARGO_PKG_REPOSITORY", package.repository.clone()),
        ("CARGO_PKG_LICENSE", package.license.clone()),
        ("CARGO_PKG_LICENSE_FILE", path(&package.license_file)),
        ("CARGO_PKG_README", path(&package.readme)),
        ("CARGO_PKG_RUST_VERSION", package.rust_version.as_ref().map(ToString::to_string)),
    ];
    all.into_iter().map(|(name, text)| (name.to_owned(), text.unwrap_or_default())).collect()
}

/// The tests for which a manifest says `harness = false`, which `cargo metadata` does not tell.
fn with_own_harness(manifest: &Utf8Path) -> Result<Vec<String>> {
    let text = fs::read_optional(manifest)?.unwrap_or_default();
    let document: DocumentMut = text.parse().or_say(|| format!("`{manifest}` is no TOML"))?;
    let tests = document.get("test").and_then(|tests| tests.as_array_of_tables());
    let own = tests
        .into_iter()
        .flatten()
        .filter(|test| test.get("harness").and_then(|harness| harness.as_bool()) == Some(false));
    Ok(own.filter_map(|test| Some(test.get("name")?.as_str()?.to_owned())).collect())
}

fn dependency(one: &cargo_metadata::Dependency) -> Dependency {
    let source = one.source.as_ref().map(ToString::to_string);
    Dependency {
        key: one.rename.clone().unwrap_or_else(|| one.name.to_string()),
        package: one.name.to_string(),
        requirement: one.req.to_string(),
        optional: one.optional,
        default_features: one.uses_default_features,
        features: one.features.clone(),
        target: one.target.as_ref().map(ToString::to_string),
        path: one.path.clone(),
        source: source.filter(|source| !source.contains("crates.io")),
        kind: one.kind,
    }
}
