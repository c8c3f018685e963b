//! Small crates with what is hard about Rust in them, and the lattices that must come of them, to the byte. Each lattice
//! was compiled by cargo when it was generated, and the crate's own tests pass with the facade in its place.
//!
//! `STUDIO_UPDATE_GOLDEN=1 cargo test -p flake-lattice --test golden` writes what comes out instead of comparing it.

#![expect(clippy::disallowed_methods, reason = "tests set the scene themselves")]

mod scene;

use camino::{Utf8Path, Utf8PathBuf};
use scene::Scene;
use std::collections::BTreeMap;

/// All files below a folder, as text.
fn files(folder: &Utf8Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(at) = todo.pop() {
        for entry in at.read_dir_utf8().into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                todo.push(entry.path().to_owned());
                continue;
            }
            let path = entry.path().strip_prefix(folder).expect("below it").to_string();
            // What was read, and the list of files, say the same of the machine and of the rest. What Nix makes of it,
            // and where the compiler lies, is looked at by `tests/nix`.
            let nix = [".nix", "compile.sh", "toolchain.json", "wiring.json"];
            if path == "inputs.json"
                || path.starts_with(".generated")
                || nix.iter().any(|end| path.ends_with(end))
            {
                continue;
            }
            let text = std::fs::read_to_string(entry.path()).expect("text");
            found.insert(path, steady(&text));
        }
    }
    found
}

/// Without what the machine decides.
fn steady(text: &str) -> String {
    let Ok(mut json) = serde_json::from_str::<serde_json::Value>(text) else {
        return text.to_owned();
    };
    json["cfg"] = serde_json::Value::Null;
    json["target"] = serde_json::Value::Null;
    serde_json::to_string_pretty(&json).expect("json") + "\n"
}

fn golden(name: &str) {
    let here = Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let scene = Scene::with_crate(&here.join("crate"));
    scene.generate("crate", "out").ok();
    let found = files(&scene.sandbox.root().join("out"));
    let wanted = here.join("lattice");
    if std::env::var_os("STUDIO_UPDATE_GOLDEN").is_some() {
        let _ = std::fs::remove_dir_all(&wanted);
        for (path, text) in &found {
            let path = wanted.join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
            std::fs::write(path, text).expect("written");
        }
    }
    let wanted = files(&wanted);
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&wanted));
    for (path, text) in found {
        assert_eq!(text, wanted[&path], "{path}");
    }
    // What the crate's own tests ask of it holds for the facade.
    scene.cargo("out/tests", "test --offline --quiet").ok();
}

#[test]
fn circles_statics_and_the_edition_of_2015() {
    golden("rings");
}

#[test]
fn macros_that_make_items_and_macros_of_one_name() {
    golden("tools");
}

#[test]
fn impls_across_modules_generics_and_reexports() {
    golden("weave");
}

#[test]
fn cfg_features_and_included_files() {
    golden("choice");
}
