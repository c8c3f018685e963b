//! What build scripts say to others: to the linker of tests, and to build scripts of dependents.

use crate::externals::{generate, scene};
use crate::made::{nix, toolchain};
use crate::registry;
use testkit::Sandbox;

/// The tests of a lattice pass by Nix and by cargo.
fn tests_pass(sandbox: &Sandbox, test: &str) {
    sandbox.run("", "flake-lattice verify --in out --build -q").ok();
    let outcome = nix(sandbox, "out", "flake check path:. -L");
    outcome.ok();
    assert!(outcome.stderr.contains(&format!("test {test} ... ok")), "{outcome}");
    let cargo = toolchain().rustc.with_file_name("cargo");
    let outcome =
        sandbox.run("out", &format!("{cargo} test --offline --manifest-path tests/Cargo.toml"));
    outcome.ok();
    assert!(outcome.to_string().contains(&format!("test {test} ... ok")), "{outcome}");
}

/// A test that is linked only if the linker hears that one function is another.
const ALIAS: &str = "#[no_mangle] pub extern \"C\" fn its_name() -> u8 { 42 }\nextern \"C\" { fn its_alias() -> u8; }\n\
     #[test]\nfn alias() { assert_eq!(unsafe { its_alias() } + linked::one(), 43); }\n";

#[test]
fn what_a_script_says_to_the_linker_of_tests_is_said() {
    let script = "fn main() {\n    println!(\"cargo:rustc-cfg=found\");\n    println!(\"cargo::rustc-check-cfg=cfg(found)\");\n\
         \x20   println!(\"cargo::rustc-link-arg-tests=-Wl,--defsym=its_alias=its_name\");\n    println!(\"cargo:rustc-link-arg-bins=--nobody-knows\");\n    println!(\"cargo::rustc-link-arg-bin=other-one=--nor-this\");\n}\n";
    let sandbox = scene(
        "linked",
        "",
        &[
            ("build.rs", script),
            (
                "src/lib.rs",
                "#[cfg(found)] pub fn one() -> u8 { 1 }\npub fn two() -> u8 { one() + 1 }\n",
            ),
            ("src/bin/other-one.rs", "fn main() {}\n"),
            ("tests/alias.rs", ALIAS),
        ],
    );
    let outcome = sandbox.run("", "flake-lattice generate crate --output out");
    insta::assert_snapshot!(outcome.stderr, @r"
    `linked` 1.2.3: 2 items in 2 nodes on 2 levels, compiled in 2 rounds
    26 files written
    ");
    tests_pass(&sandbox, "alias");
    // What lies where the script was run is nowhere else.
    let place =
        "println!(\"cargo:rustc-link-arg=-L{}\", std::env::var(\"OUT_DIR\").unwrap());\n}\n";
    sandbox.write("crate/build.rs", script.trim_end().trim_end_matches('}').to_owned() + place);
    let outcome = sandbox.run("", "flake-lattice generate crate --output out");
    let said = outcome.stderr.lines().next().unwrap_or_default();
    assert!(said.starts_with("the tests are linked without `-L…/target/debug/build/"), "{outcome}");
    assert!(said.ends_with("/out`, which names a file of the build script"), "{outcome}");
    outcome.ok();
}

/// A library of the machine, at a place that only the build script knows.
#[test]
fn a_crate_links_a_library_of_the_machine() {
    let sandbox = scene("linked", "links = \"zed\"\nbuild = \"build.rs\"\n", &[]);
    let root = sandbox.root();
    sandbox.write("zed.c", "unsigned char zed_one(void) { return 1; }\n");
    sandbox.sh("", "mkdir native && cc -shared -o native/libzed.so zed.c").ok();
    sandbox.write(
        "crate/build.rs",
        format!(
            "fn main() {{\n    assert_eq!(std::env::var(\"CARGO_PKG_NAME\").unwrap().len() > 0, true);\n\
             \x20   println!(\"cargo:rustc-link-search=native={root}/native\");\n    println!(\"cargo:rustc-link-lib=dylib=zed\");\n\
             \x20   println!(\"cargo::rustc-link-arg=-Wl,-rpath,{root}/native\");\n    println!(\"cargo:rustc-link-arg=-Wl,--defsym=its_alias=its_name\");\n\
             \x20   println!(\"cargo:root={root}/native\");\n    println!(\"cargo::metadata=deep-key=7=8\");\n}}\n"
        ),
    );
    sandbox.write(
        "crate/src/lib.rs",
        "extern \"C\" { fn zed_one() -> u8; }\npub fn one() -> u8 { unsafe { zed_one() } }\n",
    );
    sandbox.write("crate/tests/alias.rs", ALIAS);
    generate(&sandbox, "out");
    tests_pass(&sandbox, "alias");
    // Who depends on the crate is told by cargo what the script says, by the facade as well.
    sandbox.write(
        "use/src/main.rs",
        "fn main() { print!(\"{} {}\", linked::one(), env!(\"TOLD\")) }\n",
    );
    sandbox.write(
        "use/build.rs",
        "fn main() { let said = |name| std::env::var(name).unwrap();\n\
         println!(\"cargo:rustc-env=TOLD={} {}\", said(\"DEP_ZED_ROOT\"), said(\"DEP_ZED_DEEP_KEY\"));\n\
         println!(\"cargo:rustc-link-arg=-Wl,-rpath,{}\", said(\"DEP_ZED_ROOT\")); }\n",
    );
    let cargo = toolchain().rustc.with_file_name("cargo");
    for path in ["crate", "out/facade"] {
        sandbox.write(
            "use/Cargo.toml",
            format!("[package]\nname = \"use\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[dependencies]\nlinked.path = \"../{path}\"\n[workspace]\n"),
        );
        let said = sandbox.run("use", &format!("{cargo} run -q --offline")).ok();
        assert_eq!(said, format!("1 {root}/native 7=8"));
    }
}

/// What a manifest says of its package for people, a build script and code may ask for.
#[test]
fn a_script_is_told_what_the_manifest_says() {
    let sandbox = scene(
        "linked",
        "authors = [\"a <a@b>\", \"c\"]\ndescription = \"it's \\\"small\\\"\"\nlicense = \"MIT\"\n",
        &[
            (
                "build.rs",
                "fn main() { let said = |name| std::env::var(name).unwrap();\n\
                 println!(\"cargo:rustc-env=SAID={}|{}|{}|{}\", said(\"CARGO_PKG_AUTHORS\"), said(\"CARGO_PKG_DESCRIPTION\"), said(\"CARGO_PKG_LICENSE\"), said(\"CARGO_PKG_HOMEPAGE\")); }\n",
            ),
            (
                "src/lib.rs",
                "pub const SAID: &str = env!(\"SAID\");\npub const ALSO: &str = env!(\"CARGO_PKG_AUTHORS\");\n",
            ),
            (
                "tests/said.rs",
                "#[test]\nfn said() { assert_eq!((linked::SAID, linked::ALSO), (\"a <a@b>:c|it's \\\"small\\\"|MIT|\", \"a <a@b>:c\")); }\n",
            ),
        ],
    );
    sandbox.run("", "flake-lattice generate crate --output out -q").ok();
    tests_pass(&sandbox, "said");
}

/// A build script is told of files that those of dependencies made.
#[test]
fn what_a_dependency_s_script_made_is_there_for_that_of_the_crate() {
    let sandbox = scene(
        "linked",
        "[dependencies]\nhead-sys = \"1\"\n",
        &[
            (
                "build.rs",
                "fn main() { let include = std::env::var(\"DEP_HEAD_INCLUDE\").unwrap();\n\
                 println!(\"cargo:rustc-env=HEAD={}\", std::fs::read_to_string(include + \"/deep/head.txt\").unwrap()); }\n",
            ),
            (
                "src/lib.rs",
                "pub const HEAD: &str = env!(\"HEAD\");\npub fn two() -> u8 { head_sys::two() }\n",
            ),
            (
                "tests/head.rs",
                "#[test]\nfn head() { assert_eq!((linked::HEAD, linked::two()), (\"head\", 2)); }\n",
            ),
        ],
    );
    registry::add(
        &sandbox,
        "head-sys",
        "links = \"head\"\nbuild = \"build.rs\"\n",
        &[
            (
                "build.rs",
                "fn main() { let out = std::env::var(\"OUT_DIR\").unwrap(); let deep = out.clone() + \"/include/deep\";\n\
                 std::fs::create_dir_all(&deep).unwrap(); std::fs::write(deep + \"/head.txt\", \"head\").unwrap();\n\
                 println!(\"cargo:include={out}/include\"); }\n",
            ),
            ("src/lib.rs", "pub fn two() -> u8 { 2 }\n"),
        ],
    );
    generate(&sandbox, "out");
    tests_pass(&sandbox, "head");
    nix(&sandbox, "out", "build path:.#externals --no-link --rebuild").ok();
}
