//! What differs between two generations.

use testkit::{Outcome, Scene};

/// A machine with two generations, the second of which runs.
fn scene() -> Scene {
    let scene = Scene::new();
    let one = scene.with_demo(r#"motd.text = "one"; environment.etc."gone".text = "x";"#);
    scene.on_machine(&one, "flake-switch --yes").ok();
    let two = scene.with_demo(
        r#"motd.text = "two"; boot.kernelParams = [ "debug" ]; environment.etc."new".text = "x";"#,
    );
    scene.on_machine(&two, "flake-switch --yes").ok();
    scene
}

fn diff(scene: &Scene, arguments: &str) -> Outcome {
    let line = format!("flake-generations diff {arguments}");
    scene.on_machine(scene.sandbox.home(), line.trim_end())
}

#[test]
fn systems_and_their_configurations_are_compared() {
    let scene = scene();
    shows!(diff(&scene, "1 2").to_string(), @r#"
    from generation 1, [COMMIT] (wip: hosts/demo.nix)
    to generation 2, [COMMIT] (wip: hosts/demo.nix)
      closure size:  [SIZE] in 22 paths; 1 package built anew
      units changed: `motd.service`
      kernel parameters added: `debug`
      /etc added: `new`
      /etc removed: `gone`
      /etc changed: `motd`
      commits: 1
        [COMMIT] wip: hosts/demo.nix

    diff --git a/hosts/demo.nix b/hosts/demo.nix
    index 64f42bc..b6bd249 100644
    --- a/hosts/demo.nix
    +++ b/hosts/demo.nix
    @@ -1 +1 @@
    -{ imports = [ ../modules/motd.nix ../modules/heartbeat.nix ]; motd.text = "one"; environment.etc."gone".text = "x"; }
    +{ imports = [ ../modules/motd.nix ../modules/heartbeat.nix ]; motd.text = "two"; boot.kernelParams = [ "debug" ]; environment.etc."new".text = "x"; }
    "#);
    // Back to front, by a commit, and the configuration in numbers.
    let list = scene.on_machine(scene.sandbox.home(), "flake-generations --json").ok();
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let first = list[0]["commit"].as_str().expect("a commit");
    shows!(diff(&scene, &format!("2 {} --stat", &first[..9])).to_string(), @r"
    from generation 2, [COMMIT] (wip: hosts/demo.nix)
    to generation 1, [COMMIT] (wip: hosts/demo.nix)
      closure size:  [SIZE] in 22 paths; 1 package built anew
      units changed: `motd.service`
      kernel parameters removed: `debug`
      /etc added: `gone`
      /etc removed: `new`
      /etc changed: `motd`
      commits that are not in it: 1

     hosts/demo.nix | 2 +-
     1 file changed, 1 insertion(+), 1 deletion(-)
    ");
    shows!(diff(&scene, "1 2 --json").to_string(), @r#"
    {
      "from": {
        "generation": 1,
        "path": "[SANDBOX]/nix/store/[HASH]-nixos-system-demo-26.05.example",
        "commit": "[COMMIT]",
        "subject": "wip: hosts/demo.nix"
      },
      "to": {
        "generation": 2,
        "path": "[SANDBOX]/nix/store/[HASH]-nixos-system-demo-26.05.example",
        "commit": "[COMMIT]",
        "subject": "wip: hosts/demo.nix"
      },
      "packages": {
        "changed": [],
        "rebuilt": 1,
        "others_added": 5,
        "others_removed": 5,
        "old": {
          "paths": 22,
          "bytes": [NUMBER]
        },
        "new": {
          "paths": 22,
          "bytes": [NUMBER]
        },
        "delta": [NUMBER]
      },
      "changes": {
        "units_added": [],
        "units_removed": [],
        "units_changed": [
          "motd.service"
        ],
        "etc_added": [
          "new"
        ],
        "etc_removed": [
          "gone"
        ],
        "etc_changed": [
          "motd"
        ],
        "kernel": null,
        "parameters_added": [
          "debug"
        ],
        "parameters_removed": [],
        "accounts": null,
        "at_reboot": [],
        "inhibitors": []
      },
      "configuration": {
        "commits": [
          {
            "commit": "[COMMIT]",
            "subject": "wip: hosts/demo.nix"
          }
        ],
        "left_behind": 0,
        "files": [
          {
            "path": "hosts/demo.nix",
            "change": "changed",
            "insertions": 1,
            "deletions": 1
          }
        ],
        "inputs": []
      },
      "not_compared": []
    }
    "#);
    let coloured = diff(&scene, "1 2 --color always").ok();
    assert!(coloured.contains("\u{1b}[32m"), "{coloured}");
    // git's pager gets colours too, although it is no terminal.
    let paged = format!(
        "cd {}
         script -qec 'git -p flake-generations diff 1 2 --root {}' /dev/null",
        scene.studio(),
        scene.machine()
    );
    let paged = scene.sandbox.sh("", &format!("export TERM=xterm PAGER='sed s/^/page:/'; {paged}"));
    assert!(paged.ok().contains("page:\u{1b}[1mdiff --git"), "{paged}");
}

#[test]
fn inputs_that_moved_are_told_with_their_dates() {
    let scene = Scene::new();
    let one = scene.with_demo(r#"motd.text = "one";"#);
    scene.on_machine(&one, "flake-switch --yes").ok();
    let two = scene.snapshot("inputs/motd/message", "another message\n");
    let switched = scene.on_machine(&two, "flake-switch --yes");
    let said = switched.stderr.lines();
    let said: Vec<&str> = said
        .skip_while(|line| !line.ends_with(" changes:"))
        .take_while(|line| !line.starts_with("activating"))
        .collect();
    shows!(said.join("\n"), @r"
    host `demo` changes:
      commits: 1
        [COMMIT] wip: inputs/motd
      configuration: 2 files changed, 5 insertions(+), 5 deletions(-)
      inputs:
        motd  2026-01-01 ([COMMIT]) → 2026-01-02 ([COMMIT])
    ");
    shows!(diff(&scene, "1 2 --stat").to_string(), @r"
    from generation 1, [COMMIT] (wip: hosts/demo.nix)
    to generation 2, [COMMIT] (wip: inputs/motd)
      closure size:  [SIZE] in 21 paths →  [SIZE] in 21 paths (-40 B); 2 packages built anew
      commits: 1
        [COMMIT] wip: inputs/motd
      inputs:
        motd  2026-01-01 ([COMMIT]) → 2026-01-02 ([COMMIT])

     flake.lock  | 8 ++++----
     inputs/motd | 2 +-
     2 files changed, 5 insertions(+), 5 deletions(-)
    ");
}

#[test]
fn what_runs_and_the_newest_are_meant_if_nothing_is_said() {
    let scene = scene();
    shows!(diff(&scene, "").to_string(), @r"
    from generation 2, [COMMIT] (wip: hosts/demo.nix)
    to generation 2, [COMMIT] (wip: hosts/demo.nix)
      the same system
    ");
    let three = scene.with_demo(r#"motd.text = "three";"#);
    scene.on_machine(&three, "flake-test").ok();
    // What runs is no generation, and came from a snapshot all the same.
    shows!(diff(&scene, "--stat").to_string(), @r"
    from what runs, [COMMIT] (wip: hosts/demo.nix)
    to generation 2, [COMMIT] (wip: hosts/demo.nix)
      closure size:  [SIZE] in 21 paths →  [SIZE] in 22 paths (+384 B); 1 package built anew
      units changed: `motd.service`
      kernel parameters added: `debug`
      /etc added: `new`
      /etc changed: `motd`
      commits that are not in it: 1

     hosts/demo.nix | 2 +-
     1 file changed, 1 insertion(+), 1 deletion(-)
    ");
    scene.on_machine(&three, "flake-switch --yes --boot").fails(12);
    scene.on_machine(scene.sandbox.home(), "flake-rollback 1").ok();
    shows!(diff(&scene, "--stat").ok().lines().take(2).collect::<Vec<_>>().join("\n"), @r"
    from generation 1, [COMMIT] (wip: hosts/demo.nix)
    to generation 3, [COMMIT] (wip: hosts/demo.nix)
    ");
}

#[test]
fn what_cannot_be_compared_is_named_and_the_rest_is_shown() {
    let scene = scene();
    let home = scene.sandbox.home();
    let profiles = scene.machine().join("nix/var/nix/profiles");
    // A generation that somebody else made of something that is no commit of ours.
    let script = "cp -r $(readlink -f system) copy && chmod -R u+w copy
        echo '{\"configurationRevision\": \"1111111111111111111111111111111111111111\"}' > copy/json
        mv -f copy/json copy/nixos-version.json
        ln -s $(nix store add-path --name nixos-system-copy copy) system-3-link
        rm -r copy";
    scene.sandbox.sh(&profiles, script).ok();
    let foreign = diff(&scene, "2 3");
    assert!(foreign.ok().contains("    removed  nixos-system-demo  26.05.example"), "{foreign}");
    shows!(foreign.stderr, @"warning: not compared: configuration: the commit [COMMIT] is not on this machine");
    let script = "chmod -R u+w $(readlink system-1-link) && rm -r $(readlink system-1-link)";
    scene.sandbox.sh(&profiles, script).ok();
    shows!(diff(&scene, "1 2 --stat").to_string(), @r"
    from generation 1, [COMMIT] (wip: hosts/demo.nix)
    to generation 2, [COMMIT] (wip: hosts/demo.nix)
      commits: 1
        [COMMIT] wip: hosts/demo.nix

     hosts/demo.nix | 2 +-
     1 file changed, 1 insertion(+), 1 deletion(-)
    ------- stderr -------
    warning: not compared: packages and files: generation 1 leads nowhere: what it held was deleted
    ");
    shows!(diff(&scene, "1 3 --json").to_string(), @r#"
    {
      "from": {
        "generation": 1,
        "path": "[SANDBOX]/nix/store/[HASH]-nixos-system-demo-26.05.example",
        "commit": "[COMMIT]",
        "subject": "wip: hosts/demo.nix"
      },
      "to": {
        "generation": 3,
        "path": "[SANDBOX]/nix/store/[HASH]-nixos-system-copy",
        "commit": "[COMMIT]",
        "subject": null
      },
      "packages": null,
      "changes": null,
      "configuration": null,
      "not_compared": [
        "packages and files: generation 1 leads nowhere: what it held was deleted",
        "configuration: the commit [COMMIT] is not on this machine"
      ]
    }
    ------- stderr -------
    warning: not compared: packages and files: generation 1 leads nowhere: what it held was deleted
    warning: not compared: configuration: the commit [COMMIT] is not on this machine
    "#);
    shows!(diff(&scene, "1 9").to_string(), @r"
    ------- stderr -------
    error: there is no generation 9 of host `demo`
      generation 3: [COMMIT]
      generation 2: [COMMIT] (wip: hosts/demo.nix)
      generation 1: [COMMIT] (wip: hosts/demo.nix)
    hint: list them all: `git flake-generations`
    [exit status: 1]
    ");
    let none = "flake-generations diff --root elsewhere --host demo";
    shows!(scene.sandbox.run(&home, none).to_string(), @r"
    ------- stderr -------
    error: there is no generation of host `demo` to compare
      what is compared is what runs, if nothing else is named
    hint: the first is made by `git flake-switch`
    [exit status: 1]
    ");
}
