//! A package that is a folder of this machine, as it stands beside the package of all dependencies: its files, and a
//! manifest that needs no workspace around it and knows its neighbours there.

use super::beyond::Beyond;
use super::externals::Entry;
use super::{Files, manifest, whole};
use crate::package::{Dependency, Local, Locals};
use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::DependencyKind;
use std::collections::{BTreeMap, BTreeSet};
use studio_core::error::{OrSay, Result};
use studio_core::fs;
use toml_edit::{DocumentMut, Item, TableLike, value};

/// The folder of such packages.
const FOLDER: &str = "local";

/// Where a package stands.
pub fn place(local: &Local) -> String {
    format!("{FOLDER}/{}", local.title())
}

/// Its files, by their path in its folder.
///
/// # Errors
/// If its folder cannot be read.
pub fn files(local: &Local, locals: &Locals) -> Result<Files> {
    let (mut files, _) = with_beyond(local)?;
    let manifest = manifest(local, locals)?;
    files.insert("Cargo.toml".to_owned(), manifest.to_string().into_bytes());
    Ok(files)
}

/// The files that it asks for and that do not belong to it.
///
/// # Errors
/// If its folder cannot be read.
pub fn beyond(local: &Local) -> Result<BTreeSet<Utf8PathBuf>> {
    Ok(with_beyond(local)?.1)
}

fn with_beyond(local: &Local) -> Result<(Files, BTreeSet<Utf8PathBuf>)> {
    let mut files = whole::library_of(&local.folder)?;
    let said = BTreeMap::new();
    let mut beyond = Beyond { folder: &local.folder, said: &said, read: BTreeSet::new() };
    beyond.bring(&mut files);
    Ok((files, beyond.read))
}

/// Its manifest without what is none of a dependency (other targets, tests, lints), and with all that it has from its
/// workspace said in place: <https://doc.rust-lang.org/cargo/reference/workspaces.html#the-package-table>.
fn manifest(local: &Local, locals: &Locals) -> Result<DocumentMut> {
    const LEFT: [&str; 16] = [
        "workspace",
        "dependencies",
        "build-dependencies",
        "build_dependencies",
        "dev-dependencies",
        "dev_dependencies",
        "target",
        "lints",
        "profile",
        "patch",
        "replace",
        "bin",
        "test",
        "bench",
        "example",
        "badges",
    ];
    let path = local.folder.join("Cargo.toml");
    let text = String::from_utf8(fs::read(&path)?).or_say(|| format!("`{path}` is no text"))?;
    let mut document: DocumentMut = text.parse().or_say(|| format!("`{path}` is no TOML"))?;
    for section in LEFT {
        document.remove(section);
    }
    if let Some(package) = document.get_mut("package").and_then(Item::as_table_like_mut) {
        own(package, &local.told);
    }
    // As if the folder of all of them were the root.
    let base = Utf8Path::new("/").join(local.title());
    for one in &local.dependencies {
        let mut dependency = one.clone();
        if let Some(other) = one.path.as_ref().and_then(|path| locals.at(path)) {
            dependency.path = Some(Utf8Path::new("/").join(other.title()));
        }
        let (key, features) = (one.key.clone(), one.features.iter().cloned().collect());
        let entry = Entry { dependency, features };
        let mut table = manifest::table(&key, &entry, Some(&base));
        if one.optional {
            table.insert("optional", true.into());
        }
        manifest::put(&mut document, section(one), &key, &entry, table);
    }
    Ok(document)
}

fn section(one: &Dependency) -> &'static str {
    match one.kind {
        DependencyKind::Build => "build-dependencies",
        _ => "dependencies",
    }
}

/// Says in a package's table what it has from its workspace, and that its library is its only target.
fn own(package: &mut dyn TableLike, told: &cargo_metadata::Package) {
    let inherited = |entry: &Item| {
        let table = entry.as_table_like();
        table.and_then(|table| table.get("workspace")?.as_bool()) == Some(true)
    };
    let keys: Vec<String> = package
        .iter()
        .filter(|(_, entry)| inherited(entry))
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in keys {
        let text = |text: &Option<String>| text.as_ref().map(value);
        // Code and build scripts may ask for these; what is left is for people.
        let said = match key.as_str() {
            "version" => Some(value(told.version.to_string())),
            "edition" => Some(value(told.edition.as_str())),
            "rust-version" => told.rust_version.as_ref().map(|one| value(one.to_string())),
            "authors" => Some(value(told.authors.iter().collect::<toml_edit::Array>())),
            "description" => text(&told.description),
            "homepage" => text(&told.homepage),
            "repository" => text(&told.repository),
            "license" => text(&told.license),
            _ => None,
        };
        match said {
            Some(said) => drop(package.insert(&key, said)),
            None => drop(package.remove(&key)),
        }
    }
    for key in ["workspace", "default-run"] {
        package.remove(key);
    }
    for target in ["autobins", "autoexamples", "autotests", "autobenches"] {
        package.insert(target, value(false));
    }
}
