//! A machine under a root folder in a sandbox, with hand-made systems in the store of a real Nix.
//!
//! The systems are as small as they can be: their `switch-to-configuration` does what files in the system and in the root
//! folder tell it, which lets a test stop or break it at any point. The example flake is the one that is like NixOS.

use camino::Utf8PathBuf;
use std::time::{Duration, Instant};
use testkit::{Outcome, RealNix, Sandbox};

const SWITCH: &str = r#"#!/bin/sh
set -eu
top=${0%/bin/*}
root=$STUDIO_ROOT
name=${top##*/}
echo "$1 ${name#*-}" >> "$root/calls"
if [ -e "$root/stop-in-$1" ]; then
  touch "$root/reached"
  while [ -e "$root/stop-in-$1" ]; do sleep 0.02; done
  exit 99
fi
if [ -e "$top/exit-$1" ] && [ "$(cat "$top/exit-$1")" != 4 ]; then exit "$(cat "$top/exit-$1")"; fi
case $1 in
  test)
    [ ! -e "$top/on-test" ] || . "$top/on-test"
    # a unit that the new system does not have is stopped
    rm -rf "$root/run/units"
    mkdir -p "$root/run/units"
    [ ! -d "$top/units" ] || cp "$top/units/"* "$root/run/units/"
    ln -sfn "$top" "$root/run/current-system"
    ;;
  boot)
    mkdir -p "$root/boot"
    readlink "$root/nix/var/nix/profiles/system" > "$root/boot/default"
    ;;
esac
[ ! -e "$top/exit-$1" ] || exit "$(cat "$top/exit-$1")"
"#;

/// A nix-env that can be stopped before and after the real one does its work.
const NIX_ENV: &str = r#"#!/bin/sh
set -eu
stop() {
  [ -e "$STUDIO_ROOT/stop-in-$1" ] || return 0
  touch "$STUDIO_ROOT/reached"
  while [ -e "$STUDIO_ROOT/stop-in-$1" ]; do sleep 0.02; done
  exit 99
}
stop before-profile
"@real@" "$@"
stop after-profile
"#;

/// Where the records lie, below the sandbox.
const RECORDS: &str = "machine/var/lib/studio/transactions";

pub struct Machine {
    pub sandbox: Sandbox,
    attempts: std::cell::Cell<u32>,
}

impl Machine {
    pub fn new() -> Machine {
        let nix = RealNix::find();
        let sandbox = Sandbox::new().with_nix(&nix);
        sandbox.write("bin/nix-env", NIX_ENV.replace("@real@", nix.bin.join("nix-env").as_str()));
        let script =
            format!("chmod 755 bin/nix-env; ln -s {} bin/nix-store", nix.bin.join("nix-store"));
        sandbox.sh(".", &script).ok();
        Machine { sandbox, attempts: 0.into() }
    }

    pub fn root(&self) -> Utf8PathBuf {
        self.sandbox.root().join("machine")
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
        let deadline = Instant::now() + Duration::from_secs(60);
        let lock = std::fs::File::open(self.root().join("run/studio/switch.lock")).expect("lock");
        while lock.try_lock().is_err() {
            assert!(Instant::now() < deadline, "somebody works on it still");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Calls `studio-activate VERB` on a system.
    pub fn activate(&self, verb: &str, system: &str) -> Outcome {
        self.call(&self.args(verb, &format!("--toplevel={system}")))
    }

    /// Gives an order and waits for its end; what is shown is its log, and its exit status.
    pub fn call(&self, args: &[String]) -> Outcome {
        let mut outcome = self.order(args);
        let id = args.iter().find_map(|arg| arg.strip_prefix("--id=")).expect("an id");
        if outcome.code == Some(0) && self.record(id).is_some() {
            let record = self.wait_for_end(id);
            outcome.code = record["exit"].as_i64().map(|code| i32::try_from(code).expect("small"));
            outcome.stderr += &self.sandbox.read(format!("{RECORDS}/{id}.log"));
        }
        outcome
    }

    /// Gives an order and does not wait for more than that it was taken.
    pub fn order(&self, args: &[String]) -> Outcome {
        let mut words = vec!["studio-activate"];
        words.extend(args.iter().map(String::as_str));
        self.sandbox.run_words(".", &words)
    }

    /// The record of one attempt.
    pub fn record(&self, id: &str) -> Option<serde_json::Value> {
        let path = self.sandbox.root().join(format!("{RECORDS}/{id}.json"));
        let text = std::fs::read_to_string(path).ok()?;
        Some(serde_json::from_str(&text).expect("JSON"))
    }

    /// The record of an attempt once it has ended, and its lock is free.
    pub fn wait_for_end(&self, id: &str) -> serde_json::Value {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            match self.record(id) {
                Some(record) if !record["exit"].is_null() => return record,
                other => assert!(Instant::now() < deadline, "it never ended: {other:?}"),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Gives an order whose engine stops at a point, and waits until it is there; returns the id.
    pub fn start_until(&self, point: &str, verb: &str, system: &str) -> String {
        self.sandbox.write(format!("machine/stop-in-{point}"), "");
        let args = self.args(verb, &format!("--toplevel={system}"));
        self.order(&args).ok();
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self.root().join("reached").exists() {
            assert!(Instant::now() < deadline, "it never came to {point}");
            std::thread::sleep(Duration::from_millis(5));
        }
        args.iter().find_map(|arg| arg.strip_prefix("--id=")).expect("an id").to_owned()
    }

    /// Kills whoever works on an attempt, and waits until it is dead.
    pub fn kill_engine(&self, id: &str) {
        let pid = self.record(id).expect("a record")["process"].to_string();
        self.sandbox
            .sh(
                ".",
                &format!("kill -9 {pid}; while kill -0 {pid} 2> /dev/null; do sleep 0.01; done"),
            )
            .ok();
    }

    /// Ends whatever stands still at a point.
    pub fn let_go(&self, point: &str) {
        let script = format!("rm -f machine/stop-in-{point} machine/reached; sleep 0.1");
        self.sandbox.sh(".", &script).ok();
    }

    /// Everything of the machine that counts: what runs, the profile, the boot default, the last record.
    pub fn state(&self) -> String {
        let name = |link: &str| {
            let link = self.root().join(link);
            let path = link.canonicalize_utf8().ok();
            path.and_then(|path| Some(path.file_name()?.get(33..)?.to_owned()))
                .unwrap_or("nothing".into())
        };
        let boot = self.root().join("boot/default");
        let boot = std::fs::read_to_string(boot).unwrap_or("nothing".into());
        let generation = self.root().join("nix/var/nix/profiles/system").read_link_utf8();
        format!(
            "runs {}, profile {} ({}), boots {}, {}",
            name("run/current-system"),
            name("nix/var/nix/profiles/system"),
            generation.map_or("none".into(), |link| link.to_string()),
            boot.trim(),
            self.last_phase()
        )
    }

    /// The phase of the last record.
    pub fn last_phase(&self) -> String {
        let records = self.records();
        records.last().map_or("no record".into(), |record| record["phase"].to_string())
    }

    /// All records, oldest first.
    pub fn records(&self) -> Vec<serde_json::Value> {
        let folder = self.root().join("var/lib/studio/transactions");
        let Ok(entries) = std::fs::read_dir(folder) else { return vec![] };
        let mut records: Vec<serde_json::Value> = entries
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|end| end == "json"))
            .map(|entry| std::fs::read_to_string(entry.path()).expect("readable"))
            .map(|text| serde_json::from_str(&text).expect("JSON"))
            .collect();
        records.sort_by_key(|record| record["sequence"].as_u64());
        records
    }

    /// The calls of `switch-to-configuration` so far; forgotten afterwards.
    pub fn calls(&self) -> String {
        let calls = self.sandbox.read("machine/calls");
        std::fs::remove_file(self.root().join("calls")).expect("removed");
        calls.lines().collect::<Vec<_>>().join(", ")
    }
}

/// Hides what differs from one Nix to the next: the hashes.
pub fn shown(outcome: &Outcome) -> String {
    let text = outcome.to_string();
    let mut shown = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("/nix/store/") {
        let name = at + "/nix/store/".len();
        shown.push_str(&rest[..name]);
        shown.push_str("HASH");
        rest = rest.get(name + 32..).unwrap_or_default();
    }
    shown + rest
}
