//! The integration tests of the original, as `mkTests` in offline.nix takes them.

use super::parts::{Named, environment, manifest, named, sources, variables};
use super::text;
use crate::model::Lattice;
use std::collections::BTreeSet;
use std::fmt::Write;
use studio_core::Result;
use studio_core::generated::Tree;

/// The tests against the facade; `None` if there are none, or if they need crates that Nix does not build.
pub(super) fn tests(lattice: &Lattice, tree: &Tree) -> Result<Option<String>> {
    let Some(tests) = manifest(tree, "tests") else { return Ok(None) };
    let wanted = named(&tests, "dev-dependencies");
    if lattice.facade.files.is_empty() || !wanted.iter().all(|one| is_built(tree, one)) {
        return Ok(None);
    }
    let listed = tests.get("test").and_then(|tests| tests.as_array_of_tables());
    let said = |table: &toml_edit::Table, key: &str| Some(table.get(key)?.as_str()?.to_owned());
    let roots: Vec<(String, String)> = listed
        .into_iter()
        .flatten()
        .filter_map(|test| Some((said(test, "name")?, said(test, "path")?)))
        .collect();
    if roots.is_empty() {
        return Ok(None);
    }
    let all = tree.files().map(|(path, _)| path.as_str());
    let all: Vec<String> =
        all.filter_map(|path| path.strip_prefix("tests/")).map(str::to_owned).collect();
    let files = sources(all.iter());
    let mut out =
        String::from("mkTests crate {\n    folder = ./tests;\n    dependencies = [ facade ];\n");
    let mut line = |key: &str, value: String| {
        let _ = writeln!(out, "    {key} = {value};");
    };
    line("files", text::strings(files.iter().copied())?);
    if !wanted.is_empty() {
        let keys: BTreeSet<&str> = wanted.iter().map(|one| one.key.as_str()).collect();
        line("externals", text::strings(keys)?);
    }
    if !lattice.features.is_empty() {
        line("features", text::strings(lattice.features.iter().map(String::as_str))?);
    }
    let env = environment(lattice, tree, "tests", &files);
    if !env.is_empty() {
        line("env", variables(&env)?);
    }
    out.push_str("    roots = {\n");
    for (name, path) in &roots {
        let _ = writeln!(out, "      {} = {};", text::name(name)?, text::string(path)?);
    }
    out.push_str("    };\n  }");
    Ok(Some(out))
}

/// Whether a dependency of the tests is one that is built for the lattice anyway, with all that the tests ask of it.
fn is_built(tree: &Tree, wanted: &Named) -> bool {
    let Some(externals) = manifest(tree, "externals") else { return false };
    named(&externals, "dependencies").iter().any(|one| {
        let same = one.key == wanted.key && one.said == wanted.said;
        same && wanted.defaults <= one.defaults && wanted.features.is_subset(&one.features)
    })
}
