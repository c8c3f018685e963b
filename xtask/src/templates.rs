//! The templates of the flake, for `nix flake init`: what `flake-template-generator` makes of its own ones, so that a
//! personal flake begins with the same text whoever writes it.
//!
//! Not here: the texts, which lie in `crates/flake-template-generator/templates`.

use crate::error::{Error, Result};
use crate::run;
use crate::workspace::Workspace;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;

/// Each with the values that whoever takes it replaces by their own.
const TEMPLATES: [(&str, &[&str]); 2] = [
    ("home", &["user=me"]),
    ("nixos", &["host_name=machine", "user=me", "ssh_key=the public key of this user, one line"]),
];

/// What the generator knows its folders by; a template is nothing that is generated again.
const MANIFEST: &str = ".generated.json";

/// The folder of all of them.
pub fn folder(workspace: &Workspace) -> Utf8PathBuf {
    workspace.root.join("templates")
}

/// What is to lie there; `programs` is the folder of the generator.
pub fn wanted(workspace: &Workspace, programs: &Utf8Path) -> Result<BTreeMap<Utf8PathBuf, String>> {
    let room = tempfile::tempdir().map_err(|cause| Error::new(cause.to_string()))?;
    let room = Utf8Path::from_path(room.path())
        .ok_or_else(|| Error::new("the temporary folder has no name in UTF-8"))?;
    let generator = programs.join("flake-template-generator");
    let mut wanted = BTreeMap::new();
    for (name, values) in TEMPLATES {
        let line = format!("flake-template-generator --template {name}");
        // Not this machine's system, which differs.
        let mut args =
            vec!["--template", name, "--output-dir", name, "--system", "x86_64-linux", "--quiet"];
        args.extend(values.iter().flat_map(|value| ["--set", value]));
        run::read(&duct::cmd(generator.as_std_path(), args).dir(room), &line)?;
        for path in files(&room.join(name))? {
            let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
            if path.file_name() != Some(MANIFEST)
                && let Ok(below) = path.strip_prefix(room)
            {
                wanted.insert(folder(workspace).join(below), text);
            }
        }
    }
    Ok(wanted)
}

/// All files below a folder; none if it is not there.
pub fn files(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>> {
    let mut found = vec![];
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in folder.read_dir_utf8().map_err(Error::io("read", folder))? {
        let path = entry.map_err(Error::io("read", folder))?.into_path();
        match path.is_dir() {
            true => found.extend(files(&path)?),
            false => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}
