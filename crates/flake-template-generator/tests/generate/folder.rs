//! The folder: what is in it, what is said of it, and what is never replaced.

use crate::{SEED, sandbox, sandbox_without_nix};
use testkit::Sandbox;

fn edit(sandbox: &Sandbox) {
    sandbox.sh("work/out", "echo '# mine' >>flake.nix && echo mine >notes && rm config.toml").ok();
}

#[test]
fn a_second_run_touches_nothing_and_a_changed_config_changes_only_that() {
    let sandbox = sandbox_without_nix();
    let first = sandbox.run("work", SEED);
    insta::assert_snapshot!(first, @r"
    [SANDBOX]/work/out
    ------- stderr -------
    wrote `out`: 2 changes
    ");
    assert_eq!(sandbox.sh("work/out", "ls -A").ok(), ".generated.json\nconfig.toml\nflake.nix");
    let stat = || sandbox.sh("work", "stat -c '%n %i %y' out out/.generated.json out/*").ok();
    let before = stat();
    let second = sandbox.run("work", SEED);
    assert_eq!(second.stderr, "`out` is as it should be\n");
    assert_eq!(stat(), before);
    sandbox.write("work/config.toml", "a = 1\n");
    sandbox.run("work", SEED).ok();
    let line = |name: &str, text: &str| {
        text.lines().find(|line| line.starts_with(name)).expect("there").to_owned()
    };
    assert_eq!(line("out/flake.nix", &stat()), line("out/flake.nix", &before));
    assert_ne!(line("out/config.toml", &stat()), line("out/config.toml", &before));
}

#[test]
fn what_was_changed_by_hand_stays_unless_forced_and_is_kept_then() {
    let sandbox = sandbox_without_nix();
    sandbox.run("work", SEED).ok();
    edit(&sandbox);
    let refused = sandbox.run("work", SEED);
    insta::assert_snapshot!(refused.fails(1), @r"
    ------- stderr -------
    error: `[SANDBOX]/work/out` was changed by hand since it was generated
      `config.toml` was removed
      `flake.nix` was edited
      `notes` was added
    hint: move what you want to keep, and put the rest back
    hint: or give `--force`: what was not generated is then kept beside the folder
    [exit status: 1]
    ");
    assert_eq!(sandbox.sh("work/out", "ls").ok(), "flake.nix\nnotes");
    let forced = sandbox.run("work", &format!("{SEED} --force"));
    insta::assert_snapshot!(forced, @r"
    [SANDBOX]/work/out
    ------- stderr -------
    wrote `out`: 3 changes
    warning: what was not generated is kept in `out.kept-1`
    ");
    assert_eq!(
        sandbox.sh("work", "ls out out.kept-1").ok(),
        "out:\nconfig.toml\nflake.nix\n\nout.kept-1:\nflake.nix\nnotes"
    );
    assert!(sandbox.read("work/out.kept-1/flake.nix").ends_with("# mine\n"));
}

#[test]
fn a_folder_that_is_not_ours_is_refused() {
    let sandbox = sandbox_without_nix();
    sandbox.write("work/out/thesis.txt", "years of work");
    let refused = sandbox.run("work", SEED);
    insta::assert_snapshot!(refused.fails(1), @r"
    ------- stderr -------
    error: `[SANDBOX]/work/out` is not empty, and `flake-template-generator` did not generate it
      `thesis.txt`
    hint: choose a folder that is empty or not there
    hint: or give `--force`: what was not generated is then kept beside the folder
    [exit status: 1]
    ");
    sandbox.sh("work", "rm -r out && ln -s elsewhere out").ok();
    let link = sandbox.run("work", SEED);
    insta::assert_snapshot!(link.fails(1), @r"
    ------- stderr -------
    error: `[SANDBOX]/work/out` is a symbolic link, and a folder is wanted
    hint: it leads nowhere; remove it, or choose another folder
    [exit status: 1]
    ");
    sandbox.sh("work", "rm out && touch out").ok();
    let file = sandbox.run("work", SEED);
    insta::assert_snapshot!(file.fails(1), @r"
    ------- stderr -------
    error: `[SANDBOX]/work/out` is a file, and a folder is wanted
    hint: choose another folder, or move the file away
    [exit status: 1]
    ");
    let below = sandbox
        .run("work", "flake-template-generator --config-path config.toml --output-dir out/deep/er");
    insta::assert_snapshot!(below.fails(1), @r"
    ------- stderr -------
    error: cannot make the folder `[SANDBOX]/work/out/deep`
      not a directory
    hint: a file stands where a folder is needed; choose another place
    [exit status: 1]
    ");
}

#[test]
fn a_check_says_what_would_change_and_writes_nothing() {
    let sandbox = sandbox_without_nix();
    let check = format!("{SEED} --check");
    let missing = sandbox.run("work", &check);
    insta::assert_snapshot!(missing.fails(1), @r"
    ------- stderr -------
    error: `out` is not what would be generated now
      add config.toml
      add flake.nix
    hint: write it: the same command without `--check`
    [exit status: 1]
    ");
    assert_eq!(sandbox.sh("work", "ls").ok(), "config.toml");
    sandbox.run("work", SEED).ok();
    assert_eq!(sandbox.run("work", &check).ok(), "");
    sandbox.write("work/config.toml", "a = 1\n");
    let stale = sandbox.run("work", &check);
    insta::assert_snapshot!(stale.fails(1), @r"
    ------- stderr -------
    error: `out` is not what would be generated now
      change config.toml
    hint: write it: the same command without `--check`
    [exit status: 1]
    ");
    edit(&sandbox);
    let edited = sandbox.run("work", &check);
    assert!(edited.fails(1).stderr.contains("was changed by hand"), "{edited}");
}

#[test]
fn a_dry_run_prints_the_files_and_writes_nothing() {
    let sandbox = sandbox();
    sandbox.write("work/mine.nix", "{ outputs = _: { a = @a@; }; }");
    let line = "flake-template-generator --config-path config.toml --output-dir some/out --template mine.nix --set a=b \
                --dry-run";
    insta::assert_snapshot!(sandbox.run("work", line), @r#"
    ==> some/out/config.toml <==
    [nix]
    nixpkgs_path = ""
    ==> some/out/flake.nix <==
    { outputs = _: { a = "b"; }; }
    "#);
    assert_eq!(sandbox.sh("work", "ls").ok(), "config.toml\nmine.nix");
}

#[test]
fn what_nix_would_not_see_is_said() {
    let sandbox = sandbox_without_nix();
    sandbox.sh("work", "git init -q && echo target >.gitignore").ok();
    let untracked = sandbox.run("work", SEED);
    insta::assert_snapshot!(untracked, @r"
    [SANDBOX]/work/out
    ------- stderr -------
    wrote `out`: 2 changes
    warning: git does not know 2 files of `out`, so Nix does not see it as a flake here
    hint: let git know it: `git add -N out`
    ");
    sandbox.run("work", "git add -N out").ok();
    let known = sandbox.run("work", SEED);
    assert_eq!(known.stderr, "`out` is as it should be\n");
    let ignored = sandbox
        .run("work", "flake-template-generator --config-path config.toml --output-dir target/seed");
    insta::assert_snapshot!(ignored, @r"
    [SANDBOX]/work/target/seed
    ------- stderr -------
    wrote `target/seed`: 2 changes
    warning: git ignores 2 files of `target/seed`, so Nix does not see it as a flake here
    hint: choose another folder, or name it as one that is in no repository: `nix build path:target/seed`
    ");
}

#[test]
fn lists_are_data() {
    let sandbox = sandbox_without_nix();
    insta::assert_snapshot!(sandbox.run("work", "flake-template-generator --list-templates"), @r"
    seed      a config as a package: `nix build` gives `result/config.toml`, exactly as it was
    devshell  a development shell with packages from nixpkgs
    rust      a new Rust program: package, development shell and checks
    nixos     a NixOS host, reached by ssh with a key
    home      a home directory, managed by home-manager
    lxc       a NixOS container for LXC or Incus, and its image
    ");
    insta::assert_snapshot!(sandbox.run("work", "flake-template-generator --list-placeholders -t nixos --set user=ada"), @r#"
    @description@    "a NixOS host"  # what the flake says of itself
    @host_name@      (no value)  # the name of the host
    @locale@         "en_US.UTF-8"  # the language of messages
    @nixpkgs@        "github:NixOS/nixpkgs/nixos-unstable"  # the flake of nixpkgs: `nix.nixpkgs_path` of the config
    @packages@       [ "git" ]  # what is installed, by attribute path
    @ssh_key@        (no value)  # the public key of this user, one line
    @state_version@  "25.11"  # the release that it was first installed from
    @system@         "x86_64-linux"  # the first `--system`, or this machine's
    @time_zone@      "UTC"  # as in the tz database
    @user@           "ada"  # who may log in and become root
    "#);
}
