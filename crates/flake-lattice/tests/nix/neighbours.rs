//! Crates that depend on folders beside them, and tests that depend on more than what they test: built by Nix alone.

use crate::externals::{add_small_crates, externals, generate, scene};
use crate::made::nix;
use crate::registry;

/// A workspace whose member depends on another one, that on a third outside of the workspace, and this on a registry.
#[test]
fn packages_of_neighbouring_folders_are_brought_along() {
    let sandbox = scene("unused", "", &[]);
    sandbox.sh("", "rm -r crate").ok();
    add_small_crates(&sandbox);
    let source = "pub use near::Near;\npub fn near() -> Near { Near(near::count()) }\n\
                  pub fn told() -> &'static str { near::TOLD }\npub fn plain() -> u8 { 1 }\n";
    for (path, text) in [
        (
            "work/Cargo.toml",
            "[workspace]\nmembers = [\"crates/*\"]\nresolver = \"2\"\n\
             [workspace.package]\nversion = \"4.5.6\"\nedition = \"2021\"\ndescription = \"near \\\"by\\\"\"\nreadme = \"README.md\"\n\
             [workspace.dependencies]\nfar = { path = \"../far\", default-features = false, features = [\"loud\"] }\nnear = { path = \"crates/near\" }\n\
             [workspace.lints.rust]\nunsafe_code = \"forbid\"\n",
        ),
        (
            "work/crates/top/Cargo.toml",
            "[package]\nname = \"top\"\nversion.workspace = true\nedition.workspace = true\n\
             [dependencies]\nnear = { workspace = true, features = [\"counting\"] }\n",
        ),
        ("work/crates/top/src/lib.rs", source),
        (
            "work/crates/top/tests/top.rs",
            "#[test]\nfn all() {\n    let near::Near(n) = top::near();\n    assert_eq!((n, top::told()), (9, \"near \\\"by\\\" 4.5.6 HELLO tool\"));\n}\n",
        ),
        (
            "work/crates/near/Cargo.toml",
            "[package]\nname = \"near\"\nversion.workspace = true\nedition.workspace = true\ndescription.workspace = true\nreadme.workspace = true\n\
             [features]\ncounting = [\"dep:tables\"]\n[lints]\nworkspace = true\n\
             [dependencies]\nfar = { workspace = true }\ntables = { version = \"1\", optional = true }\n\
             [dev-dependencies]\ntop = { path = \"../top\" }\n[[bin]]\nname = \"near\"\npath = \"main.rs\"\n",
        ),
        ("work/crates/near/main.rs", "fn main() { top::plain(); }\n"),
        (
            "work/crates/near/build.rs",
            "fn main() { let out = std::process::Command::new(\"./tool\").output().unwrap(); \
             println!(\"cargo:rustc-env=TOOL={}\", String::from_utf8(out.stdout).unwrap()); }\n",
        ),
        ("work/crates/near/tool", "#!/bin/sh\nprintf tool\n"),
        (
            "work/crates/near/src/lib.rs",
            "pub struct Near(pub u32);\n\
             pub fn count() -> u32 { tables::row(9).chars().filter_map(|c| c.to_digit(10)).nth(2).unwrap_or(0) }\n\
             pub const TOLD: &str = concat_told();\n\
             const fn concat_told() -> &'static str { if far::is_loud() { concat!(env!(\"CARGO_PKG_DESCRIPTION\"), \" \", env!(\"CARGO_PKG_VERSION\"), \" HELLO \", env!(\"TOOL\")) } else { \"quiet\" } }\n",
        ),
        (
            "far/Cargo.toml",
            "[package]\nname = \"far\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[features]\nloud = [\"greet-ing/loud\"]\n[workspace]\n\
             [dependencies]\ngreet-ing = \"1\"\n",
        ),
        (
            "far/src/lib.rs",
            "pub const fn is_loud() -> bool { cfg!(feature = \"loud\") }\npub fn word() -> &'static str { greet_ing::word().0 }\n",
        ),
    ] {
        sandbox.write(path, text);
    }
    sandbox.sh("work/crates/near", "chmod +x tool").ok();
    let line = "flake-lattice generate work/crates/top --output out --vendor";
    sandbox.run("", line).ok();
    sandbox.run("", "flake-lattice verify --in out --build -q").ok();
    let outcome = nix(&sandbox, "out", "flake check path:. -L");
    outcome.ok();
    assert!(outcome.stderr.contains("test all ... ok"), "{outcome}");
    let found = sandbox.sh("out/externals", "find local vendor -maxdepth 1 | LC_ALL=C sort").ok();
    insta::assert_snapshot!(found, @r"
    local
    local/far-0.1.0
    local/near-4.5.6
    vendor
    vendor/greet-ing-1.0.0
    vendor/tables-1.0.0
    ");
    insta::assert_snapshot!(sandbox.read("out/externals/local/near-4.5.6/Cargo.toml"), @r#"
    [package]
    name = "near"
    version = "4.5.6"
    edition = "2021"
    description = 'near "by"'
    autobins = false
    autoexamples = false
    autotests = false
    autobenches = false
    [features]
    counting = ["dep:tables"]

    [dependencies]
    far = { path = "../far-0.1.0", default-features = false, features = ["loud"] }
    tables = { version = "^1", optional = true }
    "#);
    // A part elsewhere knows the way to them.
    sandbox.run("", "flake-lattice export top::near --in out --output a/b/part").ok();
    sandbox.run("", "flake-lattice verify --in a/b/part --build -q").ok();
    let before = externals(&sandbox, "out");
    sandbox.run("", line).ok();
    let outcome = sandbox.run("", line);
    assert_eq!(outcome.stderr, "`top` has not changed: nothing to do\n");
    // An edit of a neighbour is seen, however far it is; one of its tests is none.
    sandbox.write("far/tests/x.rs", "#[test] fn x() {}\n");
    sandbox.run("", line).ok();
    assert_eq!(externals(&sandbox, "out"), before);
    sandbox.sh("far", "sed -i 's/greet_ing::word().0/\"hi\"/' src/lib.rs").ok();
    sandbox.run("", line).ok();
    assert_ne!(externals(&sandbox, "out"), before);
    // Nix needs nothing of it any more.
    sandbox.sh("", "mkdir gone; mv work far home/.cargo/config.toml gone").ok();
    nix(&sandbox, "out", "flake check path:. -L").ok();
}

/// What tests depend on turns on features in what the library depends on.
#[test]
fn tests_with_dependencies_of_their_own_are_checks() {
    let sandbox = scene(
        "tested",
        "[dependencies]\ngreet-ing = \"1\"\n[dev-dependencies]\nloud-er = \"1\"\nhelp = { path = \"../help\" }\ntables = \"1\"\n\
         [[test]]\nname = \"own\"\nharness = false\n",
        &[
            (
                "src/lib.rs",
                "pub fn says() -> &'static str { greet_ing::word().0 }\npub fn word() -> greet_ing::Word { greet_ing::word() }\npub fn plain() -> u8 { 1 }\n",
            ),
            (
                "tests/says.rs",
                "#[test]\nfn says() {\n    assert_eq!(tested::says(), \"HELLO\");\n    assert_eq!(loud_er::text(tested::word()), \"HELLO\");\n\
                 \x20   assert_eq!(help::two(), 2);\n    assert!(tables::row(1).ends_with('\\n'));\n}\n",
            ),
            (
                "tests/own.rs",
                "fn main() { assert_eq!(tested::plain(), 1); println!(\"own harness\"); }\n",
            ),
        ],
    );
    sandbox.write(
        "help/Cargo.toml",
        "[package]\nname = \"help\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[workspace]\n",
    );
    sandbox.write("help/src/lib.rs", "pub fn two() -> u8 { 2 }\n");
    add_small_crates(&sandbox);
    registry::add(
        &sandbox,
        "loud-er",
        "[dependencies]\ngreet-ing = { version = \"1\", features = [\"loud\"] }\n",
        &[("src/lib.rs", "pub fn text(word: greet_ing::Word) -> &'static str { word.0 }\n")],
    );
    generate(&sandbox, "out");
    sandbox.run("", "flake-lattice verify --in out --build -q").ok();
    let outcome = nix(&sandbox, "out", "flake check path:. -L");
    outcome.ok();
    assert!(outcome.stderr.contains("test says ... ok"), "{outcome}");
    assert!(outcome.stderr.contains("own harness"), "{outcome}");
    // cargo runs them, too.
    let cargo = crate::made::toolchain().rustc.with_file_name("cargo");
    let line = format!("{cargo} test --offline --manifest-path tests/Cargo.toml");
    let outcome = sandbox.run("out", &line);
    outcome.ok();
    assert!(outcome.to_string().contains("test says ... ok"), "{outcome}");
    // The library has nothing of it, and is what it is without tests.
    let built = externals(&sandbox, "out");
    assert!(!sandbox.root().join("out/externals/vendor/loud-er-1.0.0").exists());
    sandbox
        .sh("crate", "sed -i '/^loud-er/d; /^help/d; /^tables/d' Cargo.toml; rm tests/says.rs")
        .ok();
    generate(&sandbox, "out");
    assert_eq!(externals(&sandbox, "out"), built);
    assert!(!sandbox.root().join("out/externals-tests").exists());
    // What would bring the crate itself along is left to cargo, and so is what cargo does not have.
    sandbox.write(
        "help/Cargo.toml",
        sandbox.read("help/Cargo.toml") + "[dependencies]\ntested = { path = \"../crate\" }\n",
    );
    let manifest = sandbox.read("crate/Cargo.toml");
    for (more, said) in [
        (
            "help = { path = \"../help\" }",
            "not all that they depend on can be vendored: some of it depends on `tested` itself, and would get it whole",
        ),
        ("nowhere = \"1\"", "the sources of the dependencies are not all at hand: "),
    ] {
        let manifest =
            manifest.replace("[dev-dependencies]", &format!("[dev-dependencies]\n{more}"));
        sandbox.write("crate/Cargo.toml", manifest);
        let outcome = sandbox.run("", "flake-lattice generate crate --output out --vendor");
        outcome.ok();
        let said = format!("the tests are left to cargo: {said}");
        assert!(outcome.stderr.contains(&said), "{outcome}");
        assert_eq!(externals(&sandbox, "out"), built);
    }
}
