//! A machine under a root folder in a sandbox, with hand-made systems in the store of a real Nix.
//!
//! The systems are as small as they can be: what their `switch-to-configuration` does is told by files in the system and
//! in the root folder, so that a test can stop or break it at any point. The example flake is the one that is like NixOS.
//! Not here: what a test expects.

mod disks;
mod power;

pub use power::Role;

use crate::{Outcome, RealNix, Sandbox};
use camino::Utf8PathBuf;
use disks::Disks;
use std::time::{Duration, Instant};

/// The activation program of each.
const SWITCH: &str = include_str!("switch-to-configuration.sh");
/// The programs of Nix that an engine calls, with points at which they stop.
const NIX_ENV: &str = include_str!("nix-env.sh");
const NIX_STORE: &str = include_str!("nix-store.sh");

/// Where the records lie, below the root of the machine.
const RECORDS: &str = "var/lib/studio/transactions";

/// How long something that must happen may take on a busy machine.
const LONG: Duration = Duration::from_secs(60);

/// The record of one attempt, as it is on disk.
pub type Record = serde_json::Value;

/// One machine.
pub struct Machine {
    /// Where it lies.
    pub sandbox: Sandbox,
    attempts: std::cell::Cell<u32>,
    disks: Option<Disks>,
}

impl Machine {
    /// A machine on which nothing was ever switched.
    #[must_use]
    pub fn new() -> Machine {
        let nix = RealNix::find();
        let sandbox = Sandbox::new().with_nix(&nix);
        let real = |name: &str| nix.bin.join(name);
        sandbox.write("bin/nix-env", NIX_ENV.replace("@real@", real("nix-env").as_str()));
        sandbox.write("bin/nix-store", NIX_STORE.replace("@real@", real("nix-store").as_str()));
        let script = format!(
            "chmod 755 bin/nix-env bin/nix-store; ln -s {} bin/nix; mkdir -p machine",
            real("nix")
        );
        sandbox.sh(".", &script).ok();
        Machine { sandbox, attempts: 0.into(), disks: None }
    }

    /// The root folder of the machine.
    pub fn root(&self) -> Utf8PathBuf {
        self.sandbox.root().join("machine")
    }

    /// A file of the machine, where this process sees it.
    pub fn file(&self, below: &str) -> Utf8PathBuf {
        let path = self.root().join(below);
        match &self.disks {
            Some(disks) => disks.seen(&path),
            None => path,
        }
    }

    /// Runs a script in the root folder, with what the machine sees.
    #[must_use = "assert on the outcome, or call `.ok()`"]
    pub fn sh(&self, script: &str) -> Outcome {
        let script = format!("cd {}; {script}", self.root());
        self.run(&["sh", "-eu", "-c", &script])
    }

    /// Runs a command with what the machine sees.
    #[must_use = "assert on the outcome, or call `.ok()`"]
    pub fn run<S: AsRef<str>>(&self, words: &[S]) -> Outcome {
        let enter = self.disks.as_ref().map(Disks::enter).unwrap_or_default();
        let enter = enter.iter().map(String::as_str);
        let words: Vec<&str> = enter.chain(words.iter().map(AsRef::as_ref)).collect();
        self.sandbox.run_words(".", &words)
    }

    /// A system called `name`, with more files in it: `("exit-test", "2")`, `("units/web.service", "failed")`.
    pub fn system(&self, name: &str, files: &[(&str, &str)]) -> String {
        let folder = format!("systems/{name}");
        let write = |path: &str, text: &str| self.sandbox.write(format!("{folder}/{path}"), text);
        write("bin/switch-to-configuration", SWITCH);
        for file in ["nixos-version", "init", "sw/bin/sh", "supports-studio-root"] {
            write(file, name);
        }
        for (path, text) in files {
            write(path, text);
        }
        let script = format!(
            "chmod 755 {folder}/bin/switch-to-configuration; nix-store --add {folder}; rm -r {folder}"
        );
        self.sandbox.sh(".", &script).ok()
    }

    /// The arguments of one call.
    pub fn args(&self, verb: &str, what: &str) -> Vec<String> {
        let number = self.attempts.get() + 1;
        self.attempts.set(number);
        let store = self.sandbox.root().join("nix/store");
        let mut args: Vec<String> = [verb, "--target=nixos", "--name=demo"].map(Into::into).into();
        args.extend([
            format!("--id=attempt-{number}"),
            format!("--root={}", self.root()),
            what.to_owned(),
            format!("--store-dir={store}"),
            format!("--answer={}", self.sandbox.root().join("answer")),
            "--limit=60".to_owned(),
            "--keeper=session".to_owned(),
            format!("--nix-env={}", self.sandbox.root().join("bin/nix-env")),
        ]);
        for (name, value) in self.sandbox.environment() {
            if name.starts_with("NIX_") && name != "NIX_CONFIG" {
                args.push(format!("--env={name}={value}"));
            }
        }
        args
    }

    /// Waits until nobody works on the machine.
    pub fn wait_until_free(&self) {
        let Ok(lock) = std::fs::File::open(self.root().join("run/studio/switch.lock")) else {
            return;
        };
        wait("nobody works on it", || lock.try_lock().is_ok());
    }

    /// Calls `studio-activate VERB` on a system.
    pub fn activate(&self, verb: &str, system: &str) -> Outcome {
        self.call(&self.args(verb, &format!("--toplevel={system}")))
    }

    /// Gives an order and waits for its end; what is shown is its log, and its exit status.
    pub fn call(&self, args: &[String]) -> Outcome {
        let mut outcome = self.order(args);
        let id = id(args);
        if outcome.code == Some(0) && self.record(id).is_some() {
            let record = self.wait_for_end(id);
            outcome.code = record["exit"].as_i64().map(|code| i32::try_from(code).expect("small"));
            outcome.stderr += &self.log(id);
        }
        outcome
    }

    /// Gives an order and does not wait for more than that it was taken.
    pub fn order(&self, args: &[String]) -> Outcome {
        let mut words = vec!["studio-activate"];
        words.extend(args.iter().map(String::as_str));
        self.run(&words)
    }

    /// The record of one attempt.
    pub fn record(&self, id: &str) -> Option<Record> {
        let text = std::fs::read_to_string(self.file(&format!("{RECORDS}/{id}.json"))).ok()?;
        Some(serde_json::from_str(&text).expect("JSON"))
    }

    /// What one attempt said.
    pub fn log(&self, id: &str) -> String {
        std::fs::read_to_string(self.file(&format!("{RECORDS}/{id}.log"))).unwrap_or_default()
    }

    /// The record of an attempt once it has ended.
    pub fn wait_for_end(&self, id: &str) -> Record {
        wait("the attempt has ended", || {
            self.record(id).is_some_and(|record| !record["exit"].is_null())
        });
        self.record(id).expect("a record")
    }

    /// Waits until an attempt is in a phase, or has ended.
    pub fn wait_for_phase(&self, id: &str, phase: &str) {
        wait(phase, || {
            self.record(id)
                .is_some_and(|record| record["phase"] == phase || !record["exit"].is_null())
        });
    }

    /// Makes whatever comes to a point stand still there.
    pub fn stop_at(&self, point: &str) {
        self.sandbox.write(format!("machine/stop-in-{point}"), "");
    }

    /// Waits until something stands still at a point.
    pub fn wait_for_stop(&self, point: &str) {
        let reached = self.root().join(format!("run/reached-{point}"));
        wait(point, || reached.exists());
    }

    /// Lets whatever stands still at a point go on.
    pub fn let_go(&self, point: &str) {
        let script = format!("rm -f stop-in-{point} run/reached-{point}");
        self.sandbox.sh("machine", &script).ok();
    }

    /// Gives an order whose engine stops at a point, and waits until it is there; returns the id.
    pub fn start_until(&self, point: &str, verb: &str, system: &str) -> String {
        self.stop_at(point);
        let args = self.args(verb, &format!("--toplevel={system}"));
        self.order(&args).ok();
        self.wait_for_stop(point);
        id(&args).to_owned()
    }

    /// Everything of the machine that counts: what runs, the profile, the boot default, the last record.
    pub fn state(&self) -> String {
        let or_nothing = |name: Option<String>| name.unwrap_or("nothing".into());
        let generation = self.file("nix/var/nix/profiles/system").read_link_utf8();
        format!(
            "runs {}, profile {} ({}), boots {}, {}",
            or_nothing(self.name_of("run/current-system")),
            or_nothing(self.name_of("nix/var/nix/profiles/system")),
            generation.map_or("none".into(), |link| link.to_string()),
            or_nothing(self.boot_default()),
            self.last_phase()
        )
    }

    /// The name of the system that a link of the machine leads to, if it is there.
    pub fn name_of(&self, link: &str) -> Option<String> {
        let path = self.leads_to(link)?;
        Some(path.file_name()?.get(33..)?.to_owned())
    }

    /// Where a link of the machine leads, if there is something. The links are followed one by one: the kernel would follow
    /// them out of the machine's own disks.
    fn leads_to(&self, link: &str) -> Option<Utf8PathBuf> {
        let mut at = self.root().join(link);
        let seen = |path: &Utf8PathBuf| match &self.disks {
            Some(disks) => disks.seen(path),
            None => path.clone(),
        };
        while let Ok(target) = seen(&at).read_link_utf8() {
            at = at.parent()?.join(target);
        }
        seen(&at).exists().then_some(at)
    }

    /// What starts at boot, as the name of a generation's link.
    pub fn boot_default(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.file("boot/default")).ok()?;
        Some(text.trim().to_owned())
    }

    /// The links of all generations, with the systems that they lead to.
    pub fn generations(&self) -> Vec<(String, Option<String>)> {
        let profiles = "nix/var/nix/profiles";
        let Ok(entries) = self.file(profiles).read_dir_utf8() else { return vec![] };
        let mut all: Vec<_> = entries
            .flatten()
            .map(|entry| entry.file_name().to_owned())
            .filter(|name| name.starts_with("system-") && name.ends_with("-link"))
            .map(|name| (name.clone(), self.name_of(&format!("{profiles}/{name}"))))
            .collect();
        all.sort();
        all
    }

    /// The phase of the last record.
    pub fn last_phase(&self) -> String {
        let records = self.records();
        records.last().map_or("no record".into(), |record| record["phase"].to_string())
    }

    /// All records, oldest first. One that is damaged is no JSON here either.
    pub fn records(&self) -> Vec<Record> {
        let mut records: Vec<Record> = self
            .beside_the_records()
            .iter()
            .filter(|name| name.ends_with(".json"))
            .filter_map(|name| {
                let text = std::fs::read_to_string(self.file(&format!("{RECORDS}/{name}"))).ok()?;
                serde_json::from_str(&text).ok()
            })
            .collect();
        records.sort_by_key(|record| record["sequence"].as_u64());
        records
    }

    /// The names of all files in the folder of the records.
    pub fn beside_the_records(&self) -> Vec<String> {
        let Ok(entries) = self.file(RECORDS).read_dir_utf8() else { return vec![] };
        entries.flatten().map(|entry| entry.file_name().to_owned()).collect()
    }

    /// The calls of `switch-to-configuration` so far; forgotten afterwards.
    pub fn calls(&self) -> String {
        let calls = self.sandbox.read("machine/calls");
        std::fs::remove_file(self.root().join("calls")).expect("removed");
        calls.lines().collect::<Vec<_>>().join(", ")
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

/// The name of the attempt in the arguments of a call.
fn id(args: &[String]) -> &str {
    args.iter().find_map(|arg| arg.strip_prefix("--id=")).expect("an id")
}

/// Waits until something is so.
#[track_caller]
fn wait(what: &str, so: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !so() {
        assert!(Instant::now() < deadline, "it never came to this: {what}");
        std::thread::sleep(Duration::from_millis(3));
    }
}
