//! The crates that a lattice builds on without being made of them, as a folder that needs no network: `externals`, a
//! package that depends on all of them, with their sources.
//!
//! cargo says which they are (`Cargo.lock`) and copies them (`cargo vendor`). Not here: building them, which offline.nix
//! does.

use crate::digest;
use crate::emit::{self, Files, OwnScript, Stand};
use crate::generate::Generated;
use crate::package::{Dependency, Locals};
use crate::plan::{self, Loaded, Request};
use crate::wiring::{self, Outside};
use camino::Utf8Path;
use cargo_metadata::{DependencyKind, Metadata};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use studio_core::error::{Error, OrSay, Result};
use studio_core::fs::{self, Lock};
use studio_core::generated::{Kind, Tree};
use studio_core::process::{Failure, Program};
use studio_core::ui::{Ui, count};
use toml_edit::{DocumentMut, Item, Table, value};

/// The folder of the package, in that of the lattice.
pub const FOLDER: &str = "externals";

/// The folder of another such package, which has what the crate's tests depend on besides.
pub const FOR_TESTS: &str = "externals-tests";

/// Where the sources lie in it.
const SOURCES: &str = "vendor";

/// What says which versions are meant.
const LOCK: &str = "Cargo.lock";

/// What tells cargo where to look.
const CONFIG: &str = ".cargo/config.toml";

/// The file by which cargo knows a package whose source it has copied.
const CHECKSUM: &str = ".cargo-checksum.json";

/// What is added for a lattice, and what it is made of.
pub struct Vendor<'a> {
    /// What was taken apart.
    pub request: &'a Request,
    /// Where cargo copies.
    pub cache: &'a Utf8Path,
    /// The lattice.
    pub generated: &'a Generated,
    /// What becomes of the crates.
    pub outside: Outside,
    /// Who is told.
    pub ui: &'a Ui,
}

impl Vendor<'_> {
    /// Adds the folder to the tree, if there is anything in it that can be had: with [`Outside::Left`] that is the package
    /// of a crate whose build script has to run and which depends on nothing. Adds [`FOR_TESTS`], too, if the crate's
    /// tests depend on more than its library. Returns the digest of the first, if it is there.
    ///
    /// # Errors
    /// If cargo does not have all sources at hand.
    pub fn add(&self, tree: &mut Tree) -> Result<Option<String>> {
        // What there would be to bring along is not asked for, and reading the crate again takes as long as the first time.
        if self.outside == Outside::Left && self.generated.lattice.whole.is_none() {
            return Ok(None);
        }
        let loaded = Loaded::read(self.request, &[])?;
        let (package, features) = (&loaded.package, &loaded.features);
        let script = match (&package.build_script, &self.generated.lattice.whole) {
            (Some(_), Some(_)) => OwnScript::Run,
            _ => OwnScript::None,
        };
        let dependencies: Vec<&Dependency> =
            emit::dependencies(package, features, script).collect();
        let digest = match (dependencies.is_empty(), self.outside, script) {
            (false, Outside::Left, _) | (true, _, OwnScript::None) => None,
            _ => {
                let locals = Locals::of(&self.request.cargo, dependencies.iter().copied())?;
                let externals = &loaded.externals;
                let stand =
                    Stand { package, features, externals, script, tests: vec![], locals: &locals };
                let lock = self.generated.files.get(LOCK);
                Some(self.add_to(tree, FOLDER, &loaded, &stand, lock)?)
            }
        };
        if self.outside == Outside::Vendored
            && self.generated.files.contains_key("tests/Cargo.toml")
            && !wiring::tests_are_built(tree)
            && let Err(error) = self.add_for_tests(tree, &loaded, script)
        {
            let causes = error.causes().join("; ");
            self.ui.step(format!("the tests are left to cargo: {}: {causes}", error.message()));
        }
        Ok(digest)
    }

    /// Adds what tests depend on together with all else, as cargo does: what one asks of a crate another gets, too.
    fn add_for_tests(&self, tree: &mut Tree, loaded: &Loaded, script: OwnScript) -> Result<()> {
        let (package, features) = (&loaded.package, &loaded.features);
        let is_for_tests = |one: &&Dependency| one.kind == DependencyKind::Development;
        let tests: Vec<&Dependency> = package.dependencies.iter().filter(is_for_tests).collect();
        let all = emit::dependencies(package, features, script).chain(tests.iter().copied());
        let locals = Locals::of(&self.request.cargo, all)?;
        if locals.at(&package.folder).is_some() {
            return Err(Error::new("not all that they depend on can be vendored").because(
                format!("some of it depends on `{}` itself, and would get it whole", package.name),
            ));
        }
        let externals = &loaded.externals;
        let stand = Stand { package, features, externals, script, tests, locals: &locals };
        // The lock file of the lattice says nothing of tests.
        let lock = loaded.lock.as_ref().map(|text| text.clone().into_bytes());
        let lock = lock.as_ref().or(self.generated.files.get(LOCK));
        self.add_to(tree, FOR_TESTS, loaded, &stand, lock).map(drop)
    }

    /// Adds a package with all sources in a folder, and returns the digest of what is in it.
    fn add_to(
        &self,
        tree: &mut Tree,
        folder: &str,
        loaded: &Loaded,
        stand: &Stand<'_>,
        lock: Option<&Vec<u8>>,
    ) -> Result<String> {
        let mut ours: Found = plain(stand.files());
        for local in stand.locals.iter() {
            let place = emit::local_place(local);
            for (path, bytes) in emit::local_files(local, stand.locals)? {
                let kind = kind_of(&local.folder.join(&path));
                ours.insert(format!("{place}/{path}"), (bytes, kind));
            }
        }
        let workshop = plan::workshop(self.cache, &loaded.package);
        let place = workshop.join(FOLDER);
        fs::create_dir_all(&workshop)?;
        let _turn = Lock::wait(&workshop.join("lock"), "flake-lattice", self.ui)?;
        let target = &self.generated.lattice.target;
        let copier = Copier { cargo: &self.request.cargo, target, place: &place };
        let mut all = copier.vendored(&ours, lock, self.ui)?;
        all.extend(ours);
        let mut known = String::new();
        for (path, (bytes, kind)) in all {
            let _ = writeln!(known, "{} {kind:?} {path}", digest::hex(&bytes));
            tree.add(&format!("{folder}/{path}"), bytes, kind)?;
        }
        Ok(digest::hex(known.as_bytes()))
    }
}

fn plain(files: Files) -> Found {
    files.into_iter().map(|(path, bytes)| (path, (bytes, Kind::Plain))).collect()
}

/// Whether a file is a program; one that is not there is none.
fn kind_of(path: &Utf8Path) -> Kind {
    use std::os::unix::fs::PermissionsExt;
    match path.metadata() {
        Ok(meta) if meta.permissions().mode() & 0o100 != 0 => Kind::Executable,
        _ => Kind::Plain,
    }
}

/// Files with what they are.
type Found = BTreeMap<String, (Vec<u8>, Kind)>;

/// A folder in which cargo copies sources.
struct Copier<'a> {
    cargo: &'a str,
    /// The target that the lattice is for.
    target: &'a str,
    place: &'a Utf8Path,
}

impl Copier<'_> {
    /// What cargo adds to the package: its lock file, the sources, and where they are to be looked for.
    fn vendored(&self, files: &Found, lock: Option<&Vec<u8>>, ui: &Ui) -> Result<Found> {
        let place = self.place;
        if place.is_dir() {
            fs::remove_tree(place)?;
        }
        fs::create_dir_all(place)?;
        for (path, (bytes, _)) in files {
            let path = place.join(path);
            fs::create_dir_all(path.parent().unwrap_or(place))?;
            fs::write_new(&path, bytes)?;
        }
        // Versions that are in it stay; nodes, which are not here, are left out.
        if let Some(lock) = lock {
            fs::write_new(&place.join(LOCK), lock)?;
        }
        let program = Program::new(self.cargo, place)
            // Who has crates from elsewhere than their registry has them from there here, too.
            .args(["vendor", "--offline", "--quiet", "--versioned-dirs", "--respect-source-config"])
            .arg(SOURCES);
        ui.detail(format!("+ {}", program.line()));
        let copied = ui.at_work("copying the dependencies", |_| program.run());
        copied.map_err(not_at_hand)?;
        let lock = String::from_utf8(fs::read(&place.join(LOCK))?)
            .or_say(|| "cargo wrote a `Cargo.lock` that is no text")?;
        let mut found = Found::new();
        if place.join(SOURCES).is_dir() {
            self.sources(&mut found)?;
            found.insert(CONFIG.to_owned(), (config(&lock)?.into_bytes(), Kind::Plain));
            ui.detail(format!("{} of dependencies", count(found.len(), "file")));
        }
        found.insert(LOCK.to_owned(), (lock.into_bytes(), Kind::Plain));
        fs::remove_tree(place)?;
        Ok(found)
    }

    /// What was copied. cargo wants to see every package that some target needs; of those that this one does not need
    /// the manifest is enough, and may be a thousandth.
    fn sources(&self, found: &mut Found) -> Result<()> {
        let program = Program::new(self.cargo, self.place)
            .args(["metadata", "--format-version", "1", "--offline", "--locked"])
            .args(["--filter-platform", self.target]);
        let said = program.run().map_err(not_at_hand)?;
        let metadata: Metadata = serde_json::from_slice(&said.stdout)
            .or_say(|| "what `cargo metadata` says was not understood")?;
        let needed: BTreeSet<String> =
            metadata.packages.iter().map(|one| format!("{}-{}", one.name, one.version)).collect();
        let sources = self.place.join(SOURCES);
        let failed = |cause| fs::failed("read", &sources, cause);
        for entry in sources.read_dir_utf8().map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = format!("{SOURCES}/{}", entry.file_name());
            if needed.contains(entry.file_name()) {
                walk(entry.path(), &name, found)?;
                // Nobody reads it, and git leaves it out where libraries are written.
                found.remove(&format!("{name}/{LOCK}"));
            } else {
                let manifest = fs::read(&entry.path().join("Cargo.toml"))?;
                found.insert(format!("{name}/Cargo.toml"), (manifest, Kind::Plain));
                found.insert(format!("{name}/src/lib.rs"), (vec![], Kind::Plain));
            }
            let checksum = fs::read(&entry.path().join(CHECKSUM))?;
            let mut checksum: serde_json::Value = serde_json::from_slice(&checksum)
                .or_say(|| format!("cargo wrote a `{CHECKSUM}` that is no JSON"))?;
            checksum["files"] = serde_json::json!({});
            let checksum = checksum.to_string().into_bytes();
            found.insert(format!("{name}/{CHECKSUM}"), (checksum, Kind::Plain));
        }
        Ok(())
    }
}

fn not_at_hand(failure: Failure) -> Error {
    Error::new("the sources of the dependencies are not all at hand")
        .because(failure.output())
        .hint("get them once: `cargo fetch`, in the folder of the crate")
}

/// What lies below a folder of the lattice.
pub fn read(folder: &Utf8Path) -> Result<Vec<(String, Vec<u8>, Kind)>> {
    let mut found = Found::new();
    walk(&folder.join(FOLDER), FOLDER, &mut found)?;
    Ok(found.into_iter().map(|(path, (bytes, kind))| (path, bytes, kind)).collect())
}

/// All files below a folder, under `name`.
fn walk(folder: &Utf8Path, name: &str, found: &mut Found) -> Result<()> {
    let failed = |cause| fs::failed("read", folder, cause);
    for entry in folder.read_dir_utf8().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, name) = (entry.path(), format!("{name}/{}", entry.file_name()));
        let meta = path.metadata().map_err(failed)?;
        if meta.is_dir() {
            walk(path, &name, found)?;
        } else {
            found.insert(name, (fs::read(path)?, kind_of(path)));
        }
    }
    Ok(())
}

/// The settings by which cargo looks for everything that a `Cargo.lock` names in [`SOURCES`]:
/// <https://doc.rust-lang.org/cargo/reference/source-replacement.html>
fn config(lock: &str) -> Result<String> {
    let lock: DocumentMut = lock.parse().or_say(|| "cargo wrote a `Cargo.lock` that is no TOML")?;
    let packages = lock.get("package").and_then(|packages| packages.as_array_of_tables());
    let mut all = Table::new();
    let mut ours = Table::new();
    ours["directory"] = value(SOURCES);
    all[SOURCES] = Item::Table(ours);
    for package in packages.into_iter().flatten() {
        let Some(source) = package.get("source").and_then(|source| source.as_str()) else {
            continue;
        };
        let mut entry = Table::new();
        let name = replaced(source, &mut entry);
        entry["replace-with"] = value(SOURCES);
        all[&name] = Item::Table(entry);
    }
    all.set_implicit(true);
    let mut document = DocumentMut::new();
    document["source"] = Item::Table(all);
    Ok(document.to_string())
}

/// The name that settings may give to a source of `Cargo.lock`, and what says in `entry` that it is meant.
fn replaced(source: &str, entry: &mut Table) -> String {
    const CRATES_IO: [&str; 2] = [
        "registry+https://github.com/rust-lang/crates.io-index",
        "sparse+https://index.crates.io/",
    ];
    if CRATES_IO.contains(&source) {
        return "crates-io".to_owned();
    }
    let Some(git) = source.strip_prefix("git+") else {
        // `sparse+` is a part of the address.
        let address = source.strip_prefix("registry+").unwrap_or(source);
        entry["registry"] = value(address);
        return address.to_owned();
    };
    // The commit comes last.
    let git = git.split('#').next().unwrap_or_default();
    let (address, query) = git.split_once('?').unwrap_or((git, ""));
    entry["git"] = value(address);
    for (key, name) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        entry[key] = value(decoded(name));
    }
    format!("git+{git}")
}

/// A value out of the query of an address, in which `feature/x` is written `feature%2Fx`.
fn decoded(text: &str) -> String {
    let mut bytes = vec![];
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match (first, code.and_then(|code| u8::from_str_radix(code, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_of_a_lock_file_is_replaced() {
        let lock = r#"
version = 4
[[package]]
name = "externals"
version = "0.0.0"
[[package]]
name = "a"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
[[package]]
name = "b"
version = "1.0.0"
source = "git+https://example.org/b?branch=feature%2F%C3%A9#0123456789012345678901234567890123456789"
[[package]]
name = "c"
version = "1.0.0"
source = "sparse+https://example.org/index/"
"#;
        insta::assert_snapshot!(config(lock).expect("settings"), @r#"
        [source.vendor]
        directory = "vendor"

        [source.crates-io]
        replace-with = "vendor"

        [source."git+https://example.org/b?branch=feature%2F%C3%A9"]
        git = "https://example.org/b"
        branch = "feature/é"
        replace-with = "vendor"

        [source."sparse+https://example.org/index/"]
        registry = "sparse+https://example.org/index/"
        replace-with = "vendor"
        "#);
    }
}
