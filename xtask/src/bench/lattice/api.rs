//! The public names of a crate, by what rustdoc says of it as JSON: those of the facade have to be those of the original.
//!
//! Compared is what each public path leads to, in its kind: a struct, a trait, a macro. Not here: what is in a type, which
//! the tests of the crate look at. rustdoc writes JSON only where unstable options are let through, so the compiler is
//! told by `RUSTC_BOOTSTRAP` that it is one that does.

use crate::error::{Error, Result};
use crate::run;
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// How the public names of the facade compare with those of the original.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Api {
    /// How many the original has.
    pub names: usize,
    /// Those that the facade does not have, as `kind path`.
    pub missing: Vec<String>,
    /// Those that only the facade has.
    pub more: Vec<String>,
}

impl Api {
    /// As it stands in the table.
    pub fn cell(&self) -> String {
        let mut text = format!("{}", self.names);
        if !self.missing.is_empty() {
            text.push_str(&format!(", {} missing", self.missing.len()));
        }
        if !self.more.is_empty() {
            text.push_str(&format!(", {} more", self.more.len()));
        }
        text
    }
}

/// Compares them. `target` is what cargo writes.
pub fn compare(target: &Utf8Path, original: &Utf8Path, lattice: &Utf8Path) -> Result<Api> {
    let was = Reader { target, lattice: None }.names(original)?;
    let is = Reader { target, lattice: Some(lattice) }.names(&lattice.join("facade"))?;
    let shown = |names: &BTreeSet<Name>, others: &BTreeSet<Name>| {
        let missing = names.iter().filter(|name| !name.is_in(others) && !name.is_for_rustdoc());
        missing.map(|name| format!("{} {}", name.kind, name.path)).collect()
    };
    Ok(Api { names: was.len(), missing: shown(&was, &is), more: shown(&is, &was) })
}

/// A public name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    path: String,
    kind: String,
}

/// The kind of what rustdoc says nothing of but the name: a reexport of a crate that it did not look into.
const UNKNOWN: &str = "name";

/// Paths that only rustdoc sees, since they are there for `cfg(doc)`.
const FOR_RUSTDOC: [&str; 1] = ["quoting_warning"];

impl Name {
    /// Whether it is one of these; what is not known as to its kind may be of any.
    fn is_in(&self, names: &BTreeSet<Name>) -> bool {
        names.contains(self)
            || names
                .iter()
                .any(|one| one.path == self.path && (self.kind == UNKNOWN || one.kind == UNKNOWN))
    }

    fn is_for_rustdoc(&self) -> bool {
        FOR_RUSTDOC.contains(&self.path.as_str())
    }
}

struct Reader<'a> {
    target: &'a Utf8Path,
    /// The lattice, if it is the facade that is read: its globs lead into nodes.
    lattice: Option<&'a Utf8Path>,
}

impl Reader<'_> {
    fn names(&self, package: &Utf8Path) -> Result<BTreeSet<Name>> {
        let krate = Krate { json: self.document(package)? };
        let mut found = BTreeSet::new();
        let root = krate.json["root"].to_string();
        self.module(&krate, &root, "", &mut vec![], &mut found)?;
        Ok(found)
    }

    /// What rustdoc says of the library of a package.
    fn document(&self, package: &Utf8Path) -> Result<Value> {
        let manifest = package.join("Cargo.toml");
        // Only the facade and the nodes are members of a lattice, and none of them has programs.
        let line = ["rustdoc", "--lib", "--quiet", "--manifest-path", manifest.as_str(), "--"];
        let options = [
            "-Zunstable-options",
            "--output-format=json",
            "--document-hidden-items",
            "--cap-lints=allow",
        ];
        let asked = duct::cmd(run::cargo(), line.iter().chain(&options))
            .dir(package)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_DIR", self.target);
        run::read(&asked, "cargo rustdoc")?;
        let path = self.target.join("doc").join(format!("{}.json", library(package)?));
        let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        serde_json::from_str(&text).map_err(|cause| Error::new(cause.to_string()))
    }

    /// The names in a module, which goes by `path`.
    fn module(
        &self,
        krate: &Krate,
        id: &str,
        path: &str,
        open: &mut Vec<String>,
        found: &mut BTreeSet<Name>,
    ) -> Result<()> {
        // A module may be public within itself.
        if open.iter().any(|one| one == id) {
            return Ok(());
        }
        open.push(id.to_owned());
        let inner = &krate.json["index"][id]["inner"];
        let items = [&inner["module"]["items"], &inner["enum"]["variants"]];
        for item in items.iter().filter_map(|items| items.as_array()).flatten() {
            self.item(krate, &item.to_string(), path, open, found)?;
        }
        open.pop();
        Ok(())
    }

    fn item(
        &self,
        krate: &Krate,
        id: &str,
        path: &str,
        open: &mut Vec<String>,
        found: &mut BTreeSet<Name>,
    ) -> Result<()> {
        let item = &krate.json["index"][id];
        let Some((kind, inner)) = item["inner"].as_object().and_then(|inner| inner.iter().next())
        else {
            return Ok(());
        };
        let public = item["visibility"] == "public" || kind == "variant";
        if !public || kind == "impl" {
            return Ok(());
        }
        if kind == "use" {
            return self.import(krate, inner, path, open, found);
        }
        let name = item["name"].as_str().unwrap_or_default();
        let kind = match kind.as_str() {
            "proc_macro" => match inner["kind"].as_str() {
                Some("derive") => "proc_derive",
                Some("attr") => "proc_attribute",
                _ => "macro",
            },
            kind => kind,
        };
        self.named(krate, id, (kind, name), path, open, found)
    }

    fn named(
        &self,
        krate: &Krate,
        id: &str,
        (kind, name): (&str, &str),
        path: &str,
        open: &mut Vec<String>,
        found: &mut BTreeSet<Name>,
    ) -> Result<()> {
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}::{name}") };
        found.insert(Name { path: path.clone(), kind: kind.to_owned() });
        if kind == "module" && krate.json["index"].get(id).is_some() {
            return self.module(krate, id, &path, open, found);
        }
        Ok(())
    }

    fn import(
        &self,
        krate: &Krate,
        import: &Value,
        path: &str,
        open: &mut Vec<String>,
        found: &mut BTreeSet<Name>,
    ) -> Result<()> {
        let id = import["id"].to_string();
        let target = &krate.json["index"][&id];
        let summary = &krate.json["paths"][&id];
        if import["is_glob"] == true {
            if !target.is_null() {
                return self.module(krate, &id, path, open, found);
            }
            let source = import["source"].as_str().unwrap_or_default();
            let segments: Vec<&str> = source.trim_start_matches("::").split("::").collect();
            if let (Some(lattice), [node, modules @ ..]) = (self.lattice, segments.as_slice()) {
                let folder = lattice.join("nodes").join(node);
                if folder.is_dir() {
                    return self.node(&folder, modules, path, found);
                }
            }
            let whole: Vec<String> = texts(&summary["path"]).collect();
            let from = if whole.is_empty() { source.to_owned() } else { whole.join("::") };
            found.insert(Name { path: format!("{path}::*"), kind: format!("glob of {from}") });
            return Ok(());
        }
        let name = import["name"].as_str().unwrap_or_default();
        if !target.is_null() {
            // What it is called here counts, not what it was called where it was made.
            let kind = target["inner"].as_object().and_then(|inner| inner.keys().next());
            let kind = kind.map_or("", String::as_str);
            if kind == "use" {
                return self.import(krate, &target["inner"]["use"], path, open, found);
            }
            return self.named(krate, &id, (kind, name), path, open, found);
        }
        let kind = summary["kind"].as_str().unwrap_or(UNKNOWN);
        self.named(krate, &id, (kind, name), path, open, found)
    }

    /// What a glob of a node's module brings.
    fn node(
        &self,
        folder: &Utf8Path,
        modules: &[&str],
        path: &str,
        found: &mut BTreeSet<Name>,
    ) -> Result<()> {
        let krate = Krate { json: self.document(folder)? };
        let mut id = krate.json["root"].to_string();
        for module in modules {
            let items = krate.json["index"][&id]["inner"]["module"]["items"].clone();
            let named = |item: &&Value| {
                let item = &krate.json["index"][item.to_string()];
                item["name"] == **module && item["inner"].get("module").is_some()
            };
            match items.as_array().into_iter().flatten().find(named) {
                Some(item) => id = item.to_string(),
                None => return Ok(()),
            }
        }
        self.module(&krate, &id, path, &mut vec![], found)
    }
}

/// What rustdoc wrote of a crate.
struct Krate {
    json: Value,
}

/// The name of a package's library.
fn library(package: &Utf8Path) -> Result<String> {
    let asked = duct::cmd!(
        run::cargo(),
        "metadata",
        "--format-version=1",
        "--no-deps",
        "--manifest-path",
        package.join("Cargo.toml").as_str()
    );
    let said = run::read(&asked, "cargo metadata")?;
    let metadata: Value =
        serde_json::from_str(&said).map_err(|cause| Error::new(cause.to_string()))?;
    let manifest: Utf8PathBuf = package.join("Cargo.toml");
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let own = packages.iter().find(|one| one["manifest_path"] == manifest.as_str());
    let targets = own.map(|one| one["targets"].as_array().cloned().unwrap_or_default());
    let is_library = |target: &&Value| {
        texts(&target["kind"]).any(|kind| kind.ends_with("lib") || kind == "proc-macro")
    };
    let targets = targets.unwrap_or_default();
    let found = targets.iter().find(is_library).and_then(|target| target["name"].as_str());
    found
        .map(|name| name.replace('-', "_"))
        .ok_or_else(|| Error::new(format!("cargo knows of no library in `{package}`")))
}

fn texts(list: &Value) -> impl Iterator<Item = String> {
    list.as_array().into_iter().flatten().filter_map(|one| Some(one.as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn krate(folder: &Utf8Path, dependencies: &str, source: &str) {
        std::fs::create_dir_all(folder).unwrap();
        let manifest = format!(
            "[package]\nname = \"{}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[lib]\npath = \"lib.rs\"\n\
             [dependencies]\n{dependencies}\n[workspace]\n",
            folder.file_name().unwrap().replace("facade", "small").replace("original", "small")
        );
        std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        std::fs::write(folder.join("lib.rs"), source).unwrap();
    }

    #[test]
    fn what_has_no_known_kind_is_there_if_its_path_is() {
        let name = |kind: &str, path: &str| Name { path: path.to_owned(), kind: kind.to_owned() };
        let names = BTreeSet::from([name("struct", "Ident"), name(UNKNOWN, "token::Dot")]);
        assert!(name(UNKNOWN, "Ident").is_in(&names) && name("macro", "token::Dot").is_in(&names));
        assert!(!name("function", "Ident").is_in(&names) && !name(UNKNOWN, "Lit").is_in(&names));
    }

    #[test]
    fn names_are_the_same_wherever_they_come_from() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let (original, lattice) = (folder.join("original"), folder.join("lattice"));
        krate(
            &original,
            "",
            "mod deep { pub struct S; pub enum E { A } pub(crate) fn hidden() {} }\n\
             pub use deep::*;\npub use deep::S as T;\npub mod m { pub fn f() {} pub use super::m as again; }\n\
             #[macro_export] macro_rules! call { () => {} }\n#[doc(hidden)] pub const C: u8 = 1;\n\
             pub use std::fmt;\n",
        );
        krate(
            &lattice.join("nodes/node"),
            "",
            "pub mod deep { pub struct S; pub enum E { A } }\npub mod m { pub fn f() {} pub fn extra() {} }\n\
             #[macro_export] macro_rules! call { () => {} }\n",
        );
        let nodes = "node.path = \"../nodes/node\"";
        let common = "pub use ::node::deep::S;\npub use ::node::deep::E;\npub use ::node::call;\n";
        let all = "pub use ::node::deep::S as T;\npub const C: u8 = 1;\npub use ::std::fmt;\n\
                   pub mod m { pub use ::node::m::f; pub use super::m as again; }\n";
        krate(&lattice.join("facade"), nodes, &format!("{common}{all}"));
        let target = folder.join("target");
        let api = compare(&target, &original, &lattice).unwrap();
        assert_eq!((api.names, api.missing.len(), api.more.len()), (9, 0, 0), "{api:?}");
        assert_eq!(api.cell(), "9");
        // A glob brings all that a module of the node has.
        let less = "pub struct T;\npub use ::std::fmt;\npub mod m { pub use ::node::m::*; }\n";
        krate(&lattice.join("facade"), nodes, &format!("{common}{less}"));
        let api = compare(&target, &original, &lattice).unwrap();
        assert_eq!(api.missing, ["constant C", "module m::again"]);
        assert_eq!(api.more, ["function m::extra"]);
        assert_eq!(api.cell(), "9, 2 missing, 1 more");
    }
}
