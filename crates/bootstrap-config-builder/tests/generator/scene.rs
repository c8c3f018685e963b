//! A project with a locked flake, and toolchains that answer as the real ones do.

use testkit::Sandbox;

/// A lock as Nix writes it: `rustSrcFlake` has a `nixpkgs` of its own, which the flake's follows.
const LOCK: &str = r#"{
  "nodes": {
    "nixpkgs": {
      "locked": {
        "lastModified": 1700000000,
        "narHash": "sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0=",
        "owner": "NixOS",
        "repo": "nixpkgs",
        "rev": "1111111111111111111111111111111111111111",
        "type": "github"
      },
      "original": { "owner": "NixOS", "ref": "nixos-unstable", "repo": "nixpkgs", "type": "github" }
    },
    "root": {
      "inputs": { "nixpkgs": [ "rustSrcFlake", "nixpkgs" ], "rustSrcFlake": "rustSrcFlake" }
    },
    "rustSrcFlake": {
      "inputs": { "nixpkgs": "nixpkgs" },
      "locked": {
        "lastModified": 1700000000,
        "narHash": "sha256-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb0=",
        "ref": "main",
        "rev": "2222222222222222222222222222222222222222",
        "revCount": 7,
        "type": "git",
        "url": "https://example.org/rust"
      },
      "original": { "type": "git", "url": "https://example.org/rust" }
    }
  },
  "root": "root",
  "version": 7
}
"#;

/// A sandbox with `project`, and a rustc 1.90.0-nightly and a cargo on PATH.
pub fn scene() -> Sandbox {
    let mut sandbox = bare();
    rustc(&sandbox, "tools/rustc", "1.90.0-nightly");
    cargo(&sandbox, "tools/cargo");
    sandbox.write("project/flake.nix", "{ outputs = _: { }; }\n");
    sandbox.write("project/flake.lock", LOCK);
    sandbox.set("NIX_STORE_DIR", sandbox.root().join("store"));
    sandbox
}

/// A sandbox without toolchain and project; an empty `tools` is on PATH.
pub fn bare() -> Sandbox {
    let mut sandbox = Sandbox::new();
    let all = sandbox.environment();
    let (_, path) = all.iter().find(|(name, _)| name == "PATH").expect("PATH is set");
    let ours = path.split(':').next().expect("the programs of this workspace").to_owned();
    // A toolchain of this machine must not answer.
    sandbox.write("sys/.keep", "");
    for name in ["sh", "cat", "sleep", "env", "df", "tail", "fallocate", "dd", "rm", "sync", "ln"] {
        sandbox.sh("", &format!("ln -s \"$(command -v {name})\" sys/{name}")).ok();
    }
    let tools = sandbox.root().join("tools");
    sandbox.write("tools/.keep", "");
    sandbox.set("PATH", format!("{ours}:{tools}:{}", sandbox.root().join("sys")));
    sandbox.set("NIX_STORE_DIR", sandbox.root().join("no-store"));
    sandbox
}

/// Puts a program there that answers `-vV` as a rustc of this version, and writes down that it was asked.
pub fn rustc(sandbox: &Sandbox, path: &str, version: &str) {
    let script = format!(
        "#!/bin/sh\necho \"$0 $*\" >> \"$HOME/calls\"\ntest \"$*\" = -vV || exit 1\n\
         echo 'rustc {version} (0123456789 2026-01-01)'\necho 'binary: rustc'\n\
         echo 'host: aarch64-unknown-linux-musl'\necho 'release: {version}'\necho 'LLVM version: 21.1.0'\n"
    );
    program(sandbox, path, &script);
}

/// Puts a program there that answers `-V` as cargo does, and writes down that it was asked.
pub fn cargo(sandbox: &Sandbox, path: &str) {
    let script = "#!/bin/sh\necho \"$0 $*\" >> \"$HOME/calls\"\ntest \"$*\" = -V && echo 'cargo 1.90.0 (01234 2026-01-01)'\n";
    program(sandbox, path, script);
}

/// Puts a script there that can be run.
pub fn program(sandbox: &Sandbox, path: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    sandbox.write(path, script);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(sandbox.root().join(path), mode).expect("a mode");
}

/// Which programs were asked, in order.
pub fn calls(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.home().join("calls"))
        .unwrap_or_default()
        .replace(sandbox.root().as_str(), "[SANDBOX]")
}

/// The line that `--explain` has for a key, with single blanks.
pub fn explained(sandbox: &Sandbox, key: &str, words: &[&str]) -> String {
    let mut line = vec!["bootstrap-config-generator", "--explain"];
    line.extend(words);
    let table = sandbox.run_words("project", &line).ok();
    let row = table.lines().find(|row| row.split_whitespace().next() == Some(key));
    let row = row.unwrap_or_else(|| panic!("no {key} in\n{table}"));
    let words: Vec<&str> = row.split_whitespace().skip(1).collect();
    words.join(" ").replace(sandbox.root().as_str(), "[SANDBOX]")
}
