//! What an attempt does to a machine: every way that `switch-to-configuration` can end.

use crate::shown;
use insta::assert_snapshot;
use testkit::Machine;

#[test]
fn the_first_switch_ever_and_the_same_again() {
    let machine = Machine::new();
    let one = machine.system("one", &[]);
    let first = machine.activate("switch", &one);
    first.ok();
    assert_snapshot!(shown(&first), @r"
    ------- stderr -------
    activating `one` ...
    installing the boot entry ...
    host `demo` is at generation 1, `one`
    ");
    assert_snapshot!(machine.state(), @r#"runs one, profile one (system-1-link), boots system-1-link, "committed""#);
    assert_snapshot!(machine.calls(), @"test one, boot one");

    let again = machine.activate("switch", &one);
    again.ok();
    assert_snapshot!(shown(&again), @r"
    ------- stderr -------
    host `demo` runs `one` already
    ");
    assert!(!machine.root().join("calls").exists(), "nothing is done twice");
    assert_snapshot!(machine.state(), @r#"runs one, profile one (system-1-link), boots system-1-link, "committed""#);
}

#[test]
fn a_test_leaves_what_starts_at_boot_alone_and_a_switch_makes_it_permanent() {
    let machine = Machine::new();
    let (one, two) = (machine.system("one", &[]), machine.system("two", &[]));
    machine.activate("switch", &one).ok();
    machine.activate("test", &two).ok();
    assert_snapshot!(machine.state(), @r#"runs two, profile one (system-1-link), boots system-1-link, "tested""#);
    machine.activate("switch", &two).ok();
    assert_snapshot!(machine.state(), @r#"runs two, profile two (system-2-link), boots system-2-link, "committed""#);
}

#[test]
fn an_activation_that_fails_puts_back_what_ran() {
    let machine = Machine::new();
    let one = machine.system("one", &[]);
    machine.activate("switch", &one).ok();
    for code in ["1", "2", "101"] {
        let bad = machine.system(&format!("bad-{code}"), &[("exit-test", code)]);
        for verb in ["test", "switch"] {
            let _ = machine.sandbox.sh("machine", "rm -f calls");
            machine.activate(verb, &bad).fails(11);
            assert_eq!(
                machine.state(),
                "runs one, profile one (system-1-link), boots system-1-link, \"reverted\"",
                "{verb} with exit status {code}"
            );
            assert_eq!(machine.calls(), format!("test bad-{code}, test one"));
        }
    }
    let bad = machine.system("bad", &[("exit-test", "2")]);
    assert_snapshot!(shown(&machine.activate("switch", &bad)), @r"
    ------- stderr -------
    activating `bad` ...
    warning: activation failed with exit status 2
    putting generation 1 back ...
    generation 1 runs again
    [exit status: 11]
    ");
}

#[test]
fn what_ran_is_put_back_and_not_the_generation_before() {
    let machine = Machine::new();
    let one = machine.system("one", &[]);
    let tried = machine.system("tried", &[]);
    let bad = machine.system("bad", &[("exit-test", "1")]);
    machine.activate("switch", &one).ok();
    machine.activate("test", &tried).ok();
    machine.activate("switch", &bad).fails(11);
    assert_snapshot!(machine.state(), @r#"runs tried, profile one (system-1-link), boots system-1-link, "reverted""#);
}

#[test]
fn a_unit_that_had_failed_before_is_no_news_and_a_new_one_is() {
    let machine = Machine::new();
    let failed = ("units/old.service", "failed");
    let one = machine.system("one", &[failed, ("exit-test", "4")]);
    let two = machine.system("two", &[failed, ("exit-test", "4")]);
    let bad = machine.system("bad", &[failed, ("units/web.service", "failed"), ("exit-test", "4")]);
    machine.sandbox.write("machine/run/units/old.service", "failed");
    machine.activate("switch", &one).ok();
    machine.activate("switch", &two).ok();
    assert_snapshot!(machine.state(), @r#"runs two, profile two (system-2-link), boots system-2-link, "committed""#);

    let tried = machine.activate("test", &bad);
    tried.fails(10);
    assert_snapshot!(shown(&tried), @r"
    ------- stderr -------
    activating `bad` ...
    warning: a unit failed that had not failed before: `web.service`
    `bad` is active until the next reboot
    [exit status: 10]
    ");
    assert_snapshot!(machine.state(), @r#"runs bad, profile two (system-2-link), boots system-2-link, "tested""#);
    // What failed in a test is no old news to the switch after it.
    let switched = machine.activate("switch", &bad);
    switched.fails(11);
    assert_snapshot!(shown(&switched), @"
    ------- stderr -------
    activating `bad` ...
    warning: a unit failed that had not failed before: `web.service`
    putting generation 2 back ...
    generation 2 runs again
    hint: to try it and look at it: `git flake-test`
    [exit status: 11]
    ");
    assert_snapshot!(machine.state(), @r#"runs two, profile two (system-2-link), boots system-2-link, "reverted""#);

    let mut args = machine.args("switch", &format!("--toplevel={bad}"));
    args.push("--accept-failed-units".into());
    machine.call(&args).fails(10);
    assert_snapshot!(machine.state(), @r#"runs bad, profile bad (system-3-link), boots system-3-link, "committed""#);
}

#[test]
fn what_cannot_be_activated_now_is_made_permanent_for_the_next_boot() {
    let machine = Machine::new();
    let one = machine.system("one", &[("switch-inhibitors", r#"{"dbus": "dbus", "gone": "1"}"#)]);
    let two = machine.system("two", &[("switch-inhibitors", r#"{"dbus": "broker", "new": "2"}"#)]);
    let three = machine.system("three", &[("exit-test", "100")]);
    machine.activate("switch", &one).ok();
    let inhibited = machine.activate("switch", &two);
    inhibited.fails(12);
    assert_snapshot!(shown(&inhibited), @r"
    ------- stderr -------
    warning: not activated now: `dbus` cannot change while it runs
    installing the boot entry ...
    host `demo` is at generation 2, `two`
    reboot to finish
    [exit status: 12]
    ");
    assert_snapshot!(machine.state(), @r#"runs one, profile two (system-2-link), boots system-2-link, "committed""#);
    assert_snapshot!(machine.calls(), @"test one, boot one, boot two");

    assert_snapshot!(shown(machine.activate("test", &two).fails(1)), @r"
    ------- stderr -------
    error: the running system cannot become this one without a reboot
      `dbus` cannot change while it runs
    hint: make it the one that starts at boot: `git flake-switch --boot`, then reboot
    [exit status: 1]
    ");
    machine.activate("switch", &three).fails(12);
    assert_snapshot!(machine.state(), @r#"runs one, profile three (system-3-link), boots system-3-link, "committed""#);
    machine.activate("boot", &one).fails(12);
    assert_snapshot!(machine.state(), @r#"runs one, profile one (system-4-link), boots system-4-link, "committed""#);
}

#[test]
fn a_boot_entry_that_cannot_be_written_takes_the_profile_back_too() {
    let machine = Machine::new();
    let one = machine.system("one", &[]);
    let bad = machine.system("bad", &[("exit-boot", "1")]);
    machine.activate("switch", &one).ok();
    let outcome = machine.activate("switch", &bad);
    outcome.fails(11);
    assert_snapshot!(shown(&outcome), @r"
    ------- stderr -------
    activating `bad` ...
    installing the boot entry ...
    warning: installing the boot entry failed with exit status 1
    switching profile from version 2 to 1
    installing the boot entry ...
    putting generation 1 back ...
    generation 1 runs again
    [exit status: 11]
    ");
    assert_snapshot!(machine.state(), @r#"runs one, profile one (system-1-link), boots system-1-link, "reverted""#);
    assert!(machine.root().join("nix/var/nix/profiles/system-2-link").is_symlink(), "kept");
}

#[test]
fn a_first_switch_that_fails_has_nothing_to_go_back_to_and_says_so() {
    let machine = Machine::new();
    let bad = machine.system("bad", &[("exit-test", "1")]);
    assert_snapshot!(shown(machine.activate("switch", &bad).fails(1)), @r"
    ------- stderr -------
    activating `bad` ...
    warning: activation failed with exit status 1
    error: host `demo` could not be switched
      nothing ran here before, so there was nothing to put back
      what starts at boot is what it was
    hint: what was tried is in `[SANDBOX]/machine/var/lib/studio/transactions/attempt-1.json`
    [exit status: 1]
    ");
    assert_snapshot!(machine.state(), @r#"runs nothing, profile nothing (none), boots nothing, "reverted""#);
    let bad = machine.system("bad-boot", &[("exit-boot", "1")]);
    machine.activate("switch", &bad).fails(1);
    assert_eq!(machine.root().join("nix/var/nix/profiles/system").read_link_utf8().ok(), None);
}

#[test]
fn a_way_back_that_fails_too_says_what_to_do() {
    let machine = Machine::new();
    let one = machine.system("one", &[]);
    machine.activate("switch", &one).ok();
    let bad = machine.system("bad", &[("exit-test", "1")]);
    let worse = machine.system("worse", &[("exit-test", "2")]);
    // What runs now cannot be activated a second time.
    machine.sandbox.sh("machine", &format!("ln -sfn {bad} run/current-system")).ok();
    let outcome = machine.activate("switch", &worse);
    outcome.fails(20);
    assert_snapshot!(shown(&outcome), @r"
    ------- stderr -------
    activating `worse` ...
    warning: activation failed with exit status 2
    putting what ran before (`bad`) back ...
    error: the way back failed too
      activation failed with exit status 1
    hint: reboot: what starts at boot is generation 1, which is as it was
    hint: what was tried is in `[SANDBOX]/machine/var/lib/studio/transactions/attempt-2.json`
    [exit status: 20]
    ");
    assert_snapshot!(machine.state(), @r#"runs bad, profile one (system-1-link), boots system-1-link, "revert-failed""#);
}

#[test]
fn what_was_not_confirmed_is_put_back_although_somebody_else_set_the_profile() {
    let machine = Machine::new();
    let (one, two) = (machine.system("one", &[]), machine.system("two", &[]));
    let three = machine.system("three", &[]);
    machine.activate("switch", &one).ok();
    let mut args = machine.args("switch", &format!("--toplevel={two}"));
    args.push("--confirm-within=2".into());
    let id = "attempt-2";
    machine.order(&args).ok();
    machine.wait_for_phase(id, "awaiting-confirmation");
    machine.sh(&format!("nix-env --profile $PWD/nix/var/nix/profiles/system --set {three}")).ok();
    let record = machine.wait_for_end(id);
    assert_eq!(record["exit"], 13, "{record}");
    assert_snapshot!(machine.state(), @r#"runs one, profile three (system-2-link), boots system-1-link, "reverted""#);
    let log = machine.log(id);
    assert!(log.contains("the profile is at generation 2: somebody else set it"), "{log}");
}

#[test]
fn a_rollback_goes_to_the_generation_that_was_asked_for() {
    let machine = Machine::new();
    for name in ["one", "two", "three"] {
        let system = machine.system(name, &[]);
        machine.activate("switch", &system).ok();
    }
    machine.call(&machine.args("rollback", "--generation=1")).ok();
    assert_snapshot!(machine.state(), @r#"runs one, profile one (system-1-link), boots system-1-link, "committed""#);
    assert_snapshot!(shown(machine.call(&machine.args("rollback", "--generation=9")).fails(1)), @r"
    ------- stderr -------
    error: there is no generation 9 of `[SANDBOX]/machine/nix/var/nix/profiles/system`
    hint: there are, newest first: `3`, `2` and `1`
    [exit status: 1]
    ");
}

#[test]
fn what_is_no_system_is_refused_and_nothing_is_touched() {
    let machine = Machine::new();
    let one = machine.system("one", &[]);
    let file = machine.sandbox.sh(".", "echo x > a-file; nix-store --add a-file").ok();
    let empty = machine.sandbox.sh(".", "mkdir empty; nix-store --add empty").ok();
    let gone = machine.system("gone", &[]);
    machine.sandbox.sh(".", &format!("chmod -R u+w {gone}; rm -r {gone}")).ok();
    let foreign = machine.sandbox.sh(
        ".",
        &format!("cp -r {one} real; chmod -R u+w real; rm real/supports-studio-root; nix-store --add real"),
    );
    for path in [&file, &empty, &gone, &foreign.ok()] {
        let outcome = machine.activate("switch", path);
        outcome.fails(1);
        assert_eq!(
            machine.state(),
            "runs nothing, profile nothing (none), boots nothing, no record"
        );
    }
    assert_snapshot!(shown(machine.activate("switch", &foreign.ok()).fails(1)), @r"
    ------- stderr -------
    error: `[SANDBOX]/nix/store/HASH-real` cannot be activated under `[SANDBOX]/machine`
      it has no `supports-studio-root`: its activation program would act on this machine
    hint: to install it there: `nixos-install --root [SANDBOX]/machine --system [SANDBOX]/nix/store/HASH-real`
    hint: to switch a system that is there: `nixos-enter --root [SANDBOX]/machine`, then switch
    [exit status: 1]
    ");
    assert_snapshot!(shown(machine.activate("switch", &gone).fails(1)), @r"
    ------- stderr -------
    error: `[SANDBOX]/nix/store/HASH-gone` does not exist
      it may have been garbage-collected since it was built
    hint: build it again: run the same command once more
    [exit status: 1]
    ");
    let elsewhere = "/nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-nixos-system-demo-25.05";
    assert_snapshot!(shown(machine.activate("switch", elsewhere).fails(1)), @r"
    ------- stderr -------
    error: `/nix/store/HASH-nixos-system-demo-25.05` does not lie in the store `[SANDBOX]/nix/store`
    hint: build and switch with the same nix and the same `NIX_STORE_DIR`
    [exit status: 1]
    ");
}

#[test]
fn a_record_that_cannot_be_written_stops_it_and_puts_back_what_ran() {
    let machine = Machine::new();
    let one = machine.system("one", &[]);
    machine.activate("switch", &one).ok();
    // The system itself takes the folder of the records away while it is activated.
    let folder = machine.root().join("var/lib/studio/transactions");
    let bad = machine.system("bad", &[("on-test", &format!("rm -r {folder}; touch {folder}"))]);
    machine.order(&machine.args("switch", &format!("--toplevel={bad}"))).ok();
    machine.wait_until_free();
    machine.sandbox.sh(".", &format!("rm {folder}")).ok();
    assert_snapshot!(machine.state(), @"runs one, profile one (system-1-link), boots system-1-link, no record");
}

#[test]
fn a_damaged_record_stops_everything_with_a_remedy() {
    let machine = Machine::new();
    let one = machine.system("one", &[]);
    machine.sandbox.write("machine/var/lib/studio/transactions/odd.json", "{\"version\": 7}");
    assert_snapshot!(shown(machine.activate("switch", &one).fails(1)), @r"
    ------- stderr -------
    error: the transaction `[SANDBOX]/machine/var/lib/studio/transactions/odd.json` has format 7, and this program knows format 2
    hint: use the version of this toolkit that wrote it, or a newer one
    [exit status: 1]
    ");
    assert!(!machine.root().join("run/current-system").is_symlink());
}
