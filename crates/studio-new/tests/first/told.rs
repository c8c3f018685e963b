//! Where nobody can be asked: exact commands, which do what they say.

use crate::{TOOLS, hide, with_tools};
use insta::assert_snapshot;
use testkit::{Outcome, Sandbox};

/// The command lines of a hint, which stand in backticks.
fn commands(outcome: &Outcome, hint: &str) -> Vec<String> {
    let line = outcome.stderr.lines().find(|line| line.contains(hint)).expect("the hint");
    let (_, rest) = line.split_once(hint).expect("it");
    rest.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Runs one of them as a user would.
fn typed(sandbox: &Sandbox, dir: &str, line: &str) -> Outcome {
    sandbox.sh(dir, line)
}

#[test]
fn without_a_flake_the_commands_that_make_one_are_told_and_work() {
    let _hidden = hide();
    let sandbox = with_tools(TOOLS);
    let told = sandbox.run("home", "studio try --root ../machine");
    assert_snapshot!(told.fails(1), @r#"
    ------- stderr -------
    error: it is not known where your flake is
    hint: say it: `studio --upstream URL`, where URL is what `git clone` takes, or a path
    hint: or once for all: `upstream = "URL"` in `[SANDBOX]/home/.config/studio/config.toml`
    hint: if there is none yet: `flake-template-generator --template home --set user=$(id -un) --output-dir flake && cd flake && git init && git add --all && git commit -m first`, then `studio` there
    hint: on a terminal, `studio` asks all that; what else is missing: `studio --doctor`
    [exit status: 1]
    "#);
    assert!(!sandbox.studio_home().exists());
    let all = commands(&told, "if there is none yet: ");
    let make = all.first().expect("a command");
    typed(&sandbox, "home", make).ok();
    let studio = typed(&sandbox, "home/flake", "studio try").ok();
    assert_eq!(sandbox.sh(&studio, "git ls-files flake.nix").ok(), "flake.nix");
}

#[test]
fn on_nixos_what_is_told_takes_its_configuration_over() {
    let _hidden = hide();
    let sandbox = with_tools(TOOLS);
    sandbox.write("machine/etc/NIXOS", "");
    sandbox.write("machine/etc/nixos/configuration.nix", "{ networking.hostName = \"box\"; }\n");
    let told = sandbox.run("home", "studio try --root ../machine");
    let make = commands(&told, "if there is none yet: ").swap_remove(0);
    assert_snapshot!(make, @"flake-template-generator --template nixos --set host_name=$(uname -n) --set nixpkgs=github:NixOS/nixpkgs/nixos-unstable --set user=me --set ssh_key=mine --output-dir flake && cp [SANDBOX]/machine/etc/nixos/*.nix flake && cd flake && git init && git add --all && git commit -m first");
    typed(&sandbox, "home", &make).ok();
    typed(&sandbox, "home/flake", "studio try").ok();
    let own = sandbox.read("machine/etc/nixos/configuration.nix");
    assert_eq!(sandbox.read("home/flake/configuration.nix"), own);
    assert!(sandbox.read("home/flake/flake.nix").contains("nixos-unstable"));
}

#[test]
fn a_flake_that_is_in_no_repository_becomes_one_by_what_is_told() {
    let _hidden = hide();
    let sandbox = with_tools(TOOLS);
    sandbox.write("home/mine/flake.nix", "{ outputs = _: { }; }\n");
    let told = sandbox.run("home/mine", "studio try --root ../../machine");
    assert_snapshot!(told.fails(1), @r#"
    ------- stderr -------
    error: it is not known where your flake is
    hint: say it: `studio --upstream URL`, where URL is what `git clone` takes, or a path
    hint: or once for all: `upstream = "URL"` in `[SANDBOX]/home/.config/studio/config.toml`
    hint: there is a `flake.nix` here, but no git repository: `git init && git add --all && git commit -m first`, then `studio` again
    hint: on a terminal, `studio` asks all that; what else is missing: `studio --doctor`
    [exit status: 1]
    "#);
    let all = commands(&told, "but no git repository: ");
    typed(&sandbox, "home/mine", all.first().expect("a command")).ok();
    typed(&sandbox, "home/mine", "studio try").ok();
}

#[test]
fn a_home_folder_that_is_not_there_is_not_made_on_the_way() {
    let _hidden = hide();
    let mut sandbox = Sandbox::new();
    let upstream = sandbox.upstream();
    sandbox.sh("", "cp home/.gitconfig config").ok();
    sandbox.set("GIT_CONFIG_GLOBAL", sandbox.root().join("config"));
    sandbox.set("HOME", sandbox.root().join("nowhere"));
    assert_snapshot!(sandbox.run("", &format!("studio try --upstream {upstream}")).fails(1), @"
    ------- stderr -------
    error: your home folder `[SANDBOX]/nowhere` is not there
    hint: set `HOME` to the one that is: `export HOME=/home/you`
    hint: or keep studios somewhere else: `export STUDIO_HOME=/some/folder`
    [exit status: 1]
    ");
    assert!(!sandbox.root().join("nowhere").exists());
    // What the second hint says.
    sandbox.set("STUDIO_HOME", sandbox.root().join("elsewhere"));
    sandbox.run("", &format!("studio try --upstream {upstream}")).ok();
    assert!(!sandbox.root().join("nowhere").exists());
}
