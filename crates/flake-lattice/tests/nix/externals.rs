//! Crates that depend on others, have build scripts, or are macros for the compiler: built by Nix alone.

use crate::building::{changed, derivations};
use crate::made::{commit, nix, toolchain};
use crate::registry;
use insta::assert_snapshot;
use testkit::{Sandbox, filters};

macro_rules! shows {
    ($outcome:expr, @$expected:literal) => {
        insta::with_settings!({ filters => filters() }, {
            assert_snapshot!($outcome.to_string(), @$expected);
        });
    };
}

/// A sandbox with a crate and a folder of crates that it may depend on; `manifest` goes below `[package]`'s own.
pub fn scene(name: &str, manifest: &str, files: &[(&str, &str)]) -> Sandbox {
    let mut sandbox = crate::made::sandbox();
    let rustc = toolchain().rustc;
    sandbox.set("CARGO", rustc.with_file_name("cargo"));
    sandbox.set("RUSTC", &rustc);
    registry::open(&sandbox);
    sandbox.write(
        "crate/Cargo.toml",
        format!(
            "[package]\nname = \"{name}\"\nversion = \"1.2.3\"\nedition = \"2021\"\n{manifest}\n[workspace]\n"
        ),
    );
    for (path, text) in files {
        sandbox.write(format!("crate/{path}"), text);
    }
    sandbox
}

/// Small crates: one with a feature, one for build scripts alone, a macro, one with a native library's metadata.
pub fn add_small_crates(sandbox: &Sandbox) {
    registry::add(
        sandbox,
        "greet-ing",
        "[features]\nloud = []\n",
        &[(
            "src/lib.rs",
            "pub struct Word(pub &'static str);\n\
             pub fn word() -> Word { Word(if cfg!(feature = \"loud\") { \"HELLO\" } else { \"hello\" }) }\n",
        )],
    );
    registry::add(
        sandbox,
        "counted",
        "[lib]\nproc-macro = true\n",
        &[(
            "src/lib.rs",
            "use proc_macro::TokenStream;\n\
             #[proc_macro_derive(Counted)] pub fn counted(item: TokenStream) -> TokenStream {\n\
             let words: Vec<String> = item.into_iter().map(|one| one.to_string()).collect();\n\
             let at = words.iter().position(|one| one == \"struct\").unwrap();\n\
             format!(\"impl {} {{ pub const WORDS: usize = {}; }}\", words[at + 1], words.len()).parse().unwrap() }\n",
        )],
    );
    registry::add(
        sandbox,
        "tables",
        "",
        &[(
            "src/lib.rs",
            "pub fn row(n: u32) -> String { format!(\"pub const ROW: u32 = {n};\\n\") }\n",
        )],
    );
    registry::add(
        sandbox,
        "zed-sys",
        "links = \"zed\"\nbuild = \"build.rs\"\n",
        &[
            (
                "build.rs",
                "fn main() { println!(\"cargo:version=26\"); println!(\"cargo:rustc-cfg=found\"); }\n",
            ),
            ("src/lib.rs", "pub fn found() -> bool { cfg!(found) }\n"),
        ],
    );
}

pub fn generate(sandbox: &Sandbox, output: &str) {
    let line = format!("flake-lattice generate crate --output {output} --vendor -q");
    let _: String = sandbox.run("", &line).ok();
}

/// The derivation of the crates from outside.
pub fn externals(sandbox: &Sandbox, folder: &str) -> String {
    sandbox.run(folder, "nix eval --raw --file default.nix packages.externals.drvPath").ok()
}

#[test]
fn published_crates_with_macros_and_build_scripts_are_built_once() {
    let source = "\
use serde::{Deserialize, Serialize};
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Record { pub name: String, #[serde(default)] pub count: u32 }
pub fn json(record: &Record) -> String { serde_json::to_string(record).unwrap() }
pub fn record(text: &str) -> Result<Record, serde_json::Error> { serde_json::from_str(text) }
pub fn twice(n: u32) -> u32 { n * 2 }
pub fn four(n: u32) -> u32 { twice(twice(n)) }
";
    let sandbox = scene(
        "records",
        "[dependencies]\nserde = { version = \"1\", features = [\"derive\"] }\nserde_json = \"1\"\n",
        &[
            ("src/lib.rs", source),
            (
                "tests/records.rs",
                "#[test]\nfn there_and_back() {\n    let one = records::record(r#\"{\"name\":\"a\"}\"#).unwrap();\n\
                 \x20   assert_eq!(one.count, 0);\n    assert_eq!(records::json(&one), r#\"{\"name\":\"a\",\"count\":0}\"#);\n\
                 \x20   let value: serde_json::Value = serde_json::from_str(&records::json(&one)).unwrap();\n\
                 \x20   assert_eq!(value[\"count\"], 0);\n}\n",
            ),
        ],
    );
    registry::add_published(&sandbox, &["serde", "serde_json"]);
    generate(&sandbox, "out");
    sandbox.run("", "flake-lattice verify --in out --build -q").ok();
    let outcome = nix(&sandbox, "out", "flake check path:. -L");
    outcome.ok();
    assert!(outcome.stderr.contains("test there_and_back ... ok"), "{outcome}");
    let before = derivations(&sandbox, "out");
    let outside = externals(&sandbox, "out");
    // What is built again after an edit is the node and what is above it.
    sandbox.write("crate/src/lib.rs", source.replace("to_string(record)", "to_string(&record)"));
    generate(&sandbox, "out");
    assert_eq!(changed(&before, &derivations(&sandbox, "out")), ["records__json"]);
    let outcome = nix(&sandbox, "out", "build path:. --no-link -L");
    outcome.ok();
    assert!(!outcome.stderr.contains("Compiling"), "{outcome}");
    // Nor does a new node, one that names them for the first time, or another version of the crate.
    sandbox.write(
        "crate/src/lib.rs",
        source.to_owned() + "pub fn null() -> serde_json::Value { serde_json::Value::Null }\n",
    );
    sandbox.sh("crate", "sed -i 's/1\\.2\\.3/1.3.0/' Cargo.toml").ok();
    generate(&sandbox, "out");
    assert_eq!(externals(&sandbox, "out"), outside);
    nix(&sandbox, "out", "build path:. --no-link").ok();
    // It is the same each time, and says nothing of where it was built.
    nix(&sandbox, "out", "build path:.#externals --no-link --rebuild").ok();
    let built = nix(&sandbox, "out", "build path:.#externals --no-link --print-out-paths").ok();
    let found = sandbox.sh(&*built, "grep -rl nix-build- . || true").ok();
    assert_eq!(found, "");
    // What only the machine that compiles needs is not kept.
    let kept = sandbox.sh(&*built, "ls | sed 's/-[0-9a-f]*\\././' | LC_ALL=C sort").ok();
    assert_snapshot!(kept, @r"
    externals
    libexternals.dependencies
    libitoa.rlib
    libmemchr.rlib
    libserde.rlib
    libserde_core.rlib
    libserde_derive.so
    libserde_json.rlib
    libzmij.rlib
    ");
}

#[test]
fn features_other_names_and_targets_are_as_the_manifest_says() {
    let sandbox = scene(
        "talker",
        "[features]\ndefault = [\"shout\"]\nshout = [\"hi/loud\", \"dep:counted\"]\nnever = [\"dep:tables\"]\n\
         [dependencies]\nhi = { package = \"greet-ing\", version = \"1\" }\ncounted = { version = \"1\", optional = true }\n\
         tables = { version = \"1\", optional = true }\n\
         [target.'cfg(unix)'.dependencies]\nzed-sys = \"1\"\n[target.'cfg(windows)'.dependencies]\ntables2 = { package = \"tables\", version = \"1\" }\n",
        &[
            (
                "src/lib.rs",
                "use hi::word;\n#[derive(counted::Counted)] pub struct Pair { a: u8, b: u8 }\n\
                 pub fn says() -> &'static str { word().0 }\npub fn wrapped() -> hi::Word { hi::word() }\n\
                 #[cfg(unix)] pub fn found() -> bool { zed_sys::found() }\n#[cfg(windows)] pub fn found() -> bool { tables2::row(1).is_empty() }\n\
                 pub fn plain() -> u8 { 1 }\n",
            ),
            (
                "tests/talk.rs",
                "#[test]\nfn all() {\n    assert_eq!(talker::says(), \"HELLO\");\n    let hi::Word(word) = talker::wrapped();\n\
                 \x20   assert_eq!(word, \"HELLO\");\n    assert!(talker::found());\n    assert!(talker::Pair::WORDS > 2);\n}\n",
            ),
        ],
    );
    add_small_crates(&sandbox);
    generate(&sandbox, "out");
    sandbox.run("", "flake-lattice verify --in out --build -q").ok();
    let outcome = nix(&sandbox, "out", "flake check path:. -L");
    outcome.ok();
    assert!(outcome.stderr.contains("test all ... ok"), "{outcome}");
    // Optimised, too, and node by node out of the folder.
    nix(&sandbox, "out", "build path:.#release.default --no-link").ok();
    let whole = nix(&sandbox, "out", "build path:. --no-link --print-out-paths").ok();
    sandbox.write("main.rs", "fn main() { print!(\"{} {}\", talker::says(), talker::found()) }");
    let rustc = toolchain().rustc;
    let line = format!(
        "{rustc} --edition 2021 -L dependency={whole} --extern talker={whole}/libtalker.rlib main.rs"
    );
    sandbox.run("", &line).ok();
    assert_eq!(sandbox.run("", "./main").ok(), "HELLO true");
    // What other targets need is there by its name alone.
    assert_eq!(sandbox.read("out/externals/vendor/tables-1.0.0/src/lib.rs"), "");
    assert_ne!(sandbox.read("out/externals/vendor/zed-sys-1.0.0/src/lib.rs"), "");
    // The folder stands alone, for cargo as well.
    sandbox.sh("", "mv home/.cargo/config.toml moved; mv registry elsewhere").ok();
    let cargo = rustc.with_file_name("cargo");
    sandbox.run("out/externals", &format!("{cargo} check --locked --offline --quiet")).ok();
    // A part of the lattice has what it needs of it, and no other part has any.
    sandbox.run("", "flake-lattice export talker::says --in out --output part").ok();
    sandbox.run("", "flake-lattice build --in part -q").ok();
    sandbox.run("", "flake-lattice export talker::plain --in out --output plain").ok();
    assert!(!sandbox.root().join("plain/externals").exists());
    sandbox.run("", "flake-lattice verify --in plain --build -q").ok();
    shows!(sandbox.run("", "flake-lattice build externals talker::says -q --in out"), @r"
    [SANDBOX]/nix/store/[HASH]-talker-externals
    [SANDBOX]/nix/store/[HASH]-talker__says-1.2.3
    ");
}

#[test]
fn what_lies_below_a_dependency_is_a_part_of_what_is_built() {
    let source = "pub fn two() -> u8 { upper::one() * 2 }\npub fn four() -> u8 { two() * 2 }\npub fn plain() -> u8 { 1 }\n";
    let sandbox = scene("layered", "[dependencies]\nupper = \"1\"\n", &[("src/lib.rs", source)]);
    let add_lower = |text: &str| registry::add(&sandbox, "lower", "", &[("src/lib.rs", text)]);
    let upper = "pub fn one() -> u8 { lower::one() }\n";
    registry::add(&sandbox, "upper", "[dependencies]\nlower = \"1\"\n", &[("src/lib.rs", upper)]);
    add_lower("pub fn one() -> u8 { 1 }\n");
    generate(&sandbox, "old");
    add_lower("pub fn one() -> u8 { 2 - 1 }\n");
    generate(&sandbox, "new");
    let found = changed(&derivations(&sandbox, "old"), &derivations(&sandbox, "new"));
    assert_eq!(found, ["layered__four", "layered__two"]);
    shows!(sandbox.run("", "flake-lattice diff old new --json"), @r#"
    {
      "layered__four": {
        "what": "rebuilt",
        "because": "layered__two"
      },
      "layered__two": {
        "what": "changed"
      }
    }
    ------- stderr -------
    2 of 3 nodes to build
    "#);
    // However the flakes of nodes know each other, it is one and the same.
    let wanted = derivations(&sandbox, "new");
    for wiring in ["root", "closure", "direct"] {
        let line =
            format!("flake-lattice generate crate --vendor -q --output {wiring} --wiring {wiring}");
        sandbox.run("", &line).ok();
        commit(&sandbox, wiring);
        for (name, derivation) in &wanted {
            let system = format!("packages.{}-linux.default.drvPath", std::env::consts::ARCH);
            let dir = format!("{wiring}/nodes/{name}");
            let found = nix(&sandbox, &dir, &format!("eval --raw .#{system}")).ok();
            assert_eq!(found, *derivation, "{wiring}: {name}");
        }
    }
}

#[test]
fn what_comes_from_git_is_vendored_from_there() {
    let sandbox =
        scene("gitted", "", &[("src/lib.rs", "pub fn six() -> u8 { fromgit::three() * 2 }\n")]);
    let manifest = "[package]\nname = \"fromgit\"\nversion = \"0.1.0\"\nedition.workspace = true\n[workspace]\npackage.edition = \"2021\"\n";
    sandbox.write("server/Cargo.toml", manifest);
    sandbox.write("server/src/lib.rs", "pub fn three() -> u8 { 3 }\n");
    sandbox.sh("server", "git init -q -b feature/x && git add -A && git commit -qm three").ok();
    let root = sandbox.root();
    let dependency = format!(
        "[dependencies]\nfromgit = {{ git = \"file://{root}/server\", branch = \"feature/x\" }}\n"
    );
    sandbox.write("crate/Cargo.toml", sandbox.read("crate/Cargo.toml") + &dependency);
    sandbox.write(
        "crate/tests/six.rs",
        "#[test]\nfn six() { assert_eq!((gitted::six(), fromgit::three()), (6, 3)); }\n",
    );
    generate(&sandbox, "out");
    sandbox.sh("", "mv server gone; rm -r home/.cargo/git").ok();
    let outcome = nix(&sandbox, "out", "flake check path:. -L");
    outcome.ok();
    assert!(outcome.stderr.contains("test six ... ok"), "{outcome}");
}

#[test]
fn a_build_script_is_run_as_cargo_runs_it() {
    let script = "\
use std::{env, fs};
fn main() {
    let said = |name: &str| env::var(name).unwrap_or_else(|_| panic!(\"{name} is not set\"));
    let rows = tables::row(said(\"DEP_ZED_VERSION\").parse().unwrap());
    fs::write(said(\"OUT_DIR\") + \"/rows.rs\", rows).unwrap();
    assert!(fs::read_dir(\"data\").is_ok(), \"it does not stand in its package\");
    assert_eq!(said(\"CARGO_MANIFEST_DIR\"), env::current_dir().unwrap().to_str().unwrap());
    let all = [\"TARGET\", \"HOST\", \"CARGO_CFG_TARGET_OS\", \"OPT_LEVEL\", \"PROFILE\", \"CARGO_FEATURE_DEEP_SEA\", \"CARGO_PKG_REPOSITORY\"];
    let all: Vec<String> = all.iter().map(|name| said(name)).collect();
    println!(\"cargo:rustc-env=TOLD={}\", all.join(\" \"));
    println!(\"cargo::rustc-env=VERSION=v{} of {}\", said(\"CARGO_PKG_VERSION_MINOR\"), said(\"CARGO_PKG_NAME\"));
    println!(\"cargo::rustc-check-cfg=cfg(level, values(\\\"high\\\"))\");
    println!(\"cargo::rustc-cfg=level=\\\"high\\\"\");
    println!(\"cargo:warning=mind the gap\");
    println!(\"cargo:rerun-if-changed=data\");
}
";
    let sandbox = scene(
        "scripted",
        "build = \"build.rs\"\n[features]\ndefault = [\"deep-sea\"]\ndeep-sea = []\n\
         [dependencies]\nzed-sys = \"1\"\n[build-dependencies]\ntables = \"1\"\n",
        &[
            ("build.rs", script),
            ("data/x", "y"),
            (
                "src/lib.rs",
                "include!(concat!(env!(\"OUT_DIR\"), \"/rows.rs\"));\npub const TOLD: &str = env!(\"TOLD\");\npub const VERSION: &str = env!(\"VERSION\");\n\
                 pub fn is_high() -> bool { cfg!(level = \"high\") && zed_sys::found() }\npub mod deep { pub fn two() -> u32 { crate::ROW * 2 } }\n",
            ),
            (
                "tests/told.rs",
                "#[test]\nfn told() {\n    assert_eq!(scripted::deep::two(), 52);\n    assert!(scripted::is_high());\n\
                 \x20   assert!(scripted::TOLD.ends_with(\" linux 0 debug 1 \"), \"{}\", scripted::TOLD);\n    assert_eq!(scripted::VERSION, \"v2 of scripted\");\n}\n",
            ),
        ],
    );
    add_small_crates(&sandbox);
    generate(&sandbox, "out");
    let outcome = sandbox.run("", "flake-lattice verify --in out --build");
    outcome.ok();
    let outside = externals(&sandbox, "out");
    let outcome = nix(&sandbox, "out", "flake check path:. -L");
    outcome.ok();
    assert!(outcome.stderr.contains("test told ... ok"), "{outcome}");
    // An edit of the crate is none of what it depends on; what it says is heard.
    sandbox
        .sh("crate", "sed -i 's/cargo:warning=/cargo::error=/' build.rs; echo '// x' >> src/lib.rs")
        .ok();
    let line = "flake-lattice generate crate --output out --vendor -q --no-check";
    sandbox.run("", line).ok();
    assert_eq!(externals(&sandbox, "out"), outside);
    let outcome = nix(&sandbox, "out", "build path:. --no-link -L");
    assert!(outcome.fails(1).stderr.contains("error: mind the gap"), "{outcome}");
    sandbox
        .sh(
            "crate",
            "sed -i 's/cargo::error=/cargo::warning=/; s/tables::row/tables::no_row/' build.rs",
        )
        .ok();
    sandbox.run("", line).ok();
    let outcome = nix(&sandbox, "out", "build path:. --no-link -L");
    assert!(outcome.fails(1).stderr.contains("cannot find function `no_row`"), "{outcome}");
    sandbox.sh("crate", "sed -i 's/tables::no_row/tables::row/' build.rs").ok();
    sandbox.run("", line).ok();
    let outcome = nix(&sandbox, "out", "build path:. path:.#release.default --no-link -L");
    outcome.ok();
    assert!(outcome.stderr.contains("warning: mind the gap"), "{outcome}");
    let release =
        nix(&sandbox, "out", "build path:.#release.facade --no-link --print-out-paths").ok();
    nix(&sandbox, "out", "build path:. path:.#release.default --no-link --rebuild").ok();
    assert_eq!(sandbox.sh(&*release, "ls *.rlib").ok(), "libscripted.rlib");
}

#[test]
fn a_build_script_without_dependencies_needs_no_vendoring() {
    let sandbox = scene(
        "lonely",
        "",
        &[
            (
                "build.rs",
                "fn main() { let out = std::env::var(\"OUT_DIR\").unwrap(); std::fs::write(out + \"/x.rs\", \"pub fn f() -> u8 { 7 }\").unwrap(); \
                 println!(\"cargo:rustc-env=X=1\"); }\n",
            ),
            (
                "src/lib.rs",
                "include!(concat!(env!(\"OUT_DIR\"), \"/x.rs\"));\npub const X: &str = env!(\"X\");\n",
            ),
            (
                "tests/f.rs",
                "#[test]\nfn f() { assert_eq!((lonely::f(), lonely::X), (7, \"1\")); }\n",
            ),
        ],
    );
    sandbox.run("", "flake-lattice generate crate --output out -q").ok();
    shows!(sandbox.run("out", "flake-lattice verify --build -q"), @r"
    files    30 files as generated
    syntax   7 files of Nix
    nix      1 node evaluated for [SYSTEM]
    cargo    2 crates compiled
    build    [SANDBOX]/nix/store/[HASH]-lonely-lattice-1.2.3
    ");
    nix(&sandbox, "out", "flake check path:.").ok();
    let outcome = sandbox.run("", "flake-lattice generate crate --output out");
    assert_eq!(outcome.stderr, "`lonely` has not changed: nothing to do\n");
}

#[test]
fn a_macro_for_the_compiler_is_built_and_used_through_its_facade() {
    let sandbox = scene(
        "seven-s",
        "[lib]\nproc-macro = true\n[dependencies]\ngreet-ing = \"1\"\n",
        &[
            (
                "src/lib.rs",
                "use proc_macro::TokenStream;\n/// Seven.\n#[proc_macro] pub fn seven(_: TokenStream) -> TokenStream { \"7\".parse().unwrap() }\n\
                 #[proc_macro] pub fn word(_: TokenStream) -> TokenStream { format!(\"{:?}\", greet_ing::word().0).parse().unwrap() }\n",
            ),
            (
                "tests/all.rs",
                "#[test]\nfn all() { assert_eq!(seven_s::seven!(), 7); assert_eq!(seven_s::word!(), \"hello\"); }\n",
            ),
        ],
    );
    add_small_crates(&sandbox);
    generate(&sandbox, "out");
    sandbox.run("", "flake-lattice verify --in out --build -q").ok();
    let outcome = nix(&sandbox, "out", "flake check path:. -L");
    outcome.ok();
    assert!(outcome.stderr.contains("test all ... ok"), "{outcome}");
    let outside = externals(&sandbox, "out");
    sandbox.sh("crate", "sed -i 's/\"7\"/\"8\"/' src/lib.rs").ok();
    generate(&sandbox, "out");
    assert_eq!(externals(&sandbox, "out"), outside);
    let outcome = nix(&sandbox, "out", "flake check path:. -L");
    assert!(outcome.stderr.contains("left: 8"), "{outcome}");
}

#[test]
fn what_cannot_be_built_says_what_is_to_be_done() {
    let source =
        "pub fn says() -> &'static str { greet_ing::word().0 }\npub fn plain() -> u8 { 1 }\n";
    let sandbox =
        scene("refused", "[dependencies]\ngreet-ing = \"1\"\n", &[("src/lib.rs", source)]);
    add_small_crates(&sandbox);
    sandbox.run("", "flake-lattice generate crate --output out -q").ok();
    // What needs nothing is built all the same.
    sandbox.run("out", "flake-lattice build refused::plain -q").ok();
    let outcome = sandbox.run("out", "flake-lattice build");
    let said = "refused__says needs greet-ing, and no crates from outside are in the lattice: generate it with `--vendor`, or build it by cargo";
    assert!(outcome.fails(1).stderr.contains(said), "{outcome}");
    // Asked for later, it is done; and not asked for again, it goes.
    let line = "flake-lattice generate crate --output out";
    sandbox.run("", &format!("{line} --vendor")).ok();
    sandbox.run("out", "flake-lattice build -q").ok();
    let again = sandbox.run("", &format!("{line} --vendor"));
    assert_eq!(again.stderr, "`refused` has not changed: nothing to do\n");
    sandbox.run("", line).ok();
    assert!(!sandbox.root().join("out/externals").exists());
    sandbox.run("", &format!("{line} --vendor")).ok();
    // What git leaves out is not there for Nix.
    sandbox.write("out/.gitignore", "Cargo.lock\n");
    commit(&sandbox, "out");
    let outcome = nix(&sandbox, "out", "build --no-link -L");
    let said =
        "there is no `externals/Cargo.lock`; if git leaves it out: `git add --force externals`";
    assert!(outcome.fails(1).stderr.contains(said), "{outcome}");
    sandbox.sh("out", "git add --force externals").ok();
    nix(&sandbox, "out", "build --no-link").ok();
    sandbox.sh("out", "rm -r .git .gitignore").ok();
    // There is no linker, or no cargo.
    for (key, what) in [
        ("linker", "a linker, and there was no `cc` on PATH"),
        ("cargo", "cargo, and there was none"),
    ] {
        let edit = format!(
            "cp toolchain.json kept; sed -i 's|\"{key}\": \".*\"|\"{key}\": null|' toolchain.json"
        );
        sandbox.sh("out", &edit).ok();
        let outcome = sandbox.run("out", "flake-lattice build");
        let said = format!("refused-externals needs {what} when the lattice was generated");
        assert!(outcome.fails(1).stderr.contains(&said), "{outcome}");
        sandbox.sh("out", "mv kept toolchain.json").ok();
    }
    shows!(sandbox.run("", &format!("{line} --vendor --builder nixpkgs")).fails(2), @r"
    ------- stderr -------
    error: `--vendor` is of the offline builder alone
      what `buildRustCrate` is to build on has to be built by it, too
    hint: leave out `--vendor`, and give those crates to `default.nix` as `externals`
    [exit status: 2]
    ");
    // A crate that is gone from the machine, and one that never was a part of a registry.
    let picture = sandbox.picture("out");
    sandbox.write("crate/src/lib.rs", source.replace("plain", "simple"));
    sandbox.sh("", "mv registry elsewhere; mkdir registry").ok();
    shows!(sandbox.run("", &format!("{line} --vendor --no-check")).fails(1), @r"
    ------- stderr -------
    error: the sources of the dependencies are not all at hand
      error: failed to sync
      Caused by:
        failed to load lockfile for [SANDBOX]/home/.cache/studio/lattice/refused-[COMMIT]/externals
      Caused by:
        no matching package named `greet-ing` found
        location searched: directory source `[SANDBOX]/registry` (which is replacing registry `crates-io`)
        required by package `externals v0.0.0 ([SANDBOX]/home/.cache/studio/lattice/refused-[COMMIT]/externals)`
        As a reminder, you're using offline mode (--offline) which can sometimes cause surprising resolution failures, if this error is too confusing you may wish to retry without `--offline`.
    hint: get them once: `cargo fetch`, in the folder of the crate
    [exit status: 1]
    ");
    assert_eq!(sandbox.picture("out"), picture);
    sandbox.sh("", "mv elsewhere/greet-ing-1.0.0 beside; rm beside/.cargo-checksum.json").ok();
    sandbox
        .sh("crate", "sed -i 's|^greet-ing = .*|greet-ing = { path = \"../beside\" }|' Cargo.toml")
        .ok();
    sandbox.run("", &format!("{line} --vendor")).ok();
    sandbox.run("out", "flake-lattice build -q").ok();
}
