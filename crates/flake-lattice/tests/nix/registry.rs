//! Crates to depend on, where there is no network: a folder in the sandbox in which cargo finds them.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use std::process::Command;
use testkit::Sandbox;

const FOLDER: &str = "registry";

/// Tells cargo in the sandbox to look there for what is of crates.io.
pub fn open(sandbox: &Sandbox) {
    let folder = sandbox.root().join(FOLDER);
    sandbox.write(
        "home/.cargo/config.toml",
        format!(
            "[source.crates-io]\nreplace-with = \"sandbox\"\n[source.sandbox]\ndirectory = \"{folder}\"\n"
        ),
    );
}

/// A small crate, with its files; `more` is added to its manifest.
pub fn add(sandbox: &Sandbox, name: &str, more: &str, files: &[(&str, &str)]) {
    let folder = format!("{FOLDER}/{name}-1.0.0");
    let manifest =
        format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n{more}");
    sandbox.write(format!("{folder}/Cargo.toml"), manifest);
    for (path, text) in files {
        sandbox.write(format!("{folder}/{path}"), text);
    }
    checksum(sandbox, &folder, &Value::Null);
}

/// Those of this workspace's own dependencies that have these names, as they were published, with all that they need.
pub fn add_published(sandbox: &Sandbox, names: &[&str]) {
    let here = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = {
        #[expect(clippy::disallowed_methods, reason = "tests set the scene themselves")]
        let mut cargo = Command::new(env!("CARGO"));
        let words = ["metadata", "--format-version", "1", "--offline", "--locked"];
        cargo.args(words).current_dir(here).output().expect("cargo starts")
    };
    let metadata: Value = serde_json::from_slice(&said.stdout).expect("what cargo says is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let resolved = metadata["resolve"]["nodes"].as_array().expect("nodes");
    let package = |id: &Value| packages.iter().find(|one| one["id"] == *id).expect("a package");
    let is_wanted = |one: &&Value| names.iter().any(|name| one["name"] == *name);
    let mut todo: Vec<&Value> = packages.iter().filter(is_wanted).map(|one| &one["id"]).collect();
    let mut seen: Vec<&Value> = vec![];
    let lock = std::fs::read_to_string(here.join("../../Cargo.lock")).expect("a lock file");
    while let Some(id) = todo.pop() {
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        let node = resolved.iter().find(|one| one["id"] == *id).expect("a node");
        todo.extend(node["dependencies"].as_array().expect("dependencies"));
        let (name, version) = (&package(id)["name"], &package(id)["version"]);
        let (name, version) = (name.as_str().expect("text"), version.as_str().expect("text"));
        let manifest = Utf8PathBuf::from(package(id)["manifest_path"].as_str().expect("a path"));
        let folder = format!("{FOLDER}/{name}-{version}");
        copy(sandbox, manifest.parent().expect("a folder"), &folder);
        let entry = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        let after = lock.split(&entry).nth(1).expect("it is locked");
        let digest = after.split("checksum = \"").nth(1).and_then(|rest| rest.split('"').next());
        checksum(sandbox, &folder, &json!(digest.expect("a checksum")));
    }
}

/// What cargo wants to know of a crate in a folder of crates.
fn checksum(sandbox: &Sandbox, folder: &str, package: &Value) {
    let text = json!({ "files": {}, "package": package }).to_string();
    sandbox.write(format!("{folder}/.cargo-checksum.json"), text);
}

fn copy(sandbox: &Sandbox, from: &Utf8Path, to: &str) {
    for entry in from.read_dir_utf8().expect("a folder").flatten() {
        let to = format!("{to}/{}", entry.file_name());
        match entry.path().is_dir() {
            true => copy(sandbox, entry.path(), &to),
            false => sandbox.write(to, std::fs::read(entry.path()).expect("readable")),
        }
    }
}
