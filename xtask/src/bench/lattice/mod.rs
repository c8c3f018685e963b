//! Lattices of crates that others wrote: how many there are that end compiling, how finely they come apart, and how long
//! that takes. The versions are fixed, so that everybody takes the same sources apart.
//!
//! The table goes to `docs/lattice-corpus.md`. Not here: what Nix makes of lattices, which the tests of the crate show.

use crate::error::{Error, Result};
use crate::run;
use crate::workspace::Workspace;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Library crates without dependencies and without a build script, much downloaded ones first.
const ALONE: [&str; 80] = [
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
const OTHERS: [&str; 20] = [
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

/// Of those without dependencies, so many in a hundred may stay whole.
const MOST_WHOLE: usize = 10;

/// What came of one crate.
struct Row {
    name: String,
    took: Duration,
    outcome: Outcome,
}

enum Outcome {
    Lattice {
        items: usize,
        nodes: usize,
        levels: u64,
        largest: usize,
        coarser: String,
        whole: bool,
    },
    Failed(String),
}

/// Takes them all apart and writes the table.
pub fn lattice(workspace: &Workspace, programs: &Utf8Path) -> Result<Vec<String>> {
    let room = workspace.target.join("bench/lattice");
    std::fs::create_dir_all(&room).map_err(Error::io("make the folder", &room))?;
    let folders = sources(&room)?;
    let program = programs.join("flake-lattice");
    let mut tables = Vec::new();
    for (title, wanted) in [
        ("Without dependencies and build scripts", &ALONE[..]),
        ("With dependencies, build scripts or procedural macros", &OTHERS[..]),
    ] {
        let mut rows = Vec::new();
        for crate_ in wanted {
            let name = crate_.split('@').next().unwrap_or_default();
            let folder = folders
                .get(name)
                .ok_or_else(|| Error::new(format!("cargo did not get `{name}`")))?;
            eprintln!("taking apart {}", folder.file_name().unwrap_or_default());
            rows.push(take_apart(&program, &room, folder)?);
        }
        tables.push((title, rows));
    }
    let text = document(&tables);
    let path = workspace.root.join("docs/lattice-corpus.md");
    std::fs::write(&path, &text).map_err(Error::io("write", &path))?;
    eprintln!("{text}");
    Ok(broken(&tables))
}

/// What was promised and is not so.
fn broken(tables: &[(&str, Vec<Row>)]) -> Vec<String> {
    let mut broken = Vec::new();
    for (title, rows) in tables {
        let failed = rows.iter().filter(|row| matches!(row.outcome, Outcome::Failed(_)));
        broken.extend(failed.map(|row| format!("{title}: `{}` ends in no lattice", row.name)));
    }
    if let Some((title, rows)) = tables.first() {
        let whole =
            rows.iter().filter(|row| matches!(row.outcome, Outcome::Lattice { whole: true, .. }));
        let whole = whole.count();
        if whole * 100 > rows.len() * MOST_WHOLE {
            broken.push(format!("{title}: {whole} of {} stay whole", rows.len()));
        }
    }
    broken
}

/// Copies of the crates' sources, by name, each a workspace of its own; cargo gets them.
fn sources(room: &Utf8Path) -> Result<HashMap<String, Utf8PathBuf>> {
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
            put(manifest, &text)?;
        }
        found.insert(name.to_owned(), to);
    }
    Ok(found)
}

fn take_apart(program: &Utf8Path, room: &Utf8Path, folder: &Utf8Path) -> Result<Row> {
    let name = folder.file_name().unwrap_or_default().to_owned();
    let output = room.join("made").join(&name);
    if output.exists() {
        std::fs::remove_dir_all(&output).map_err(Error::io("remove", &output))?;
    }
    let began = Instant::now();
    let made =
        duct::cmd!(program.as_str(), "generate", folder.as_str(), "--output", output.as_str());
    // No compiler's results of another run.
    let made = made.env("XDG_CACHE_HOME", room.join("cache").as_str());
    let outcome = match run::read(&made, "flake-lattice generate") {
        Err(error) => Outcome::Failed(error.to_string()),
        Ok(_) => outcome(&output)?,
    };
    Ok(Row { name, took: began.elapsed(), outcome })
}

/// What the lattice says of itself.
fn outcome(output: &Utf8Path) -> Result<Outcome> {
    let path = output.join("lattice.json");
    let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let lattice: Value =
        serde_json::from_str(&text).map_err(|cause| Error::new(cause.to_string()))?;
    let nodes = lattice["nodes"].as_array().cloned().unwrap_or_default();
    let items = |node: &Value| node["items"].as_array().map_or(0, Vec::len);
    let all: usize = nodes.iter().map(items).sum();
    let whole = lattice["whole"].as_str();
    let coarser = match whole {
        Some(cause) => format!("whole: {cause}"),
        None => {
            let cases = lattice["coarsened"].as_array().cloned().unwrap_or_default();
            let case = |case: &Value| {
                let extent = case["extent"].as_str().unwrap_or_default().to_owned();
                let code = case["cause"].as_str().unwrap_or_default();
                format!("{extent} {}: {}", items(case), first_line(code))
            };
            cases.iter().map(case).collect::<Vec<_>>().join("; ")
        }
    };
    Ok(Outcome::Lattice {
        items: all,
        nodes: nodes.len(),
        levels: nodes
            .iter()
            .filter_map(|node| node["level"].as_u64())
            .max()
            .map_or(0, |level| level + 1),
        largest: nodes.iter().map(items).max().unwrap_or_default() * 100 / all.max(1),
        whole: whole.is_some(),
        coarser,
    })
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(90).collect()
}

fn document(tables: &[(&str, Vec<Row>)]) -> String {
    let mut text = "# What becomes of crates that others wrote\n\nMade by `cargo xtask bench lattice`. Items are those of the \
        library with its default features on the machine that ran it; the largest node's share is of the items; what had \
        to be coarser than the graph of names suggests stands last, with the compiler's word for it. Everything that has \
        nodes here was compiled as a lattice.\n"
        .to_owned();
    for (title, rows) in tables {
        let made = |whole: bool| {
            let made = |row: &&Row| matches!(&row.outcome, Outcome::Lattice { whole: is, .. } if *is == whole);
            rows.iter().filter(made).count()
        };
        let _ = write!(
            text,
            "\n## {title}\n\n{} crates: {} in nodes, {} whole, {} in none.\n\n| crate | items | nodes | levels | largest | time | coarser |\n|---|---|---|---|---|---|---|\n",
            rows.len(),
            made(false),
            made(true),
            rows.len() - made(false) - made(true)
        );
        for row in rows {
            let took = row.took.as_secs_f64();
            let _ = match &row.outcome {
                Outcome::Lattice { items, nodes, levels, largest, coarser, .. } => writeln!(
                    text,
                    "| {} | {items} | {nodes} | {levels} | {largest} % | {took:.1} s | {} |",
                    row.name,
                    cell(coarser)
                ),
                Outcome::Failed(why) => writeln!(
                    text,
                    "| {} | | | | | {took:.1} s | none: {} |",
                    row.name,
                    cell(&first_line(why))
                ),
            };
        }
    }
    text
}

/// As it may stand in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
