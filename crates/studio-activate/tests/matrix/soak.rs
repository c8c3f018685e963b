//! The soak: random orders on one machine, each killed at a random moment in a random way, and nothing is ever lost.

use crate::whole;
use std::time::{Duration, Instant};
use testkit::{Dice, Machine, Role};

const SYSTEMS: [&str; 4] = ["ant", "bee", "cat", "dog"];

/// The longest time after which something is killed: an undisturbed order takes a little less.
const LATEST: u64 = 300;

/// What ends what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kill {
    Nobody,
    Client,
    Engine,
    Guard,
    EngineAndGuard,
    Everything,
    PowerLoss,
}

struct Soak {
    machine: Machine,
    systems: [String; 4],
    dice: Dice,
    /// All that was done, for the one who has to understand it.
    told: Vec<String>,
}

#[test]
fn whatever_is_killed_at_random_nothing_is_lost() {
    let dice = Dice::new();
    let seed = dice.seed();
    let machine = Machine::new();
    let systems = SYSTEMS.map(|name| machine.system(name, &[]));
    for system in &systems[..2] {
        machine.activate("switch", system).ok();
    }
    let mut soak = Soak { machine, systems, dice, told: vec![] };
    let rounds = testkit::rounds(15, 200);
    for round in 0..rounds {
        soak.told.push(format!("round {round}"));
        let before = soak.machine.generations();
        let default = soak.default();
        let (verb, new) = soak.round();
        soak.settle();
        let mut faults = whole::faults(&soak.machine);
        let after = soak.machine.generations();
        for generation in before {
            if !after.contains(&generation) {
                faults.push(format!("{generation:?} is lost"));
            }
        }
        let now = soak.default();
        if now != default && (verb == "test" || now != new) {
            faults.push(format!("{default} started at boot before, {verb} {new} came, now {now}"));
        }
        assert!(faults.is_empty(), "seed {seed}:\n- {}\n{}", faults.join("\n- "), soak.story());
    }
    for system in &soak.systems {
        soak.machine.activate("switch", system).ok();
    }
    let records = soak.machine.records();
    // Old ones that nobody needs are removed, but they are counted on.
    let attempts = records.iter().filter_map(|record| record["sequence"].as_u64()).max();
    assert!(attempts >= Some(rounds), "only {attempts:?} attempts were made");
    let interrupted = records.iter().filter(|record| !record["interrupted_in"].is_null()).count();
    let all = records.len();
    testkit::report(
        "random-kills.md",
        &format!(
            "# Random kills\n\n{rounds} rounds with seed {seed}: {interrupted} of the {all} attempts still on record were interrupted, and nothing was lost.\n"
        ),
    );
    assert!(interrupted >= all / 12, "too few were interrupted to say anything");
}

impl Soak {
    /// What starts at boot.
    fn default(&self) -> String {
        self.machine.name_of("nix/var/nix/profiles/system").unwrap_or("nothing".into())
    }

    /// One order and one kill; gives what was wanted.
    fn round(&mut self) -> (&'static str, String) {
        let verb = self.dice.of(&["switch", "switch", "test", "rollback", "boot"]);
        let (new, mut args) = self.order(verb);
        if self.dice.below(4) == 0 {
            let says = self.dice.of(&["true", "true", "false"]);
            args.push(format!(
                r#"--health={{"name":"web","command":["/bin/sh","-c","sleep 0.05; {says}"],"timeout":9,"retries":0,"pause":0}}"#
            ));
        }
        if verb != "boot" && self.dice.below(4) == 0 {
            args.push("--confirm-within=1".into());
        }
        self.machine.sandbox.sh(".", "rm -f answer.*").ok();
        let words: Vec<String> =
            std::iter::once("studio-activate".to_owned()).chain(args).collect();
        let kill = self.dice.of(&[
            Kill::Nobody,
            Kill::Client,
            Kill::Engine,
            Kill::Engine,
            Kill::Guard,
            Kill::EngineAndGuard,
            Kill::EngineAndGuard,
            Kill::Everything,
            Kill::PowerLoss,
        ]);
        let after = self.dice.below(LATEST);
        let answer = self.dice.of(&["yes", "yes", "no", "nothing"]);
        self.told.push(format!("{verb} {new}, answer {answer}, after {after} ms kill {kill:?}"));
        let mut client = self.machine.start(&words);
        std::thread::sleep(Duration::from_millis(after));
        let early = self.dice.below(2) == 0;
        if early {
            self.machine.sandbox.write(format!("answer.{answer}"), "");
        }
        self.strike(kill);
        if !early {
            self.machine.sandbox.write(format!("answer.{answer}"), "");
        }
        let _ = client.wait();
        (verb, new)
    }

    fn order(&mut self, verb: &str) -> (String, Vec<String>) {
        if verb == "rollback" {
            let generations = self.machine.generations();
            let at = self.dice.below(generations.len() as u64);
            let (link, system) = &generations[usize::try_from(at).expect("small")];
            let number: String = link.chars().filter(char::is_ascii_digit).collect();
            let system = system.clone().unwrap_or_default();
            return (system, self.machine.args(verb, &format!("--generation={number}")));
        }
        let at = self.dice.of(&[0, 1, 2, 3]);
        let what = format!("--toplevel={}", self.systems[at]);
        (SYSTEMS[at].to_owned(), self.machine.args(verb, &what))
    }

    fn strike(&mut self, kill: Kill) {
        match kill {
            Kill::Nobody => {}
            Kill::Client => self.machine.kill(&[Role::Client]),
            Kill::Engine => self.machine.kill(&[Role::Engine]),
            Kill::Guard => self.machine.kill(&[Role::Guard]),
            Kill::EngineAndGuard => self.machine.kill(&[Role::Engine, Role::Guard]),
            Kill::Everything => self.machine.kill(&Role::ALL),
            Kill::PowerLoss => {
                self.machine.lose_power();
                let (booted, outcome) = self.machine.boot();
                self.told.push(format!("`{booted}` started\n{outcome}"));
                outcome.ok();
            }
        }
    }

    /// Whatever is open is resolved, in one way or the other.
    fn settle(&mut self) {
        if self.dice.below(4) == 0 {
            // Recovery dies as well.
            let after = self.dice.below(LATEST / 3);
            self.told.push(format!("recovery, and after {after} ms everything is killed"));
            let mut recovery = self.machine.start_recovery();
            std::thread::sleep(Duration::from_millis(after));
            self.machine.kill(&Role::ALL);
            let _ = recovery.wait();
        }
        self.wait_until_quiet();
        if self.dice.below(2) == 0 {
            let at = self.dice.of(&[0, 1, 2, 3]);
            let outcome = self.machine.activate("test", &self.systems[at]);
            self.told.push(format!("test {}\n{outcome}", SYSTEMS[at]));
            outcome.ok();
        } else {
            let outcome = self.machine.recover();
            self.told.push(format!("recover\n{outcome}"));
            outcome.ok();
        }
        self.wait_until_quiet();
    }

    fn wait_until_quiet(&self) {
        let until = Instant::now() + Duration::from_secs(60);
        while !self.machine.processes().iter().all(|(role, ..)| *role == Role::Child) {
            assert!(Instant::now() < until, "it never became quiet:\n{}", self.story());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The last rounds, and the last attempts.
    fn story(&self) -> String {
        let mut story = self.machine.state() + "\n";
        let told = self.told.len().saturating_sub(8);
        story += &self.told[told..].join("\n");
        let records = self.machine.records();
        for record in &records[records.len().saturating_sub(3)..] {
            let id = record["call"]["id"].as_str().unwrap_or("?");
            story += &format!("\n--- {record}\n{}", self.machine.log(id));
        }
        story
    }
}
