//! What is found out, and what is said where nothing is found.

use crate::scene::{bare, calls, cargo, explained, program, rustc, scene};

#[test]
fn locked_inputs_are_named_as_nix_writes_them() {
    let sandbox = scene();
    assert_eq!(
        explained(&sandbox, "nix.nixpkgs_path", &[]),
        "github:NixOS/nixpkgs/1111111111111111111111111111111111111111\
         ?narHash=sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0%3D flake.lock: nixpkgs"
    );
    // From a folder below, too; the project is then that folder.
    sandbox.write("project/crates/x/Cargo.toml", "");
    let line = "bootstrap-config-generator --dry-run";
    let text = sandbox.run("project/crates/x", line).ok();
    assert!(
        text.contains("rust_src_flake_ref = \"git+https://example.org/rust?narHash="),
        "{text}"
    );
    assert!(
        text.contains(&format!("# Project root: {}/project/crates/x\n", sandbox.root())),
        "{text}"
    );
}

#[test]
fn a_lock_that_cannot_be_read_is_said_and_no_failure() {
    let sandbox = scene();
    for (lock, said) in [
        ("{", "`flake.lock` cannot be read: it is not JSON: "),
        ("{\"nodes\":{\"root\":{}},\"root\":\"root\",\"version\":99}", "its version is 99"),
        ("{\"nodes\":{\"root\":{}},\"root\":\"root\",\"version\":7}", "has no input `nixpkgs`"),
    ] {
        sandbox.write("project/flake.lock", lock);
        let table = sandbox.run("project", "bootstrap-config-generator --explain").ok();
        assert!(table.contains(said), "{said}: {table}");
        sandbox.run("project", "bootstrap-config-generator").ok();
    }
    std::fs::remove_file(sandbox.root().join("project/flake.lock")).expect("removed");
    let table = sandbox.run("project", "bootstrap-config-generator --explain").ok();
    assert!(table.contains("` has no `flake.lock`"), "{table}");
}

#[test]
fn the_lock_of_another_repository_above_is_none_of_ours() {
    let sandbox = scene();
    sandbox.write("project/vendor/other/.git/HEAD", "");
    sandbox.write("project/vendor/other/Cargo.toml", "");
    let text = sandbox.run("project/vendor/other", "bootstrap-config-generator --dry-run").ok();
    assert!(text.contains("nixpkgs_path = \"\""), "{text}");
}

#[test]
fn a_toolchain_is_known_by_its_answer_and_not_by_its_name() {
    let sandbox = bare();
    sandbox.write("project/flake.nix", "");
    let mut sandbox = sandbox;
    sandbox.set("NIX_STORE_DIR", sandbox.root().join("store"));
    rustc(&sandbox, "store/aaa-rustc-9.99.0/bin/rustc", "1.80.0");
    rustc(&sandbox, "store/bbb-hello/bin/rustc", "1.90.0");
    rustc(&sandbox, "store/ccc-rustc-wrapper-1.90.0/bin/rustc", "1.90.0");
    program(&sandbox, "store/ddd-rustc-1.99.0/bin/rustc", "#!/bin/sh\necho 'rustc 1.99.0'\n");
    program(&sandbox, "store/eee-rustc-1.99.0/bin/rustc", "#!/bin/sh\nexit 1\n");
    program(&sandbox, "store/fff-rustc-1.99.0/bin/rustc", "no program at all");
    sandbox.write("store/ggg-rustc-1.99.0/bin/rustc", "not executable");
    program(&sandbox, "store/hhh-cargo/bin/cargo", "#!/bin/sh\necho something else\n");
    cargo(&sandbox, "store/iii/bin/cargo");
    // The newest that answers, and of two of one version the first.
    assert_eq!(
        explained(&sandbox, "rust.rustc", &[]),
        "[SANDBOX]/store/bbb-hello/bin/rustc `[SANDBOX]/store/bbb-hello/bin/rustc -vV`"
    );
    let cargo = explained(&sandbox, "rust.cargo", &[]);
    assert!(cargo.starts_with("[SANDBOX]/store/iii/bin/cargo "), "{cargo}");
    let channel = explained(&sandbox, "rust.channel", &[]);
    assert_eq!(channel, "stable `[SANDBOX]/store/bbb-hello/bin/rustc -vV`");
}

#[test]
fn the_rustc_that_is_named_is_the_one_that_is_asked() {
    let sandbox = scene();
    rustc(&sandbox, "other/rustc", "1.91.0-beta.3");
    let words = ["--rustc-path", "../other/rustc"];
    let channel = explained(&sandbox, "rust.channel", &words);
    assert_eq!(channel, "beta `[SANDBOX]/project/../other/rustc -vV`");
    assert!(!calls(&sandbox).contains("tools/rustc"), "{}", calls(&sandbox));
}

#[test]
fn a_toolchain_that_does_not_answer_is_said_and_no_failure() {
    let sandbox = scene();
    program(
        &sandbox,
        "tools/rustc",
        "#!/bin/sh\necho \"error: $RUSTUP_AUTO_INSTALL: no toolchain\" >&2\nexit 1\n",
    );
    let table = sandbox.run("project", "bootstrap-config-generator --explain").ok();
    let table = table.replace(sandbox.root().as_str(), "[SANDBOX]");
    let said = "`[SANDBOX]/tools/rustc -vV` failed with exit status 1: error: 0: no toolchain";
    assert!(table.contains(said), "{table}");
    assert!(table.contains("`[SANDBOX]/store` has no `rustc`\n"), "{table}");
    sandbox.run("project", "bootstrap-config-generator").ok();
}

#[test]
fn a_toolchain_that_hangs_is_given_up() {
    if !testkit::thorough() {
        // It takes as long as its patience.
        return;
    }
    let sandbox = scene();
    program(&sandbox, "tools/rustc", "#!/bin/sh\nsleep 600\n");
    let table = sandbox.run("project", "bootstrap-config-generator --explain").ok();
    assert!(table.contains("did not end within 10 s and was killed"), "{table}");
}

#[test]
fn a_configuration_of_the_project_is_found() {
    let sandbox = scene();
    sandbox.write("project/configuration.nix", "{ }");
    assert_eq!(
        explained(&sandbox, "nix.configuration_nix_path", &[]),
        "[SANDBOX]/project/configuration.nix configuration.nix in the project"
    );
}
