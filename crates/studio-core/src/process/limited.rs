//! Children that may not run for ever: in a process group of their own, with both outputs in a file.
//!
//! The file is the child's own: no pipe of ours can break under it or keep it waiting, whoever dies. Not here: what such
//! a child does.

use super::{Failure, Inherits, Program};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::File;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How long a child has to end by itself after it was asked to.
const GRACE: Duration = Duration::from_secs(5);

/// How a child with a time limit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit status.
    Code(i32),
    /// By this signal, which was not ours.
    Signal(i32),
    /// By us, because it took longer than this.
    TimedOut(Duration),
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ended::Code(code) => write!(f, "failed with exit status {code}"),
            Ended::Signal(signal) => write!(f, "was killed by signal {signal}"),
            Ended::TimedOut(limit) => {
                write!(f, "did not end within {} s and was killed", limit.as_secs())
            }
        }
    }
}

impl Program {
    /// Runs it with both outputs appended to `log`, and kills its whole process group after `limit`.
    pub fn within(&self, limit: Duration, log: &File) -> Result<Ended, Failure> {
        let mut child = self
            .command(log)
            .and_then(|mut command| command.process_group(0).spawn())
            .map_err(|cause| self.not_started(cause))?;
        let group = Pid::from_child(&child);
        let (send, ended) = channel();
        let waiter = std::thread::spawn(move || {
            let _ = send.send(child.wait());
        });
        let mut status = ended.recv_timeout(limit);
        let timed_out = matches!(status, Err(RecvTimeoutError::Timeout));
        if timed_out {
            // It was not waited for yet, so the number is still its own.
            let _ = kill_process_group(group, Signal::TERM);
            status = ended.recv_timeout(GRACE);
            // Also those that the child started and that did not listen.
            let _ = kill_process_group(group, Signal::KILL);
            if status.is_err() {
                status = ended.recv().map_err(|_| RecvTimeoutError::Disconnected);
            }
        }
        let _ = waiter.join();
        match status {
            _ if timed_out => Ok(Ended::TimedOut(limit)),
            Ok(Ok(status)) => Ok(ended_how(status)),
            Ok(Err(cause)) => Err(self.not_started(cause)),
            Err(_) => Err(self.not_started(std::io::Error::other("its end was not seen"))),
        }
    }

    /// Starts it in a session of its own, with nothing of ours but the file, and does not wait for it.
    pub fn detached(&self, log: &File) -> Result<Child, Failure> {
        self.command(log)
            .and_then(|mut command| command.spawn())
            .map_err(|cause| self.not_started(cause))
    }

    /// The program in its folder and environment, saying everything into `log`.
    fn command(&self, log: &File) -> std::io::Result<Command> {
        let mut command = self.command_with(log.try_clone()?.into(), log.try_clone()?.into());
        command.stdin(Stdio::null());
        Ok(command)
    }

    /// The program in its folder and environment; its stdin is still open.
    pub(super) fn command_with(&self, stdout: Stdio, stderr: Stdio) -> Command {
        let mut command = Command::new(&self.name);
        command.args(&self.args).current_dir(&self.dir).stdout(stdout).stderr(stderr);
        if self.inherits == Inherits::Nothing {
            command.env_clear();
        }
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

fn ended_how(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Code(code),
        (None, signal) => Ended::Signal(signal.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8Path;

    fn within(limit: u64, script: &str) -> (Ended, String) {
        let file = tempfile::NamedTempFile::new().expect("temp file");
        let log = file.reopen().expect("reopened");
        let program = Program::new("sh", Utf8Path::new("/")).args(["-c", script]);
        let ended = program.within(Duration::from_millis(limit), &log).expect("started");
        (ended, std::fs::read_to_string(file.path()).expect("readable"))
    }

    #[test]
    fn it_ends_as_it_ends_and_what_it_said_is_in_the_file() {
        assert_eq!(within(60_000, "echo a; echo b >&2; exit 4"), (Ended::Code(4), "a\nb\n".into()));
        assert_eq!(within(60_000, "kill -9 $$").0, Ended::Signal(9));
    }

    #[test]
    fn one_that_hangs_is_killed_with_all_that_it_started() {
        let (ended, said) = within(200, "sleep 60 & echo $!; wait");
        assert_eq!(ended, Ended::TimedOut(Duration::from_millis(200)));
        // A signal was sent; that it is dead is seen a moment later, and that nobody waited for it yet is no life.
        let status = format!("/proc/{}/status", said.trim());
        let lives = || {
            let status = std::fs::read_to_string(&status).unwrap_or_default();
            status.starts_with("Name:\tsleep\n") && !status.contains("\nState:\tZ")
        };
        let began = std::time::Instant::now();
        while lives() {
            assert!(began.elapsed() < Duration::from_secs(10), "it lives: {said}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
