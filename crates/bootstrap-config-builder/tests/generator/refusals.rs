//! What is refused, and with which words. Nothing is written then.

use crate::scene::scene;
use insta::assert_snapshot;

#[test]
fn all_mistakes_of_a_file_are_shown_at_once() {
    let sandbox = scene();
    sandbox.write(
        "project/in.toml",
        "rust_chanel = \"beta\"\nstage = 9\nbuild-jobs = \"4\"\nvendor = 1\nsystem = [1]\n\
         zzz = 1\nnixpkgs-path = \"a\\u0000b\"\n\n[rust]\nchannel = \"Beta\"\nfoo = 1\n\n[bins]\nx = 1\n\n\
         [target.a-b]\nccc = \"/cc\"\n",
    );
    assert_snapshot!(sandbox.run("project", "bootstrap-config-generator -c in.toml").fails(1), @r#"
    ------- stderr -------
    error: 11 mistakes in `in.toml`
      in.toml:1:1: `rust_chanel` is not known; did you mean `rust-channel`?
        rust_chanel = "beta"
        ^
      in.toml:2:9: wanted a stage: 0, 1, 2 or 3, found 9
        stage = 9
                ^
      in.toml:3:14: wanted a number of jobs, 0 for one on each core, found "4"
        build-jobs = "4"
                     ^
      in.toml:4:10: wanted `true` or `false`, found 1
        vendor = 1
                 ^
      in.toml:5:10: wanted a system such as `aarch64-linux`, found [1]
        system = [1]
                 ^
      in.toml:6:1: `zzz` is not known; known here: `project-root`, `system`, `nixpkgs-path`, `rust-overlay-path`, `rust-bootstrap-nix-path`, `configuration-nix-path`, `rust-src-flake-path`, `rust-bootstrap-nix-flake-ref`, `rust-src-flake-ref`, `build-rustc-version`, `rustc-path`, `cargo-path` and 27 more
        zzz = 1
        ^
      in.toml:7:16: wanted a text without NUL, for Nix has none, found "a\u0000b"
        nixpkgs-path = "a\u0000b"
                       ^
      in.toml:10:11: wanted a channel: `stable`, `beta`, `nightly`, `dev`, `auto-detect`, `nightly-2025-09-16` or a version such as `1.89.0`, found "Beta"
        channel = "Beta"
                  ^
      in.toml:11:1: `rust.foo` is not known; known here: `rustc`, `cargo`, `channel`, `download-rustc`, `parallel-compiler`, `llvm-tools` and `debuginfo-level`
        foo = 1
        ^
      in.toml:13:2: `bins` is not known; known here: `nix`, `rust`, `build`, `env`, `install`, `dist`, `llvm` and `change-id`
        [bins]
         ^
      in.toml:17:1: `target.a-b.ccc` is not known; did you mean `cc`?
        ccc = "/cc"
        ^
    [exit status: 1]
    "#);
    sandbox
        .write("project/in.toml", "stage = 1\nrust-channel = \"beta\"\nrust.channel = \"beta\"\n");
    assert_snapshot!(sandbox.run("project", "bootstrap-config-generator -c in.toml").fails(1), @r#"
    ------- stderr -------
    error: 1 mistake in `in.toml`
      in.toml:3:6: `rust.channel` is said twice, before at in.toml:2
        rust.channel = "beta"
             ^
    [exit status: 1]
    "#);
    assert!(!sandbox.root().join("project/config.toml").exists());
}

#[test]
fn what_is_no_toml_is_shown_with_its_place() {
    let sandbox = scene();
    sandbox.write("project/in.toml", "stage = 1\nrust-channel = \"be\nta\"\n");
    assert_snapshot!(sandbox.run("project", "bootstrap-config-generator -c in.toml").fails(1), @r#"
    ------- stderr -------
    error: `in.toml` is not TOML
      in.toml:3:4: key with no value, expected `=`
        ta"
           ^
    [exit status: 1]
    "#);
    sandbox.write("project/config.toml", "# mine\n[rust\n");
    assert_snapshot!(sandbox.run("project", "bootstrap-config-generator").fails(1), @"
    ------- stderr -------
    error: `config.toml` is not TOML
      config.toml:2:6: unclosed table, expected `]`
        [rust
             ^
    hint: correct it, or move it away and a new one is made; nothing was changed
    [exit status: 1]
    ");
    assert_eq!(sandbox.read("project/config.toml"), "# mine\n[rust\n");
    sandbox.write("project/config.toml", b"a = \"\xff\"\n");
    assert_snapshot!(sandbox.run("project", "bootstrap-config-generator").fails(1), @"
    ------- stderr -------
    error: cannot read `[SANDBOX]/project/config.toml`
      stream did not contain valid UTF-8
    [exit status: 1]
    ");
    assert_snapshot!(sandbox.run("project", "bootstrap-config-generator -c none.toml").fails(1), @"
    ------- stderr -------
    error: there is no file `none.toml`
    hint: `--config-file` names what is read; what is written is `--output`
    [exit status: 1]
    ");
}

#[test]
fn a_value_of_a_flag_or_variable_that_does_not_fit_is_a_wrong_command_line() {
    let mut sandbox = scene();
    for words in [
        "--rust-debuginfo-level 3",
        "--stage x",
        "--vendor maybe",
        "--build-jobs -1",
        "--target ../x",
        "--system linux",
        "--rust-channel Stable",
        "--build-rustc-version 1.89",
        "--build-rustc-version 1.89.0 --step ../x",
        "--build-rustc-version 1.89.0 --output x.toml",
        "--check --dry-run",
        "--check --explain",
    ] {
        sandbox.run("project", &format!("bootstrap-config-generator {words}")).fails(2);
    }
    let refused = sandbox.run("project", "bootstrap-config-generator --rust-debuginfo-level 3");
    assert_snapshot!(refused.fails(2), @"
    ------- stderr -------
    error: invalid value '3' for '--rust-debuginfo-level <LEVEL>': wanted a level of debug information: 0, 1 or 2

    For more information, try '--help'.
    [exit status: 2]
    ");
    sandbox.set("BOOTSTRAP_BUILD_JOBS", "all");
    assert_snapshot!(sandbox.run("project", "bootstrap-config-generator").fails(2), @r#"
    ------- stderr -------
    error: `$BOOTSTRAP_BUILD_JOBS` does not fit
      wanted a number of jobs, 0 for one on each core
      found "all"
    hint: correct it, or say it by `--build-jobs`
    [exit status: 2]
    "#);
}

#[test]
fn a_secret_is_not_written_and_not_shown() {
    let mut sandbox = scene();
    let line =
        "bootstrap-config-generator --nixpkgs-path git+https://ada:sesame@example.org/nixpkgs";
    assert_snapshot!(sandbox.run("project", line).fails(1), @"
    ------- stderr -------
    error: `nix.nixpkgs_path` has a password, which does not go into a file that others read
      it comes from --nixpkgs-path
    hint: leave it out; nix has `access-tokens` and `netrc-file` for secrets, ssh has keys
    [exit status: 1]
    ");
    sandbox.set("BOOTSTRAP_DIST_UPLOAD_ADDR", "https://example.org/?token=sesame");
    let outcome = sandbox.run("project", "bootstrap-config-generator --explain");
    assert!(!outcome.fails(1).stderr.contains("sesame"), "{outcome}");
    sandbox.set("BOOTSTRAP_DIST_UPLOAD_ADDR", "");
    // One that a lock has is left out, and that is said.
    let lock = sandbox.read("project/flake.lock").replace("https://", "https://ada:sesame@");
    sandbox.write("project/flake.lock", lock);
    let outcome = sandbox.run("project", "bootstrap-config-generator --explain");
    let said = "the address of `rustSrcFlake` in `flake.lock` has a password in it";
    assert!(outcome.ok().contains(said), "{outcome}");
    assert!(!outcome.stdout.contains("sesame"), "{outcome}");
}

#[test]
fn what_is_no_file_is_not_replaced() {
    let sandbox = scene();
    assert_snapshot!(sandbox.run("project", "bootstrap-config-generator -o .").fails(1), @"
    ------- stderr -------
    error: `.` is a folder
    hint: name a file in it: `--output ./config.toml`
    [exit status: 1]
    ");
    assert_snapshot!(sandbox.run("project", "bootstrap-config-generator -o /dev/null").fails(1), @"
    ------- stderr -------
    error: `/dev/null` is no regular file
    hint: `--dry-run` writes to stdout
    [exit status: 1]
    ");
    sandbox.sh("project", "ln -s nowhere/x.toml link.toml").ok();
    assert_snapshot!(sandbox.run("project", "bootstrap-config-generator -o link.toml").fails(1), @"
    ------- stderr -------
    error: `link.toml` is a link that leads nowhere
      No such file or directory (os error 2)
    [exit status: 1]
    ");
    let rooted = sandbox.run("project", "bootstrap-config-generator --project-root nowhere");
    assert_snapshot!(rooted.fails(1), @"
    ------- stderr -------
    error: the project root `nowhere` is no folder
      it comes from --project-root
    hint: name the folder with `flake.nix` or `Cargo.toml`: `--project-root DIR`
    [exit status: 1]
    ");
}

#[test]
fn a_source_of_rust_that_is_none_is_said_or_refused() {
    let sandbox = scene();
    let named = "bootstrap-config-generator --rust-src-flake-path rust";
    assert_snapshot!(sandbox.run("project", named).to_string(), @"
    config.toml
    ------- stderr -------
    warning: `rust` is no source tree of Rust: it has no `src/ci/channel`
    made `config.toml`
    ");
    let required = format!("{named} --require-rust-src");
    assert_snapshot!(sandbox.run("project", &required).fails(1), @"
    ------- stderr -------
    error: `rust` is no source tree of Rust: it has no `src/ci/channel`
    hint: name another one: `--rust-src-flake-path DIR`
    [exit status: 1]
    ");
    let none = sandbox.run("project", "bootstrap-config-generator --require-rust-src");
    assert_snapshot!(none.fails(1), @"
    ------- stderr -------
    error: no source tree of Rust is named
    hint: name it: `--rust-src-flake-path DIR`, or leave `--require-rust-src` out
    [exit status: 1]
    ");
    sandbox.write("project/rust/src/ci/channel", "nightly\n");
    assert_eq!(sandbox.run("project", &required).stderr, "`config.toml` is up to date\n");
}

#[test]
fn a_key_of_a_target_needs_one() {
    let sandbox = scene();
    std::fs::remove_file(sandbox.root().join("tools/rustc")).expect("removed");
    let outcome = sandbox.run("project", "bootstrap-config-generator --target-cc /cc");
    assert_snapshot!(outcome.fails(1), @"
    ------- stderr -------
    error: `target.TRIPLE.cc` needs a target
      it comes from --target-cc
    hint: say which: `--target aarch64-linux-android`
    [exit status: 1]
    ");
}
