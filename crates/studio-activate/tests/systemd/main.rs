//! The engine where systemd keeps it: a real systemd, in namespaces of its own, and a machine that is a folder.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};
use testkit::{Machine, Outcome, RealNix, Systemd};

/// Gives an order inside; returns its id and what was said.
fn order(machine: &Machine, systemd: &Systemd, system: &str, more: &[&str]) -> (String, Outcome) {
    let mut args = machine.args("switch", &format!("--toplevel={system}"));
    args.retain(|arg| arg != "--keeper=session");
    args.push("--keeper=systemd".into());
    args.extend(more.iter().map(|arg| (*arg).to_owned()));
    let id = args.iter().find_map(|arg| arg.strip_prefix("--id=")).expect("an id").to_owned();
    let mut words = vec!["studio-activate"];
    words.extend(args.iter().map(String::as_str));
    (id, systemd.run_words(".", &words))
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "it never came to this: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn systemd_runs_the_engine_as_a_unit_that_is_gone_in_the_end() {
    let machine = Machine::new();
    let systemd = Systemd::start(&machine.sandbox);
    let one = machine.system("one", &[("on-test", "echo from the activation")]);
    let (id, outcome) = order(&machine, &systemd, &one, &[]);
    outcome.ok();
    assert_eq!(machine.wait_for_end(&id)["phase"], "committed");
    let unit = format!("studio-activate-{id}");
    until("the unit is gone", || systemd.state(&unit) == "inactive");
    let journal = systemd.journal(&unit);
    for line in
        ["activating `one` ...", "from the activation", "host `demo` is at generation 1, `one`"]
    {
        assert!(journal.contains(line), "{line}: {journal}");
    }
    let timers = systemd.run("", "systemctl list-units --all --no-legend studio-*").ok();
    assert_eq!(timers, "", "no timer is left");
}

#[test]
fn systemd_takes_the_way_back_when_the_engine_is_killed() {
    let machine = Machine::new();
    let systemd = Systemd::start(&machine.sandbox);
    let (one, two) = (machine.system("one", &[]), machine.system("two", &[]));
    let (id, _) = order(&machine, &systemd, &one, &[]);
    machine.wait_for_end(&id);
    machine.stop_at("test");
    let (id, _) = order(&machine, &systemd, &two, &[]);
    machine.wait_for_stop("test");
    systemd
        .run("", &format!("systemctl kill --kill-who=main --signal=KILL studio-activate-{id}"))
        .ok();
    machine.let_go("test");
    let record = machine.wait_for_end(&id);
    assert_eq!(record["phase"], "reverted", "{record}");
    assert_eq!(record["interrupted_in"], "testing", "{record}");
    assert!(
        machine.state().starts_with("runs one, profile one (system-1-link), boots system-1-link")
    );
}

#[test]
fn systemd_puts_back_what_was_not_confirmed_when_nothing_of_ours_is_alive() {
    let machine = Machine::new();
    let systemd = Systemd::start(&machine.sandbox);
    let (one, two) = (machine.system("one", &[]), machine.system("two", &[]));
    let (id, _) = order(&machine, &systemd, &one, &[]);
    machine.wait_for_end(&id);
    let (id, _) = order(&machine, &systemd, &two, &["--confirm-within=2"]);
    until("it waits", || {
        machine.record(&id).is_some_and(|record| record["phase"] == "awaiting-confirmation")
    });
    // Whatever is called like us dies, and what takes over from it too, until nothing is left.
    let kill = "pkill -KILL -x studio-activate || true; pgrep -x studio-activate || true";
    until("all of ours are dead", || {
        let left = systemd.sh("", kill).ok();
        std::thread::sleep(Duration::from_millis(100));
        left.is_empty() && systemd.sh("", "pgrep -x studio-activate").code == Some(1)
    });
    assert!(machine.state().starts_with("runs two, profile one"), "{}", machine.state());
    let record = machine.wait_for_end(&id);
    assert_eq!(record["phase"], "reverted", "{record}");
    assert_eq!(record["exit"], 13, "{record}");
    assert!(
        machine.state().starts_with("runs one, profile one (system-1-link), boots system-1-link")
    );
}

#[test]
fn systemd_that_has_the_name_already_is_a_refusal_and_nothing_is_changed() {
    let machine = Machine::new();
    let systemd = Systemd::start(&machine.sandbox);
    let one = machine.system("one", &[]);
    systemd
        .run(
            "",
            "systemd-run --quiet --no-ask-password --unit=studio-activate-attempt-1 sleep 1000",
        )
        .ok();
    let (id, outcome) = order(&machine, &systemd, &one, &[]);
    outcome.fails(1);
    insta::assert_snapshot!(outcome.to_string(), @"
    ------- stderr -------
    error: systemd did not start the engine; nothing was changed
      Failed to start transient service unit: Unit studio-activate-attempt-1.service was already loaded or has a fragment file.
    hint: look at the unit that is there: `systemctl status studio-activate-attempt-1`
    hint: run the same command once more
    [exit status: 1]
    ");
    assert_eq!(machine.record(&id).expect("a record")["phase"], "refused");
    assert!(!machine.root().join("run/current-system").is_symlink());
}

#[test]
fn systemd_resolves_at_the_next_start_what_a_power_cut_left_open() {
    let machine = Machine::new();
    let root = machine.root();
    let activate = machine.sandbox.sh("", "command -v studio-activate").ok();
    let unit = format!("[Service]\nType=oneshot\nExecStart={activate} recover --root={root}\n");
    machine.sandbox.write("systemd/units/studio-recover.service", unit);
    let link = "mkdir -p systemd/units/multi-user.target.wants && ln -s ../studio-recover.service systemd/units/multi-user.target.wants/";
    machine.sandbox.sh("", link).ok();
    let systemd = Systemd::start(&machine.sandbox);
    let (one, two) = (machine.system("one", &[]), machine.system("two", &[]));
    let (id, _) = order(&machine, &systemd, &one, &[]);
    machine.wait_for_end(&id);
    machine.stop_at("boot");
    let (id, _) = order(&machine, &systemd, &two, &[]);
    machine.wait_for_stop("boot");
    drop(systemd);
    machine
        .sandbox
        .sh(
            "machine",
            &format!("rm -rf run stop-in-boot; mkdir run; ln -s {one} run/current-system"),
        )
        .ok();
    let _systemd = Systemd::start(&machine.sandbox);
    let record = machine.wait_for_end(&id);
    assert_eq!(record["phase"], "committed", "{record}");
    assert_eq!(record["reboot"], "needed", "{record}");
    assert!(
        machine.state().starts_with("runs one, profile two (system-2-link), boots system-2-link"),
        "{}",
        machine.state()
    );
}

/// The activation of a home: a link, and what the generation has to do besides.
const ACTIVATE: &str = "#!/bin/sh\nset -eu\ntop=${0%/activate}\nln -sfn \"$top\" \"$HOME/current-home\"\n. \"$top/more\"\n";

/// A generation of a home that does `more` when it is activated.
fn home(machine: &Machine, name: &str, more: &str) -> String {
    machine.sandbox.write(format!("{name}/activate"), ACTIVATE);
    machine.sandbox.write(format!("{name}/more"), more);
    machine.sandbox.sh("", &format!("chmod 755 {name}/activate; nix-store --add {name}")).ok()
}

#[test]
fn systemd_of_a_user_runs_the_engine_of_a_home_and_says_which_units_failed() {
    let machine = Machine::new();
    let systemd = Systemd::start(&machine.sandbox);
    let root = machine.sandbox.root();
    for target in ["default", "basic", "shutdown"] {
        machine.sandbox.write(format!("user/{target}.target"), "[Unit]\nDescription=a target\n");
    }
    let manager = format!(
        "mkdir -m 700 /run/user-of-test
         systemd-run --quiet --unit=manager --property=Delegate=yes --setenv=XDG_RUNTIME_DIR=/run/user-of-test \
           --setenv=HOME={root}/home --setenv=SYSTEMD_GENERATOR_PATH=/nonexistent \
           --setenv=SYSTEMD_UNIT_PATH=/run/user-of-test/systemd/transient:{root}/user \
           \"$(dirname \"$(dirname \"$(readlink -f \"$(command -v systemctl)\")\")\")/lib/systemd/systemd\" --user"
    );
    systemd.sh("", &manager).ok();
    let user = |line: &str| {
        systemd.sh("", &format!("XDG_RUNTIME_DIR=/run/user-of-test systemctl --user {line}"))
    };
    until("the user's systemd runs", || user("is-system-running").stdout.trim() == "running");

    let order = |generation: &str| {
        let mut args = machine.args("switch", &format!("--toplevel={generation}"));
        args.retain(|arg| {
            !["--target", "--name", "--root", "--keeper", "--nix-env"]
                .iter()
                .any(|name| arg.starts_with(name))
        });
        args.extend(
            ["--target=home", "--name=ada", "--root=/", "--keeper=systemd-user"].map(Into::into),
        );
        args.push(format!("--nix-env={}", RealNix::find().bin.join("nix-env")));
        args.push(format!("--profile={root}/home/profiles/home-manager"));
        args.push(format!("--running={root}/home/current-home"));
        args.push(format!("--records={root}/home/transactions"));
        args.push(format!("--env=HOME={root}/home"));
        args.push("--env=XDG_RUNTIME_DIR=/run/user-of-test".into());
        let id = args.iter().find_map(|arg| arg.strip_prefix("--id=")).expect("an id").to_owned();
        let words: Vec<&str> =
            std::iter::once("studio-activate").chain(args.iter().map(String::as_str)).collect();
        systemd.run_words(".", &words).ok();
        let record = format!("home/transactions/{id}.json");
        let read = || -> serde_json::Value {
            serde_json::from_str(&machine.sandbox.read(&record)).expect("JSON")
        };
        until("it has ended", || !read()["exit"].is_null());
        let log = machine.sandbox.read(format!("home/transactions/{id}.log"));
        (id, read(), log)
    };
    let one = home(&machine, "one", "");
    let (id, record, log) = order(&one);
    assert_eq!(record["phase"], "committed", "{log}");
    until("the unit is gone", || {
        user(&format!("is-active studio-activate-{id}")).stdout.trim() == "inactive"
    });
    let two = home(
        &machine,
        "two",
        "systemd-run --user --quiet --unit=broken -- false\nwhile ! systemctl --user -q is-failed broken; do sleep 0.05; done\n",
    );
    let (_, record, log) = order(&two);
    assert_eq!(record["exit"], 11, "{log}");
    assert_eq!(record["newly_failed"], serde_json::json!(["broken.service"]), "{record}");
    let runs = root.join("home/current-home").read_link_utf8().expect("a link");
    assert_eq!(runs, one);
}
