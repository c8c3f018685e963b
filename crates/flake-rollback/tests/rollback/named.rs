//! A target by number, commit or snapshot; what is not found says what there is.

use crate::{back, shows, switched, told};
use camino::Utf8PathBuf;
use testkit::Sandbox;

#[test]
fn a_commit_or_a_snapshot_is_the_newest_generation_built_from_it() {
    let scene = switched(&["one", "two", "one"]);
    let home = scene.sandbox.home();
    let list = scene.on_machine(&home, "flake-generations --json").ok();
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let commit = |at: usize| list[at]["commit"].as_str().expect("a commit").to_owned();
    let snapshot = |at: usize| scene.sandbox.studio_home().join("snapshots").join(commit(at));
    let go = |dir: &Utf8PathBuf, target: &str| {
        scene.on_machine(dir, &format!("flake-rollback {target}")).ok();
        scene.state()
    };
    shows!(go(&home, &commit(1)), @"runs two, profile system-2-link, boots nixos-generation-2.conf");
    shows!(go(&home, &commit(2)[..7].to_uppercase()), @"runs one, profile system-3-link, boots nixos-generation-3.conf");
    shows!(go(&home, snapshot(1).as_str()), @"runs two, profile system-2-link, boots nixos-generation-2.conf");
    // From inside: a folder of the snapshot, and through git, which runs the command at its top.
    shows!(go(&snapshot(2).join("hosts"), "."), @"runs one, profile system-3-link, boots nixos-generation-3.conf");
    let through_git = format!("git flake-rollback ../{} --root {}", commit(1), scene.machine());
    scene.sandbox.sh(snapshot(2), &through_git).ok();
    shows!(scene.state(), @"runs two, profile system-2-link, boots nixos-generation-2.conf");
    shows!(told(&scene, &back(&scene)), @r"
    host `demo` goes to generation 1, `nixos-system-demo-26.05.example`
    runs one, profile system-1-link, boots nixos-generation-1.conf
    ");

    // A snapshot that was never switched to.
    let new = scene.with_demo(r#"motd.text = "new";"#);
    let id = new.file_name().expect("an id").to_owned();
    let never = scene.on_machine(&home, &format!("flake-rollback {id}"));
    shows!(never.to_string(), @r"
    ------- stderr -------
    error: no generation was built from the commit `[COMMIT]`
      generation 3: [COMMIT] (wip: hosts/demo.nix)
      generation 2: [COMMIT] (wip: hosts/demo.nix)
      generation 1: [COMMIT] (wip: hosts/demo.nix)
    hint: list them all: `git flake-generations`
    hint: switch to that snapshot instead: `cd [SANDBOX]/home/.local/share/studio/snapshots/[COMMIT] && git flake-switch`
    [exit status: 1]
    ");
    let seven = scene.on_machine(&home, "flake-rollback 7");
    shows!(seven.to_string(), @r"
    ------- stderr -------
    error: there is no generation 7 of host `demo`
      generation 3: [COMMIT] (wip: hosts/demo.nix)
      generation 2: [COMMIT] (wip: hosts/demo.nix)
      generation 1: [COMMIT] (wip: hosts/demo.nix)
    hint: list them all: `git flake-generations`
    [exit status: 1]
    ");
}

/// A machine whose generations say these of themselves; nothing of it can be activated.
fn machine(sandbox: &mut Sandbox, revisions: &[&str]) {
    let store = sandbox.root().join("nix/store");
    for (at, revision) in revisions.iter().enumerate() {
        let number = at + 1;
        let path = store.join(format!("{number:0>32}-nixos-system-demo"));
        let text = format!("{{\"configurationRevision\": \"{revision}\"}}");
        sandbox.write(path.join("nixos-version.json"), text);
        let profiles = "machine/nix/var/nix/profiles";
        let script = format!(
            "mkdir -p {profiles}; ln -s {path} {profiles}/system-{number}-link
             ln -sfn system-{number}-link {profiles}/system"
        );
        sandbox.sh(".", &script).ok();
    }
    sandbox.set("NIX_STORE_DIR", &store);
}

#[test]
fn digits_are_a_number_first_and_a_beginning_that_two_have_is_refused() {
    let mut sandbox = Sandbox::new();
    let zeros = "0".repeat(28);
    let (one, two) = (format!("1234567aaaaa{zeros}"), format!("1234567bbbbb{zeros}"));
    let dirty = format!("{two}-dirty");
    machine(&mut sandbox, &[&one, &two, &dirty, &one]);
    let target = |text: &str| {
        let words = ["flake-rollback", text, "--root", "machine", "--host", "demo"];
        sandbox.run_words("", &words)
    };
    // None of these systems is whole, and the error tells which was meant.
    let meant = |text: &str| {
        let outcome = target(text);
        let first = outcome.fails(1).stderr.lines().next().unwrap_or_default().to_owned();
        first.replace(sandbox.root().as_str(), "[SANDBOX]")
    };
    insta::assert_snapshot!(meant("3"), @"error: `[SANDBOX]/nix/store/00000000000000000000000000000003-nixos-system-demo` is not a NixOS system: it has no `bin/switch-to-configuration`");
    insta::assert_snapshot!(meant("1234567a"), @"error: `[SANDBOX]/nix/store/00000000000000000000000000000004-nixos-system-demo` is not a NixOS system: it has no `bin/switch-to-configuration`");
    insta::assert_snapshot!(meant(&two), @"error: `[SANDBOX]/nix/store/00000000000000000000000000000002-nixos-system-demo` is not a NixOS system: it has no `bin/switch-to-configuration`");
    insta::assert_snapshot!(meant(&dirty), @"error: `[SANDBOX]/nix/store/00000000000000000000000000000003-nixos-system-demo` is not a NixOS system: it has no `bin/switch-to-configuration`");
    insta::assert_snapshot!(target("1234567"), @r"
    ------- stderr -------
    error: `1234567` is the beginning of several commits
      1234567aaaaa0000000000000000000000000000 (generations 4 and 1)
      1234567bbbbb0000000000000000000000000000 (generation 2)
      1234567bbbbb0000000000000000000000000000-dirty (generation 3)
    hint: give more digits, or the number of the generation
    [exit status: 1]
    ");
    insta::assert_snapshot!(target("7654321"), @r"
    ------- stderr -------
    error: no generation was built from the commit `7654321`
      generation 4: 1234567aaaaa
      generation 3: 1234567bbbbb
      generation 2: 1234567bbbbb
      generation 1: 1234567aaaaa
    hint: list them all: `git flake-generations`
    [exit status: 1]
    ");
    insta::assert_snapshot!(target("abcdef"), @r"
    ------- stderr -------
    error: `abcdef` names no generation
      a number is wanted, 7 digits or more of a commit, or the folder of a snapshot
    hint: list what there is: `git flake-generations`
    [exit status: 2]
    ");
    insta::assert_snapshot!(target("no/such/folder"), @r"
    ------- stderr -------
    error: `no/such/folder` names no generation
      a number is wanted, 7 digits or more of a commit, or the folder of a snapshot
    hint: list what there is: `git flake-generations`
    [exit status: 2]
    ");
    insta::assert_snapshot!(target("\u{1b}[31m"), @r"
    ------- stderr -------
    error: `\u{1b}[31m` names no generation
      a number is wanted, 7 digits or more of a commit, or the folder of a snapshot
    hint: list what there is: `git flake-generations`
    [exit status: 2]
    ");
}

#[test]
fn with_many_generations_an_error_lists_the_newest() {
    let mut sandbox = Sandbox::new();
    let revisions: Vec<String> = (1..=13).map(|n| format!("{n:0>2}{}", "a".repeat(38))).collect();
    machine(&mut sandbox, &revisions.iter().map(String::as_str).collect::<Vec<_>>());
    let outcome = sandbox.run("", "flake-rollback ffffffff --root machine --host demo");
    insta::assert_snapshot!(outcome, @r"
    ------- stderr -------
    error: no generation was built from the commit `ffffffff`
      generation 13: 13aaaaaaaaaa
      generation 12: 12aaaaaaaaaa
      generation 11: 11aaaaaaaaaa
      generation 10: 10aaaaaaaaaa
      generation 9: 09aaaaaaaaaa
      generation 8: 08aaaaaaaaaa
      generation 7: 07aaaaaaaaaa
      generation 6: 06aaaaaaaaaa
      generation 5: 05aaaaaaaaaa
      generation 4: 04aaaaaaaaaa
      and 3 older ones
    hint: list them all: `git flake-generations`
    [exit status: 1]
    ");
}
