//! Every fault that the example can be told to have: the exit status, and what the machine is left with.

use insta::assert_snapshot;
use testkit::{Scene, shown};

#[test]
fn each_fault_has_its_exit_status_and_leaves_what_ran() {
    let scene = Scene::new();
    let good = scene.with_demo(r#"motd.text = "good";"#);
    scene.on_machine(&good, "flake-switch --yes").ok();
    let before = scene.state();
    for (fault, test, switch) in [
        ("eval", 1, 1),
        ("build", 1, 1),
        ("check", 11, 11),
        ("activate", 11, 11),
        ("bootloader", 0, 11),
    ] {
        let options = format!("motd.text = \"bad\"; faults.{fault} = true;");
        let bad = scene.with_demo(&options);
        let outcome = scene.on_machine(&bad, "flake-switch --yes");
        assert_eq!(outcome.fails(switch).code, Some(switch), "{fault}");
        assert_eq!(scene.state(), before, "{fault}: {outcome}");
        let outcome = scene.on_machine(&bad, "flake-test");
        assert_eq!(outcome.code, Some(test), "{fault}: {outcome}");
        if test != 0 {
            assert_eq!(scene.state(), before, "{fault}: {outcome}");
        }
    }
}

#[test]
fn a_unit_that_newly_fails_is_shown_in_a_test_and_not_made_permanent() {
    let scene = Scene::new();
    let good = scene.with_demo(r#"motd.text = "good";"#);
    scene.on_machine(&good, "flake-switch --yes").ok();
    let bad = scene.with_demo(r#"motd.text = "bad"; faults.unit = true;"#);
    let switched = scene.on_machine(&bad, "flake-switch --yes");
    assert_snapshot!(shown(switched.fails(11)), @r"
    host `demo` changes:
      units added: `faulty.service`
      units changed: `motd.service`
      commits: 1
        COMMIT wip: hosts/demo.nix
      configuration: 1 file changed, 1 insertion(+), 1 deletion(-)
    activating `nixos-system-demo-26.05.example` ...
    activating the configuration...
    setting up /etc...
    restarting the following units: motd.service
    starting the following units: faulty.service
    warning: the following units failed: faulty.service
    x faulty.service - a unit that cannot start
        faulty: faults.unit is on, so this does not start
    warning: a unit failed that had not failed before: `faulty.service`
    putting generation 1 back ...
    stopping the following units: faulty.service
    activating the configuration...
    setting up /etc...
    restarting the following units: motd.service
    generation 1 runs again
    hint: to try it and look at it: `git flake-test`
    [exit status: 11]
    ");
    assert_snapshot!(scene.state(), @"runs good, profile system-1-link, boots nixos-generation-1.conf");
    scene.on_machine(&bad, "flake-test").fails(10);
    assert_snapshot!(scene.state(), @"runs bad, profile system-1-link, boots nixos-generation-1.conf");
    scene.on_machine(&bad, "flake-switch --yes --accept-failed-units").fails(10);
    assert_snapshot!(scene.state(), @"runs bad, profile system-2-link, boots nixos-generation-2.conf");
}

#[test]
fn what_takes_a_reboot_is_set_for_the_next_start() {
    let scene = Scene::new();
    let good = scene.with_demo(r#"motd.text = "good"; system.switch.inhibitors.dbus = "dbus";"#);
    scene.on_machine(&good, "flake-switch --yes").ok();
    let init = scene.with_demo(r#"motd.text = "init"; faults.reboot = true;"#);
    let outcome = scene.on_machine(&init, "flake-switch --yes");
    assert_snapshot!(shown(outcome.fails(12)), @r"
    host `demo` changes:
      units changed: `motd.service`
      cannot change while it runs: `init-interface-version`
      commits: 1
        COMMIT wip: hosts/demo.nix
      configuration: 1 file changed, 1 insertion(+), 1 deletion(-)
    it will be set for the next start, because `init-interface-version` cannot change while it runs
    installing the boot entry ...
    host `demo` is at generation 2, `nixos-system-demo-26.05.example`
    reboot to finish
    [exit status: 12]
    ");
    assert_snapshot!(scene.state(), @"runs good, profile system-2-link, boots nixos-generation-2.conf");
    let bus = scene.with_demo(r#"motd.text = "bus"; system.switch.inhibitors.dbus = "broker";"#);
    assert_snapshot!(shown(scene.on_machine(&bus, "flake-test").fails(1)), @r"
    host `demo` changes:
      units changed: `motd.service`
      cannot change while it runs: `dbus`
      commits: 2
        COMMIT wip: hosts/demo.nix
        COMMIT wip: hosts/demo.nix
      configuration: 1 file changed, 1 insertion(+), 1 deletion(-)
    error: the running system cannot become this one without a reboot
      `dbus` cannot change while it runs
    hint: make it the one that starts at boot: `git flake-switch --boot`, then reboot
    [exit status: 1]
    ");
    let outcome = scene.on_machine(&bus, "flake-switch --yes");
    assert_snapshot!(shown(outcome.fails(12)), @r"
    host `demo` changes:
      units changed: `motd.service`
      cannot change while it runs: `dbus`
      commits: 2
        COMMIT wip: hosts/demo.nix
        COMMIT wip: hosts/demo.nix
      configuration: 1 file changed, 1 insertion(+), 1 deletion(-)
    it will be set for the next start, because `dbus` cannot change while it runs
    installing the boot entry ...
    host `demo` is at generation 3, `nixos-system-demo-26.05.example`
    reboot to finish
    [exit status: 12]
    ");
    assert_snapshot!(scene.state(), @"runs good, profile system-3-link, boots nixos-generation-3.conf");

    // Going back takes back what was set, although it never ran.
    scene.on_machine(&bus, "flake-rollback").ok();
    assert_snapshot!(scene.state(), @"runs good, profile system-1-link, boots nixos-generation-1.conf");
}

#[test]
fn a_killed_command_does_not_stop_the_activation_and_nobody_else_gets_in() {
    let scene = Scene::new();
    let good = scene.with_demo(r#"motd.text = "good";"#);
    scene.on_machine(&good, "flake-switch --yes").ok();
    let slow = scene.with_demo(r#"motd.text = "slow"; faults.hang = 3;"#);
    let record = |phase: &str| {
        let script = format!(
            "i=0; while ! grep -q '\"phase\": \"{phase}\"' $(ls -t machine/var/lib/studio/transactions/*.json | head -n 1)
             do i=$((i + 1)); [ $i -lt 600 ]; sleep 0.1; done"
        );
        scene.sandbox.sh(".", &script).ok();
    };
    let mut client = scene.start_on_machine(&slow, "flake-switch --yes");
    record("testing");
    let second = scene.on_machine(&good, "flake-test");
    second.fails(14);
    assert!(second.stderr.contains("`git flake-switch` (process "), "{second}");
    client.kill().expect("killed");
    client.wait().expect("ended");
    record("committed");
    assert_snapshot!(scene.state(), @"runs slow, profile system-2-link, boots nixos-generation-2.conf");
    assert_snapshot!(shown(&scene.on_machine(&slow, "flake-switch --yes")), @"host `demo` runs it already");
}
