//! Flag, file, environment, probe, default: each beats those after it.

use crate::scene::{bare, calls, explained, scene};

#[test]
fn each_source_beats_those_after_it() {
    let mut sandbox = scene();
    sandbox.write("project/in.toml", "# mine\nrust-channel = \"1.80\"\n");
    sandbox.write("project/empty.toml", "");
    let channel = |sandbox: &_, words: &[&str]| explained(sandbox, "rust.channel", words);
    let probed = "nightly `[SANDBOX]/tools/rustc -vV`";
    assert_eq!(channel(&sandbox, &[]), probed);
    sandbox.set("BOOTSTRAP_RUST_CHANNEL", "beta");
    assert_eq!(channel(&sandbox, &[]), "beta $BOOTSTRAP_RUST_CHANNEL");
    assert_eq!(channel(&sandbox, &["-c", "empty.toml"]), "beta $BOOTSTRAP_RUST_CHANNEL");
    assert_eq!(channel(&sandbox, &["-c", "in.toml"]), "1.80 in.toml:2");
    let words = ["-c", "in.toml", "--rust-channel", "dev"];
    assert_eq!(channel(&sandbox, &words), "dev --rust-channel");
    // An empty variable says nothing.
    sandbox.set("BOOTSTRAP_RUST_CHANNEL", "");
    assert_eq!(channel(&sandbox, &[]), probed);
    std::fs::remove_file(sandbox.root().join("tools/rustc")).expect("removed");
    assert_eq!(channel(&sandbox, &[]), "stable default");
}

#[test]
fn our_own_variable_beats_the_usual_one() {
    let mut sandbox = scene();
    sandbox.set("RUSTC", "/usual/rustc");
    assert_eq!(explained(&sandbox, "rust.rustc", &[]), "/usual/rustc $RUSTC");
    sandbox.set("BOOTSTRAP_RUSTC_PATH", "/own/rustc");
    assert_eq!(explained(&sandbox, "rust.rustc", &[]), "/own/rustc $BOOTSTRAP_RUSTC_PATH");
    sandbox.set("CARGO_HOME", "/cargo");
    assert_eq!(explained(&sandbox, "env.CARGO_HOME", &[]), "/cargo $CARGO_HOME");
}

#[test]
fn the_home_of_cargo_follows_the_home_that_holds() {
    let sandbox = scene();
    let words = ["--home-dir", "/builder"];
    assert_eq!(
        explained(&sandbox, "env.CARGO_HOME", &words),
        "/builder/.cargo `.cargo` in `env.HOME`"
    );
}

#[test]
fn nobody_is_asked_about_what_somebody_says() {
    let sandbox = scene();
    let words = "bootstrap-config-generator --rustc-path /r --cargo-path /c --rust-channel stable --target a-b-c";
    sandbox.run("project", words).ok();
    assert_eq!(calls(&sandbox), "");
    // Nothing is said on purpose, too.
    let line = ["bootstrap-config-generator", "--nixpkgs-path", "", "--rustc-path", ""];
    sandbox.run_words("project", &line).ok();
    let text = sandbox.read("project/config.toml");
    assert!(text.contains("nixpkgs_path = \"\"") && text.contains("rustc = \"\""), "{text}");
}

#[test]
fn keys_of_a_file_are_those_of_flags_or_of_the_file_that_is_written() {
    let sandbox = scene();
    for text in [
        "rust_channel = \"beta\"\nbuild-jobs = 3\nstage = 2\nchange-id = 7\nvendor = true",
        "vendor = true\nchange_id = \"7\"\nbuild_jobs = 3\nrust-channel = \"beta\"\nstage = \"stage2\"",
        "[rust]\nchannel = \"beta\"\n[build]\njobs = 3\nstage = \"2\"\nvendor = true\n[change-id]\nid = \"7\"",
        "rust.channel = \"beta\"\nbuild = { jobs = 3, stage = 2, vendor = true }\nchange-id.id = 7",
    ] {
        sandbox.write("project/in.toml", text);
        let line = "bootstrap-config-generator -c in.toml --dry-run";
        let text = sandbox.run("project", line).ok();
        for line in
            ["channel = \"beta\"", "jobs = 3", "stage = \"2\"", "vendor = true", "id = \"7\""]
        {
            assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
        }
    }
}

#[test]
fn what_is_written_can_be_read_and_says_the_same() {
    let sandbox = scene();
    let line = "bootstrap-config-generator -s 1 --target aarch64-linux-android --target-cc /cc --vendor --solana-rustc-path /old/rustc";
    sandbox.run("project", line).ok();
    let text = sandbox.read("project/config.toml");
    assert!(text.contains("\n[target.aarch64-linux-android]\ncc = \"/cc\"\n"), "{text}");
    assert!(text.contains("\nrustc = \"/old/rustc\"\n"), "{text}");
    sandbox.run("project", "bootstrap-config-generator -c config.toml --check").ok();
}

#[test]
fn paths_of_a_file_count_from_the_file() {
    let sandbox = bare();
    sandbox.write(
        "settings/in.toml",
        "project-root = \"../other\"\noutput = \"out.toml\"\ndry-run = false\n",
    );
    sandbox.write("other/Cargo.toml", "");
    sandbox.write("here/x", "");
    sandbox.run("here", "bootstrap-config-generator -c ../settings/in.toml").ok();
    let text = sandbox.read("settings/out.toml");
    assert!(text.contains(&format!("# Project root: {}/other\n", sandbox.root())), "{text}");
    // A flag beats the file here, too.
    sandbox.run("here", "bootstrap-config-generator -c ../settings/in.toml -o mine.toml").ok();
    assert_eq!(sandbox.read("here/mine.toml"), text);
}

#[test]
fn every_flag_of_the_originals_is_taken() {
    let sandbox = scene();
    for words in [
        "--stage 1 --target a-b-c --system aarch64-linux --project-root .",
        "--rust-bootstrap-nix-flake-ref r --rust-src-flake-ref r --nixpkgs-path p --rust-overlay-path p",
        "--rust-bootstrap-nix-path p --configuration-nix-path p --rust-src-flake-path p --dry-run",
        "--rustc-path p --cargo-path p --rust-channel beta --rust-download-rustc true",
        "--rust-parallel-compiler false --rust-llvm-tools true --rust-debuginfo-level 2",
        "--patch-binaries-for-nix true --vendor true --build-dir d --build-jobs 8 --home-dir h",
        "--cargo-home-dir h --install-prefix p --install-sysconfdir p --dist-sign-folder p",
        "--dist-upload-addr a --llvm-download-ci-llvm true --llvm-ninja true --change-id i",
        "--patch-binaries-for-nix --vendor --llvm-ninja -s 2 -t a-b",
    ] {
        sandbox.run("project", &format!("bootstrap-config-generator {words}")).ok();
    }
}
