//! `flake.lock`: which inputs it has, and a new commit for one of them with every other entry left as it is.
//!
//! An input whose source is a submodule has a commit that may exist on this machine alone. nix is made to lock the
//! submodule's folder in the input's place; its answer is then put under the input's own address. Only what the input
//! reaches is taken from nix's answer, so an input that `flake.nix` has and `flake.lock` has not stays unlocked.
//! The JSON part is plain values and is tested without nix.

mod moved;
mod reference;

pub use moved::MovedInput;

use super::{Nix, Refusal, git_file_ref};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs;
use crate::names::{CommitId, InputName};
use crate::nix::Log;
use camino::Utf8Path;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The versions of the format that are known; 7 is what Nix writes since 2020.
const VERSIONS: std::ops::RangeInclusive<u64> = 5..=7;

/// A `flake.lock` that was read.
#[derive(Clone, Debug)]
pub struct LockFile {
    file: Map<String, Value>,
    final_newline: bool,
}

/// One input of the flake itself, as it is locked.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FlakeInput {
    /// Its name in `flake.nix`.
    pub name: String,
    /// Where it comes from, for people: `github:NixOS/nixpkgs`, an URL or a path.
    pub source: String,
    /// Its commit, where it has one.
    pub rev: Option<String>,
    /// When that was made, in seconds since 1970.
    pub modified: Option<i64>,
}

impl LockFile {
    /// Reads the text of a `flake.lock`.
    pub fn parse(text: &str) -> Result<LockFile> {
        let bad = |why: String| {
            Error::new("`flake.lock` cannot be read")
                .because(why)
                .hint("restore it from git, or remove it and run `nix flake lock`")
        };
        let file: Map<String, Value> =
            serde_json::from_str(text).map_err(|cause| bad(format!("it is not JSON: {cause}")))?;
        let version = file.get("version").and_then(Value::as_u64);
        if !version.is_some_and(|version| VERSIONS.contains(&version)) {
            let found = file.get("version").map_or("none".to_owned(), Value::to_string);
            return Err(bad(format!("its version is {found}, and 5 to 7 are known")));
        }
        let lock = LockFile { file, final_newline: text.ends_with('\n') };
        let root = lock.file.get("root").and_then(Value::as_str).unwrap_or_default();
        if lock.node(root).is_none() {
            return Err(bad("it has no root node".to_owned()));
        }
        // Every name in it must lead somewhere, so that nothing below has to ask.
        for (name, node) in lock.nodes() {
            let dangling = children(node).find(|child| lock.node(child).is_none());
            if let Some(child) = dangling {
                return Err(bad(format!("its node `{name}` names `{child}`, which is not there")));
            }
        }
        Ok(lock)
    }

    /// The inputs of the flake itself, by name; those that follow another have no entry and are left out.
    pub fn inputs(&self) -> Vec<FlakeInput> {
        let root = self.root();
        let inputs = root.get("inputs").and_then(Value::as_object).into_iter().flatten();
        inputs
            .filter_map(|(name, key)| {
                let locked = self.node(key.as_str()?)?.get("locked")?;
                let text = |field: &str| locked.get(field).and_then(Value::as_str);
                let kind = text("type").unwrap_or("unknown");
                let source = match (text("owner"), text("repo"), text("url"), text("path")) {
                    (Some(owner), Some(repo), ..) => format!("{kind}:{owner}/{repo}"),
                    (_, _, Some(url), _) => url.to_owned(),
                    (_, _, _, Some(path)) => path.to_owned(),
                    _ => kind.to_owned(),
                };
                let modified = locked.get("lastModified").and_then(Value::as_i64);
                let rev = text("rev").map(str::to_owned);
                Some(FlakeInput { name: name.clone(), source, rev, modified })
            })
            .collect()
    }

    /// What is locked for an input, if it is a commit of a repository; nothing else can be given another commit.
    fn commit_of(&self, input: &str) -> Option<&Map<String, Value>> {
        let locked = self.node(self.key(input)?)?.get("locked")?.as_object()?;
        let kind = locked.get("type").and_then(Value::as_str)?;
        let has_rev = locked.get("rev").is_some_and(Value::is_string);
        (has_rev && matches!(kind, "git" | "github" | "gitlab" | "sourcehut")).then_some(locked)
    }

    /// The lock with the input at the commit, and with what it needs, that `answer` has for it.
    ///
    /// `original` and the address in `locked` stay: `answer` was made with another address for the same repository.
    fn graft(&self, input: &str, answer: &LockFile) -> Option<LockFile> {
        let (old_key, new_key) = (self.key(input)?, answer.key(input)?);
        let kept = self.reached_without(input);
        let fresh = answer.reached(new_key);
        let mut names: BTreeMap<&str, String> = BTreeMap::new();
        let mut used: BTreeSet<String> = kept.iter().map(|name| (*name).to_owned()).collect();
        // The entry itself first, so that it keeps its name where it can.
        for key in std::iter::once(new_key).chain(fresh.iter().copied().filter(|k| *k != new_key)) {
            let wanted = if key == new_key { old_key } else { key };
            let name = free_name(wanted, &used);
            used.insert(name.clone());
            names.insert(key, name);
        }
        let mut nodes: Map<String, Value> = kept
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), self.node(key)?.clone())))
            .collect();
        for (key, name) in &names {
            let mut node = answer.node(key)?.clone();
            rename_children(&mut node, &names);
            if *key == new_key {
                node = at_old_address(node, self.node(old_key)?)?;
            }
            nodes.insert(name.clone(), node);
        }
        let root_key = self.file.get("root")?.as_str()?;
        let root_inputs = nodes.get_mut(root_key)?.get_mut("inputs")?.as_object_mut()?;
        root_inputs.insert(input.to_owned(), Value::String(names.get(new_key)?.clone()));
        let mut lock = self.clone();
        lock.file.insert("nodes".to_owned(), Value::Object(nodes));
        Some(lock)
    }

    /// The text, in the form in which Nix writes it.
    pub fn to_text(&self) -> String {
        let mut text = format!("{:#}", Value::Object(self.file.clone()));
        if self.final_newline {
            text.push('\n');
        }
        text
    }

    fn nodes(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.file.get("nodes").and_then(Value::as_object).into_iter().flatten()
    }

    fn node(&self, key: &str) -> Option<&Value> {
        self.file.get("nodes")?.get(key).filter(|node| node.is_object())
    }

    fn root(&self) -> &Value {
        const NOTHING: &Value = &Value::Null;
        let key = self.file.get("root").and_then(Value::as_str).unwrap_or_default();
        self.node(key).unwrap_or(NOTHING)
    }

    /// The node of an input of the flake itself.
    fn key(&self, input: &str) -> Option<&str> {
        self.root().get("inputs")?.get(input)?.as_str()
    }

    fn reached<'a>(&'a self, from: &'a str) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        let mut queue = vec![from];
        while let Some(key) = queue.pop() {
            if seen.insert(key) {
                queue.extend(self.node(key).into_iter().flat_map(children));
            }
        }
        seen
    }

    /// The root and all nodes that are reached from it by another input than this one.
    fn reached_without(&self, input: &str) -> BTreeSet<&str> {
        let root = self.file.get("root").and_then(Value::as_str).unwrap_or_default();
        let inputs = self.root().get("inputs").and_then(Value::as_object);
        let others = inputs.into_iter().flatten().filter(|(name, _)| *name != input);
        let mut all: BTreeSet<&str> =
            others.filter_map(|(_, key)| key.as_str()).flat_map(|key| self.reached(key)).collect();
        all.insert(root);
        all
    }
}

/// The nodes that a node names; an input that follows another is a path, and names none.
fn children(node: &Value) -> impl Iterator<Item = &str> {
    let inputs = node.get("inputs").and_then(Value::as_object);
    inputs.into_iter().flatten().filter_map(|(_, key)| key.as_str())
}

fn rename_children(node: &mut Value, names: &BTreeMap<&str, String>) {
    let inputs = node.get_mut("inputs").and_then(Value::as_object_mut);
    for (_, child) in inputs.into_iter().flatten() {
        if let Some(name) = child.as_str().and_then(|key| names.get(key)) {
            *child = Value::String(name.clone());
        }
    }
}

/// `nixpkgs`, or else `nixpkgs_2` and so on, as Nix names nodes.
fn free_name(wanted: &str, used: &BTreeSet<String>) -> String {
    if !used.contains(wanted) {
        return wanted.to_owned();
    }
    let base = match wanted.rsplit_once('_') {
        Some((base, number)) if number.parse::<u32>().is_ok() => base,
        _ => wanted,
    };
    (2..).map(|n| format!("{base}_{n}")).find(|name| !used.contains(name)).unwrap_or_default()
}

/// What nix found out about the commit, at the address that the entry has always had.
fn at_old_address(mut node: Value, old: &Value) -> Option<Value> {
    let found = node.get("locked")?.as_object()?.clone();
    let mut locked = old.get("locked")?.as_object()?.clone();
    for field in ["rev", "narHash", "lastModified"] {
        locked.insert(field.to_owned(), found.get(field)?.clone());
    }
    if locked.contains_key("revCount") {
        locked.insert("revCount".to_owned(), found.get("revCount")?.clone());
    }
    let node_fields = node.as_object_mut()?;
    node_fields.insert("locked".to_owned(), Value::Object(locked));
    // `original` and `flake` are what flake.nix says; that has not changed.
    for field in ["original", "flake"] {
        match old.get(field) {
            Some(value) => node_fields.insert(field.to_owned(), value.clone()),
            None => node_fields.remove(field),
        };
    }
    Some(node)
}

/// How the submodule's folder is named to nix so that it reads the same files as from the input's own address.
fn query(locked: &Map<String, Value>, rev: &CommitId, export_ignore: bool) -> String {
    // `ref` keeps nix from wondering which branch the commit is on; a submodule has none checked out.
    let mut query = format!("ref=HEAD&rev={rev}");
    let set = |field: &str| locked.get(field).and_then(Value::as_bool).unwrap_or(false);
    for field in ["submodules", "lfs", "exportIgnore"] {
        if set(field) {
            query.push_str(&format!("&{field}=1"));
        }
    }
    let git = locked.get("type").and_then(Value::as_str) == Some("git");
    // Without a count in the entry none is needed, and a shallow submodule is good enough.
    if !locked.contains_key("revCount") {
        query.push_str("&shallow=1");
    }
    // Forges give archives, in which `export-ignore` holds.
    if !git && export_ignore {
        query.push_str("&exportIgnore=1");
    }
    if let Some(dir) = locked.get("dir").and_then(Value::as_str) {
        query.push_str(&format!("&dir={}", super::encode(dir, b"/-._~")));
    }
    query
}

impl Nix {
    /// A new `flake.lock` in which the input `name` is at `rev` of the submodule at `folder`.
    ///
    /// `candidate` is a reference to the flake with its submodule, `lock` the text of its `flake.lock`. `None` where
    /// there is nothing to update: the input is not locked, has no commit (a path in the flake), or is at `rev`.
    pub fn lock_input(
        &self,
        cx: &Context,
        candidate: &str,
        name: &InputName,
        folder: &Utf8Path,
        rev: &CommitId,
        lock: &str,
    ) -> Result<Option<String>> {
        let old = LockFile::parse(lock)?;
        let Some(locked) = old.commit_of(name.as_str()) else { return Ok(None) };
        if locked.get("rev").and_then(Value::as_str) == Some(rev.as_str()) {
            return Ok(None);
        }
        let query = query(locked, rev, self.version()?.has_export_ignore());
        let attributes = fs::read_optional(&folder.join(".gitattributes"))?.unwrap_or_default();
        if locked.get("type").and_then(Value::as_str) != Some("git")
            && attributes.contains("export-subst")
        {
            cx.ui.warn(format!(
                "input `{name}` has files with `export-subst`, which its forge fills in; if nix finds another \
                 hash there, run `nix flake update {name}`"
            ));
        }
        let answer = tempfile::NamedTempFile::new()
            .map_err(|cause| Error::new("no temporary file can be made").because(cause))?;
        let mut log = Log::create(cx, &format!("lock-{name}.log"))?;
        self.lock_with(
            cx,
            candidate,
            name,
            &git_file_ref(folder, &query),
            answer.path(),
            &mut log,
        )?;
        let answer =
            LockFile::parse(&String::from_utf8_lossy(&fs::read(&fs::utf8(answer.path())?)?))?;
        let new = old.graft(name.as_str(), &answer).ok_or_else(|| {
            Error::new(format!("nix gave no entry for the input `{name}`"))
                .hint(format!("look at it: `less {}`", log.path()))
        })?;
        Ok(Some(new.to_text()))
    }

    fn lock_with(
        &self,
        cx: &Context,
        candidate: &str,
        name: &InputName,
        instead: &str,
        answer: &std::path::Path,
        log: &mut Log,
    ) -> Result<(), Refusal> {
        let program = self
            .verb(&["flake", "lock", "--override-input", name.as_str(), instead])
            .map_err(Refusal::machine)?
            .arg("--output-lock-file")
            .arg(answer)
            .arg(candidate);
        super::operation::keep(cx, &program, log, || {
            format!("input `{name}` could not be locked")
        })?;
        Ok(())
    }
}

#[cfg(test)]
#[path = "lock_tests.rs"]
mod tests;
