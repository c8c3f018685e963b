//! The reference that an input is locked to, as text that Nix takes anywhere: `github:NixOS/nixpkgs/COMMIT?narHash=HASH`.
//!
//! Written as Nix writes it (`flakeref` in the manual of each version): the commit in the path where forges have it, all
//! else in the query. Not here: references that nobody has locked.

use super::super::encode;
use super::LockFile;
use crate::error::{Error, Result};
use camino::Utf8Path;
use serde_json::Value;
use std::collections::BTreeSet;

/// What may stand in a path of a reference as it is.
const PATH: &[u8] = b"/-._~";

/// What may stand in a query as it is: what Nix leaves there, too.
const QUERY: &[u8] = b"-._~/:";

impl LockFile {
    /// Whether the flake itself has an input of this name.
    pub fn has_input(&self, name: &str) -> bool {
        self.root().get("inputs").and_then(|inputs| inputs.get(name)).is_some()
    }

    /// What an input of the flake itself is locked to, also if it follows another.
    ///
    /// `flake` is the folder of the flake, from which relative paths in its lock count.
    pub fn locked_reference(&self, input: &str, flake: &Utf8Path) -> Result<String> {
        let root = self.file.get("root").and_then(Value::as_str).unwrap_or_default();
        let mut on_the_way = BTreeSet::new();
        let key = self.followed(root, input, &mut on_the_way);
        let node = key.and_then(|key| self.node(key));
        let locked = node.and_then(|node| node.get("locked")).ok_or_else(|| {
            Error::new(format!("`flake.lock` has nothing locked for the input `{input}`"))
                .hint("run `nix flake lock`")
        })?;
        // A path that counts from another flake than this one leads nowhere from here.
        let parent = node.and_then(|node| node.get("parent")).and_then(Value::as_array);
        let of_this_flake = parent.is_none_or(Vec::is_empty);
        reference(locked, of_this_flake.then_some(flake)).ok_or_else(|| {
            Error::new(format!("the input `{input}` is locked to what has no address here"))
        })
    }

    /// The node that an input of a node leads to, through inputs that follow others.
    fn followed<'a>(
        &'a self,
        node: &'a str,
        input: &'a str,
        on_the_way: &mut BTreeSet<(&'a str, &'a str)>,
    ) -> Option<&'a str> {
        // What follows itself leads nowhere.
        if !on_the_way.insert((node, input)) {
            return None;
        }
        let found = self.node(node)?.get("inputs")?.get(input)?;
        if let Some(key) = found.as_str() {
            return Some(key);
        }
        // A path of names, from the root.
        let mut at = self.file.get("root")?.as_str()?;
        for name in found.as_array()? {
            at = self.followed(at, name.as_str()?, on_the_way)?;
        }
        Some(at)
    }
}

fn reference(locked: &Value, flake: Option<&Utf8Path>) -> Option<String> {
    let text = |field: &str| locked.get(field).and_then(Value::as_str);
    let mut query: Vec<String> = vec![];
    let mut add = |fields: &[&str]| {
        for field in fields {
            let value = match locked.get(*field) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Bool(true)) => "1".to_owned(),
                _ => continue,
            };
            query.push(format!("{field}={}", encode(&value, QUERY)));
        }
    };
    let kind = text("type")?;
    let address = match kind {
        "github" | "gitlab" | "sourcehut" => {
            add(&["dir", "host", "narHash"]);
            // The slashes of groups in GitLab are written out.
            let part = |field| text(field).map(|text| encode(text, b"-._~"));
            format!("{kind}:{}/{}/{}", part("owner")?, part("repo")?, text("rev")?)
        }
        "git" | "hg" => {
            text("rev")?;
            add(&["dir", "exportIgnore", "lfs", "narHash", "ref", "rev", "shallow", "submodules"]);
            format!("{kind}+{}", text("url")?)
        }
        "tarball" | "file" => {
            add(&["dir", "narHash"]);
            format!("{kind}+{}", text("url")?)
        }
        "path" => {
            add(&["dir", "narHash"]);
            let path = Utf8Path::new(text("path")?);
            let path = if path.is_absolute() { path.to_owned() } else { flake?.join(path) };
            format!("path:{}", encode(path.as_str(), PATH))
        }
        _ => return None,
    };
    // The URL of a tarball may have a query of its own.
    let joint = if address.contains('?') { "&" } else { "?" };
    match query.is_empty() {
        true => Some(address),
        false => Some(format!("{address}{joint}{}", query.join("&"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"{
        "nodes": {
            "root": { "inputs": {
                "nixpkgs": ["dep", "nixpkgs"], "dep": "dep", "archive": "archive", "here": "here",
                "group": "group", "loop": ["loop"], "lost": ["dep", "none"], "away": "away"
            } },
            "dep": {
                "inputs": { "nixpkgs": ["other"] , "self": "dep" },
                "locked": { "type": "git", "url": "https://x/dep", "ref": "main", "rev": "aaaa",
                            "submodules": true, "revCount": 3, "lastModified": 5,
                            "narHash": "sha256-a+b/c=" }
            },
            "nixpkgs_2": { "locked": {
                "type": "github", "owner": "NixOS", "repo": "nixpkgs", "rev": "bbbb",
                "narHash": "sha256-x=" } },
            "archive": { "locked": { "type": "tarball", "url": "https://x/a.tar.gz?v=1", "narHash": "sha256-y=" } },
            "here": { "locked": { "type": "path", "path": "./inputs/a b" }, "parent": [] },
            "away": { "locked": { "type": "path", "path": "../x" }, "parent": ["dep"] },
            "group": { "locked": { "type": "gitlab", "owner": "a/b", "repo": "c", "rev": "dddd", "host": "git.example.org" } }
        },
        "root": "root",
        "version": 7
    }"#;

    #[test]
    fn references_are_those_that_nix_writes() {
        // `other` comes into the root as the one that the others follow.
        let text = LOCK.replace(
            "\"archive\": \"archive\",",
            "\"archive\": \"archive\", \"other\": \"nixpkgs_2\",",
        );
        let lock = LockFile::parse(&text).expect("a lock");
        let of = |input: &str| lock.locked_reference(input, Utf8Path::new("/flake"));
        for (input, reference) in [
            ("nixpkgs", "github:NixOS/nixpkgs/bbbb?narHash=sha256-x%3D"),
            ("dep", "git+https://x/dep?narHash=sha256-a%2Bb/c%3D&ref=main&rev=aaaa&submodules=1"),
            ("archive", "tarball+https://x/a.tar.gz?v=1&narHash=sha256-y%3D"),
            ("here", "path:/flake/./inputs/a%20b"),
            ("group", "gitlab:a%2Fb/c/dddd?host=git.example.org"),
        ] {
            assert_eq!(of(input).expect(input), reference);
        }
        for input in ["loop", "lost", "away", "nowhere"] {
            assert!(of(input).is_err(), "{input}");
        }
        assert!(lock.has_input("loop") && !lock.has_input("nowhere"));
    }
}
