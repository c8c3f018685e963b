//! The builder of nixpkgs: what each crate hands to `buildRustCrate`, as a real Nix evaluates it. nixpkgs itself is a
//! stand-in (`stand-in.nix`), as none can be had here.

use crate::made::{commit, nix, toolchain};
use crate::registry;
use insta::assert_snapshot;
use serde_json::Value;
use std::collections::BTreeMap;
use testkit::Sandbox;

/// The files of a crate.
type Files<'a> = &'a [(&'a str, &'a str)];

/// A sandbox with a stand-in for nixpkgs and the lattice of a crate in `out`.
fn scene(manifest: &str, files: Files<'_>, crates: &[(&str, &str, Files<'_>)]) -> Sandbox {
    let mut sandbox = crate::made::sandbox();
    let rustc = toolchain().rustc;
    sandbox.set("CARGO", rustc.with_file_name("cargo"));
    sandbox.set("RUSTC", &rustc);
    registry::open(&sandbox);
    for (name, more, files) in crates {
        registry::add(&sandbox, name, more, files);
    }
    sandbox.write("crate/Cargo.toml", format!("{manifest}\n[workspace]\n"));
    for (path, text) in files {
        sandbox.write(format!("crate/{path}"), text);
    }
    sandbox.write("nixpkgs/default.nix", include_str!("stand-in.nix"));
    let system = format!("{}-linux", std::env::consts::ARCH);
    sandbox.write(
        "nixpkgs/flake.nix",
        format!(
            "{{ outputs = _: {{ legacyPackages.{system} = import ./. {{ system = \"{system}\"; }}; }}; }}\n"
        ),
    );
    let line = "flake-lattice generate crate --output out -q --builder nixpkgs --nixpkgs";
    sandbox.run("", &format!("{line} path:{}/nixpkgs", sandbox.root())).ok();
    sandbox
}

/// What every crate of the lattice is given, by name. `externals` is an attribute set of what lies outside of it.
fn given(sandbox: &Sandbox, externals: &str) -> String {
    sandbox.write(
        "given.nix",
        format!(
            "let\n  pkgs = import ./nixpkgs {{ system = builtins.currentSystem; }};\n\
             \x20 crate = crateName: libName: pkgs.buildRustCrate {{\n    inherit crateName libName;\n    version = \"1.0.0\";\n    edition = \"2021\";\n    src = ./nixpkgs;\n    libPath = \"flake.nix\";\n  }};\n\
             \x20 lattice = import ./out {{ inherit pkgs; externals = {externals}; }};\nin\n\
             {{\n  given = builtins.mapAttrs (_: one: one.given) (lattice.nodes // {{ inherit (lattice) facade; }});\n  inherit (lattice) whole nodes;\n}}\n"
        ),
    );
    // Sources are looked into, so they have to be there.
    let line = "nix-instantiate --eval --strict --json --read-write-mode given.nix -A given";
    let crates: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(&sandbox.run("", line).ok()).expect("JSON");
    let mut shown = String::new();
    for (name, given) in crates {
        shown += &format!("{name}\n");
        given.iter().for_each(|(key, value)| shown += &format!("  {key} {value}\n"));
    }
    shown
}

/// The names in the store of what `flake-lattice` builds.
fn built_by(sandbox: &Sandbox, parts: &str) -> String {
    let paths = sandbox.run("out", &format!("flake-lattice build -q {parts}")).ok();
    let name = |path: &str| path.splitn(4, '-').last().map(|name| format!("{name}\n"));
    paths.lines().filter_map(name).collect()
}

/// What a shell makes of what a crate is given.
fn built(sandbox: &Sandbox, attribute: &str) -> String {
    let line = format!("nix-build given.nix --no-out-link -A {attribute}.lib");
    let path = sandbox.run("", &line).ok();
    sandbox.sh("", &format!("cat {path}")).ok()
}

#[test]
fn nodes_and_the_facade_are_given_what_their_source_needs() {
    let sandbox = scene(
        "[package]\nname = \"talk-er\"\nversion = \"1.2.3\"\nedition = \"2018\"\nbuild = \"build.rs\"\n\
         [features]\ndefault = [\"loud\"]\nloud = []\n[dependencies]\nhi = { package = \"greet-ing\", version = \"1\" }\n",
        &[
            (
                "build.rs",
                "fn main() { println!(\"cargo:rustc-cfg=level=\\\"a b\\\"\"); println!(\"cargo:rustc-cfg=quick\"); }\n",
            ),
            ("src/text.txt", "text"),
            (
                "src/lib.rs",
                "#[macro_export] macro_rules! size { () => { if cfg!(feature = \"loud\") && cfg!(quick) { 1 } else { 2 } } }\n\
                 pub fn word() -> hi::Word { hi::Word }\npub fn both() -> (hi::Word, u8) { (word(), size!()) }\n\
                 pub const TEXT: &str = include_str!(\"text.txt\");\npub const NAME: &str = env!(\"CARGO_PKG_NAME\");\n",
            ),
        ],
        &[("greet-ing", "", &[("src/lib.rs", "pub struct Word;\n")])],
    );
    assert_snapshot!(given(&sandbox, "{ hi = crate \"greet-ing\" \"greet_ing\"; }"), @r#"
    facade
      crateBin []
      crateName "talk-er-facade"
      crateRenames {}
      dependencies ["talk_er__both","talk_er__word","talk_er__size","talk_er__TEXT","talk_er__NAME"]
      edition "2018"
      extraRustcOpts ["--cap-lints=allow"]
      features []
      libName "talk_er"
      libPath "lib.rs"
      procMacro false
      release false
      src ["lib.rs"]
      version "1.2.3"
    talk_er__NAME
      crateBin []
      crateName "talk_er__NAME"
      crateRenames {}
      dependencies []
      edition "2018"
      extraRustcOpts ["--cap-lints=allow"]
      features []
      libName "talk_er__NAME"
      libPath "lib.rs"
      procMacro false
      release false
      src ["lib.rs"]
      version "1.2.3"
    talk_er__TEXT
      crateBin []
      crateName "talk_er__TEXT"
      crateRenames {}
      dependencies []
      edition "2018"
      extraRustcOpts ["--cap-lints=allow"]
      features []
      libName "talk_er__TEXT"
      libPath "lib.rs"
      procMacro false
      release false
      src ["assets","lib.rs"]
      version "1.2.3"
    talk_er__both
      crateBin []
      crateName "talk_er__both"
      crateRenames {"greet-ing":"hi"}
      dependencies ["talk_er__word","talk_er__size","greet-ing"]
      edition "2018"
      extraRustcOpts ["--cap-lints=allow","--cfg=level=\"a b\"\n--cfg=quick"]
      features ["default","loud"]
      libName "talk_er__both"
      libPath "lib.rs"
      procMacro false
      release false
      src ["lib.rs"]
      version "1.2.3"
    talk_er__size
      crateBin []
      crateName "talk_er__size"
      crateRenames {}
      dependencies []
      edition "2018"
      extraRustcOpts ["--cap-lints=allow","--cfg=level=\"a b\"\n--cfg=quick"]
      features ["default","loud"]
      libName "talk_er__size"
      libPath "lib.rs"
      procMacro false
      release false
      src ["lib.rs"]
      version "1.2.3"
    talk_er__word
      crateBin []
      crateName "talk_er__word"
      crateRenames {"greet-ing":"hi"}
      dependencies ["greet-ing"]
      edition "2018"
      extraRustcOpts ["--cap-lints=allow"]
      features []
      libName "talk_er__word"
      libPath "lib.rs"
      procMacro false
      release false
      src ["lib.rs"]
      version "1.2.3"
    "#);
    assert_snapshot!(built(&sandbox, "nodes.talk_er__both"), @r#"
    --cfg
    feature="default"
    --cfg
    feature="loud"
    --cap-lints=allow
    --cfg=level="a b"
    --cfg=quick
    --edition
    2018
    talk_er__both 1.2.3
    "#);
    sandbox.run("", "nix-build given.nix --no-out-link -A whole").ok();
    // What is not given is said.
    let pkgs = "import ./nixpkgs { system = builtins.currentSystem; }";
    let words = ["nix-instantiate", "out", "-A", "nodes.talk_er__word", "--arg", "pkgs", pkgs];
    let outcome = sandbox.run_words("", &words);
    let said = "talk_er__word needs hi, which is not in the lattice: give it to `default.nix`, as `externals.hi`";
    assert!(outcome.fails(1).stderr.contains(said), "{outcome}");
}

#[test]
fn a_whole_crate_is_given_its_build_script_and_its_kind() {
    let sandbox = scene(
        "[package]\nname = \"scripted\"\nversion = \"1.2.3\"\nedition = \"2021\"\nbuild = \"make.rs\"\nlinks = \"zed\"\n\
         [lib]\npath = \"src/main_file.rs\"\n[features]\ndefault = [\"deep-sea\"]\ndeep-sea = []\n\
         [dependencies]\ngreet-ing = \"1\"\n[build-dependencies]\ntables = \"1\"\n",
        &[
            (
                "make.rs",
                "fn main() { let out = std::env::var(\"OUT_DIR\").unwrap(); std::fs::write(out + \"/x.rs\", tables::row()).unwrap(); }\n",
            ),
            (
                "src/main_file.rs",
                "include!(concat!(env!(\"OUT_DIR\"), \"/x.rs\"));\npub use greet_ing::Word;\n",
            ),
        ],
        &[
            ("greet-ing", "", &[("src/lib.rs", "pub struct Word;\n")]),
            (
                "tables",
                "",
                &[("src/lib.rs", "pub fn row() -> &'static str { \"pub fn f() {}\" }\n")],
            ),
        ],
    );
    let externals =
        "{ greet-ing = crate \"greet-ing\" \"greet_ing\"; tables = crate \"tables\" \"tables\"; }";
    assert_snapshot!(given(&sandbox, externals), @r#"
    facade
      crateBin []
      crateName "scripted-facade"
      crateRenames {}
      dependencies ["scripted__crate"]
      edition "2021"
      extraRustcOpts ["--cap-lints=allow"]
      features []
      libName "scripted"
      libPath "lib.rs"
      procMacro false
      release false
      src ["lib.rs"]
      version "1.2.3"
    scripted__crate
      build "make.rs"
      buildDependencies ["tables"]
      crateBin []
      crateName "scripted__crate"
      crateRenames {}
      dependencies ["greet-ing"]
      edition "2021"
      extraRustcOpts ["--cap-lints=allow"]
      features ["deep-sea","default"]
      libName "scripted__crate"
      libPath "src/main_file.rs"
      links "zed"
      preBuild "export CARGO_CRATE_NAME='scripted'\nexport CARGO_PKG_AUTHORS=''\nexport CARGO_PKG_DESCRIPTION=''\nexport CARGO_PKG_HOMEPAGE=''\nexport CARGO_PKG_LICENSE=''\nexport CARGO_PKG_LICENSE_FILE=''\nexport CARGO_PKG_NAME='scripted'\nexport CARGO_PKG_README=''\nexport CARGO_PKG_REPOSITORY=''\nexport CARGO_PKG_RUST_VERSION=''\nexport CARGO_PKG_VERSION='1.2.3'\nexport CARGO_PKG_VERSION_MAJOR='1'\nexport CARGO_PKG_VERSION_MINOR='2'\nexport CARGO_PKG_VERSION_PATCH='3'\nexport CARGO_PKG_VERSION_PRE=''\n"
      procMacro false
      release false
      src ["make.rs","src"]
      version "1.2.3"
    "#);
    assert_snapshot!(built(&sandbox, "nodes.scripted__crate"), @r#"
    --cfg
    feature="deep-sea"
    --cfg
    feature="default"
    --cap-lints=allow
    --edition
    2021
    scripted 1.2.3
    "#);
}

#[test]
fn a_proc_macro_crate_is_given_as_one() {
    let sandbox = scene(
        "[package]\nname = \"seven\"\nversion = \"1.2.3\"\nedition = \"2021\"\n[lib]\nproc-macro = true\n",
        &[(
            "src/lib.rs",
            "#[proc_macro] pub fn seven(_: proc_macro::TokenStream) -> proc_macro::TokenStream { \"7\".parse().unwrap() }\n",
        )],
        &[],
    );
    assert_snapshot!(given(&sandbox, "{ }"), @r#"
    facade
      crateBin []
      crateName "seven-facade"
      crateRenames {}
      dependencies ["seven__crate"]
      edition "2021"
      extraRustcOpts ["--cap-lints=allow"]
      features []
      libName "seven"
      libPath "lib.rs"
      procMacro false
      release false
      src ["lib.rs"]
      version "1.2.3"
    seven__crate
      crateBin []
      crateName "seven__crate"
      crateRenames {}
      dependencies []
      edition "2021"
      extraRustcOpts ["--cap-lints=allow"]
      features []
      libName "seven__crate"
      libPath "src/lib.rs"
      procMacro true
      release false
      src ["src"]
      version "1.2.3"
    "#);
}

#[test]
fn nixpkgs_is_an_input_of_the_flake_and_locked_for_all() {
    let sandbox = scene(
        "[package]\nname = \"small\"\nversion = \"1.0.0\"\nedition = \"2021\"\n",
        &[("src/lib.rs", "pub fn one() -> u8 { 1 }\npub fn two() -> u8 { one() + one() }\n")],
        &[],
    );
    commit(&sandbox, "out");
    nix(&sandbox, "out", "flake lock").ok();
    sandbox.sh("out", "git add flake.lock && git commit -qm lock").ok();
    let whole = nix(&sandbox, "out", "build --no-link --print-out-paths").ok();
    let links = sandbox.sh("", &format!("sed 's/ .*//' {whole}")).ok();
    assert_snapshot!(links, @r"
    rust_small__one-1.0.0
    rust_small__two-1.0.0
    rust_small-facade-1.0.0
    ");
    nix(&sandbox, "out", "flake check").ok();
    nix(&sandbox, "out", "build .#release.small__two .#level-01 --no-link").ok();
    // From the folder of a node, and without flakes, it is the same.
    let node = "build --no-link --print-out-paths";
    let wanted = nix(&sandbox, "out", "build .#small__two --no-link --print-out-paths").ok();
    assert_eq!(nix(&sandbox, "out/nodes/small__two", node).ok(), wanted);
    let line = "build --file default.nix nodes.small__two --no-link --print-out-paths";
    assert_eq!(nix(&sandbox, "out", line).ok(), wanted);
    sandbox.run("out", "flake-lattice verify --build -q").ok();
    // What links have is in the output that libraries are in.
    assert_snapshot!(built_by(&sandbox, "small__two facade level-00"), @r"
    rust_small__two-1.0.0-lib
    rust_small-facade-1.0.0-lib
    small-level-00
    ");
    // An edit of one is none of the other.
    let before = crate::building::derivations(&sandbox, "out");
    sandbox.sh("out", "echo '// x' >> nodes/small__two/lib.rs").ok();
    let after = crate::building::derivations(&sandbox, "out");
    assert_eq!(crate::building::changed(&before, &after), ["small__two"]);
}
