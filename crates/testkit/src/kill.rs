//! Commands that are killed for real, with everything they started, at a moment of the test's choice.

use crate::{Dice, Sandbox};
use camino::Utf8Path;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How many rounds a test of kills takes: `quick` as a rule, `thorough` under `cargo xtask test --thorough`.
#[must_use]
pub fn rounds(quick: u64, thorough: u64) -> u64 {
    if crate::thorough() { thorough } else { quick }
}

/// How a command that was to be killed ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was still at work when it was killed.
    Killed,
    /// It had ended by itself, with success.
    Done,
    /// It had ended by itself, with an error.
    Failed,
}

/// Moments for killing a command that is over in milliseconds.
///
/// How long it takes depends on what else the machine does, so that no fixed span finds it at work everywhere: the
/// span shrinks whenever the command had ended and grows whenever it had not.
#[derive(Debug)]
pub struct Moments {
    dice: Dice,
    span: u64,
}

impl Moments {
    /// Moments within `span` of the start, as long as nothing else was seen.
    #[must_use]
    pub fn within(span: Duration) -> Moments {
        let span = u64::try_from(span.as_micros()).expect("short");
        Moments { dice: Dice::new(), span: span.max(16) }
    }

    /// The next moment, counted from the start of the command.
    pub fn draw(&mut self) -> Duration {
        Duration::from_micros(self.dice.below(self.span))
    }

    /// Learns from how the command ended, and says whether it was killed at work.
    pub fn learn(&mut self, end: End) -> bool {
        let step = self.span / 8;
        self.span = if end == End::Killed { self.span + step } else { (self.span - step).max(16) };
        end == End::Killed
    }
}

impl Sandbox {
    /// Runs a command and kills it with `SIGKILL` after `after`: its whole process group, or itself alone.
    pub fn killed(
        &self,
        dir: impl AsRef<Utf8Path>,
        words: &[&str],
        after: Duration,
        whole_group: bool,
    ) -> End {
        let (program, args) = words.split_first().expect("a command has a name");
        let mut child = Command::new("sh")
            // The search on PATH is the shell's, so that the sandbox's PATH counts.
            .args(["-c", "exec \"$0\" \"$@\"", program])
            .args(args)
            .current_dir(self.root().join(dir.as_ref()))
            .env_clear()
            .envs(self.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap_or_else(|cause| panic!("cannot run {program}: {cause}"));
        std::thread::sleep(after);
        let ended = child.try_wait().expect("the child is ours");
        let pid = rustix::process::Pid::from_child(&child);
        let sent = if whole_group {
            rustix::process::kill_process_group(pid, rustix::process::Signal::KILL)
        } else {
            rustix::process::kill_process(pid, rustix::process::Signal::KILL)
        };
        // It may have ended between the two calls; then there is nobody to kill.
        let _ = sent;
        let status = child.wait().expect("the child is ours");
        match (ended, status.code()) {
            (None, None) => End::Killed,
            (_, Some(0)) => End::Done,
            _ => End::Failed,
        }
    }
}
