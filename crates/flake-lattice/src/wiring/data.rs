//! `lattice.nix`: what there is to build and what needs what, as data.

use super::{level_name, text};
use crate::model::{Facade, Lattice, Node};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use studio_core::Result;
use studio_core::error::Error;
use studio_core::generated::{Tree, TreePath};
use studio_core::nix::literal;
use toml_edit::DocumentMut;

/// The text of `lattice.nix`. `tree` has the sources of the crates.
pub(super) fn lattice_nix(lattice: &Lattice, tree: &Tree) -> Result<String> {
    let mut out = String::new();
    let krate = &lattice.krate;
    let _ = writeln!(
        out,
        "# The crates that {} {} was taken apart into, and what each needs. How one is built is said by who imports this.\n\
         {{ mkNode, mkFolder, mkTests }}:\n\
         let\n\
         \x20 crate = {{\n\
         \x20   name = {};\n\
         \x20   version = {};\n\
         \x20   edition = {};\n\
         \x20 }};\n\
         \x20 node = mkNode crate;\n",
        literal::comment(&krate.name),
        literal::comment(&krate.version),
        text::string(&krate.name)?,
        text::string(&krate.version)?,
        text::string(&krate.edition)?,
    );
    out.push_str("  nodes = {\n");
    let mut levels: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for node in &lattice.nodes {
        levels.entry(node.level).or_default().push(&node.name);
        let binding = node_binding(lattice, node, tree)?;
        let _ = writeln!(out, "    {} = node {binding};", text::name(&node.name)?);
    }
    out.push_str("  };\n\n  levels = {\n");
    for (level, names) in &levels {
        let name = level_name(*level, levels.len());
        let title = text::string(&format!("{}-{name}", krate.name))?;
        let _ =
            writeln!(out, "    {name} = mkFolder {title} {};", references(names.iter().copied())?);
    }
    out.push_str("  };\n\n");
    let facade = facade_binding(lattice, tree)?;
    if let Some(facade) = &facade {
        let _ = writeln!(out, "  facade = node {facade};\n");
    }
    let (inherit, all) = match facade {
        Some(_) => (" facade", "builtins.attrValues nodes ++ [ facade ]"),
        None => ("", "builtins.attrValues nodes"),
    };
    let whole = text::string(&format!("{}-lattice-{}", krate.name, krate.version))?;
    let tests = tests(lattice, tree)?;
    let _ = writeln!(
        out,
        "  # Everything in one folder.\n\
         \x20 whole = mkFolder {whole} ({all});\n\
         in\n\
         {{\n\
         \x20 inherit nodes levels{inherit} whole;\n\
         \x20 packages = nodes // levels // {{ default = whole;{}}};\n\
         \x20 tests = {tests};\n\
         }}",
        if inherit.is_empty() { " ".to_owned() } else { format!(" inherit{inherit}; ") },
    );
    Ok(out)
}

/// What a crate is made of, as `mkNode` takes it.
struct Parts<'a> {
    name: String,
    folder: String,
    library: Option<&'a str>,
    root: String,
    files: Vec<&'a str>,
    dependencies: Vec<&'a str>,
    /// What a compiler and nodes alone are not enough for.
    needs: BTreeSet<String>,
    flags: BTreeSet<String>,
    env: BTreeMap<&'static str, String>,
}

impl Parts<'_> {
    fn text(&self) -> Result<String> {
        let mut out = String::from("{\n");
        let mut line = |key: &str, value: String| {
            let _ = writeln!(out, "      {key} = {value};");
        };
        line("name", text::string(&self.name)?);
        line("folder", format!("./{}", self.folder));
        if let Some(library) = self.library {
            line("library", text::string(library)?);
        }
        if self.root != "lib.rs" {
            line("root", text::string(&self.root)?);
        }
        if self.files != ["lib.rs"] {
            line("files", text::strings(self.files.iter().copied())?);
        }
        if !self.dependencies.is_empty() {
            line("dependencies", references(self.dependencies.iter().copied())?);
        }
        if !self.needs.is_empty() {
            line("needs", text::strings(self.needs.iter().map(String::as_str))?);
        }
        if !self.flags.is_empty() {
            line("flags", text::strings(self.flags.iter().map(String::as_str))?);
        }
        if !self.env.is_empty() {
            let pairs: Result<Vec<String>> = self
                .env
                .iter()
                .map(|(name, value)| Ok(format!("{name} = {};", text::string(value)?)))
                .collect();
            line("env", format!("{{ {} }}", pairs?.join(" ")));
        }
        out.push_str("    }");
        Ok(out)
    }
}

fn node_binding(lattice: &Lattice, node: &Node, tree: &Tree) -> Result<String> {
    let folder = format!("nodes/{}", node.name);
    let whole = lattice.whole.is_some();
    // A node's own build script says nothing but its flags; that of the original may do anything.
    let is_source = |file: &&str| whole || *file != "build.rs";
    let files: Vec<&str> = sources(node.files.keys()).into_iter().filter(is_source).collect();
    let mut flags: BTreeSet<String> = node.flags.clone();
    if whole {
        flags.extend(lattice.features.iter().map(|name| format!("feature=\"{name}\"")));
    }
    Parts {
        name: node.name.clone(),
        library: None,
        root: root(tree, &folder, &files)?,
        dependencies: from_the_top(lattice, |name| node.dependencies.contains_key(name)),
        needs: needs(tree, &folder, &node.externals),
        env: environment(lattice, tree, &folder, &files),
        flags,
        files,
        folder,
    }
    .text()
}

fn facade_binding(lattice: &Lattice, tree: &Tree) -> Result<Option<String>> {
    let Facade { dependencies, externals, files } = &lattice.facade;
    if files.is_empty() {
        return Ok(None);
    }
    let files = sources(files.keys());
    let env = environment(lattice, tree, "facade", &files);
    let parts = Parts {
        name: format!("{}-facade", lattice.krate.name),
        folder: "facade".to_owned(),
        root: root(tree, "facade", &files)?,
        library: Some(&lattice.krate.lib),
        files,
        dependencies: from_the_top(lattice, |name| dependencies.contains(name)),
        needs: needs(tree, "facade", externals),
        flags: BTreeSet::new(),
        env,
    };
    let text = parts.text()?;
    // One level further out than the nodes.
    Ok(Some(text.replace("\n  ", "\n")))
}

/// The nodes that are wanted, each before those below it: what is below the first ones need not be looked for again.
fn from_the_top(lattice: &Lattice, is_wanted: impl Fn(&str) -> bool) -> Vec<&str> {
    let names = lattice.nodes.iter().rev().map(|node| node.name.as_str());
    names.filter(|name| is_wanted(name)).collect()
}

/// The files that the compiler may read: not those of cargo and Nix.
fn sources<'a>(files: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let not_source = ["Cargo.toml", "Cargo.lock", "flake.nix", "flake.lock"];
    files.map(String::as_str).filter(|file| !not_source.contains(file)).collect()
}

/// What a crate needs besides nodes: crates of others, and, where it is a whole crate, what that may have.
fn needs(tree: &Tree, folder: &str, externals: &BTreeSet<String>) -> BTreeSet<String> {
    let mut needs = externals.clone();
    let Some(manifest) = manifest(tree, folder) else { return needs };
    let lib = |key: &str| manifest.get("lib").and_then(|lib| lib.get(key)?.as_bool());
    let script = manifest.get("package").and_then(|package| package.get("build")?.as_str());
    // Those of nodes say their flags to cargo, and nothing else.
    if script.is_some_and(|_| folder.ends_with("__crate")) {
        needs.insert("its build script".to_owned());
    }
    if lib("proc-macro") == Some(true) {
        needs.insert("to be a macro for the compiler".to_owned());
    }
    needs
}

fn manifest(tree: &Tree, folder: &str) -> Option<DocumentMut> {
    std::str::from_utf8(file(tree, &format!("{folder}/Cargo.toml"))?).ok()?.parse().ok()
}

/// The file that a library begins with: `lib.rs`, unless its manifest says otherwise.
fn root(tree: &Tree, folder: &str, files: &[&str]) -> Result<String> {
    let said = manifest(tree, folder)
        .and_then(|manifest| Some(manifest.get("lib")?.get("path")?.as_str()?.to_owned()));
    let root = said.unwrap_or_else(|| "lib.rs".to_owned());
    match files.contains(&root.as_str()) {
        true => Ok(root),
        false => {
            Err(Error::new(format!("`{folder}` has no `{root}`"))
                .hint("generate the lattice again"))
        }
    }
}

fn file<'t>(tree: &'t Tree, path: &str) -> Option<&'t [u8]> {
    Some(&tree.get(&TreePath::new(path).ok()?)?.bytes)
}

/// The variables that cargo sets for a crate, as far as its source asks for them: a new version of the package is to
/// rebuild nothing else.
fn environment(
    lattice: &Lattice,
    tree: &Tree,
    folder: &str,
    files: &[&str],
) -> BTreeMap<&'static str, String> {
    let contents = files.iter().filter_map(|name| file(tree, &format!("{folder}/{name}")));
    let asking: Vec<&str> = contents
        .filter_map(|bytes| std::str::from_utf8(bytes).ok())
        .filter(|text| text.contains("CARGO_"))
        .collect();
    let mentions = |name: &str| asking.iter().any(|text| text.contains(name));
    let version = &lattice.krate.version;
    let mut numbers = version.split(['-', '+']).next().unwrap_or_default().split('.');
    let mut number = || numbers.next().unwrap_or_default().to_owned();
    let (major, minor, patch) = (number(), number(), number());
    let pre = version.split('+').next().unwrap_or_default().split_once('-');
    let pre = pre.map_or(String::new(), |(_, pre)| pre.to_owned());
    [
        ("CARGO_PKG_NAME", lattice.krate.name.clone()),
        ("CARGO_PKG_VERSION", version.clone()),
        ("CARGO_PKG_VERSION_MAJOR", major),
        ("CARGO_PKG_VERSION_MINOR", minor),
        ("CARGO_PKG_VERSION_PATCH", patch),
        ("CARGO_PKG_VERSION_PRE", pre),
        ("CARGO_CRATE_NAME", lattice.krate.lib.clone()),
    ]
    .into_iter()
    .filter(|(name, _)| mentions(name))
    .collect()
}

/// Nodes by name, as a list. They are attributes and no variables, so that one may have any name.
fn references<'a>(names: impl Iterator<Item = &'a str>) -> Result<String> {
    let items: Result<Vec<String>> =
        names.map(|name| Ok(format!("nodes.{}", text::name(name)?))).collect();
    Ok(text::list(&items?))
}

/// The integration tests of the original, against the facade; those that need other crates are left to cargo.
fn tests(lattice: &Lattice, tree: &Tree) -> Result<String> {
    let none = || Ok("{ }".to_owned());
    let manifest = file(tree, "tests/Cargo.toml").and_then(|bytes| std::str::from_utf8(bytes).ok());
    let Some(manifest) = manifest.and_then(|text| text.parse::<DocumentMut>().ok()) else {
        return none();
    };
    let needs_others = ["dev-dependencies", "target"].iter().any(|key| {
        manifest.get(key).and_then(|item| item.as_table_like()).is_some_and(|all| !all.is_empty())
    });
    if needs_others || lattice.facade.files.is_empty() {
        return none();
    }
    let listed = manifest.get("test").and_then(|tests| tests.as_array_of_tables());
    let said = |table: &toml_edit::Table, key: &str| Some(table.get(key)?.as_str()?.to_owned());
    let roots: Vec<(String, String)> = listed
        .into_iter()
        .flatten()
        .filter_map(|test| Some((said(test, "name")?, said(test, "path")?)))
        .collect();
    if roots.is_empty() {
        return none();
    }
    let all = tree.files().map(|(path, _)| path.as_str());
    let all: Vec<String> =
        all.filter_map(|path| path.strip_prefix("tests/")).map(str::to_owned).collect();
    let files = sources(all.iter());
    let flags: Vec<String> =
        lattice.features.iter().map(|name| format!("feature=\"{name}\"")).collect();
    let env = environment(lattice, tree, "tests", &files);
    let mut out =
        String::from("mkTests crate {\n    folder = ./tests;\n    dependencies = [ facade ];\n");
    let _ = writeln!(out, "    files = {};", text::strings(files.iter().copied())?);
    if !flags.is_empty() {
        let _ = writeln!(out, "    flags = {};", text::strings(flags.iter().map(String::as_str))?);
    }
    if !env.is_empty() {
        let pairs =
            env.iter().map(|(name, value)| Ok(format!("{name} = {};", text::string(value)?)));
        let _ = writeln!(out, "    env = {{ {} }};", pairs.collect::<Result<Vec<_>>>()?.join(" "));
    }
    out.push_str("    roots = {\n");
    for (name, path) in &roots {
        let _ = writeln!(out, "      {} = {};", text::name(name)?, text::string(path)?);
    }
    out.push_str("    };\n  }");
    Ok(out)
}
