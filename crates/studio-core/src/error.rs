//! The one error that a user sees, and the exit statuses of every command.
//!
//! An [`Error`] says what was wanted and what was found (`message`, `causes`) and what to type next (`hints`).
//! Modules whose callers branch on a failure have a typed error of their own and convert it into this one at the edge.
//! Nothing here prints: [`crate::ui::Ui::error`] does.

use std::fmt::Display;
use std::io::ErrorKind;

/// The result of nearly everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a command tells the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// It could not be done, or a check said no.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Activated, but units failed that had not failed before.
    UnitsFailed = 10,
    /// Activation failed and the old system runs again.
    Reverted = 11,
    /// Done, but only a reboot finishes it.
    RebootNeeded = 12,
    /// Not confirmed in time and put back.
    NotConfirmed = 13,
    /// Another switch is running.
    Busy = 14,
    /// The way back failed too.
    WayBackFailed = 20,
    /// Interrupted by the user.
    Interrupted = 130,
}

impl Exit {
    /// The meaning, as it stands in every `--help`.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Done => "done",
            Exit::Failed => "it could not be done, or a check said no",
            Exit::Usage => "wrong command line",
            Exit::UnitsFailed => "activated, but units failed that had not failed before",
            Exit::Reverted => "activation failed and the old system runs again",
            Exit::RebootNeeded => "done, reboot to finish",
            Exit::NotConfirmed => "not confirmed in time and put back",
            Exit::Busy => "another switch is running",
            Exit::WayBackFailed => "the way back failed too",
            Exit::Interrupted => "interrupted",
        }
    }

    /// The exit status that has this number, if any of ours has.
    pub fn from_code(code: i32) -> Option<Exit> {
        use Exit::*;
        [
            Done,
            Failed,
            Usage,
            UnitsFailed,
            Reverted,
            RebootNeeded,
            NotConfirmed,
            Busy,
            WayBackFailed,
            Interrupted,
        ]
        .into_iter()
        .find(|exit| i32::from(*exit as u8) == code)
    }
}

/// A failure in words for the person who typed the command.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
    exit: Exit,
}

impl Error {
    /// `message` is lower case, without a final period, names in backticks.
    pub fn new(message: impl Into<String>) -> Error {
        Error { message: message.into(), causes: vec![], hints: vec![], exit: Exit::Failed }
    }

    /// A failure of something else. What the operating system said lies often below that, unheard: if there is a remedy
    /// for it, both are added.
    pub fn of(message: impl Into<String>, cause: impl Into<Cause>) -> Error {
        let cause: Cause = cause.into();
        let error = Error::new(message).because(&cause);
        let top: &(dyn std::error::Error + 'static) = &*cause;
        let system = std::iter::successors(Some(top), |error| error.source())
            .filter_map(|error| error.downcast_ref::<std::io::Error>())
            .find_map(|system| Some((system.to_string(), remedy(system.kind())?)));
        let Some((said, remedy)) = system else { return error };
        if cause.to_string().contains(&said) {
            return error.hint(remedy);
        }
        let said = said.split(" (os error").next().unwrap_or_default().to_lowercase();
        error.because(said).hint(remedy)
    }

    /// Adds why it happened; shown under the message, outermost first.
    pub fn because(mut self, cause: impl Display) -> Error {
        let cause = cause.to_string();
        if !cause.is_empty() {
            self.causes.push(cause);
        }
        self
    }

    /// Puts what was wanted as a whole before what went wrong in it.
    pub fn within(mut self, message: impl Into<String>) -> Error {
        let inner = std::mem::replace(&mut self.message, message.into());
        self.causes.insert(0, inner);
        self
    }

    /// Adds what to type next.
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hints.push(hint.into());
        self
    }

    /// Says of a disk that was called full that it is its inodes that are used up, which the operating system does not say.
    pub fn of_inodes(mut self) -> Error {
        for hint in &mut self.hints {
            // Behind the remedy it may say something else by now, see [`Error::although`].
            if let Some(done) = hint.strip_prefix(advice(NO_ROOM)) {
                *hint = format!("{}{done}", advice(NO_INODES));
            }
        }
        self
    }

    /// Whether it says that a disk is full.
    pub fn is_of_full_disk(&self) -> bool {
        self.hints.iter().any(|hint| hint.starts_with(advice(NO_ROOM)))
    }

    /// Says what has been done already, in the place of a remedy's words that nothing was changed.
    pub fn although(mut self, done: &str) -> Error {
        for hint in &mut self.hints {
            *hint = hint.replace(UNCHANGED, done);
        }
        self
    }

    /// Sets the exit status; [`Exit::Failed`] unless said otherwise.
    pub fn exit(mut self, exit: Exit) -> Error {
        self.exit = exit;
        self
    }

    /// What failed.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Why, outermost first; each may have several lines.
    pub fn causes(&self) -> &[String] {
        &self.causes
    }

    /// What to type next.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The exit status that goes with it.
    pub fn status(&self) -> Exit {
        self.exit
    }
}

/// What every remedy says, because as a rule it is so; where it is not, [`Error::although`] is.
const UNCHANGED: &str = "nothing was changed";

/// One of these remedies without its last words, that nothing was changed.
pub(crate) fn advice(hint: &'static str) -> &'static str {
    hint.strip_suffix(UNCHANGED).map_or(hint, |rest| rest.trim_end_matches("; "))
}

/// What to do about a disk that is full.
pub const NO_ROOM: &str = "free some space on that disk and try again; nothing was changed";

/// What to do about a disk that is called full although it has room.
pub const NO_INODES: &str = "no more files can be made on that disk, for all of its inodes are used (`df -i`): remove \
                             files that you do not need and try again; nothing was changed";

/// What to do about a failure of the operating system, where the cause is a usual one.
pub fn remedy(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::StorageFull => NO_ROOM,
        ErrorKind::QuotaExceeded => "your disk quota is used up; nothing was changed",
        ErrorKind::ReadOnlyFilesystem => {
            "the file system is mounted read-only; nothing was changed"
        }
        _ => return None,
    })
}

/// Any failure, with or without a box around it.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Turns any failure into an [`Error`] with words of ours in front.
pub trait OrSay<T> {
    /// `message` says what was being done; the original failure becomes its cause, as [`Error::of`] has it.
    fn or_say<M: Into<String>>(self, message: impl FnOnce() -> M) -> Result<T>;
}

impl<T, E: Into<Cause>> OrSay<T> for Result<T, E> {
    fn or_say<M: Into<String>>(self, message: impl FnOnce() -> M) -> Result<T> {
        self.map_err(|cause| Error::of(message(), cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_remedy_can_say_what_was_done() {
        use ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        for kind in [QuotaExceeded, ReadOnlyFilesystem, StorageFull] {
            let remedy = remedy(kind).expect("a usual cause");
            let error = Error::new("x").hint(remedy).although("half of it is done");
            assert!(error.hints()[0].ends_with("; half of it is done"), "{error:?}");
        }
    }

    #[test]
    fn exit_numbers_are_the_documented_ones_and_come_back() {
        for code in [0, 1, 2, 10, 11, 12, 13, 14, 20, 130] {
            let exit = Exit::from_code(code).expect("documented code");
            assert_eq!(exit as u8 as i32, code);
        }
        assert_eq!(Exit::from_code(3), None);
    }
}
