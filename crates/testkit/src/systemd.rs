//! A real systemd for one test: process 1 of namespaces of its own, with its own `/run` and control groups, a handful of
//! units, a journal, and the files of the machine. For what only systemd can show: that work goes on when everything
//! that started it was killed, that timers fire, that a unit's name is taken.
//!
//! Not here: a message bus (`systemctl` and `systemd-run` of root need none, but `--wait`, `--pipe` and `--pty` do), the
//! machine's own units, logins.

use crate::{Outcome, Sandbox};
use camino::{Utf8Path, Utf8PathBuf};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What boots it, and removes it again.
const SCRIPT: &str = include_str!("systemd.sh");

/// What it takes, for a person whose test has failed.
const NEEDED: &str = "a test needs a real systemd: Linux 5.14 or newer with control groups of version 2; `systemctl` of \
                      systemd 250 or newer and `unshare`, `nsenter`, `setpriv` of util-linux on PATH; and root, or user \
                      namespaces and a control group that is yours, as by\n  \
                      systemd-run --user --scope --property=Delegate=yes cargo xtask test";

/// A booted systemd. Dropped, it is gone, with all that runs in it.
pub struct Systemd {
    supervisor: Child,
    /// The process outside whose namespaces are entered.
    inside: String,
    root: Utf8PathBuf,
    environment: Vec<(String, String)>,
}

impl Systemd {
    /// Boots one, in an eighth of a second. Units that the test has written below `systemd/units` are known to it, and
    /// those linked into `systemd/units/multi-user.target.wants` are started. What runs in it has the sandbox's
    /// variables of this moment, except for services: those have systemd's few.
    ///
    /// To drop it and start another one in the same sandbox is a power cut: files stay, processes and `/run` do not.
    ///
    /// # Panics
    /// If this machine cannot run one: a test that needs it fails rather than pass without.
    #[track_caller]
    #[must_use]
    pub fn start(sandbox: &Sandbox) -> Systemd {
        match boot(sandbox) {
            Ok(systemd) => systemd,
            Err(found) => panic!("{NEEDED}\nfound here: {found}"),
        }
    }

    /// A command in `dir` (below the sandbox) as [`Sandbox::command`] makes it, but inside.
    ///
    /// It belongs to no unit, and dies with systemd.
    pub fn command(&self, program: &str, dir: impl AsRef<Utf8Path>) -> assert_cmd::Command {
        let mut command = assert_cmd::Command::new("nsenter");
        if !rustix::process::geteuid().is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command
            .args(["--mount", "--cgroup", "--ipc", "--uts", "--target", &self.inside])
            // The process itself is the parent of the first in there.
            .arg(format!("--pid=/proc/{}/ns/pid_for_children", self.inside))
            // A working folder from outside would be one of the mounts outside.
            .args(["--", "sh", "-c", "cd \"$0\" && exec \"$@\""])
            .args([self.root.join(dir.as_ref()).as_str(), program])
            .env_clear()
            .envs(self.environment.iter().cloned());
        command
    }

    /// Runs a command line of words separated by single spaces.
    #[must_use = "assert on the outcome, or call `.ok()`"]
    pub fn run(&self, dir: impl AsRef<Utf8Path>, line: &str) -> Outcome {
        let words: Vec<&str> = line.split(' ').collect();
        self.run_words(dir, &words)
    }

    /// Runs a command line given as words.
    #[must_use = "assert on the outcome, or call `.ok()`"]
    pub fn run_words(&self, dir: impl AsRef<Utf8Path>, words: &[&str]) -> Outcome {
        let (program, args) = words.split_first().expect("a command has a name");
        Outcome::of(self.command(program, dir).args(args), words, &self.root)
    }

    /// Runs a script with `sh -eu`.
    #[must_use = "assert on the outcome, or call `.ok()`"]
    pub fn sh(&self, dir: impl AsRef<Utf8Path>, script: &str) -> Outcome {
        self.run_words(dir, &["sh", "-eu", "-c", script])
    }

    /// What a unit and systemd itself had to say about it, a line each.
    pub fn journal(&self, unit: &str) -> String {
        let script = format!("journalctl --sync && journalctl --quiet -o cat --unit {unit}");
        self.sh("", &script).ok()
    }

    fn is_running(&self) -> bool {
        let state = self.run("", "systemctl is-system-running").stdout;
        matches!(state.trim(), "running" | "degraded")
    }

    /// `active`, `inactive`, `failed`, `deactivating`, …
    pub fn state(&self, unit: &str) -> String {
        // The exit status says the same, with less words.
        self.run_words("", &["systemctl", "is-active", unit]).stdout.trim().to_owned()
    }
}

impl Drop for Systemd {
    fn drop(&mut self) {
        // The end of its stdin is the order to clean up; waiting, so that nothing writes into the sandbox any more.
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

fn boot(sandbox: &Sandbox) -> Result<Systemd, String> {
    let folder = sandbox.root().join("systemd");
    std::fs::create_dir_all(&folder).map_err(|cause| format!("{folder}: {cause}"))?;
    let said = folder.join("said");
    let stderr = File::create(&said).map_err(|cause| format!("{said}: {cause}"))?;
    let mut supervisor = Command::new("sh")
        .args(["-c", SCRIPT, "systemd.sh", folder.as_str(), program()?.as_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(stderr)
        // Ctrl-C is for the test; this has to clean up after it.
        .process_group(0)
        .spawn()
        .map_err(|cause| format!("cannot run sh: {cause}"))?;
    let mut inside = String::new();
    let stdout = supervisor.stdout.take().expect("it was asked for");
    // That nothing comes is seen below.
    let _ = BufReader::new(stdout).read_line(&mut inside);
    // From here on the supervisor is waited for, whatever happens.
    let systemd = Systemd {
        supervisor,
        inside: inside.trim().to_owned(),
        root: sandbox.root().to_owned(),
        environment: sandbox.environment(),
    };
    let began = Instant::now();
    loop {
        // Before that the namespaces are those outside, and it is the machine's own systemd that would answer.
        let booting = folder.join("booting").exists();
        if booting && systemd.is_running() {
            return Ok(systemd);
        }
        // Of a process that has ended but was not waited for the namespaces cannot be read.
        let namespace = format!("/proc/{}/ns/mnt", systemd.inside);
        let gone = systemd.inside.is_empty() || std::fs::read_link(namespace).is_err();
        if gone || began.elapsed() > Duration::from_secs(60) {
            let text = |file| std::fs::read_to_string(folder.join(file)).unwrap_or_default();
            return Err(format!("{}{}", text("said"), text("messages")));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The program that is process 1: it is beside `systemctl` in every distribution, in one sense or another.
fn program() -> Result<Utf8PathBuf, String> {
    let path = std::env::var("PATH").unwrap_or_default();
    let systemctl = std::env::split_paths(&path)
        .map(|folder| folder.join("systemctl"))
        .find_map(|file| file.canonicalize().ok())
        .ok_or("no systemctl on PATH")?;
    let prefix = systemctl.ancestors().nth(2).expect("a program lies in a bin");
    [prefix.join("lib/systemd/systemd"), "/usr/lib/systemd/systemd".into()]
        .into_iter()
        .find(|file| file.is_file())
        .and_then(|file| Utf8PathBuf::from_path_buf(file).ok())
        .ok_or_else(|| format!("{} without systemd itself", systemctl.display()))
}
