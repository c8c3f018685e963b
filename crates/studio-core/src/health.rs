//! Health checks: commands that say whether a machine does what it is there for. They come from `studio.toml`, travel in
//! the order for the engine, and are run by it on the machine, between activation and permanence.
//!
//! Not here: reading `studio.toml` (`config`), or what follows from a failure (`studio-activate`).

use crate::process::{Ended, Program};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::File;
use std::time::Duration;

/// One health check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// What people call it.
    pub name: String,
    /// The program and its arguments; at least the program.
    pub command: Vec<String>,
    /// How many seconds one run may take.
    pub timeout: u64,
    /// How many more times it is run if it fails.
    pub retries: u32,
    /// How many seconds lie between two runs.
    pub pause: u64,
}

/// A health check that did not hold, after all its retries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The name of the check.
    pub name: String,
    /// What came of its last run: `failed with exit status 1`, `` `sshd-ok` was not found ``.
    pub why: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "health check `{}`: {}", self.name, self.why)
    }
}

/// Runs all checks, one after the other, and returns those that do not hold.
///
/// `child` gives a program its folder and environment; it is looked up on the PATH that it is given. What the checks
/// write goes to `log`. `say` gets a line when a check holds and when one is tried again; failures are left to the
/// caller. In the worst case a check takes `(retries + 1) * (timeout + 5 s) + retries * pause`.
pub fn run(
    checks: &[HealthCheck],
    child: &dyn Fn(&str) -> Program,
    log: &File,
    say: &mut dyn FnMut(&str),
) -> Vec<Failure> {
    checks.iter().filter_map(|check| check.fails(child, log, say)).collect()
}

impl HealthCheck {
    /// Runs it until it holds or there is no try left.
    fn fails(
        &self,
        child: &dyn Fn(&str) -> Program,
        log: &File,
        say: &mut dyn FnMut(&str),
    ) -> Option<Failure> {
        let mut left = self.retries;
        loop {
            let why = match self.once(child, log) {
                Ok(()) => {
                    say(&format!("health check `{}` holds", self.name));
                    return None;
                }
                Err(why) => why,
            };
            if left == 0 {
                return Some(Failure { name: self.name.clone(), why });
            }
            left -= 1;
            say(&format!("health check `{}`: {why}; trying again in {} s", self.name, self.pause));
            std::thread::sleep(Duration::from_secs(self.pause));
        }
    }

    /// Runs it once; what it is not, in words, if it does not hold.
    fn once(&self, child: &dyn Fn(&str) -> Program, log: &File) -> Result<(), String> {
        let Some((program, args)) = self.command.split_first() else {
            return Err("it has no command".to_owned());
        };
        match child(program).args(args).within(Duration::from_secs(self.timeout), log) {
            Ok(Ended::Code(0)) => Ok(()),
            Ok(ended) => Err(ended.to_string()),
            Err(failure) => Err(failure.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8Path;

    fn check(name: &str, script: &str) -> HealthCheck {
        HealthCheck {
            name: name.to_owned(),
            command: ["sh", "-c", script].map(str::to_owned).into(),
            timeout: 60,
            retries: 0,
            pause: 0,
        }
    }

    /// What is said, what fails, and what is in the log.
    fn outcome(checks: &[HealthCheck], dir: &Utf8Path) -> (Vec<String>, Vec<String>, String) {
        let file = tempfile::NamedTempFile::new().expect("temp file");
        let log = file.reopen().expect("reopened");
        let mut said = vec![];
        let child = |name: &str| Program::new(name, dir).env("GREETING", "hello");
        let failures = run(checks, &child, &log, &mut |line| said.push(line.to_owned()));
        let failures = failures.iter().map(ToString::to_string).collect();
        (said, failures, std::fs::read_to_string(file.path()).expect("readable"))
    }

    #[test]
    fn all_are_run_and_those_that_fail_are_told() {
        let missing = HealthCheck { command: vec!["sshd-ok".into()], ..check("ssh", "") };
        let checks = [
            check("one", "echo $GREETING"),
            missing,
            check("two", "echo why >&2; exit 3"),
            check("three", "kill -9 $$"),
        ];
        let (said, failures, log) = outcome(&checks, "/".into());
        assert_eq!(said, ["health check `one` holds"]);
        assert_eq!(
            failures,
            [
                "health check `ssh`: `sshd-ok` was not found",
                "health check `two`: failed with exit status 3",
                "health check `three`: was killed by signal 9"
            ]
        );
        assert_eq!(log, "hello\nwhy\n");
    }

    #[test]
    fn one_that_hangs_is_killed() {
        let hangs = HealthCheck { timeout: 1, ..check("web", "sleep 60 & wait") };
        let (said, failures, _) = outcome(&[hangs], "/".into());
        assert_eq!(said, Vec::<String>::new());
        assert_eq!(failures, ["health check `web`: did not end within 1 s and was killed"]);
    }

    #[test]
    fn it_is_tried_again_as_often_as_it_says() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = crate::fs::utf8(dir.path()).expect("utf-8");
        let third = "echo x >> runs; [ $(wc -l < runs) -ge 3 ]";
        let checks = [
            HealthCheck { retries: 5, ..check("slow", third) },
            HealthCheck { retries: 1, ..check("never", "echo y >> runs; false") },
        ];
        let (said, failures, _) = outcome(&checks, &dir);
        let again = "failed with exit status 1; trying again in 0 s";
        assert_eq!(
            said,
            [
                &format!("health check `slow`: {again}"),
                &format!("health check `slow`: {again}"),
                "health check `slow` holds",
                &format!("health check `never`: {again}"),
            ]
        );
        assert_eq!(failures, ["health check `never`: failed with exit status 1"]);
        let runs = std::fs::read_to_string(dir.join("runs")).expect("runs");
        assert_eq!(runs, "x\nx\nx\ny\ny\n");
    }
}
