//! A file that is there already: what people and other programs put into it stays.

use crate::scene::scene;
use insta::assert_snapshot;
use std::os::unix::fs::PermissionsExt;

#[test]
fn comments_other_keys_and_other_tables_stay() {
    let sandbox = scene();
    sandbox.write(
        "project/config.toml",
        "# mine\n# System: some-where\n\nfirst = 1 # of all\n\n[bins]\nrustc = \"/x\"\n\n\
         # about nix\n[nix] # here\nbase_branch = \"main\"   # by hand\nnixpkgs_path   =   'old' # why\n\
         date = 2026-01-02\n\n[build]\njobs = 0x10 # many\n# the end of build\n\n[[paths]]\na = 1\n\
         [target.x-y]\ncc = \"cc\"\n\n# the end\n",
    );
    let outcome = sandbox.run("project", "bootstrap-config-generator -t a-b-c --build-jobs 16");
    let said =
        outcome.to_string().replace(&format!("{}-linux", std::env::consts::ARCH), "[SYSTEM]");
    assert_snapshot!(said, @r#"
    config.toml
    ------- stderr -------
    changed `config.toml`
      `system`: [SYSTEM], was some-where
      `nix.nixpkgs_path`: "github:NixOS/nixpkgs/1111111111111111111111111111111111111111?narHash=sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0%3D", was 'old'
      `nix.rust_overlay_path`, `nix.rust_bootstrap_nix_path`, `nix.configuration_nix_path`, `nix.rust_src_flake_path`, `nix.rust_bootstrap_nix_flake_ref`, `nix.rust_src_flake_ref` and 21 more were not there
    "#);
    let text = sandbox.read("project/config.toml").replace(sandbox.root().as_str(), "[SANDBOX]");
    let text = text.replace(&format!("{}-linux", std::env::consts::ARCH), "[SYSTEM]");
    assert_snapshot!(text, @r#"
    # mine
    # System: [SYSTEM]

    first = 1 # of all

    [bins]
    rustc = "/x"

    # about nix
    [nix] # here
    base_branch = "main"   # by hand
    nixpkgs_path   =   "github:NixOS/nixpkgs/1111111111111111111111111111111111111111?narHash=sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0%3D" # why
    date = 2026-01-02
    rust_overlay_path = ""
    rust_bootstrap_nix_path = ""
    configuration_nix_path = ""
    rust_src_flake_path = ""
    rust_bootstrap_nix_flake_ref = ""
    rust_src_flake_ref = "git+https://example.org/rust?narHash=sha256-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb0%3D&ref=main&rev=2222222222222222222222222222222222222222"

    [build]
    jobs = 0x10 # many
    stage = ""
    target = "a-b-c"
    patch-binaries-for-nix = false
    vendor = false
    build-dir = ""
    # the end of build

    [[paths]]
    a = 1
    [target.x-y]
    cc = "cc"

    [rust]
    rustc = "[SANDBOX]/tools/rustc"
    cargo = "[SANDBOX]/tools/cargo"
    channel = "nightly"
    download-rustc = false
    parallel-compiler = false
    llvm-tools = false
    debuginfo-level = 0

    [env]
    HOME = "[SANDBOX]/home"
    CARGO_HOME = "[SANDBOX]/home/.cargo"

    [install]
    prefix = ""
    sysconfdir = ""

    [dist]
    sign-folder = ""
    upload-addr = ""

    [llvm]
    download-ci-llvm = false
    ninja = false

    [change-id]
    id = ""

    # the end
    "#);
    sandbox.run("project", "bootstrap-config-generator -t a-b-c --build-jobs 16 --check").ok();
}

#[test]
fn a_table_may_be_written_in_any_way() {
    let sandbox = scene();
    let line = "bootstrap-config-generator --build-jobs 2";
    for text in [
        "build = { jobs = 1, mine = true }\n",
        "build.jobs = 1\nbuild.mine = true\n",
        "[build.mine]\n[build]\njobs = 1\n",
        "[build.mine]\nx = 1\n\n[build.other]\ny = 2\n",
        "x.y = 1\n# a\n\n[[bins]]\nx = 1\n\n  [bins.deep]\n  mine = \"\"\"\na\n\"\"\"\n",
        "change-id = { }\ntarget = { }\n\"build\".'jobs' = 1\n",
    ] {
        sandbox.write("project/config.toml", text);
        sandbox.run("project", line).ok();
        let written = sandbox.read("project/config.toml");
        let document: toml_edit::DocumentMut = written.parse().expect("TOML");
        assert_eq!(document["build"]["jobs"].as_integer(), Some(2), "{written}");
        let mine = |text: &str| text.matches("mine").count();
        assert_eq!(mine(&written), mine(text), "{written}");
        sandbox.run("project", &format!("{line} --check")).ok();
    }
}

#[test]
fn what_is_no_table_is_not_overwritten() {
    let sandbox = scene();
    sandbox.write("project/config.toml", "rust = 3\n");
    assert_snapshot!(sandbox.run("project", "bootstrap-config-generator").fails(1), @"
    ------- stderr -------
    error: `config.toml`: `rust` must be a table, but it is an integer
    hint: take it away or give it another name; nothing was changed
    [exit status: 1]
    ");
    assert_eq!(sandbox.read("project/config.toml"), "rust = 3\n");
}

#[test]
fn line_ends_of_windows_stay() {
    let sandbox = scene();
    sandbox.run("project", "bootstrap-config-generator").ok();
    let text = sandbox.read("project/config.toml").replace('\n', "\r\n");
    sandbox.write("project/config.toml", &text);
    let again = sandbox.run("project", "bootstrap-config-generator");
    assert_eq!(again.stderr, "`config.toml` is up to date\n");
    assert_eq!(sandbox.read("project/config.toml"), text);
    sandbox.run("project", "bootstrap-config-generator --build-jobs 2").ok();
    let expected = text.replace("jobs = 0", "jobs = 2");
    assert_eq!(sandbox.read("project/config.toml"), expected);
}

#[test]
fn a_link_stays_one_and_a_mode_stays_too() {
    let sandbox = scene();
    sandbox.write("elsewhere/real.toml", "# mine\n");
    sandbox.sh("project", "ln -s ../elsewhere/real.toml config.toml").ok();
    let real = sandbox.root().join("elsewhere/real.toml");
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&real, private).expect("a mode");
    sandbox.run("project", "bootstrap-config-generator").ok();
    let link = sandbox.root().join("project/config.toml");
    assert!(link.is_symlink());
    assert!(sandbox.read("elsewhere/real.toml").starts_with("# mine\n"));
    let mode = real.metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
}

#[test]
fn a_value_of_another_type_is_set() {
    let sandbox = scene();
    sandbox.write("project/config.toml", "[build]\njobs = \"many\" # a\n[build.vendor]\nx = 1\n");
    let outcome = sandbox.run("project", "bootstrap-config-generator");
    assert!(outcome.stderr.contains("  `build.jobs`: 0, was \"many\"\n"), "{outcome}");
    assert!(outcome.stderr.contains("  `build.vendor`: false, was a table\n"), "{outcome}");
    let text = sandbox.read("project/config.toml");
    assert!(text.contains("jobs = 0 # a\n"), "{text}");
}
