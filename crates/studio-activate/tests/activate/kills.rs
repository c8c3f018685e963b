//! `kill -9` of `studio-activate` at every step, and two at once.

use crate::machine::{Machine, shown};
use insta::assert_snapshot;

/// The steps at which it can be stopped, and what the machine is left with when it is killed there.
const STEPS: [(&str, &str); 4] = [
    ("test", "runs one, profile one (system-1-link), boots system-1-link, \"testing\""),
    (
        "before-profile",
        "runs two, profile one (system-1-link), boots system-1-link, \"committing\"",
    ),
    ("after-profile", "runs two, profile two (system-2-link), boots system-1-link, \"committing\""),
    ("boot", "runs two, profile two (system-2-link), boots system-1-link, \"committing\""),
];

#[test]
fn a_kill_at_any_step_leaves_a_default_that_was_proved_and_the_next_run_says_so() {
    for (step, left) in STEPS {
        let machine = Machine::new();
        let (one, two) = (machine.system("one", &[]), machine.system("two", &[]));
        machine.activate("switch", &one).ok();
        let mut killed = machine.start_until(step, "switch", &two);
        killed.kill().expect("killed");
        killed.wait().expect("ended");
        machine.let_go(step);
        assert_eq!(machine.state(), left, "killed at {step}");

        let next = machine.activate("switch", &two);
        next.ok();
        assert!(
            next.stderr.contains("warning: an earlier `git flake-switch` (two) was interrupted "),
            "{step}: {next}"
        );
        assert_eq!(
            machine.state(),
            "runs two, profile two (system-2-link), boots system-2-link, \"committed\"",
            "after {step}"
        );
        let phases: Vec<String> =
            machine.records().iter().map(|record| record["phase"].to_string()).collect();
        assert_eq!(phases, ["\"committed\"", "\"interrupted\"", "\"committed\""], "{step}");
        let silent = machine.activate("switch", &two);
        silent.ok();
        assert!(!silent.stderr.contains("interrupted"), "it is said once");
    }
}

#[test]
fn a_killed_attempt_can_also_be_answered_by_going_back() {
    for (step, _) in STEPS {
        let machine = Machine::new();
        let (one, two) = (machine.system("one", &[]), machine.system("two", &[]));
        machine.activate("switch", &one).ok();
        let mut killed = machine.start_until(step, "switch", &two);
        killed.kill().expect("killed");
        killed.wait().expect("ended");
        machine.let_go(step);
        let back = machine.args("rollback", "--generation=1");
        machine.call(&back).ok();
        assert_eq!(
            machine.state(),
            "runs one, profile one (system-1-link), boots system-1-link, \"committed\"",
            "after {step}"
        );
    }
}

#[test]
fn of_two_at_once_the_second_is_told_who_is_at_work() {
    let machine = Machine::new();
    let (one, two) = (machine.system("one", &[]), machine.system("two", &[]));
    let mut first = machine.start_until("test", "switch", &one);
    let second = machine.activate("test", &two);
    second.fails(14);
    let pid = first.id().to_string();
    assert_snapshot!(shown(&second).replace(&pid, "PID"), @r"
    ------- stderr -------
    error: another switch of host `demo` is running
      `git flake-switch` (process PID) is at work
    hint: wait until it is done, then try again
    [exit status: 14]
    ");
    machine.let_go("test");
    first.wait().expect("ended");
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
