//! The commands as a user sees them: what they print, what they write, and what they say of bad input.

mod scene;

use insta::assert_snapshot;
use scene::Scene;

const SMALL: &str = "
pub mod a {
    /// One.
    pub fn one() -> u32 { 1 }
    pub fn two() -> u32 { one() + one() }
}
pub struct Pair(u32, u32);
impl Pair { pub fn sum(&self) -> u32 { self.0 + self.1 } }
pub fn pair() -> Pair { Pair(a::one(), a::two()) }
";

#[test]
fn a_plan_is_a_line_a_node() {
    let scene = Scene::with_source(SMALL);
    assert_snapshot!(scene.sandbox.run("crate", "flake-lattice plan"), @r"
      0  small__Pair             2 items  an edit compiles 2 nodes
      0  small__a__one            1 item  an edit compiles 3 nodes
      1  small__a__two            1 item  an edit compiles 2 nodes
      2  small__pair_a29040db     1 item  an edit compiles 1 node
    ------- stderr -------
    `small` 1.0.0: 5 items in 4 nodes on 3 levels
    ");
}

#[test]
fn why_says_what_names_what() {
    let scene = Scene::with_source(SMALL);
    assert_snapshot!(scene.sandbox.run("crate", "flake-lattice why pair a::one"), @r"
    small__pair_a29040db
      builds on small__a__one
        small::pair names small::a::one
    ");
    assert_snapshot!(scene.sandbox.run("crate", "flake-lattice why a::one pair"), @r"
    ------- stderr -------
    error: `small__a__one` does not depend on `small__pair_a29040db`
    hint: `small__pair_a29040db` depends on `small__a__one`: `flake-lattice why small__pair_a29040db small__a__one`
    [exit status: 1]
    ");
    assert_snapshot!(scene.sandbox.run("crate", "flake-lattice why one Pair"), @r"
    ------- stderr -------
    error: `small` has no node or item `one`
    hint: did you mean `small::a::one`?
    [exit status: 1]
    ");
}

#[test]
fn the_graph_is_for_graphviz_or_json() {
    let scene = Scene::with_source(SMALL);
    assert_snapshot!(scene.sandbox.run("crate", "flake-lattice graph --dot"), @r"
    digraph small {
      rankdir = BT;
      node [shape = box];
      {
        rank = same;
        small__Pair;
        small__a__one;
      }
      {
        rank = same;
        small__a__two;
      }
      {
        rank = same;
        small__pair_a29040db;
      }
      small__a__two -> small__a__one;
      small__pair_a29040db -> small__Pair;
      small__pair_a29040db -> small__a__one;
      small__pair_a29040db -> small__a__two;
    }
    ");
    let json = scene.sandbox.run("crate", "flake-lattice graph --json").ok();
    let json: serde_json::Value = serde_json::from_str(&json).expect("json");
    assert_eq!(json["edges"].as_array().expect("edges").len(), 4);
}

/// An edit of a body changes one node; what it builds on stays, what builds on it is built again; a comment is nothing.
#[test]
fn a_second_run_touches_nothing_and_diff_says_what_an_edit_comes_to() {
    let scene = Scene::with_source(SMALL);
    let sandbox = &scene.sandbox;
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 5 items in 4 nodes on 3 levels, compiled in 1 round
    28 files written
    ");
    let stamp = || sandbox.sh("", "find out -type f -printf '%p %i %T@\\n' | sort").ok();
    let before = stamp();
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` has not changed: nothing to do
    ");
    assert_eq!(stamp(), before);
    sandbox.sh("", "cp -r out old").ok();
    sandbox.write("crate/src/lib.rs", SMALL.replace("/// One.", "// Only a comment.\n\n"));
    scene.generate("crate", "out").ok();
    assert_snapshot!(sandbox.run("", "flake-lattice diff old out"), @r"
    ------- stderr -------
    0 of 4 nodes to build
    ");
    sandbox.write("crate/src/lib.rs", SMALL.replace("one() + one()", "one() * 2"));
    scene.generate("crate", "out").ok();
    assert_snapshot!(sandbox.run("", "flake-lattice diff old out"), @r"
    changed  small__a__two
    rebuilt  small__pair_a29040db  (builds on small__a__two)
    ------- stderr -------
    2 of 4 nodes to build
    ");
}

/// The same bytes, whatever the folder is called and whatever language the user speaks.
#[test]
fn the_same_crate_gives_the_same_bytes_anywhere() {
    let mut scene = Scene::with_source(SMALL);
    scene.krate("elsewhere/under another name", SMALL);
    scene.generate("crate", "out").ok();
    scene.sandbox.set("LC_ALL", "tr_TR.UTF-8");
    scene.sandbox.set("TZ", "Asia/Tokyo");
    scene.generate("elsewhere/under another name", "deep/down/out").ok();
    assert_eq!(scene.sandbox.sh("", "diff -r out deep/down/out").ok(), "");
}

#[test]
fn bad_input_is_named_and_nothing_is_written() {
    let scene = Scene::with_source("pub fn good() {}\npub fn bad( {}\n");
    assert_snapshot!(scene.generate("crate", "out"), @r"
    ------- stderr -------
    error: `src/lib.rs` does not parse
      src/lib.rs:2:11: a bracket or quote that has no other, or no word of Rust
      pub fn bad( {}
                ^
    hint: `cargo check` says more; nothing was written
    [exit status: 1]
    ");
    scene.sandbox.write("crate/src/lib.rs", "mod gone;\n");
    assert_snapshot!(scene.generate("crate", "out"), @r"
    ------- stderr -------
    error: the file of module `gone` was not found
      src/lib.rs:1:5: there is neither `src/gone.rs` nor `src/gone/mod.rs`
    hint: `cargo check` says more; nothing was written
    [exit status: 1]
    ");
    scene.sandbox.write("crate/src/lib.rs", "#[path = \"lib.rs\"]\nmod again;\n");
    assert_snapshot!(scene.generate("crate", "out"), @r"
    ------- stderr -------
    error: `src/lib.rs` is a module of itself
      a `mod` leads back to a file that led to it, by a link or a `path` attribute
    hint: rustc refuses it too: see `cargo check`
    [exit status: 1]
    ");
    scene.sandbox.sh("", "test ! -e out").ok();
    scene.sandbox.sh("", "mv crate/src/lib.rs crate/src/main.rs").ok();
    assert_snapshot!(scene.generate("crate", "out"), @r"
    ------- stderr -------
    error: `small` has no library
      only the items of a library can be built on by others
    hint: move what is in `src/main.rs` to `src/lib.rs`, or name another package
    [exit status: 1]
    ");
    assert_snapshot!(scene.generate("nowhere", "out"), @r"
    ------- stderr -------
    error: there is no crate in `[SANDBOX]/nowhere`
      it has no `Cargo.toml`
    hint: name the folder of a crate: `flake-lattice plan PATH`
    [exit status: 1]
    ");
}

#[test]
fn a_crate_that_does_not_compile_is_no_lattice() {
    let scene = Scene::with_source("pub fn f() -> u32 { \"text\" }\npub fn g() {}\n");
    assert_snapshot!(scene.generate("crate", "out"), @r"
    ------- stderr -------
    error: `small` does not compile
      E0308: mismatched types
    hint: see `cargo check` in the crate; nothing was written
    [exit status: 1]
    ");
    scene.sandbox.sh("", "test ! -e out").ok();
}

#[test]
fn what_was_never_compiled_is_not_taken_for_what_was() {
    let scene = Scene::with_source("pub fn f() -> u32 { \"text\" }\n");
    scene.sandbox.run("", "flake-lattice generate crate --output out --no-check").ok();
    let outcome = scene.generate("crate", "out");
    let said = &outcome.fails(1).stderr;
    assert!(said.starts_with("error: `small` does not compile\n"), "{said}");
}

#[test]
fn a_folder_that_is_not_ours_is_left_alone() {
    let scene = Scene::with_source(SMALL);
    scene.sandbox.write("out/mine.txt", "mine\n");
    assert_snapshot!(scene.generate("crate", "out"), @r"
    ------- stderr -------
    error: `[SANDBOX]/out` is not empty, and `flake-lattice` did not generate it
      `mine.txt`
    hint: choose a folder that is empty or not there
    hint: or give `--force`: what was not generated is then kept beside the folder
    [exit status: 1]
    ");
    assert_eq!(scene.sandbox.read("out/mine.txt"), "mine\n");
}

/// A dependency that is a folder is named by the way to it, so that both can be moved together.
#[test]
fn dependencies_are_where_they_are_named_and_nowhere_else() {
    let scene = Scene::with_source(
        "pub fn a() -> u8 { lower::one() }\npub fn b() -> u8 { 2 }\npub use lower::one as uno;\n",
    );
    let sandbox = &scene.sandbox;
    scene.krate("lower", "pub fn one() -> u8 { 1 }\n");
    sandbox.sh("", "sed -i s/small/lower/ lower/Cargo.toml").ok();
    sandbox
        .sh("", "printf '[dependencies]\\nlower = { path = \"../lower\" }\\n' >> crate/Cargo.toml")
        .ok();
    scene.generate("crate", "out").ok();
    assert_snapshot!(sandbox.sh("out", "grep -r 'lower =' --include Cargo.toml | sort").ok(), @r#"
    facade/Cargo.toml:lower = { path = "../../lower" }
    nodes/small__a/Cargo.toml:lower = { path = "../../../lower" }
    "#);
    scene.cargo("out/nodes/small__a", "check --quiet --offline").ok();
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` has not changed: nothing to do
    ");
}

/// What cannot be taken apart is one node, and it is said why.
#[test]
fn a_proc_macro_crate_stays_whole() {
    let scene = Scene::with_source(
        "use proc_macro::TokenStream;
         #[proc_macro] pub fn seven(_: TokenStream) -> TokenStream { \"7\".parse().unwrap() }\n",
    );
    scene.sandbox.sh("", "printf '[lib]\\nproc-macro = true\\n' >> crate/Cargo.toml").ok();
    scene
        .sandbox
        .write("crate/tests/seven.rs", "#[test]\nfn seven() { assert_eq!(small::seven!(), 7); }\n");
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 1 item in 1 node on 1 level, compiled in 1 round
    it is one node: it is a proc-macro crate, whose macros only it can export
    22 files written
    ");
    scene.cargo("out/tests", "test --quiet --offline").ok();
}

/// A build script that only sets `cfg` is run once, and decides which items there are.
#[test]
fn a_build_script_may_set_cfg() {
    let scene = Scene::with_source(
        "#[cfg(fancy)] pub fn which() -> u8 { inner!() }
         #[cfg(not(fancy))] pub fn which() -> u8 { 0 }
         #[macro_export] macro_rules! inner { () => { if cfg!(fancy) { 1 } else { 2 } }; }\n",
    );
    let script = "fn main() { println!(\"cargo:rustc-cfg=fancy\"); }\n";
    scene.sandbox.write("crate/build.rs", script);
    scene
        .sandbox
        .write("crate/tests/which.rs", "#[test]\nfn which() { assert_eq!(small::which(), 1); }\n");
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 2 items in 2 nodes on 2 levels, compiled in 2 rounds
    28 files written
    ");
    scene.cargo("out/tests", "test --quiet --offline").ok();
}

/// A file that is included is part of what was read.
#[test]
fn an_edit_of_an_included_file_is_seen() {
    let scene =
        Scene::with_source("pub const A: &str = include_str!(\"../../a.txt\");\npub fn b() {}\n");
    scene.sandbox.write("a.txt", "one\n");
    scene.generate("crate", "out").ok();
    scene.sandbox.sh("", "cp -r out old").ok();
    scene.sandbox.write("a.txt", "two\n");
    scene.generate("crate", "out").ok();
    assert_snapshot!(scene.sandbox.run("", "flake-lattice diff old out"), @r"
    changed  small__A
    ------- stderr -------
    1 of 2 nodes to build
    ");
}

/// Two impls that coherence keeps apart only within one crate: the compiler says so, and they are put together.
#[test]
fn what_the_compiler_asks_for_is_done_and_said() {
    let scene = Scene::with_source(
        "pub trait Shape { fn corners(&self) -> u32; }
         pub trait Named { fn name(&self) -> &'static str; }
         impl<T: Named> Shape for T { fn corners(&self) -> u32 { self.name().len() as u32 } }
         impl Shape for str { fn corners(&self) -> u32 { 0 } }
         #[non_exhaustive] pub enum Kind { A, B }
         pub fn kind(of: Kind) -> u8 { match of { Kind::A => 1, Kind::B => 2 } }\n",
    );
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 6 items in 4 nodes on 2 levels, compiled in 2 rounds
    28 files written
    ");
}
