//! What goes wrong in a cell, and what somebody does about it.

use crate::cell::{Answer, Fault, PROFILES, Phase, Verb};
use crate::scene::{Others, Scene};
use testkit::{NOW, Role};

impl Scene {
    /// Plays the cell to its end.
    pub fn play(&mut self) {
        let before_order = self.cell.phase == Phase::BeforeOrder;
        if before_order {
            self.strike_before_the_order();
        }
        self.come_to_the_phase();
        if !before_order {
            self.strike();
        }
        self.wait_until_quiet();
        self.clean_up();
    }

    fn strike_before_the_order(&mut self) {
        match self.cell.fault {
            Fault::Full(folder) => self.machine.fill(folder),
            Fault::ReadOnly(folder) => self.machine.mount_as(folder, "ro"),
            Fault::Collected => self.collect_new(),
            other => unreachable!("{other} comes later"),
        }
    }

    fn strike(&mut self) {
        match self.cell.fault {
            Fault::KillClient => {
                self.machine.kill(&[Role::Client]);
                self.go_on();
            }
            Fault::KillClientAndEngine => {
                self.machine.kill(&[Role::Client, Role::Engine]);
                self.let_go();
            }
            Fault::KillEngine => {
                self.machine.kill(&[Role::Engine]);
                self.let_go();
            }
            Fault::KillGuard => {
                self.machine.kill(&[Role::Guard]);
                self.go_on();
            }
            Fault::KillBothThenOrder => {
                self.machine.kill(&[Role::Engine, Role::Guard]);
                self.next_order(NOW);
            }
            Fault::ClockBack => {
                self.machine.kill(&[Role::Engine, Role::Guard]);
                self.next_order(NOW - 365 * 24 * 3600);
            }
            Fault::KillBothThenRecover => {
                self.machine.kill(&[Role::Engine, Role::Guard]);
                self.recover_meanwhile();
            }
            Fault::KillAll => {
                self.kill_all();
                self.recover();
            }
            Fault::KillAllAndOthersSwitch => {
                self.kill_all();
                self.others_switch();
                self.recover();
            }
            Fault::PowerLoss | Fault::PowerLossAfterTest => self.lose_power_and_boot(),
            Fault::PowerLossTwice => self.lose_power_twice(),
            Fault::SecondOrder => self.second_order(),
            Fault::OthersTest => {
                self.others_test();
                self.go_on();
            }
            Fault::OthersSwitch => {
                self.others_switch();
                self.go_on();
            }
            Fault::Exit(_) | Fault::NoEntry | Fault::Health(_) => {}
            Fault::Answer(answer) => self.give(answer),
            Fault::Full(folder) => {
                self.machine.fill(folder);
                self.go_on();
            }
            Fault::ReadOnly(folder) => {
                self.machine.mount_as(folder, "ro");
                self.go_on();
            }
            Fault::Collected => {
                self.collect_new();
                self.let_go();
            }
            Fault::CollectGarbage => {
                self.machine.sandbox.sh(".", "nix-collect-garbage 2>&1").ok();
                self.go_on();
            }
            Fault::LinkDeleted(answer) => {
                let number = if self.cell.verb == Verb::Rollback { 1 } else { 2 };
                let link = format!("system-{number}-link");
                self.machine.sh(&format!("rm {PROFILES}/{link}")).ok();
                self.deleted.push(link);
                self.give(answer);
            }
            Fault::OtherMachine => self.move_the_disk(),
            Fault::Damaged(how) => self.damage(how),
        }
    }

    /// Takes away what stands in the way of everybody.
    fn clean_up(&mut self) {
        match self.cell.fault {
            Fault::Full(folder) => self.machine.make_room(folder),
            Fault::ReadOnly(folder) => self.machine.mount_as(folder, "rw"),
            _ => return,
        }
        self.recover();
    }

    fn kill_all(&self) {
        self.machine.kill(&Role::ALL);
        self.let_go();
    }

    fn recover(&mut self) {
        let outcome = self.machine.recover();
        self.hear(&outcome);
        // What could not be put back is said by the status of the unit.
        assert!(matches!(outcome.code, Some(0 | 20)), "recovery failed: {outcome}");
    }

    /// Recovery begins while a child of the dead engine is still at work.
    fn recover_meanwhile(&mut self) {
        let recovery = self.machine.start_recovery();
        std::thread::sleep(std::time::Duration::from_millis(40));
        self.let_go();
        let output = recovery.wait_with_output().expect("it is ours");
        self.said += &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "recovery failed: {}", self.said);
    }

    /// The next order comes while a child of the dead engine is still at work.
    fn next_order(&mut self, now: i64) {
        let three = self.system("three").to_owned();
        let args = self.machine.args("test", &format!("--toplevel={three}"));
        let mut words =
            vec!["env".to_owned(), format!("STUDIO_NOW={now}"), "studio-activate".to_owned()];
        words.extend(args.iter().cloned());
        let outcome = self.machine.run(&words);
        self.hear(&outcome);
        outcome.ok();
        self.let_go();
        let id = args.iter().find_map(|arg| arg.strip_prefix("--id=")).expect("id");
        let record = self.machine.wait_for_end(id);
        assert_eq!(record["exit"], 0, "the next order failed:\n{}", self.story());
        self.next = true;
    }

    fn second_order(&mut self) {
        let three = self.system("three").to_owned();
        let before = self.machine.state();
        let outcome = self.machine.activate("switch", &three);
        assert_eq!(self.machine.state(), before, "the second order changed something");
        self.hear(&outcome);
        outcome.fails(14);
        self.go_on();
    }

    fn lose_power_and_boot(&mut self) {
        self.machine.lose_power();
        let (booted, outcome) = self.machine.boot();
        self.may_start(&booted);
        self.hear(&outcome);
        outcome.ok();
        self.booted = Some(booted);
    }

    fn lose_power_twice(&mut self) {
        self.machine.lose_power();
        let booted = self.machine.start_up();
        self.may_start(&booted);
        self.machine.stop_at("boot");
        let mut recovery = self.machine.start_recovery();
        self.machine.wait_for_stop("boot");
        self.lose_power_and_boot();
        let _ = recovery.wait();
    }

    /// What starts after a loss of power was proved good before.
    fn may_start(&self, booted: &str) {
        let new = self.cell.verb.new_system();
        let good = booted == "one"
            || (self.cell.phase.permanent() && booted == new)
            || (self.cell.phase == Phase::Ended && booted == new);
        assert!(good, "`{booted}` started, which was not proved:\n{}", self.story());
    }

    /// Others activate `three`, if they get the lock for that.
    fn others_test(&mut self) {
        let script = format!(
            "STUDIO_ROOT={} {}/bin/switch-to-configuration test",
            self.machine.root(),
            self.system("three")
        );
        match self.machine.sh(&script).code {
            Some(0) => self.others = Others::Activated,
            Some(11) => {}
            other => panic!("other tools ended with {other:?}"),
        }
    }

    /// Others make `three` what runs, the profile and the boot entry.
    fn others_switch(&mut self) {
        let three = self.system("three").to_owned();
        let profile = self.machine.root().join(PROFILES).join("system");
        let script = format!(
            "nix-env --profile {profile} --set {three}
            readlink {PROFILES}/system > boot/default.other; mv boot/default.other boot/default
            ln -sfn {three} run/.other; mv -T run/.other run/current-system"
        );
        self.machine.sh(&script).ok();
        self.others = Others::Switched;
    }

    fn give(&mut self, answer: Answer) {
        match answer {
            Answer::Yes => self.answer("yes"),
            Answer::No => self.answer("no"),
            Answer::Nothing => {}
            Answer::Late => {
                self.machine.stop_at("test-one");
                self.machine.wait_for_stop("test-one");
                self.answer("yes");
                self.machine.let_go("test-one");
            }
            Answer::YesAfterKill => {
                self.machine.kill(&[Role::Engine]);
                self.answer("yes");
            }
            Answer::YesAfterKillOfBoth => {
                self.machine.kill(&[Role::Engine, Role::Guard]);
                self.answer("yes");
                self.recover();
            }
            Answer::YesThenPowerLoss => {
                self.machine.kill(&Role::ALL);
                self.answer("yes");
                self.lose_power_and_boot();
            }
        }
    }

    fn collect_new(&self) {
        let two = self.system("two");
        self.machine.sandbox.sh(".", &format!("nix-store --delete {two} 2>&1")).ok();
    }

    fn move_the_disk(&mut self) {
        self.kill_all();
        let id = "machine/etc/machine-id";
        let ours = self.machine.sandbox.read(id);
        self.machine.sandbox.write(id, "00000000000000000000000000000002");
        let before = self.machine.state();
        self.recover();
        assert_eq!(self.machine.state(), before, "what another machine began was touched");
        self.machine.sandbox.write(id, ours);
        self.recover();
    }

    fn damage(&mut self, how: &str) {
        self.kill_all();
        let text = if how == "newer" { "{\"version\": 99}" } else { "{\"version\": 2, " };
        let odd = format!("machine/{}/odd.json", crate::cell::RECORDS);
        self.machine.sandbox.write(&odd, text);
        let before = self.machine.state();
        for outcome in
            [self.machine.recover(), self.machine.activate("switch", self.system("three"))]
        {
            outcome.fails(1);
            self.hear(&outcome);
        }
        assert_eq!(self.machine.state(), before, "something was done all the same");
        let _ = std::fs::remove_file(self.machine.sandbox.root().join(&odd));
        self.recover();
    }
}
