//! What the switch relies on where systemd runs, asked of a real one: work that outlives who asked for it, a way back
//! that is taken when it was killed, a timer that nobody has to be alive for. Named `systemd_…`, so that a place that
//! cannot have one can say so.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};
use testkit::{Outcome, Sandbox, Systemd};

const RUN: &str = "systemd-run --unit=engine --collect --quiet --no-ask-password --service-type=exec \
                   --property=KillMode=process";

/// Main process, helper that has left its session, and what is to be done at the end.
const ENGINE: &str = "setsid sleep 1000 & echo $! > helper; echo $$ > main; exec sleep 1000";

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "it never came to this: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').filter(|word| !word.is_empty()).collect()
}

/// Starts `ENGINE` in the sandbox's folder as the unit `engine`.
fn engine(sandbox: &Sandbox, systemd: &Systemd) {
    sandbox.write("engine.sh", ENGINE);
    let root = sandbox.root();
    let end = format!("ExecStopPost=/bin/sh -c 'echo \"$$SERVICE_RESULT\" > {root}/end'");
    let mut words = words(RUN);
    let here = format!("--working-directory={root}");
    words.extend(["--property", &end, &here, "sh", "engine.sh"]);
    systemd.run_words("", &words).ok();
    until("the engine is at work", || root.join("main").exists());
}

fn lives(systemd: &Systemd, process: &str) -> bool {
    systemd.sh("", &format!("kill -0 $(cat {process})")).code == Some(0)
}

fn refused(outcome: &Outcome, message: &str) {
    outcome.fails(1);
    assert_eq!(outcome.stderr.trim_end(), message);
}

#[test]
fn systemd_runs_a_service_and_forgets_it() {
    let sandbox = Sandbox::new();
    let systemd = Systemd::start(&sandbox);
    systemd.run_words("", &[&words(RUN)[..], &["sh", "-c", "echo it ran"]].concat()).ok();
    until("the unit is gone", || {
        systemd.run("", "systemctl show --property=LoadState engine").ok() == "LoadState=not-found"
    });
    assert!(systemd.journal("engine").lines().any(|line| line == "it ran"));
}

#[test]
fn systemd_does_what_is_left_to_do_after_a_kill_and_leaves_helpers_alone() {
    let sandbox = Sandbox::new();
    let systemd = Systemd::start(&sandbox);
    engine(&sandbox, &systemd);
    let again = words(&format!("{RUN} true")).join(" ");
    let taken = "Failed to start transient service unit: Unit engine.service was already loaded or has a fragment file.";
    refused(&systemd.run("", &again), taken);

    systemd.sh("", "kill -9 $(cat main)").ok();
    until("ExecStopPost has run", || sandbox.root().join("end").exists());
    until("the unit has failed", || systemd.state("engine") == "failed");
    assert_eq!(sandbox.read("end"), "signal\n");
    assert!(!lives(&systemd, "main"));
    assert!(lives(&systemd, "helper"), "KillMode=process is for the main process alone");

    // Not even --collect frees the name of a unit that something still runs in.
    refused(&systemd.run("", &again), taken);
    systemd.sh("", "kill -9 $(cat helper)").ok();
    until("the name is free", || systemd.run("", &again).code == Some(0));
}

#[test]
fn systemd_fires_a_timer_when_all_that_armed_it_is_dead_but_not_when_it_was_stopped() {
    let sandbox = Sandbox::new();
    let systemd = Systemd::start(&sandbox);
    engine(&sandbox, &systemd);
    let arm = |name: &str| {
        let line = format!(
            "systemd-run --on-active=1s --timer-property=AccuracySec=10ms --unit=recover-{name} --collect --quiet \
             --no-ask-password -- touch {}/{name}",
            sandbox.root()
        );
        systemd.run_words("", &words(&line)).ok();
    };
    arm("stopped");
    arm("left");
    let armed = Instant::now();
    systemd.run("", "systemctl stop recover-stopped.timer").ok();
    systemd.run("", "systemctl kill --signal=KILL engine").ok();
    until("all of the engine is dead", || !lives(&systemd, "main") && !lives(&systemd, "helper"));
    // What a switch does to systemd takes no timer away.
    systemd.run("", "systemctl daemon-reload").ok();
    systemd.run("", "systemctl daemon-reexec").ok();
    assert!(!sandbox.root().join("left").exists() || armed.elapsed() > Duration::from_millis(900));
    until("the timer has fired", || sandbox.root().join("left").exists());
    until("nothing is left of it", || {
        systemd.run("", "systemctl list-units --all --no-legend recover-*").ok().is_empty()
    });
    assert!(!sandbox.root().join("stopped").exists(), "it was stopped in time");
    let outcome = systemd.run("", "systemctl stop recover-stopped.timer");
    outcome.fails(5);
    assert!(outcome.stderr.contains("Unit recover-stopped.timer not loaded."), "{outcome}");
}

#[test]
fn systemd_hands_on_words_but_for_dollars() {
    let sandbox = Sandbox::new();
    let systemd = Systemd::start(&sandbox);
    sandbox.write("show.sh", "printf '<%s>' \"$@\" >> words; echo >> words; touch shown");
    let here = format!("--working-directory={}", sandbox.root());
    let given = ["a b", "%n", "x\\y", "\"", "", ";", "$$HOME", "x$HOME", "x${HOME}", "$HOME"];
    systemd.run_words("", &[&words(RUN)[..], &[&here, "sh", "show.sh"], &given].concat()).ok();
    until("it was shown", || sandbox.root().join("shown").exists());
    // A dollar is doubled by who means one; `$HOME` alone, which is not set there, is not even an empty word.
    assert_eq!(sandbox.read("words"), "<a b><%n><x\\y><\"><><;><$HOME><x$HOME><x>\n");
}

#[test]
fn systemd_starts_the_units_of_the_sandbox_again_after_a_power_cut_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    let unit = format!(
        "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo booted >> {}/boots'\n",
        sandbox.root()
    );
    sandbox.write("systemd/units/boot.service", unit);
    sandbox.sh("", "mkdir -p systemd/units/multi-user.target.wants && ln -s ../boot.service systemd/units/multi-user.target.wants/").ok();
    let systemd = Systemd::start(&sandbox);
    assert_eq!(sandbox.read("boots"), "booted\n");
    // A process of nobody's unit, found again by its name outside.
    let name = format!("{}/a-process", sandbox.root());
    systemd
        .sh("", &format!("cp $(command -v sleep) {name}; setsid {name} 1000 > /dev/null 2>&1 &"))
        .ok();
    until("it runs", || sandbox.sh("", &format!("pgrep -f '^{name}'")).code == Some(0));
    drop(systemd);
    assert_eq!(sandbox.sh("", &format!("pgrep -f '^{name}'")).code, Some(1), "it has survived");
    let systemd = Systemd::start(&sandbox);
    assert_eq!(sandbox.read("boots"), "booted\nbooted\n");
    drop(systemd);
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("the list of mounts");
    assert!(!mounts.contains(sandbox.root().as_str()), "{mounts}");
}
