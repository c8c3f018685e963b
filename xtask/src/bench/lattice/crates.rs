//! Which crates of others are taken apart, and their sources, which cargo gets. The versions are fixed, so that everybody
//! takes the same sources apart. Not here: what is done with them.

use crate::error::{Error, Result};
use crate::run;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write;

/// Library crates without dependencies and without a build script, much downloaded ones first.
pub const ALONE: [&str; 80] = [
    "bitflags@2.13.2",
    "itoa@1.0.18",
    "cfg-if@1.0.5",
    "memchr@2.8.3",
    "unicode-ident@1.0.27",
    "base64@0.22.1",
    "regex-syntax@0.8.11",
    "once_cell@1.21.4",
    "smallvec@1.16.5",
    "strsim@0.11.1",
    "heck@0.5.0",
    "bytes@1.12.1",
    "log@0.4.35",
    "lazy_static@1.5.1",
    "fastrand@2.5.0",
    "ryu@1.0.23",
    "scopeguard@1.2.0",
    "either@1.19.0",
    "rand_core@0.10.1",
    "semver@1.0.28",
    "arrayvec@0.7.8",
    "byteorder@1.5.0",
    "percent-encoding@2.3.2",
    "toml_datetime@0.6.11",
    "fnv@1.0.7",
    "pin-project-lite@0.2.17",
    "slab@0.4.12",
    "unicode-width@0.2.3",
    "zeroize@1.9.1",
    "shlex@2.0.1",
    "subtle@2.6.1",
    "unicode-segmentation@1.13.3",
    "hex@0.4.3",
    "pin-utils@0.1.1",
    "futures-core@0.3.34",
    "futures-sink@0.3.34",
    "futures-task@0.3.34",
    "futures-io@0.3.34",
    "data-encoding@2.11.1",
    "glob@0.3.4",
    "equivalent@1.0.3",
    "humantime@2.4.0",
    "utf8parse@0.2.2",
    "anstyle@1.0.14",
    "clap_lex@1.1.1",
    "rustc-demangle@0.1.28",
    "adler2@2.0.1",
    "httpdate@1.0.3",
    "same-file@1.0.6",
    "unicode-xid@0.2.6",
    "mime@0.3.18",
    "minimal-lexical@0.2.1",
    "static_assertions@1.1.0",
    "siphasher@1.0.4",
    "opaque-debug@0.3.1",
    "version_check@0.9.5",
    "atomic-waker@1.1.2",
    "untrusted@0.9.0",
    "allocator-api2@0.2.21",
    "foldhash@0.2.0",
    "rustc-hash@2.1.3",
    "ucd-trie@0.1.7",
    "stable_deref_trait@1.2.1",
    "utf8_iter@1.0.4",
    "writeable@0.6.4",
    "litemap@0.8.3",
    "sync_wrapper@1.0.2",
    "tower-service@0.3.3",
    "try-lock@0.2.5",
    "termcolor@1.4.1",
    "ident_case@1.0.1",
    "dyn-clone@1.0.20",
    "matches@0.1.10",
    "unsafe-libyaml@0.2.11",
    "fixedbitset@0.5.7",
    "bit-vec@0.8.0",
    "unicode-bidi@0.3.18",
    "unicase@2.10.0",
    "similar@2.7.0",
    "dunce@1.0.5",
];

/// Crates with dependencies, build scripts or procedural macros.
pub const OTHERS: [&str; 20] = [
    "syn@2",
    "quote@1",
    "proc-macro2@1",
    "serde@1",
    "serde_json@1",
    "serde_derive@1",
    "thiserror@2",
    "thiserror-impl@2",
    "anyhow@1",
    "aho-corasick@1",
    "itertools@0.14",
    "indexmap@2",
    "hashbrown@0.17",
    "bstr@1",
    "winnow@0.7",
    "num-traits@0.2",
    "walkdir@2",
    "http@1",
    "tinyvec@1",
    "crossbeam-utils@0.8",
];

/// Copies of the crates' sources, by name, each a workspace of its own; cargo gets them.
pub fn sources(room: &Utf8Path) -> Result<HashMap<String, Utf8PathBuf>> {
    let wanted = room.join("wanted");
    let mut manifest = "[package]\nname = \"wanted\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[workspace]\n[dependencies]\n".to_owned();
    for crate_ in ALONE.iter().chain(&OTHERS) {
        let (name, version) = crate_.split_once('@').unwrap_or((crate_, "*"));
        let version = if version.matches('.').count() == 2 {
            format!("={version}")
        } else {
            version.to_owned()
        };
        let _ = writeln!(manifest, "{name} = \"{version}\"");
    }
    let source = wanted.join("src");
    std::fs::create_dir_all(&source).map_err(Error::io("make the folder", &source))?;
    let put = |path: Utf8PathBuf, text: &str| {
        std::fs::write(&path, text).map_err(Error::io("write", &path))
    };
    put(wanted.join("Cargo.toml"), &manifest)?;
    put(source.join("lib.rs"), "")?;
    let said = run::read(
        &duct::cmd!(run::cargo(), "metadata", "--format-version=1").dir(&wanted),
        "cargo metadata",
    )?;
    let metadata: Value =
        serde_json::from_str(&said).map_err(|cause| Error::new(cause.to_string()))?;
    let mut found = HashMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let is_wanted = |crate_: &&&str| crate_.split('@').next() == Some(name);
        let manifest = Utf8Path::new(package["manifest_path"].as_str().unwrap_or_default());
        let version = package["version"].as_str().unwrap_or_default();
        // Another version may be there because somebody else needs it.
        let right = ALONE.iter().chain(&OTHERS).find(is_wanted).is_some_and(|crate_| {
            crate_
                .split('@')
                .nth(1)
                .is_some_and(|wanted| format!("{version}.").starts_with(&format!("{wanted}.")))
        });
        let Some(from) = manifest.parent().filter(|_| right) else { continue };
        let to = room.join("crates").join(format!("{name}-{version}"));
        if !to.exists() {
            // Nobody writes into cargo's own copy; and above it there is our workspace, which it is no part of.
            std::fs::create_dir_all(room.join("crates"))
                .map_err(Error::io("make the folder", room))?;
            run::read(&duct::cmd!("cp", "-r", from.as_str(), to.as_str()), "cp -r")?;
            let manifest = to.join("Cargo.toml");
            let mut text =
                std::fs::read_to_string(&manifest).map_err(Error::io("read", &manifest))?;
            if !text.contains("[workspace]") {
                text.push_str("\n[workspace]\n");
            }
            let text = without_unnamed(&text, &sources_in(&to.join("tests"))?);
            put(manifest, &text)?;
        }
        found.insert(name.to_owned(), to);
    }
    Ok(found)
}

/// A manifest without the development dependencies that `sources` do not name: what only benches and examples need takes
/// longer to compile than all else together. cargo publishes manifests with a section for each dependency.
fn without_unnamed(manifest: &str, sources: &str) -> String {
    let mut text = String::new();
    let mut kept = true;
    for line in manifest.lines() {
        if line.starts_with('[') {
            let section = line.trim_matches(['[', ']']);
            kept = match section.rsplit_once("dev-dependencies.") {
                // A feature may name it, too.
                Some((_, name)) => {
                    let name = name.trim_matches('"');
                    is_word(sources, &name.replace('-', "_"))
                        || manifest.contains(&format!("\"{name}/"))
                }
                None => true,
            };
        }
        if kept {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn is_word(text: &str, word: &str) -> bool {
    let inside =
        |letter: Option<char>| letter.is_some_and(|one| one.is_alphanumeric() || one == '_');
    text.match_indices(word).any(|(at, _)| {
        let (before, after) =
            (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
        !inside(before) && !inside(after)
    })
}

/// All Rust sources below a folder, as one text.
fn sources_in(folder: &Utf8Path) -> Result<String> {
    let mut text = String::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(at) = todo.pop() {
        let Ok(entries) = at.read_dir_utf8() else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                todo.push(path.to_owned());
            } else if path.extension() == Some("rs") {
                let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
                text.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_test_names_is_no_dependency() {
        let manifest = "[package]\nname = \"x\"\n\n[dev-dependencies.criterion]\nversion = \"0.5\"\n\n\
            [dev-dependencies.serde-test]\nversion = \"1\"\n\n\
            [target.'cfg(windows)'.dev-dependencies.rand]\nversion = \"0.8\"\n\n[features]\ndefault = []\n";
        let trimmed = without_unnamed(manifest, "use serde_test::Token; fn my_rand() {}");
        assert_eq!(
            trimmed,
            "[package]\nname = \"x\"\n\n[dev-dependencies.serde-test]\nversion = \"1\"\n\n[features]\ndefault = []\n"
        );
    }
}
