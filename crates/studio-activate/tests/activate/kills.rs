//! `kill -9` of `studio-activate` at every step, and two at once.

use crate::shown;
use insta::assert_snapshot;
use testkit::{Machine, Role};

/// The steps at which an engine can be stopped, and what its guard makes of the machine when it is killed there.
const STEPS: [(&str, &str); 4] = [
    ("test", "runs one, profile one (system-1-link), boots system-1-link, \"reverted\""),
    ("before-profile", "runs two, profile two (system-2-link), boots system-2-link, \"committed\""),
    ("after-profile", "runs two, profile two (system-2-link), boots system-2-link, \"committed\""),
    ("boot", "runs two, profile two (system-2-link), boots system-2-link, \"committed\""),
];

#[test]
fn when_the_engine_is_killed_its_guard_finishes_or_puts_back_by_rule() {
    for (step, then) in STEPS {
        let machine = Machine::new();
        let (one, two) = (machine.system("one", &[]), machine.system("two", &[]));
        machine.activate("switch", &one).ok();
        let id = machine.start_until(step, "switch", &two);
        machine.kill(&[Role::Engine]);
        machine.let_go(step);
        machine.wait_for_end(&id);
        assert_eq!(machine.state(), then, "killed at {step}");
        let record = machine.record(&id).expect("a record");
        assert!(!record["interrupted_in"].is_null(), "{record}");
        let next = machine.activate("switch", &two);
        next.ok();
        assert!(!next.stderr.contains("interrupted"), "it is over: {next}");
    }
}

#[test]
fn of_two_at_once_the_second_is_told_who_is_at_work() {
    let machine = Machine::new();
    let (one, two) = (machine.system("one", &[]), machine.system("two", &[]));
    let first = machine.start_until("test", "switch", &one);
    let second = machine.activate("test", &two);
    second.fails(14);
    let pid = machine.record(&first).expect("a record")["process"].to_string();
    assert_snapshot!(shown(&second).replace(&pid, "PID"), @r"
    ------- stderr -------
    error: another switch of host `demo` is running
      `git flake-switch` (process PID) is at work
    hint: wait until it is done, then try again
    hint: to watch it: `git flake-switch --attach --root [SANDBOX]/machine`
    [exit status: 14]
    ");
    machine.let_go("test");
    machine.wait_for_end(&first);
}

/// On a machine under load an engine may live on for a while after it has said how it ended.
#[test]
fn an_engine_that_has_ended_is_waited_for_and_not_taken_for_one_at_work() {
    let machine = Machine::new();
    let (one, two) = (machine.system("one", &[]), machine.system("two", &[]));
    machine.activate("switch", &one).ok();
    let lock = std::fs::File::open(machine.file("run/studio/switch.lock")).expect("a lock");
    lock.lock().expect("held");
    let slow = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(1200));
        drop(lock);
    });
    machine.activate("switch", &two).ok();
    slow.join().expect("let go");
    assert_eq!(
        machine.state(),
        "runs two, profile two (system-2-link), boots system-2-link, \"committed\""
    );
}

#[test]
fn a_lock_of_another_program_is_respected() {
    let machine = Machine::new();
    let busy = machine.system("busy", &[("exit-test", "11")]);
    let one = machine.system("one", &[]);
    machine.activate("switch", &one).ok();
    let outcome = machine.activate("switch", &busy);
    outcome.fails(14);
    assert_snapshot!(shown(&outcome), @r"
    ------- stderr -------
    activating `busy` ...
    error: another program is switching this machine
      `switch-to-configuration` could not get its lock; nothing was changed
    hint: wait until it is done, then try again
    [exit status: 14]
    ");
    assert_snapshot!(machine.state(), @r#"runs one, profile one (system-1-link), boots system-1-link, "refused""#);
}
