//! What ends a machine or a part of it before its time: killed processes, and a loss of power.

use super::{Machine, wait};
use crate::Outcome;
use camino::Utf8Path;
use rustix::process::{Pid, Signal, kill_process};
use std::process::{Child, Command, Stdio};

/// What a process of a machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Who gave the order and watches it.
    Client,
    /// Who carries it out.
    Engine,
    /// Who takes over if the engine dies.
    Guard,
    /// What one of them started: activation programs, Nix, health checks.
    Child,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 4] = [Role::Client, Role::Engine, Role::Guard, Role::Child];

    /// By the command line.
    fn of(words: &[&str]) -> Role {
        let program = words.first().and_then(|word| word.rsplit('/').next());
        match (program, words.get(1)) {
            (Some("studio-activate"), Some(&"engine")) => Role::Engine,
            (Some("studio-activate"), Some(&"guard")) => Role::Guard,
            (Some("studio-activate" | "flake-rollback" | "flake-switch" | "flake-test"), _) => {
                Role::Client
            }
            _ => Role::Child,
        }
    }
}

impl Machine {
    /// The living processes of this machine: what they are, their numbers and command lines.
    pub fn processes(&self) -> Vec<(Role, i32, String)> {
        let Ok(entries) = Utf8Path::new("/proc").read_dir_utf8() else { return vec![] };
        let mark = self.sandbox.root().as_str().as_bytes();
        let keeper = self.disks.as_ref().map(|disks| disks.keeper());
        entries
            .flatten()
            .filter_map(|entry| {
                let pid: i32 = entry.file_name().parse().ok()?;
                if Some(pid) == keeper {
                    return None;
                }
                let read = |name: &str| std::fs::read(entry.path().join(name)).ok();
                let line = read("cmdline")?;
                let ours = |text: &[u8]| text.windows(mark.len()).any(|part| part == mark);
                // One that is dead and not yet waited for has no command line.
                if line.is_empty() || !(ours(&line) || ours(&read("environ")?)) {
                    return None;
                }
                let line = String::from_utf8_lossy(&line).into_owned();
                let words: Vec<&str> = line.split('\0').collect();
                Some((Role::of(&words), pid, words.join(" ")))
            })
            .collect()
    }

    /// Kills all processes of these roles, and waits until they are dead. They stand still before the first of them dies,
    /// so that none sees the end of another.
    pub fn kill(&self, roles: &[Role]) {
        let mut standing = vec![];
        loop {
            let found = self.those_of(roles);
            if found == standing {
                break;
            }
            send(&found, Signal::STOP);
            standing = found;
        }
        wait("they are dead", || {
            let victims = self.those_of(roles);
            send(&victims, Signal::KILL);
            victims.is_empty()
        });
    }

    fn those_of(&self, roles: &[Role]) -> Vec<i32> {
        let all = self.processes().into_iter();
        all.filter_map(|(role, pid, _)| roles.contains(&role).then_some(pid)).collect()
    }

    /// Everything ends at once, and what is not on a disk is gone.
    pub fn lose_power(&self) {
        self.kill(&Role::ALL);
        self.sandbox.sh("machine", "rm -rf run stop-in-*").ok();
    }

    /// Starts the machine from what is on its disks: the default entry, its generation, its system, whose name is returned.
    pub fn start_up(&self) -> String {
        let entry = self.boot_default().expect("there is a default entry");
        let link = format!("nix/var/nix/profiles/{entry}");
        let system = self.leads_to(&link).expect("the default entry has a system");
        assert!(self.can_start(&entry), "`{system}` cannot be started");
        let script = format!(
            "mkdir -p run/units; ln -s {system} run/booted-system; ln -s {system} run/current-system
            for unit in {system}/units/*; do [ ! -e \"$unit\" ] || cp \"$unit\" run/units/; done"
        );
        self.sandbox.sh("machine", &script).ok();
        self.name_of(&link).expect("a name")
    }

    /// Whether there is a system behind a boot entry.
    pub fn can_start(&self, entry: &str) -> bool {
        let system = self.leads_to(&format!("nix/var/nix/profiles/{entry}"));
        system.is_some_and(|system| system.join("init").is_file())
    }

    /// Starts the machine, and then the unit that finishes what was interrupted. Returns the name of the system that
    /// started, and what the unit said.
    pub fn boot(&self) -> (String, Outcome) {
        (self.start_up(), self.recover())
    }

    /// What the unit at boot does, and what an administrator may do at any time.
    pub fn recover(&self) -> Outcome {
        self.run(&self.recover_words())
    }

    /// The same, while the caller does something else.
    pub fn start_recovery(&self) -> Child {
        self.start(&self.recover_words())
    }

    fn recover_words(&self) -> Vec<String> {
        ["studio-activate", "recover", "--root", self.root().as_str()].map(str::to_owned).into()
    }

    /// Starts a command that is not waited for.
    pub fn start(&self, words: &[String]) -> Child {
        Command::new("sh")
            // The search on PATH is the shell's, so that the sandbox's PATH counts.
            .args(["-c", "exec \"$@\"", "sh"])
            .args(words)
            .current_dir(self.sandbox.root())
            .env_clear()
            .envs(self.sandbox.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("sh is there")
    }
}

/// Sends a signal to all of them; one may have ended meanwhile.
fn send(pids: &[i32], signal: Signal) {
    for pid in pids.iter().filter_map(|pid| Pid::from_raw(*pid)) {
        let _ = kill_process(pid, signal);
    }
}
