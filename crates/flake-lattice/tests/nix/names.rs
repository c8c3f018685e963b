//! Libraries that are called otherwise than their packages: the crate's own, and those that it depends on.

use crate::externals::{generate, scene};
use crate::made::{nix, toolchain};
use crate::registry;

#[test]
fn a_library_has_its_own_name_and_file() {
    let sandbox = scene(
        "md-5",
        "[lib]\nname = \"md5\"\npath = \"source/root.rs\"\n",
        &[
            (
                "source/root.rs",
                "mod deep;\npub use deep::State;\npub fn new() -> State { State(deep::START) }\n\
                 #[macro_export] macro_rules! start { () => { $crate::new() } }\n",
            ),
            ("source/deep.rs", "pub struct State(pub u32);\npub const START: u32 = 7;\n"),
            (
                "tests/new.rs",
                "#[test]\nfn new() { assert_eq!((md5::new().0, md5::start!().0), (7, 7)); }\n",
            ),
        ],
    );
    generate(&sandbox, "out");
    sandbox.run("", "flake-lattice verify --in out --build -q").ok();
    let outcome = nix(&sandbox, "out", "flake check path:. -L");
    outcome.ok();
    assert!(outcome.stderr.contains("test new ... ok"), "{outcome}");
    insta::assert_snapshot!(sandbox.sh("out", "ls nodes").ok(), @r"
    md5__deep__START
    md5__deep__State
    md5__new
    md5__start
    ");
    // A part of it by the paths that code knows.
    sandbox.run("", "flake-lattice export md5::new --in out --output part").ok();
    sandbox.run("", "flake-lattice verify --in part --build -q").ok();
    // cargo knows the facade as it knew the crate.
    let cargo = toolchain().rustc.with_file_name("cargo");
    sandbox.write("use/Cargo.toml", "[package]\nname = \"use\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[dependencies]\nmd-5 = { path = \"../out/facade\" }\n[workspace]\n");
    sandbox.write("use/src/main.rs", "fn main() { print!(\"{}\", md5::start!().0) }\n");
    assert_eq!(sandbox.run("use", &format!("{cargo} run -q --offline")).ok(), "7");
    sandbox.run("out", &format!("{cargo} test -q --offline --manifest-path tests/Cargo.toml")).ok();
}

/// A whole crate has it as well.
#[test]
fn so_has_one_that_stays_whole() {
    let sandbox = scene(
        "seven-s",
        "build = \"made/by.rs\"\n[lib]\nname = \"eight\"\npath = \"source/root.rs\"\n",
        &[
            ("made/by.rs", "fn main() { println!(\"cargo:rustc-env=N=8\"); }\n"),
            ("source/root.rs", "mod deep;\npub use deep::n;\n"),
            ("source/deep.rs", "pub fn n() -> &'static str { env!(\"N\") }\n"),
            ("tests/n.rs", "#[test]\nfn n() { assert_eq!(eight::n(), \"8\"); }\n"),
        ],
    );
    generate(&sandbox, "out");
    sandbox.run("", "flake-lattice verify --in out --build -q").ok();
    let outcome = nix(&sandbox, "out", "flake check path:. -L");
    outcome.ok();
    assert!(outcome.stderr.contains("test n ... ok"), "{outcome}");
}

#[test]
fn dependencies_are_known_by_the_names_of_their_libraries() {
    let sandbox = scene(
        "hasher",
        "[dependencies]\nmd-5 = \"1\"\nmd = { package = \"md-6\", version = \"1\" }\nside = { path = \"../side\" }\n",
        &[
            (
                "src/lib.rs",
                "extern crate md5 as five;\nuse md::six;\n\
                 pub fn both() -> (u8, u8) { (md5::five(), six()) }\npub fn third() -> u8 { five::five() + beside::one() }\npub fn plain() -> u8 { 0 }\n",
            ),
            (
                "tests/both.rs",
                "#[test]\nfn both() { assert_eq!((hasher::both(), hasher::third(), md5::five()), ((5, 6), 6, 5)); }\n",
            ),
        ],
    );
    for (name, library, text) in
        [("md-5", "md5", "pub fn five() -> u8 { 5 }"), ("md-6", "md6", "pub fn six() -> u8 { 6 }")]
    {
        registry::add(
            &sandbox,
            name,
            &format!("[lib]\nname = \"{library}\"\n"),
            &[("src/lib.rs", text)],
        );
    }
    sandbox.write(
        "side/Cargo.toml",
        "[package]\nname = \"side\"\nversion = \"1.0.0\"\n[lib]\nname = \"beside\"\n[workspace]\n",
    );
    sandbox.write("side/src/lib.rs", "pub fn one() -> u8 { 1 }\n");
    let outcome = sandbox.run("", "flake-lattice generate crate --output out --vendor");
    outcome.ok();
    insta::assert_snapshot!(outcome.stderr.lines().next().unwrap_or_default(), @"`hasher` 1.2.3: 3 items in 3 nodes on 1 level, compiled in 1 round");
    sandbox.run("", "flake-lattice verify --in out --build -q").ok();
    let outcome = nix(&sandbox, "out", "flake check path:. -L");
    outcome.ok();
    assert!(outcome.stderr.contains("test both ... ok"), "{outcome}");
}
