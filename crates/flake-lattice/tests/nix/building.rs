//! Every node is built, from everywhere; and what is built again after an edit.

use crate::made::{Made, chain, commit, diamonds, nix, rich, sandbox, wired};
use flake_lattice::wiring::{self, LockSize, Wiring};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;
use studio_core::error::Exit;
use testkit::{Dice, Sandbox};

/// The derivations of all nodes, by name.
pub fn derivations(sandbox: &Sandbox, folder: &str) -> BTreeMap<String, String> {
    let apply = "builtins.mapAttrs (_: node: node.drvPath)";
    let words = ["nix", "eval", "--json", "--file", "default.nix", "nodes", "--apply", apply];
    serde_json::from_str(&sandbox.run_words(folder, &words).ok()).expect("JSON")
}

/// The nodes whose derivation is another one.
pub fn changed(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    assert!(before.keys().eq(after.keys()));
    before.keys().filter(|name| before[*name] != after[*name]).cloned().collect()
}

#[test]
fn every_node_is_built_from_the_root_and_from_its_own_folder() {
    let sandbox = sandbox();
    let made = rich();
    made.write(&sandbox, "plain", &wired(Wiring::Import));
    nix(&sandbox, "plain", "build path:. path:.#release.default --no-link").ok();
    nix(&sandbox, "plain", "flake check path:. --all-systems").ok();
    for node in &made.lattice.nodes {
        let name = &node.name;
        let line = format!("build path:.#{name} --print-out-paths --no-link");
        let built = nix(&sandbox, "plain", &line).ok();
        let line = format!("build path:.?dir=nodes/{name} --print-out-paths --no-link");
        assert_eq!(nix(&sandbox, "plain", &line).ok(), built);
        let library = name.replace('-', "_");
        let files = sandbox.sh(&*built, "echo *").ok();
        assert_eq!(files, format!("lib{library}.dependencies lib{library}.rlib"));
    }
    let whole = nix(&sandbox, "plain", "build path:. --print-out-paths --no-link").ok();
    let links = sandbox.sh(&*whole, "ls *.rlib").ok();
    assert_eq!(
        links,
        "libbase.rlib\nlibin.rlib\nliblet.rlib\nlibor.rlib\nlibrich_crate.rlib\nlibtop_node.rlib"
    );
    let low = nix(&sandbox, "plain", "build path:.#level-00 --print-out-paths --no-link").ok();
    assert_eq!(sandbox.sh(&*low, "ls *.rlib").ok(), "libbase.rlib\nliblet.rlib");
    // What a node needs is kept and copied with it.
    let line = "path-info -r --file default.nix nodes.top-node";
    assert_eq!(nix(&sandbox, "plain", line).ok().lines().count(), 5);
}

#[test]
fn what_is_built_works() {
    let sandbox = sandbox();
    rich().write(&sandbox, "plain", &wired(Wiring::Import));
    sandbox.write(
        "main.rs",
        "fn main() { assert_eq!(rich_crate::both(), 3); assert_eq!(rich_crate::parts::left(), 3); print!(\"{}\", rich_crate::VERSION) }",
    );
    for attribute in ["default", "release.default"] {
        let line = format!("build path:plain#{attribute} --out-link lib");
        nix(&sandbox, "", &line).ok();
        let rustc = crate::made::toolchain().rustc;
        let line = format!(
            "{rustc} --edition 2021 -L dependency=lib --extern rich_crate=lib/librich_crate.rlib main.rs"
        );
        sandbox.run("", &line).ok();
        assert_eq!(sandbox.run("", "./main").ok(), "rich-crate 1.2.3");
    }
}

#[test]
fn in_git_every_folder_is_a_flake_and_so_it_is_in_a_clone() {
    let sandbox = sandbox();
    let made = rich();
    made.write(&sandbox, "repo/generated/rich", &wired(Wiring::Import));
    commit(&sandbox, "repo");
    let first = nix(&sandbox, "repo/generated/rich", "build --print-out-paths --no-link").ok();
    sandbox.sh("", "git clone -q repo clone").ok();
    for folder in ["repo", "clone"] {
        for node in &made.lattice.nodes {
            let name = &node.name;
            let from_root = nix(
                &sandbox,
                &format!("{folder}/generated/rich"),
                &format!("build .#{name} --print-out-paths --no-link"),
            )
            .ok();
            let from_node = nix(
                &sandbox,
                &format!("{folder}/generated/rich/nodes/{name}"),
                "build --print-out-paths --no-link",
            );
            assert_eq!(from_node.ok(), from_root);
            assert!(!from_node.stderr.contains("building '"), "it was built before: {from_node}");
        }
        let again =
            nix(&sandbox, &format!("{folder}/generated/rich"), "build --print-out-paths --no-link");
        assert_eq!(again.ok(), first);
        assert!(!again.stderr.contains("building '"), "{again}");
        nix(&sandbox, &format!("{folder}/generated/rich/facade"), "build --no-link").ok();
    }
    // Nothing was locked, nor anything else written.
    assert_eq!(sandbox.run("repo", "git status --porcelain").ok(), "");
}

#[test]
fn outside_of_git_a_node_says_how_it_can_be_built() {
    let sandbox = sandbox();
    rich().write(&sandbox, "plain", &wired(Wiring::Import));
    let outcome = nix(&sandbox, "plain/nodes/or", "build path:.");
    let said = "or is a part of the lattice in ../..: commit that to git, or build `path:LATTICE?dir=FOLDER`";
    assert!(outcome.fails(1).stderr.contains(said), "{outcome}");
}

#[test]
fn an_edit_changes_a_node_and_those_above_it_and_no_other() {
    let sandbox = sandbox();
    rich().write(&sandbox, "plain", &wired(Wiring::Import));
    let before = derivations(&sandbox, "plain");
    let expect = |edit: &str, wanted: &[&str]| {
        sandbox.sh("plain", edit).ok();
        assert_eq!(changed(&before, &derivations(&sandbox, "plain")), wanted, "after {edit}");
    };
    // What is beside the sources is none of a node.
    expect("for f in nodes/*/Cargo.toml nodes/*/flake.nix; do echo '# x' >> $f; done", &[]);
    expect(
        "touch nodes/in/new nodes/in/data/new nodes/base/new; mkdir target; echo x > target/x",
        &[],
    );
    expect("echo '// x' >> nodes/top-node/lib.rs", &["top-node"]);
    expect("echo '// x' >> nodes/or/lib.rs", &["or", "top-node"]);
    expect("echo x >> 'nodes/in/data/a text.txt'", &["in", "or", "top-node"]);
    expect("echo '// x' >> nodes/base/lib.rs", &["base", "in", "or", "top-node"]);
    // Where it lies is of no account, either.
    sandbox.sh("", "mkdir other; cp -r plain other/place").ok();
    assert_eq!(derivations(&sandbox, "other/place"), derivations(&sandbox, "plain"));
    // Another compiler is.
    sandbox.sh("plain", "sed -i 's/\"version\": \"/&x/' toolchain.json").ok();
    assert_eq!(changed(&before, &derivations(&sandbox, "plain")).len(), before.len());
}

#[test]
fn what_is_built_twice_is_the_same_to_the_byte() {
    let sandbox = sandbox();
    rich().write(&sandbox, "plain", &wired(Wiring::Import));
    for release in ["false", "true"] {
        let line =
            format!("build --file default.nix nodes facade --arg release {release} --no-link");
        nix(&sandbox, "plain", &line).ok();
        nix(&sandbox, "plain", &format!("{line} --rebuild")).ok();
    }
    // Nor does it say where it was built.
    let line = "build --file default.nix whole --no-link --print-out-paths";
    let whole = nix(&sandbox, "plain", line).ok();
    let found = sandbox.sh(&*whole, &format!("grep -l '{}' *.rlib || true", sandbox.root())).ok();
    assert_eq!(found, "");
}

#[test]
fn all_wirings_build_the_same() {
    let sandbox = sandbox();
    let made = rich();
    made.write(&sandbox, "import", &wired(Wiring::Import));
    let wanted = derivations(&sandbox, "import");
    for (folder, wiring) in
        [("root", Wiring::Root), ("closure", Wiring::Closure), ("direct", Wiring::Direct)]
    {
        made.write(&sandbox, folder, &wired(wiring));
        commit(&sandbox, folder);
        assert_eq!(derivations(&sandbox, folder), wanted, "{folder}");
        for (name, derivation) in &wanted {
            let system = format!("packages.{}-linux.default.drvPath", std::env::consts::ARCH);
            let dir = format!("{folder}/nodes/{name}");
            let found = nix(&sandbox, &dir, &format!("eval --raw .#{system}")).ok();
            assert_eq!(found, *derivation, "{folder}: {name}");
        }
    }
}

#[test]
fn a_lock_file_is_as_large_as_predicted() {
    let sandbox = sandbox();
    for (folder, made) in [("diamonds", diamonds(8)), ("chain", chain(12))] {
        made.write(&sandbox, folder, &wired(Wiring::Direct));
        commit(&sandbox, folder);
        let top = &made.lattice.nodes.last().expect("a node").name;
        nix(&sandbox, &format!("{folder}/nodes/{top}"), "flake lock").ok();
        let text = sandbox.read(format!("{folder}/nodes/{top}/flake.lock"));
        let lock: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let entries = lock["nodes"].as_object().expect("entries").len() as u64 - 1;
        let predicted = LockSize::largest(&made.lattice);
        assert_eq!(predicted.entries, entries);
        let ratio = predicted.bytes as f64 / text.len() as f64;
        assert!((0.9..1.1).contains(&ratio), "{predicted:?} for {} bytes", text.len());
    }
}

#[test]
fn wirings_that_would_be_too_large_are_refused() {
    let refused = |made: Made, wiring: Wiring| {
        let error =
            wiring::add(&mut made.crates(), &made.lattice, &wired(wiring)).expect_err("refused");
        assert_eq!(error.status(), Exit::Usage);
        (error.message().to_owned(), error.causes().join("; "))
    };
    let (message, cause) = refused(diamonds(18), Wiring::Direct);
    assert_eq!(message, "there are too many ways through the lattice for `--wiring direct`");
    assert_eq!(cause, "the largest `flake.lock` would have 6763 entries and about 2.6 MiB");
    // It is so large that nobody ever saw it.
    let (_, cause) = refused(diamonds(200), Wiring::Direct);
    assert!(cause.contains("16383.9 PiB"), "{cause}");
    let (message, _) = refused(chain(80), Wiring::Closure);
    assert_eq!(message, "there are too many nodes for `--wiring closure`");
    for (made, wiring) in
        [(diamonds(12), Wiring::Direct), (chain(100), Wiring::Direct), (chain(50), Wiring::Closure)]
    {
        wiring::add(&mut made.crates(), &made.lattice, &wired(wiring)).expect("possible");
    }
}

#[test]
fn a_compiler_in_the_store_is_a_part_of_what_is_built() {
    let sandbox = sandbox();
    let mut options = wired(Wiring::Import);
    let flake_lattice::wiring::With::Offline(toolchain) = &mut options.builder else {
        unreachable!()
    };
    sandbox.write("compiler/bin/rustc", format!("#!/bin/sh\nexec {} \"$@\"\n", toolchain.rustc));
    sandbox.sh("", "chmod +x compiler/bin/rustc").ok();
    let stored = sandbox.run("", "nix-store --add compiler").ok();
    toolchain.rustc = format!("{stored}/bin/rustc").into();
    chain(2).write(&sandbox, "plain", &options);
    nix(&sandbox, "plain", "build path:. --no-link").ok();
    let derivation = &derivations(&sandbox, "plain")["n1"];
    let inputs = sandbox.run("", &format!("nix-store --query --references {derivation}")).ok();
    // Not only the text of a variable.
    assert!(inputs.lines().any(|input| input == stored), "{inputs}");
}

/// Nodes in 20 levels, each on three of the five levels below it.
fn many(count: usize) -> Made {
    let mut dice = Dice::new();
    let width = count / 20;
    let mut made = Made::new("many");
    for index in 0..count {
        let level = index / width;
        let name = format!("n{index}");
        let below: BTreeSet<String> = (0..3)
            .filter(|_| level > 0)
            .map(|_| {
                let start = level.saturating_sub(5) * width;
                format!("n{}", start + dice.below((level * width - start) as u64) as usize)
            })
            .collect();
        let below: Vec<&str> = below.iter().map(String::as_str).collect();
        let uses: String = below.iter().map(|below| format!(" + {below}::f()")).collect();
        made = made.node(&name, &format!("pub fn f() -> u64 {{ {index}{uses} }}\n"), &below);
    }
    made
}

#[test]
fn a_thousand_nodes_are_evaluated() {
    let count = testkit::rounds(100, 1000) as usize;
    let mut sandbox = sandbox();
    sandbox.set("NIX_SHOW_STATS", "1");
    sandbox.set("NIX_SHOW_STATS_PATH", sandbox.root().join("stats.json"));
    let mut report = String::new();
    for (shape, made) in [("levels", many(count)), ("chain", chain(count))] {
        let folder = format!("{shape}/generated");
        made.write(&sandbox, &folder, &wired(Wiring::Import));
        commit(&sandbox, shape);
        let before = derivations(&sandbox, &folder);
        assert_eq!(before.len(), count);
        for round in 0..3 {
            // Another commit, so that nothing is taken from a cache.
            let top = format!("n{}", count - 1);
            let edit = format!("echo '// {round}' >> nodes/{top}/lib.rs; git commit -qam edit");
            sandbox.sh(&*folder, &edit).ok();
            let start = Instant::now();
            nix(&sandbox, &folder, "eval --raw .#default.drvPath").ok();
            let wall = start.elapsed().as_secs_f64();
            let stats: serde_json::Value =
                serde_json::from_str(&sandbox.read("stats.json")).expect("JSON");
            let cpu = stats["cpuTime"].as_f64().expect("a number");
            report += &format!(
                "{count} nodes, {shape}: evaluated in {wall:.2} s, {cpu:.2} s of a processor\n"
            );
        }
        assert_eq!(changed(&before, &derivations(&sandbox, &folder)).len(), 1);
    }
    testkit::report("lattice-evaluation.md", &report);
}
