//! Files that source includes, and what it asks of its package: the same in the lattice, wherever it is asked.

mod scene;

use insta::assert_snapshot;
use scene::Scene;

/// A program against the crate and against its facade; both have to say the same, which is returned.
fn says(scene: &Scene, krate: &str, facade: &str, main: &str) -> String {
    let said: Vec<String> = [krate, facade]
        .into_iter()
        .map(|path| {
            scene.sandbox.write(
                "use/Cargo.toml",
                format!("[package]\nname = \"use\"\nversion = \"9.9.9\"\nedition = \"2021\"\n[dependencies]\nsmall.path = \"../{path}\"\n[workspace]\n"),
            );
            scene.sandbox.write("use/src/main.rs", main);
            scene.sandbox.sh("use", "rm -f Cargo.lock").ok();
            scene.cargo("use", "run -q").ok()
        })
        .collect();
    assert_eq!(said[0], said[1]);
    said[1].clone()
}

#[test]
fn files_are_included_within_other_macros_and_by_composed_paths() {
    let scene = Scene::with_source(
        "mod deep;\npub use deep::*;\n\
         pub fn joined() -> &'static str { concat!(\"<\", include_str!(\"a.txt\"), '>', 1) }\n\
         pub fn formatted() -> String { format!(\"{}{:?}\", include_str!(\"a.txt\"), [include_bytes!(\"a.txt\").len()]) }\n\
         pub fn composed() -> &'static str { include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/src/deep/\", \"b\", '.', \"txt\")) }\n\
         pub fn agent() -> &'static str { concat!(env!(\"CARGO_PKG_NAME\"), \"/\", env!(\"CARGO_PKG_VERSION\"), \" \", env!(\"CARGO_PKG_DESCRIPTION\"), env!(\"CARGO_PKG_AUTHORS\"), env!(\"CARGO_CRATE_NAME\")) }\n\
         pub fn spelled() -> &'static str { stringify!(include_str!(\"a.txt\")) }\n\
         macro_rules! name { () => { ::std::env!(\"CARGO_PKG_NAME\") } }\n\
         pub fn named() -> &'static str { name!() }\n\
         #[macro_export] macro_rules! caller { () => { env!(\"CARGO_PKG_NAME\") } }\n\
         pub fn table() -> [u8; 2] { include!(\"deep/table.in\") }\n",
    );
    scene.sandbox.write("crate/src/a.txt", "A");
    scene.sandbox.write("crate/src/deep/b.txt", "B\n");
    scene.sandbox.write("crate/src/deep/table.in", "[4, 2]");
    scene.sandbox.write(
        "crate/src/deep.rs",
        "pub fn inner() -> String { [include_str!(\"deep/b.txt\"), module_file()].concat() }\n\
         fn module_file() -> &'static str { concat!(include_str!(\"deep/b.txt\")) }\n",
    );
    let manifest = scene.sandbox.read("crate/Cargo.toml");
    scene.sandbox.write(
        "crate/Cargo.toml",
        manifest + "description = \"it \\\"is\\\"\"\nauthors = [\"a\", \"b\"]\n",
    );
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 11 items in 11 nodes on 2 levels, compiled in 1 round
    55 files written
    ");
    let said = says(
        &scene,
        "crate",
        "out/facade",
        "use small::*;\nfn main() { print!(\"{}|{}|{}|{}|{}|{}|{}|{:?}|{}\", joined(), formatted(), composed(), agent(), spelled(), named(), caller!(), table(), inner()) }\n",
    );
    assert_snapshot!(said, @r#"
    <A>1|A[1]|B
    |small/1.0.0 it "is"a:bsmall|include_str!("a.txt")|small|use|[4, 2]|B
    B
    "#);
    // An edit of such a file is seen.
    scene.sandbox.write("crate/src/a.txt", "AA");
    let outcome = scene.generate("crate", "out");
    assert!(outcome.stderr.contains("files written"), "{outcome}");
}

/// A crate that stays whole has what lies around it, too.
#[test]
fn files_around_a_whole_crate_are_brought_along() {
    let scene = Scene::new();
    let sandbox = &scene.sandbox;
    sandbox.write("work/Cargo.toml", "[workspace]\nmembers = [\"small\"]\nresolver = \"2\"\n");
    sandbox.write("work/README.md", "Read me.\n");
    sandbox.write("work/shared/more.rs", "include_str!(\"more.txt\")");
    sandbox.write("work/shared/more.txt", "more");
    sandbox.write("work/small/examples/one.rs", "fn main() {}\n");
    sandbox.write(
        "work/small/Cargo.toml",
        "[package]\nname = \"small\"\nversion = \"1.0.0\"\nedition = \"2021\"\ndescription = \"tiny\"\n",
    );
    sandbox.write("work/small/build.rs", "fn main() { println!(\"cargo:rustc-env=X=1\"); }\n");
    sandbox.write(
        "work/small/src/lib.rs",
        "#![doc = include_str!(\"../../README.md\")] // ü\n#[doc = include_str!(\"../examples/one.rs\")]\n\
         pub fn more() -> &'static str { include!(\"../../shared/more.rs\") }\n\
         pub fn readme() -> &'static str { concat!(env!(\"X\"), include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../README.md\"))) }\n\
         pub fn own() -> &'static str { include_str!(\"../own.txt\") }\n\
         pub fn named() -> &'static str { concat!(env!(\"CARGO_PKG_NAME\"), ' ', env!(\"CARGO_PKG_DESCRIPTION\", \"why\")) }\n",
    );
    sandbox.write("work/small/own.txt", "own");
    assert_snapshot!(scene.generate("work/small", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 4 items in 1 node on 1 level, compiled in 2 rounds
    it is one node: its build script sets variables or links libraries
    32 files written
    ");
    assert_snapshot!(sandbox.sh("out", "cd nodes/*; find . -type f | LC_ALL=C sort; cat src/lib.rs"), @r##"
    ./Cargo.toml
    ./beyond/0378767b-README.md
    ./beyond/187897ce-more.txt
    ./beyond/536e506b-one.rs
    ./beyond/deef89a2-more.rs
    ./beyond/none.rs
    ./build.rs
    ./flake.nix
    ./own.txt
    ./src/lib.rs
    #![doc = include_str!("../beyond/0378767b-README.md")] // ü
    #[doc = include_str!("../beyond/536e506b-one.rs")]
    pub fn more() -> &'static str { include!("../beyond/deef89a2-more.rs") }
    pub fn readme() -> &'static str { concat!(env!("X"), include_str!("../beyond/0378767b-README.md")) }
    pub fn own() -> &'static str { include_str!("../own.txt") }
    pub fn named() -> &'static str { concat!(concat!("small"), ' ', concat!("tiny")) }
    "##);
    let main =
        "use small::*;\nfn main() { print!(\"{}|{}|{}|{}\", more(), readme(), own(), named()) }\n";
    assert_snapshot!(says(&scene, "work/small", "out/facade", main), @r"
    more|1Read me.
    |own|small tiny
    ");
    assert_eq!(
        scene.generate("work/small", "out").stderr,
        "`small` has not changed: nothing to do\n"
    );
    sandbox.write("work/shared/more.txt", "much");
    scene.generate("work/small", "out").ok();
    assert!(says(&scene, "work/small", "out/facade", main).starts_with("much|"));
}
