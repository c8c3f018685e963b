//! `lattice.nix`: what there is to build and what needs what, as data.

use super::parts::{
    Parts, Whole, environment, file, references, root, said_by_cargo, said_by_manifest, sources,
};
use super::{checks, level_name, text};
use crate::model::{Facade, Lattice, Node};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use studio_core::Result;
use studio_core::generated::Tree;
use studio_core::nix::literal;

/// The text of `lattice.nix`. `tree` has the sources of the crates.
pub(super) fn lattice_nix(lattice: &Lattice, tree: &Tree) -> Result<String> {
    let mut out = String::new();
    let krate = &lattice.krate;
    let outside = file(tree, "externals/Cargo.toml").is_some();
    let externals = match outside {
        true => {
            format!(
                "mkExternals {} ./externals",
                text::string(&format!("{}-externals", krate.name))?
            )
        }
        false => "null".to_owned(),
    };
    let _ = writeln!(
        out,
        "# The crates that {} {} was taken apart into, and what each needs. How one is built is said by who imports this.\n\
         {{\n\
         \x20 mkNode,\n\
         \x20 mkFolder,\n\
         \x20 mkTests,\n\
         \x20 mkExternals,\n\
         }}:\n\
         let\n\
         \x20 crate = {{\n\
         \x20   name = {};\n\
         \x20   version = {};\n\
         \x20   edition = {};\n\
         \x20   externals = {externals};\n\
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
    let places: Places<'_> =
        lattice.nodes.iter().enumerate().map(|(at, node)| (node.name.as_str(), at)).collect();
    for node in &lattice.nodes {
        levels.entry(node.level).or_default().push(&node.name);
        let binding = node_binding(lattice, node, &places, tree)?;
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
    let facade = facade_binding(lattice, &places, tree)?;
    if let Some(facade) = &facade {
        let _ = writeln!(out, "  facade = node {facade};\n");
    }
    let mut all = "builtins.attrValues nodes".to_owned();
    let (mut inherit, mut packages) = ("", "default = whole;".to_owned());
    if facade.is_some() {
        inherit = " facade";
        all.push_str(" ++ [ facade ]");
        packages.push_str(" inherit facade;");
    }
    if outside {
        all.push_str(" ++ [ crate.externals ]");
        packages.push_str(" inherit (crate) externals;");
    }
    let whole = text::string(&format!("{}-lattice-{}", krate.name, krate.version))?;
    let tests = checks::tests(lattice, tree)?;
    if tests.is_some() {
        out.push_str(&checks::more(lattice, tree)?.unwrap_or_default());
    }
    let tests = tests.unwrap_or_else(|| "{ }".to_owned());
    let _ = writeln!(
        out,
        "  # Everything in one folder.\n\
         \x20 whole = mkFolder {whole} ({all});\n\
         in\n\
         {{\n\
         \x20 inherit nodes levels{inherit} whole;\n\
         \x20 packages = nodes // levels // {{ {packages} }};\n\
         \x20 tests = {tests};\n\
         }}",
    );
    Ok(out)
}

/// Where each node stands in the lattice: above those that it builds on.
type Places<'a> = HashMap<&'a str, usize>;

fn node_binding(
    lattice: &Lattice,
    node: &Node,
    places: &Places<'_>,
    tree: &Tree,
) -> Result<String> {
    let folder = format!("nodes/{}", node.name);
    let is_whole = lattice.whole.is_some();
    // A node's own build script says nothing but its flags; that of the original may do anything.
    let is_source = |file: &&str| is_whole || *file != "build.rs";
    let files: Vec<&str> = sources(node.files.keys()).into_iter().filter(is_source).collect();
    let whole = if is_whole { Whole::of(tree, &folder) } else { Whole::default() };
    let feature =
        |flag: &String| Some(flag.strip_prefix("feature=\"")?.strip_suffix('"')?.to_owned());
    let mut features: BTreeSet<String> = node.flags.iter().filter_map(feature).collect();
    if is_whole {
        features.extend(lattice.features.iter().cloned());
    }
    let env = match whole.script {
        Some(_) => {
            let mut all = said_by_cargo(lattice);
            all.extend(said_by_manifest(tree, &folder));
            all
        }
        None => environment(lattice, tree, &folder, &files),
    };
    Parts {
        name: node.name.clone(),
        library: None,
        root: if is_whole { root(tree, &folder, &files)? } else { "lib.rs".to_owned() },
        dependencies: from_the_top(places, node.dependencies.keys()),
        externals: node.externals.clone(),
        features,
        flags: node.flags.iter().filter(|flag| feature(flag).is_none()).cloned().collect(),
        env,
        whole,
        files,
        folder,
    }
    .text()
}

fn facade_binding(lattice: &Lattice, places: &Places<'_>, tree: &Tree) -> Result<Option<String>> {
    let Facade { dependencies, externals, files } = &lattice.facade;
    if files.is_empty() {
        return Ok(None);
    }
    // Its build script is for those of dependents.
    let files: Vec<&str> =
        sources(files.keys()).into_iter().filter(|file| *file != "build.rs").collect();
    let parts = Parts {
        name: format!("{}-facade", lattice.krate.name),
        folder: "facade".to_owned(),
        root: root(tree, "facade", &files)?,
        library: Some(&lattice.krate.lib),
        dependencies: from_the_top(places, dependencies.iter()),
        externals: externals.clone(),
        features: BTreeSet::new(),
        flags: BTreeSet::new(),
        env: environment(lattice, tree, "facade", &files),
        whole: Whole::default(),
        files,
    };
    let text = parts.text()?;
    // One level further out than the nodes.
    Ok(Some(text.replace("\n  ", "\n")))
}

/// These nodes, each before those below it: what is below the first ones need not be looked for again.
fn from_the_top<'a>(places: &Places<'_>, names: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let mut found: Vec<&str> =
        names.map(String::as_str).filter(|name| places.contains_key(name)).collect();
    found.sort_by_key(|name| Reverse(places[name]));
    found
}
