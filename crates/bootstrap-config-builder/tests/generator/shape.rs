//! What is written where nobody says anything, and the ways not to write.

use crate::scene::{bare, calls, scene};
use insta::assert_snapshot;
use std::os::unix::fs::MetadataExt;

const COMMAND: &str = "bootstrap-config-generator";

/// The first step of the plan, word for word, in the folder of this crate.
#[test]
#[expect(clippy::disallowed_methods, reason = "cargo needs the environment that these tests have")]
fn the_command_of_the_plan_works_as_it_is_written() {
    let folder = camino::Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    let words = "cargo run --bin bootstrap-config-generator -- --output generated_config.toml";
    if !testkit::thorough() {
        // The same without cargo, which builds everything once more for a single package.
        let (program, args) = ("bootstrap-config-generator", ["--output", "generated_config.toml"]);
        let sandbox = bare();
        sandbox.write("crate/Cargo.toml", "[package]\nname = \"x\"\n");
        sandbox.run_words("crate", &[program, args[0], args[1]]).ok();
        assert!(sandbox.read("crate/generated_config.toml").contains("\n[rust]\nrustc = \"\"\n"));
        return;
    }
    let words: Vec<&str> = words.split(' ').collect();
    let ran = std::process::Command::new(words[0])
        .args(&words[1..])
        .current_dir(folder)
        .output()
        .expect("cargo runs");
    let text = std::fs::read_to_string(folder.join("generated_config.toml"));
    let _ = std::fs::remove_file(folder.join("generated_config.toml"));
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let document: toml_edit::DocumentMut = text.expect("written").parse().expect("TOML");
    // The tests are built by a real toolchain, so one answers.
    assert!(document["rust"]["rustc"].as_str().expect("a text").ends_with("/rustc"));
    assert!(document["build"]["target"].as_str().expect("a text").contains('-'));
}

#[test]
fn a_new_file_has_every_table_and_key() {
    let sandbox = scene();
    let outcome = sandbox.run("project", COMMAND);
    assert_snapshot!(outcome.to_string(), @"
    config.toml
    ------- stderr -------
    made `config.toml`
    ");
    let text = sandbox.read("project/config.toml").replace(sandbox.root().as_str(), "[SANDBOX]");
    let text = text.replace(&format!("{}-linux", std::env::consts::ARCH), "[SYSTEM]");
    assert_snapshot!(text, @r#"
    # Made by `bootstrap-config-generator`, which sets its keys again when it is run.
    # What else is in here stays: comments, other keys, other tables.
    # Project root: [SANDBOX]/project
    # System: [SYSTEM]

    [nix]
    nixpkgs_path = "github:NixOS/nixpkgs/1111111111111111111111111111111111111111?narHash=sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0%3D"
    rust_overlay_path = ""
    rust_bootstrap_nix_path = ""
    configuration_nix_path = ""
    rust_src_flake_path = ""
    rust_bootstrap_nix_flake_ref = ""
    rust_src_flake_ref = "git+https://example.org/rust?narHash=sha256-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb0%3D&ref=main&rev=2222222222222222222222222222222222222222"

    [rust]
    rustc = "[SANDBOX]/tools/rustc"
    cargo = "[SANDBOX]/tools/cargo"
    channel = "nightly"
    download-rustc = false
    parallel-compiler = false
    llvm-tools = false
    debuginfo-level = 0

    [build]
    stage = ""
    target = "aarch64-unknown-linux-musl"
    patch-binaries-for-nix = false
    vendor = false
    build-dir = ""
    jobs = 0

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
    "#);
    assert_eq!(
        calls(&sandbox),
        "[SANDBOX]/tools/rustc -vV\n[SANDBOX]/tools/cargo -V\n",
        "each is asked once"
    );
}

#[test]
fn without_project_and_toolchain_there_is_a_file_too() {
    let sandbox = bare();
    std::fs::create_dir(sandbox.root().join("empty")).expect("a folder");
    sandbox.run("empty", COMMAND).ok();
    let text = sandbox.read("empty/config.toml");
    assert!(text.contains("nixpkgs_path = \"\"\n"), "{text}");
    assert!(text.contains("rustc = \"\"\ncargo = \"\"\nchannel = \"stable\"\n"), "{text}");
    assert!(text.contains(&format!("# Project root: {}/empty\n", sandbox.root())), "{text}");
}

#[test]
fn what_is_up_to_date_is_not_touched() {
    let sandbox = scene();
    sandbox.run("project", COMMAND).ok();
    let file = sandbox.root().join("project/config.toml");
    let stamp = || {
        let meta = file.metadata().expect("there");
        (meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.ctime_nsec())
    };
    let before = stamp();
    assert_snapshot!(sandbox.run("project", COMMAND).to_string(), @"
    config.toml
    ------- stderr -------
    `config.toml` is up to date
    ");
    assert_eq!(stamp(), before);
    assert_snapshot!(sandbox.run("project", &format!("{COMMAND} --check")).to_string(), @"
    ------- stderr -------
    `config.toml` is up to date
    ");
    assert_eq!(stamp(), before);
}

#[test]
fn a_check_names_what_would_change_and_writes_nothing() {
    let sandbox = scene();
    let check = "bootstrap-config-generator --check --build-jobs 4 --rust-channel beta";
    assert_snapshot!(sandbox.run("project", check).fails(1), @"
    ------- stderr -------
    error: `config.toml` is not there
    hint: run the same without `--check`
    [exit status: 1]
    ");
    assert!(!sandbox.root().join("project/config.toml").exists());
    sandbox.run("project", COMMAND).ok();
    let before = sandbox.read("project/config.toml");
    assert_snapshot!(sandbox.run("project", check).fails(1), @r#"
    ------- stderr -------
    error: `config.toml` is not up to date
      `rust.channel`: "beta", was "nightly" (--rust-channel)
      `build.jobs`: 4, was 0 (--build-jobs)
    hint: run the same without `--check`
    [exit status: 1]
    "#);
    assert_eq!(sandbox.read("project/config.toml"), before);
}

#[test]
fn a_dry_run_shows_what_would_be_written() {
    let sandbox = scene();
    let shown = sandbox.run("project", "bootstrap-config-generator --dry-run --stage 1").ok();
    assert!(!sandbox.root().join("project/config.toml").exists());
    sandbox.run("project", "bootstrap-config-generator --stage 1").ok();
    assert_eq!(sandbox.read("project/config.toml"), shown + "\n");
}

#[test]
fn an_explanation_is_for_people_or_for_programs() {
    let sandbox = scene();
    let outcome = sandbox.run("project/", "bootstrap-config-generator --explain --vendor -s 1");
    let table = outcome.to_string().replace(std::env::consts::ARCH, "[ARCH]");
    // How wide a column is depends on where the sandbox lies.
    let lines = table.lines().map(|line| {
        let words: Vec<&str> = line.split("  ").map(str::trim).filter(|w| !w.is_empty()).collect();
        words.join("  ")
    });
    let table = lines.collect::<Vec<String>>().join("\n");
    assert_snapshot!(table, @"
    key  value  source
    project-root  [SANDBOX]/project  `flake.nix` there
    system  [ARCH]-linux  this machine
    nix.nixpkgs_path  github:NixOS/nixpkgs/1111111111111111111111111111111111111111?narHash=sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0%3D  flake.lock: nixpkgs
    nix.rust_overlay_path  -  default
    `flake.lock` has no input `rust-overlay`
    nix.rust_bootstrap_nix_path  -  default
    nix.configuration_nix_path  -  default
    the project has no `configuration.nix`
    nix.rust_src_flake_path  -  default
    nix.rust_bootstrap_nix_flake_ref  -  default
    `flake.lock` has no input `rust-bootstrap-nix` or `rustBootstrapNix`
    nix.rust_src_flake_ref  git+https://example.org/rust?narHash=sha256-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb0%3D&ref=main&rev=2222222222222222222222222222222222222222  flake.lock: rustSrcFlake
    build-rustc-version  -  default
    rust.rustc  [SANDBOX]/tools/rustc  `[SANDBOX]/tools/rustc -vV`
    rust.cargo  [SANDBOX]/tools/cargo  `[SANDBOX]/tools/cargo -V`
    rust.channel  nightly  `[SANDBOX]/tools/rustc -vV`
    rust.download-rustc  false  default
    rust.parallel-compiler  false  default
    rust.llvm-tools  false  default
    rust.debuginfo-level  0  default
    build.stage  1  --stage
    build.target  aarch64-unknown-linux-musl  `[SANDBOX]/tools/rustc -vV`
    build.rustc  -  default
    build.patch-binaries-for-nix  false  default
    build.vendor  true  --vendor
    build.build-dir  -  default
    build.jobs  0  default
    env.HOME  [SANDBOX]/home  $HOME
    env.CARGO_HOME  [SANDBOX]/home/.cargo  `.cargo` in `env.HOME`
    install.prefix  -  default
    install.sysconfdir  -  default
    dist.sign-folder  -  default
    dist.upload-addr  -  default
    llvm.download-ci-llvm  false  default
    llvm.ninja  false  default
    target.TRIPLE.cc  -  default
    target.TRIPLE.android-ndk  -  default
    change-id.id  -  default
    output  config.toml  default
    dry-run  false  default
    architecture  [ARCH]-linux  `system`
    step  step1-configure  default
    ");
    let json = sandbox.run("project", "bootstrap-config-generator --explain=json --vendor").ok();
    let all: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let of = |key: &str| {
        let all = all.as_array().expect("a list");
        all.iter().find(|one| one["key"] == key).expect("there").clone()
    };
    let expected = serde_json::json!({
        "key": "build.vendor", "value": true, "source": "flag", "from": "--vendor", "missed": [],
    });
    assert_eq!(of("build.vendor"), expected);
    assert_eq!(of("install.prefix")["value"], serde_json::Value::Null);
    assert_eq!(of("rust.channel")["source"], "probe");
    assert!(!sandbox.root().join("project/config.toml").exists());
}

#[test]
fn the_short_help_fits_a_screen() {
    let mut sandbox = bare();
    sandbox.set("COLUMNS", "80");
    let help = sandbox.run("", "bootstrap-config-generator -h").ok();
    assert!(help.lines().count() <= 24, "{help}");
    assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
}
