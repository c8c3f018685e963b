//! The way of a user: try, switch, look, go back.

use insta::assert_snapshot;
use testkit::{Scene, shown};

#[test]
fn try_switch_and_go_back() {
    let scene = Scene::new();
    let one = scene.with_demo(r#"motd.text = "one";"#);
    let first = scene.on_machine(&one, "flake-switch --yes");
    assert_snapshot!(shown(&first), @r"
    host `demo` is switched for the first time
    activating `nixos-system-demo-26.05.example` ...
    activating the configuration...
    setting up /etc...
    starting the following units: heartbeat.service, motd.service
    installing the boot entry ...
    host `demo` is at generation 1, `nixos-system-demo-26.05.example`
    ");
    assert_snapshot!(scene.state(), @"runs one, profile system-1-link, boots nixos-generation-1.conf");

    let two = scene.with_demo(r#"motd.text = "two"; boot.kernelParams = [ "debug" ];"#);
    let tried = scene.on_machine(&two, "flake-test");
    assert_snapshot!(shown(&tried), @r"
    host `demo` changes:
      units changed: `motd.service`
      kernel parameters added: `debug`
      commits: 1
        COMMIT wip: hosts/demo.nix
      configuration: 1 file changed, 1 insertion(+), 1 deletion(-)
    activating `nixos-system-demo-26.05.example` ...
    activating the configuration...
    setting up /etc...
    restarting the following units: motd.service
    `nixos-system-demo-26.05.example` is active until the next reboot
    ");
    assert_snapshot!(scene.state(), @"runs two, profile system-1-link, boots nixos-generation-1.conf");

    // What is only being tried is left for what starts at boot.
    let back = scene.on_machine(&two, "flake-rollback");
    assert_snapshot!(shown(&back), @r"
    host `demo` goes to generation 1, `nixos-system-demo-26.05.example`
    host `demo` changes:
      units changed: `motd.service`
      kernel parameters removed: `debug`
      commits that are not in it: 1
      configuration: 1 file changed, 1 insertion(+), 1 deletion(-)
    activating `nixos-system-demo-26.05.example` ...
    activating the configuration...
    setting up /etc...
    restarting the following units: motd.service
    switching profile from version 1 to 1
    installing the boot entry ...
    host `demo` is at generation 1, `nixos-system-demo-26.05.example`
    ");
    assert_snapshot!(scene.state(), @"runs one, profile system-1-link, boots nixos-generation-1.conf");

    scene.on_machine(&two, "flake-switch --yes").ok();
    assert_snapshot!(scene.state(), @"runs two, profile system-2-link, boots nixos-generation-2.conf");
    let again = scene.on_machine(&two, "flake-switch --yes");
    assert_snapshot!(shown(&again), @"host `demo` runs it already");

    let three = scene.with_demo(r#"motd.text = "three";"#);
    scene.on_machine(&three, "flake-switch --yes").ok();
    assert_snapshot!(scene.state(), @"runs three, profile system-3-link, boots nixos-generation-3.conf");

    // Once and twice back, each to what ran before; then there is nothing before.
    let anywhere = scene.sandbox.home();
    scene.on_machine(&anywhere, "flake-rollback").ok();
    assert_snapshot!(scene.state(), @"runs two, profile system-2-link, boots nixos-generation-2.conf");
    scene.on_machine(&anywhere, "flake-rollback").ok();
    assert_snapshot!(scene.state(), @"runs one, profile system-1-link, boots nixos-generation-1.conf");
    let none = scene.on_machine(&anywhere, "flake-rollback");
    assert_snapshot!(shown(none.fails(1)), @r"
    error: there is no generation of `[SANDBOX]/machine/nix/var/nix/profiles/system` to go back to
      there are, newest first: `3` and `2`
    hint: name one of them: `git flake-rollback N`
    [exit status: 1]
    ");
    scene.on_machine(&anywhere, "flake-rollback 3").ok();
    assert_snapshot!(scene.state(), @"runs three, profile system-3-link, boots nixos-generation-3.conf");
    let missing = scene.on_machine(&anywhere, "flake-rollback 7");
    let said = &missing.fails(1).stderr;
    assert!(said.starts_with("error: there is no generation 7 of host `demo`\n"), "{missing}");

    let listed = scene.on_machine(&anywhere, "flake-generations --json").ok();
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    let commits: Vec<&str> =
        listed.as_array().expect("list").iter().filter_map(|one| one["commit"].as_str()).collect();
    let ids: Vec<&str> = [&one, &two, &three].map(|path| path.file_name().expect("id")).into();
    assert_eq!(commits, ids);
    assert_eq!(listed[2]["marks"], serde_json::json!(["current", "running"]));
    let table = scene.on_machine(&anywhere, "flake-generations").ok();
    assert_eq!(table.lines().count(), 4, "a line of names and three generations");
    assert!(table.lines().nth(1).expect("newest").ends_with("current, running"), "{table}");
}

#[test]
fn a_home_and_a_package_need_no_root_and_go_back_as_well() {
    let mut scene = Scene::new();
    let runtime = scene.sandbox.root().join("runtime");
    let home = |text: &str| {
        format!(
            "{{ home.username = \"ada\"; home.homeDirectory = \"{}\"; home.file.greeting.text = \"{text}\"; }}\n",
            scene.sandbox.home()
        )
    };
    let (first, second) = (home("first"), home("second"));
    let greeting = |scene: &Scene| scene.sandbox.read("home/greeting");
    for text in [&first, &second] {
        let snapshot = scene.snapshot("home/ada.nix", text);
        scene.sandbox.run(&snapshot, "flake-switch --yes --target home --host ada").ok();
    }
    assert_eq!(greeting(&scene), "second");
    scene.sandbox.run("home", "flake-rollback --target home").ok();
    assert_eq!(greeting(&scene), "first");
    let state = scene.sandbox.home().join(".local/state");
    let profile = state.join("nix/profiles/home-manager");
    assert_eq!(profile.read_link_utf8().expect("profile"), "home-manager-1-link");

    // A home whose activation fails: it is as it was.
    let bob = second.replace("\"ada\"", "\"bob\"");
    let snapshot = scene.snapshot("home/ada.nix", &bob);
    scene.sandbox.run(&snapshot, "flake-switch --yes --target home --host ada").fails(11);
    assert_eq!(greeting(&scene), "first");

    let hello = "--target profile --host hello";
    let refused = scene.sandbox.run(&snapshot, &format!("flake-test {hello}"));
    assert_snapshot!(shown(refused.fails(1)), @r"
    package `hello` is switched for the first time
    error: package `hello` cannot be tried until a reboot
      `XDG_RUNTIME_DIR` is not set, so there is no folder that a reboot empties
    hint: set it to such a folder, or make it permanent: `git flake-switch`
    [exit status: 1]
    ");
    scene.sandbox.set("XDG_RUNTIME_DIR", &runtime);
    let out = scene.sandbox.run(&snapshot, &format!("flake-test {hello}")).ok();
    let link = runtime.join("studio/hello");
    assert_eq!(link.read_link_utf8().expect("link"), out);
    let profile = state.join("nix/profiles/studio-hello");
    assert!(!profile.exists());
    // Nothing was made permanent, so going back leaves nothing.
    scene.sandbox.run("home", &format!("flake-rollback {hello}")).ok();
    assert!(!link.is_symlink());
    scene.sandbox.run(&snapshot, &format!("flake-test {hello}")).ok();
    scene.sandbox.run(&snapshot, &format!("flake-switch --yes {hello}")).ok();
    assert_eq!(profile.canonicalize_utf8().expect("profile"), out);
    assert!(!link.is_symlink(), "the profile is what is used from now on");
}

#[test]
fn another_store_is_passed_on_to_every_call_of_nix() {
    let scene = Scene::new();
    let one = scene.with_demo(r#"motd.text = "one";"#);
    let nix = scene.sandbox.root().join("nix");
    let same = format!("local?store={nix}/store&state={nix}/var/nix&log={nix}/var/log/nix");
    scene.on_machine(&one, &format!("flake-switch --yes --store {same}")).ok();
    assert_snapshot!(scene.state(), @"runs one, profile system-1-link, boots nixos-generation-1.conf");
    let two = scene.with_demo(r#"motd.text = "two";"#);
    let wrong = scene.on_machine(&two, "flake-switch --yes --store nonsense://x");
    wrong.fails(1);
    assert!(wrong.stderr.contains("nonsense"), "{wrong}");
    assert_snapshot!(scene.state(), @"runs one, profile system-1-link, boots nixos-generation-1.conf");
}
