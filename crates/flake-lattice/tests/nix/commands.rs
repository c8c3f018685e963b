//! The commands on a lattice that was generated: all that they show.

use crate::made::{Made, chain, commit, nix, rich, sandbox, toolchain, wired};
use camino::Utf8PathBuf;
use flake_lattice::wiring::{Options, Outside, Toolchain, Wiring, With};
use insta::assert_snapshot;
use testkit::{Sandbox, filters};

macro_rules! shows {
    ($outcome:expr, @$expected:literal) => {
        insta::with_settings!({ filters => filters() }, {
            assert_snapshot!($outcome.to_string(), @$expected);
        });
    };
}

/// A sandbox with a cargo, and a lattice in its folder `rich`.
fn scene() -> Sandbox {
    scene_of(&rich())
}

fn scene_of(made: &Made) -> Sandbox {
    let mut sandbox = sandbox();
    let rustc = toolchain().rustc;
    sandbox.set("CARGO", rustc.with_file_name("cargo"));
    sandbox.set("RUSTC", &rustc);
    made.write(&sandbox, "rich", &wired(Wiring::Import));
    sandbox
}

#[test]
fn what_is_built_is_printed_in_the_order_in_which_it_was_asked_for() {
    let sandbox = scene();
    let all = "flake-lattice build top-node base facade level-01 rich_crate::or -q --in rich";
    shows!(sandbox.run("", all), @"
    [SANDBOX]/nix/store/[HASH]-top-node-1.2.3
    [SANDBOX]/nix/store/[HASH]-base-1.2.3
    [SANDBOX]/nix/store/[HASH]-rich-crate-facade-1.2.3
    [SANDBOX]/nix/store/[HASH]-rich-crate-level-01
    [SANDBOX]/nix/store/[HASH]-or-1.2.3
    ");
    shows!(sandbox.run("rich/nodes/or", "flake-lattice build -q"), @"[SANDBOX]/nix/store/[HASH]-rich-crate-lattice-1.2.3");
    // Nothing is left to do.
    let again = sandbox.run("rich", "flake-lattice build");
    again.ok();
    shows!(again, @"[SANDBOX]/nix/store/[HASH]-rich-crate-lattice-1.2.3");
    let line = "flake-lattice build or --release --out-link kept --in rich -q";
    let built = Utf8PathBuf::from(sandbox.run("", line).ok());
    assert_eq!(sandbox.root().join("kept").canonicalize_utf8().expect("a link"), built);
}

#[test]
fn what_is_not_there_is_said_with_what_may_be_meant() {
    let sandbox = scene();
    shows!(sandbox.run("rich", "flake-lattice build top-nod").fails(2), @"
    ------- stderr -------
    error: the lattice has no node `top-nod`
    hint: did you mean `top-node`?
    [exit status: 2]
    ");
    shows!(sandbox.run("rich", "flake-lattice build x").fails(2), @"
    ------- stderr -------
    error: the lattice has no node `x`
    hint: see what there is: `flake-lattice plan`
    [exit status: 2]
    ");
    shows!(sandbox.run("", "flake-lattice build").fails(2), @"
    ------- stderr -------
    error: no lattice is meant: neither this folder nor one above it has a `lattice.json`
    hint: say where it is: `--in DIR`
    hint: or make one: `flake-lattice generate --output DIR`
    [exit status: 2]
    ");
    shows!(sandbox.run("", "flake-lattice build --in home").fails(1), @"
    ------- stderr -------
    error: there is no lattice in `[SANDBOX]/home`
      it has no `lattice.json`
    hint: make one: `flake-lattice generate --output DIR`
    [exit status: 1]
    ");
    sandbox.write("rich/lattice.json", "{ \"format\": 99 }");
    shows!(sandbox.run("rich", "flake-lattice build").fails(1), @"
    ------- stderr -------
    error: `[SANDBOX]/rich/lattice.json` is no lattice that this version can read
      its format is 99, and 1 is wanted
    hint: make it again: `flake-lattice generate --output DIR`
    [exit status: 1]
    ");
}

#[test]
fn a_node_that_does_not_compile_is_shown_by_the_compiler() {
    let sandbox = scene();
    sandbox.write("rich/nodes/or/lib.rs", "pub fn left() -> u32 { \"text\" }\n");
    let outcome = sandbox.run("rich", "flake-lattice build");
    let said = &outcome.fails(1).stderr;
    assert!(said.contains("error[E0308]: mismatched types"), "{said}");
    assert!(said.contains("or/lib.rs:1:24"), "{said}");
}

#[test]
fn a_compiler_that_is_gone_is_named() {
    let sandbox = sandbox();
    let with = |rustc: Utf8PathBuf| Options {
        wiring: Wiring::Import,
        builder: With::Offline(Toolchain { rustc, ..toolchain() }),
        outside: Outside::Left,
    };
    chain(2).write(&sandbox, "rich", &with("/no/such/rustc".into()));
    let outcome = sandbox.run("rich", "flake-lattice build -q");
    let hint = "hint: there is no compiler at `/no/such/rustc`; generate again here";
    assert!(outcome.fails(1).stderr.contains(hint), "{outcome}");
    sandbox.write("closed/bin/rustc", "#!/bin/sh\necho Permission denied >&2; exit 1\n");
    sandbox.sh("", "chmod +x closed/bin/rustc; chmod 700 closed; chmod 755 .").ok();
    chain(2).write(&sandbox, "rich", &with(sandbox.root().join("closed/bin/rustc")));
    let outcome = sandbox.run("rich", "flake-lattice build -q");
    let root = sandbox.root();
    let hint = format!("the compiler is below `{root}/closed`, which only its owner may enter");
    assert!(outcome.fails(1).stderr.contains(&hint), "{outcome}");
}

#[test]
fn a_lattice_that_is_as_it_was_generated_is_verified() {
    let sandbox = scene();
    shows!(sandbox.run("rich", "flake-lattice verify"), @"
    files    30 files as generated
    syntax   11 files of Nix
    nix      5 nodes evaluated for [SYSTEM]
    cargo    6 crates compiled
    ");
    shows!(sandbox.run("rich", "flake-lattice verify --build -q"), @"
    files    30 files as generated
    syntax   11 files of Nix
    nix      5 nodes evaluated for [SYSTEM]
    cargo    6 crates compiled
    build    [SANDBOX]/nix/store/[HASH]-rich-crate-lattice-1.2.3
    ");
    // What nix and cargo leave is nobody's edit.
    sandbox.sh("rich", "mkdir target; echo > target/x; echo {} > flake.lock").ok();
    sandbox.run("rich", "flake-lattice verify").ok();
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let sandbox = scene();
    sandbox.write("rich/nodes/or/lib.rs", "pub fn left() -> u32 { missing() }\n");
    sandbox.write("rich/nodes/or/flake.nix", "{ outputs = _: { }");
    sandbox.write("rich/nodes/in/flake.nix", "{ outputs = _: unbound; }");
    sandbox.sh("rich", "rm nodes/base/flake.nix").ok();
    shows!(sandbox.run("rich", "flake-lattice verify").fails(1), @"
    ------- stderr -------
    nix      5 nodes evaluated for [SYSTEM]
    error: `[SANDBOX]/rich` is not as it should be
      files: 4 changes by hand
        `nodes/base/flake.nix` was removed
        `nodes/in/flake.nix` was edited
        `nodes/or/flake.nix` was edited
        `nodes/or/lib.rs` was edited
      syntax: 1 syntax error in 1 file
        nodes/or/flake.nix:1:19: the file ends too early, wanted `;`
          { outputs = _: { }
                            ^
      cargo: the workspace does not compile
        error[E0425]: cannot find function `missing` in this scope
         --> nodes/or/lib.rs:1:24
          |
        1 | pub fn left() -> u32 { missing() }
          |                        ^^^^^^^ not found in this scope
        For more information about this error, try `rustc --explain E0425`.
        error: could not compile `or` (lib) due to 1 previous error
    hint: move what you want to keep, and generate again
    [exit status: 1]
    ");
    // What Nix says differs between versions.
    sandbox.sh("rich", "sed -i 's/nodes\\.base/nodes.bass/' lattice.nix").ok();
    let outcome = sandbox.run("rich", "flake-lattice verify");
    let said = &outcome.fails(1).stderr;
    assert!(said.contains("  nix: `packages` could not be evaluated\n    error:"), "{said}");
    assert!(said.contains("error: attribute 'bass' missing"), "{said}");
}

#[test]
fn a_node_is_exported_with_all_that_it_needs() {
    let sandbox = scene();
    shows!(sandbox.run("", "flake-lattice export or rich_crate::let --in rich --output out/part"), @"
    [SANDBOX]/out/part
    ------- stderr -------
    3 nodes: 20 files written
    ");
    let files = sandbox.sh("out/part", "find . -type f | LC_ALL=C sort").ok();
    shows!(files, @"
    ./.generated.json
    ./Cargo.toml
    ./compile.sh
    ./default.nix
    ./flake.nix
    ./lattice.json
    ./lattice.nix
    ./nodes/base/Cargo.toml
    ./nodes/base/build.rs
    ./nodes/base/flake.nix
    ./nodes/base/lib.rs
    ./nodes/let/Cargo.toml
    ./nodes/let/flake.nix
    ./nodes/let/lib.rs
    ./nodes/or/Cargo.toml
    ./nodes/or/flake.nix
    ./nodes/or/lib.rs
    ./offline.nix
    ./source.nix
    ./toolchain.json
    ./wiring.json
    ");
    // It stands alone: elsewhere, in git and without.
    sandbox.sh("", "mv out/part alone; rm -r rich out").ok();
    sandbox.run("alone", "flake-lattice verify --build").ok();
    let built = nix(&sandbox, "alone", "build path:.#or --no-link --print-out-paths").ok();
    commit(&sandbox, "alone");
    let again = nix(&sandbox, "alone/nodes/or", "build --no-link --print-out-paths");
    assert_eq!(again.ok(), built);
    shows!(sandbox.run("alone", "flake-lattice export base --output .").fails(2), @"
    ------- stderr -------
    error: a part of a lattice cannot lie in it
    hint: choose another folder: `--output DIR`
    [exit status: 2]
    ");
    shows!(sandbox.run("alone", "flake-lattice export base --output nodes/or/x").fails(2), @"
    ------- stderr -------
    error: a part of a lattice cannot lie in it
    hint: choose another folder: `--output DIR`
    [exit status: 2]
    ");
    // Again, and less: what is not wanted any more goes.
    let line = "flake-lattice export base --in alone --output other";
    sandbox.run("", line).ok();
    shows!(sandbox.run("", line), @"
    [SANDBOX]/other
    ------- stderr -------
    1 node: nothing changed
    ");
    sandbox.write("other/notes", "mine");
    shows!(sandbox.run("", line).fails(1), @"
    ------- stderr -------
    error: `[SANDBOX]/other` was changed by hand since it was generated
      `notes` was added
    hint: move what you want to keep, and put the rest back
    hint: or give `--force`: what was not generated is then kept beside the folder
    [exit status: 1]
    ");
}
