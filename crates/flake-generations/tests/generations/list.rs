//! The list of the generations of the example, along the way of a user.

use testkit::Scene;

#[test]
fn a_list_says_where_each_came_from_and_how_it_did() {
    let scene = Scene::new();
    let home = scene.sandbox.home();
    let list = || scene.on_machine(&home, "flake-generations");
    let commit = |options: &str, message: &str| {
        let text = format!("{{ imports = [ ../modules/motd.nix ]; {options} }}\n");
        scene.sandbox.write(scene.studio().join("hosts/demo.nix"), text);
        let words = ["mutable-snapshot", "--no-push", "-m", message];
        camino::Utf8PathBuf::from(scene.sandbox.run_words(scene.studio(), &words).ok())
    };
    let one = commit(r#"motd.text = "one";"#, "motd: one");
    scene.on_machine(&one, "flake-switch --yes").ok();
    let two = commit(r#"motd.text = "two";"#, "motd: the second one, which has a long subject");
    scene.on_machine(&two, "flake-switch --yes").ok();
    let bad = commit(r#"motd.text = "bad"; faults.bootloader = true;"#, "motd: bad");
    scene.on_machine(&bad, "flake-switch --yes").fails(11);
    let three = commit(r#"motd.text = "three";"#, "motd: three");
    scene.on_machine(&three, "flake-switch --boot --yes").fails(12);
    shows!(list().to_string(), @r"
    gen  made              commit        subject                         kernel         health       size  state
      4  [DATE]  [COMMIT]  motd: three                     26.05.example  unproved  [SIZE]  current
      3  [DATE]  [COMMIT]  motd: bad                       26.05.example  failed  [SIZE]
      2  [DATE]  [COMMIT]  motd: the second one, which h…  26.05.example  proved  [SIZE]  running
      1  [DATE]  [COMMIT]  motd: one                       26.05.example  proved  [SIZE]
    ");

    // A wide terminal has room for the whole subject, and the narrowest for the beginning of it.
    let script = format!(
        "for columns in 130 100 20; do
           COLUMNS=$columns flake-generations --root {} | awk 'NR == 4'
         done",
        scene.machine()
    );
    shows!(scene.sandbox.sh(&home, &script).ok(), @r"
    2  [DATE]  [COMMIT]  motd: the second one, which has a long subject  26.05.example  proved  [SIZE]  running
    2  [DATE]  [COMMIT]  motd: the second o…  26.05.example  proved  [SIZE]  running
    2  [DATE]  [COMMIT]  motd: the…  26.05.example  proved  [SIZE]  running
    ");

    // A reboot.
    let system = scene.machine().join("nix/var/nix/profiles/system/init");
    scene.sandbox.sh(&home, &format!("STUDIO_ROOT={} {system}", scene.machine())).ok();
    shows!(list().ok().lines().nth(1).unwrap_or_default(), @"   4  [DATE]  [COMMIT]  motd: three                     26.05.example  booted  [SIZE]  current, running, booted");

    scene.on_machine(&home, "flake-rollback 1").ok();
    scene.sandbox.sh(&home, &format!("chmod -R u+w {two} && rm -r {two}")).ok();
    shows!(list().ok(), @r"
    gen  made              commit        subject                         kernel         health     size  state
      4  [DATE]  [COMMIT]  motd: three                     26.05.example  left  [SIZE]  booted
      3  [DATE]  [COMMIT]  motd: bad                       26.05.example  failed  [SIZE]
      2  [DATE]  [COMMIT]  motd: the second one, which h…  26.05.example  proved  [SIZE]
      1  [DATE]  [COMMIT]  motd: one                       26.05.example  proved  [SIZE]  current, running
    ");
    let json = scene.on_machine(&home, "flake-generations --json").ok();
    shows!(json, @r#"
    [
      {
        "generation": 1,
        "made": [NUMBER],
        "path": "[SANDBOX]/nix/store/[HASH]-nixos-system-demo-26.05.example",
        "there": true,
        "commit": "[COMMIT]",
        "subject": "motd: one",
        "snapshot": "[COMMIT]",
        "snapshot_kept": true,
        "marks": [
          "current",
          "running"
        ],
        "kernel": "26.05.example",
        "health": "proved",
        "reason": null,
        "closure_size": [NUMBER]
      },
      {
        "generation": 2,
        "made": [NUMBER],
        "path": "[SANDBOX]/nix/store/[HASH]-nixos-system-demo-26.05.example",
        "there": true,
        "commit": "[COMMIT]",
        "subject": "motd: the second one, which has a long subject",
        "snapshot": "[COMMIT]",
        "snapshot_kept": false,
        "marks": [],
        "kernel": "26.05.example",
        "health": "proved",
        "reason": null,
        "closure_size": [NUMBER]
      },
      {
        "generation": 3,
        "made": [NUMBER],
        "path": "[SANDBOX]/nix/store/[HASH]-nixos-system-demo-26.05.example",
        "there": true,
        "commit": "[COMMIT]",
        "subject": "motd: bad",
        "snapshot": "[COMMIT]",
        "snapshot_kept": true,
        "marks": [],
        "kernel": "26.05.example",
        "health": "failed",
        "reason": "installing the boot entry failed with exit status 1",
        "closure_size": [NUMBER]
      },
      {
        "generation": 4,
        "made": [NUMBER],
        "path": "[SANDBOX]/nix/store/[HASH]-nixos-system-demo-26.05.example",
        "there": true,
        "commit": "[COMMIT]",
        "subject": "motd: three",
        "snapshot": "[COMMIT]",
        "snapshot_kept": true,
        "marks": [
          "booted"
        ],
        "kernel": "26.05.example",
        "health": "left",
        "reason": "`git flake-rollback` went back to generation 1 at [DATE]",
        "closure_size": [NUMBER]
      }
    ]
    "#);
}

#[test]
fn an_attempt_that_did_not_come_to_a_good_end_is_warned_of() {
    let scene = Scene::new();
    let home = scene.sandbox.home();
    let one = scene.with_demo(r#"motd.text = "one";"#);
    scene.on_machine(&one, "flake-switch --yes").ok();
    let two = scene.with_demo(r#"motd.text = "two";"#);
    scene.on_machine(&two, "flake-switch --yes").ok();
    let records = scene.machine().join("var/lib/studio/transactions");
    let newest = scene.sandbox.sh(&records, "grep -l '\"sequence\": 2' *.json").ok();
    let phase = |phase: &str, reason: &str| {
        let script = format!(
            "sed -i 's/\"phase\": .*/\"phase\": \"{phase}\",/; s/\"reason\": .*/\"reason\": {reason},/;
                     s/\"process\": .*/\"process\": 999999999/' {newest}"
        );
        scene.sandbox.sh(&records, &script).ok();
        scene
            .on_machine(&home, "flake-generations")
            .stderr
            .replace(scene.sandbox.root().as_str(), "[SANDBOX]")
    };
    shows!(phase("testing", "null"), @r"
    warning: `git flake-switch` of `nixos-system-demo-26.05.example` was interrupted while the new one was being activated
    hint: go back to what ran before: `git flake-rollback --root [SANDBOX]/machine`
    ");
    shows!(phase("revert-failed", "\"`x.service` failed\""), @r"
    warning: `git flake-switch` of `nixos-system-demo-26.05.example` failed, and so did the way back
             `x.service` failed
    hint: go back to what ran before: `git flake-rollback --root [SANDBOX]/machine`
    ");
    assert_eq!(phase("committed", "null"), "");
    scene.sandbox.write(records.join(&newest), "{}");
    let unread = scene.on_machine(&home, "flake-generations").to_string();
    shows!(unread.replace(&newest, "[RECORD]"), @r"
     gen  made              commit        subject              kernel         health     size  state
       2  [DATE]  [COMMIT]  wip: hosts/demo.nix  26.05.example  -  [SIZE]  current, running
       1  [DATE]  [COMMIT]  wip: hosts/demo.nix  26.05.example  -  [SIZE]
    ------- stderr -------
    warning: commits and health are not known: the transaction `[SANDBOX]/machine/var/lib/studio/transactions/[RECORD]` cannot be understood
    ");
}
