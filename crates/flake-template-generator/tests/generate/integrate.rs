//! The folder as an input of somebody's flake, which then builds from it.

use crate::{SEED, sandbox, sandbox_without_nix};
use testkit::Sandbox;

const ROOT: &str = "# My machines.
{
  description = \"mine\"; # for now

  outputs =
    { self, ... }:
    {
      packages.x86_64-linux.default = configFlake.packages.x86_64-linux.default;
      packages.aarch64-linux.default = configFlake.packages.aarch64-linux.default;
    };
}
";

const LINE: &str = "flake-template-generator --config-path config.toml --output-dir generated/seed --integrate flake.nix";

/// Nix builds the config out of the root flake, and out of the same one with another config.
#[track_caller]
fn builds(sandbox: &Sandbox) {
    let build = "nix build .#default && cmp result/config.toml config.toml";
    sandbox.sh("work", build).ok();
    let again = sandbox.run("work", LINE);
    assert_eq!(again.stderr, "`generated/seed` is as it should be\n");
    sandbox.write("work/config.toml", "a = 2\n");
    sandbox.run("work", LINE).ok();
    sandbox.sh("work", build).ok();
}

#[test]
fn the_root_flake_builds_from_it() {
    let sandbox = sandbox();
    sandbox.write("work/flake.nix", ROOT);
    sandbox.run("work", LINE).ok();
    insta::assert_snapshot!(sandbox.read("work/flake.nix"), @r#"
    # My machines.
    {
      description = "mine"; # for now

      inputs.configFlake.url = "path:./generated/seed";

      outputs =
        { self, configFlake, ... }:
        {
          packages.x86_64-linux.default = configFlake.packages.x86_64-linux.default;
          packages.aarch64-linux.default = configFlake.packages.aarch64-linux.default;
        };
    }
    "#);
    builds(&sandbox);
}

#[test]
fn in_a_repository_it_does_once_git_knows_the_folder() {
    let sandbox = sandbox();
    sandbox.write("work/flake.nix", ROOT);
    sandbox.sh("work", "git init -q && git add . && git commit -qm first").ok();
    insta::assert_snapshot!(sandbox.run("work", LINE), @r"
    [SANDBOX]/work/generated/seed
    ------- stderr -------
    wrote `generated/seed`: 2 changes
    added the input to `flake.nix`
    warning: git does not know 2 files of `generated/seed`, so Nix does not see it as a flake here
    hint: let git know it: `git add -N generated/seed`
    ");
    sandbox.run("work", "git add -N generated/seed").ok();
    builds(&sandbox);
}

#[test]
fn what_cannot_be_is_said_before_anything_is_written() {
    let sandbox = sandbox_without_nix();
    sandbox.write("work/flake.nix", "{ outputs = import ./outputs.nix; }\n");
    let run = |more: &str| sandbox.run("work", &format!("{SEED} --integrate {more}"));
    insta::assert_snapshot!(run("flake.nix").fails(1), @r#"
    ------- stderr -------
    error: `configFlake` cannot be added to `flake.nix`
      flake.nix:1:3: `outputs` is not written here as a function
        { outputs = import ./outputs.nix; }
          ^
    hint: add it by hand, among the inputs: `inputs.configFlake.url = "path:./out";`
    hint: and `configFlake` to the arguments of the function in `outputs`, unless it takes all inputs under one name
    [exit status: 1]
    "#);
    insta::assert_snapshot!(run("nowhere").fails(1), @r"
    ------- stderr -------
    error: there is no flake `nowhere`
    hint: give a `flake.nix`, or the folder that has one
    [exit status: 1]
    ");
    sandbox.write("work/sub/flake.nix", "{ outputs = _: { }; }\n");
    insta::assert_snapshot!(run("sub").fails(1), @r"
    ------- stderr -------
    error: `[SANDBOX]/work/out` does not lie below the folder of `sub/flake.nix`
    hint: an input by a relative path has to: choose an output folder there
    [exit status: 1]
    ");
    sandbox.write("work/flake.nix", "{ outputs = _: { }; }\n");
    sandbox.sh("work", "git init -q && echo /out >.gitignore").ok();
    insta::assert_snapshot!(run(".").fails(1), @r"
    ------- stderr -------
    error: git ignores `out`, so `./flake.nix` cannot have it as an input: Nix would not see it
    hint: choose a folder that is not ignored, such as `generated/seed`
    [exit status: 1]
    ");
    assert_eq!(
        sandbox.sh("work", "ls && cat flake.nix").ok(),
        "config.toml\nflake.nix\nsub\n{ outputs = _: { }; }"
    );
}

#[test]
fn a_check_looks_at_the_root_flake_too() {
    let sandbox = sandbox_without_nix();
    sandbox.write("work/flake.nix", "{ outputs = _: { }; }\n");
    sandbox.run("work", SEED).ok();
    let check = sandbox.run("work", &format!("{SEED} --integrate . --check"));
    insta::assert_snapshot!(check.fails(1), @r"
    ------- stderr -------
    error: `out` is not what would be generated now
      change ./flake.nix
    hint: write it: the same command without `--check`
    [exit status: 1]
    ");
    let dry = sandbox.run("work", &format!("{SEED} --integrate . --dry-run")).ok();
    assert!(
        dry.contains("==> ./flake.nix <==\n{ inputs.configFlake.url = \"path:./out\"; outputs"),
        "{dry}"
    );
    assert_eq!(sandbox.read("work/flake.nix"), "{ outputs = _: { }; }\n");
}
