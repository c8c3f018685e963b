//! The integration tests of the original, as `mkTests` in offline.nix takes them.

use super::parts::{Named, environment, manifest, named, sources, variables};
use super::text;
use crate::model::Lattice;
use crate::vendor::{FOLDER, FOR_TESTS};
use std::collections::BTreeSet;
use std::fmt::Write;
use studio_core::Result;
use studio_core::generated::Tree;

/// The tests against the facade; `None` if there are none, or if they need crates that Nix does not build.
pub(super) fn tests(lattice: &Lattice, tree: &Tree) -> Result<Option<String>> {
    let Some(tests) = manifest(tree, "tests") else { return Ok(None) };
    let wanted = named(&tests, "dev-dependencies");
    let with_more = manifest(tree, FOR_TESTS).is_some();
    if lattice.facade.files.is_empty() || !with_more && !tests_are_built(tree) {
        return Ok(None);
    }
    let listed = tests.get("test").and_then(|tests| tests.as_array_of_tables());
    let listed: Vec<&toml_edit::Table> = listed.into_iter().flatten().collect();
    let said = |table: &toml_edit::Table, key: &str| Some(table.get(key)?.as_str()?.to_owned());
    let roots: Vec<(String, String)> =
        listed.iter().filter_map(|test| Some((said(test, "name")?, said(test, "path")?))).collect();
    let runs_itself = |test: &&&toml_edit::Table| test.get("harness").is_some();
    let own: BTreeSet<String> =
        listed.iter().filter(runs_itself).filter_map(|test| said(test, "name")).collect();
    if roots.is_empty() {
        return Ok(None);
    }
    let all = tree.files().map(|(path, _)| path.as_str());
    let all: Vec<String> =
        all.filter_map(|path| path.strip_prefix("tests/")).map(str::to_owned).collect();
    // What its build script says to the linker is said here, too.
    let files: Vec<&str> =
        sources(all.iter()).into_iter().filter(|file| *file != "build.rs").collect();
    let (krate, facade) =
        if with_more { ("forTests", "tested.facade") } else { ("crate", "facade") };
    let mut out =
        format!("mkTests {krate} {{\n    folder = ./tests;\n    dependencies = [ {facade} ];\n");
    let mut line = |key: &str, value: String| {
        let _ = writeln!(out, "    {key} = {value};");
    };
    line("files", text::strings(files.iter().copied())?);
    if !wanted.is_empty() {
        let keys: BTreeSet<&str> = wanted.iter().map(|one| one.key.as_str()).collect();
        line("externals", text::strings(keys)?);
    }
    if !lattice.link_args.is_empty() {
        line("linkArgs", text::strings(lattice.link_args.iter().map(String::as_str))?);
    }
    if !own.is_empty() {
        line("ownHarness", text::strings(own.iter().map(String::as_str))?);
    }
    if !lattice.features.is_empty() {
        line("features", text::strings(lattice.features.iter().map(String::as_str))?);
    }
    let cfg = tests
        .get("package")
        .and_then(|package| package.get("metadata")?.get("lattice")?.get("cfg"));
    let cfg: Vec<&str> = cfg
        .and_then(|cfg| cfg.as_array())
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_str())
        .collect();
    if !cfg.is_empty() {
        line("flags", text::strings(cfg)?);
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

/// What tests are compiled with, where they depend on more than the library: a crate is then built with all that anyone
/// asks of it, so the lattice is compiled with these once more.
pub(super) fn more(lattice: &Lattice, tree: &Tree) -> Result<Option<String>> {
    if manifest(tree, FOR_TESTS).is_none() {
        return Ok(None);
    }
    let name = text::string(&format!("{}-{FOR_TESTS}", lattice.krate.name))?;
    Ok(Some(format!(
        "  # What tests depend on turns on features of other crates, too: as with cargo, all is compiled with those.\n\
         \x20 forTests = crate // {{\n\
         \x20   externals = mkExternals {name} ./{FOR_TESTS};\n\
         \x20 }};\n\
         \x20 tested = import ./lattice.nix {{\n\
         \x20   inherit mkNode mkFolder mkTests;\n\
         \x20   mkExternals = _: _: forTests.externals;\n\
         \x20 }};\n\n"
    )))
}

/// Whether all that the tests depend on is built for the lattice anyway.
pub fn tests_are_built(tree: &Tree) -> bool {
    let Some(tests) = manifest(tree, "tests") else { return true };
    named(&tests, "dev-dependencies").iter().all(|one| is_built(tree, one))
}

/// Whether a dependency of the tests is one that is built for the lattice anyway, with all that the tests ask of it.
fn is_built(tree: &Tree, wanted: &Named) -> bool {
    let Some(externals) = manifest(tree, FOLDER) else { return false };
    named(&externals, "dependencies").iter().any(|one| {
        let same = one.key == wanted.key && one.said == wanted.said;
        same && wanted.defaults <= one.defaults && wanted.features.is_subset(&one.features)
    })
}
