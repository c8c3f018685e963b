//! Waiting for the user to say that the new one is good: that the machine can still be reached is something that only
//! they can know. Not here: how they say it (`studio_core::switch`), beyond the two files that are looked for.

use crate::attempt::{Attempt, End, told};
use camino::Utf8PathBuf;
use std::time::Duration;
use studio_core::transaction::Phase;
use studio_core::{Error, Exit, clock};

/// How often the answer is looked for; it costs one look at a folder.
const PAUSE: Duration = Duration::from_millis(20);

/// What the user said.
enum Answer {
    Yes,
    No,
    /// Nothing in time.
    None,
    /// It does not matter any more: somebody else switched the machine.
    Moot(String),
}

impl Attempt<'_> {
    /// Waits for the confirmation, then goes on or back; `proved` is what the proof before it came to.
    pub fn await_confirmation(&mut self, seconds: u64, proved: Exit) -> End {
        self.record.deadline = Some(clock::milliseconds_since_start() + seconds * 1000);
        // Said before it is recorded: who sees the record asks at once, and the question comes last.
        self.ui.step(format!("it is put back in {seconds} s unless it is confirmed"));
        let confirm = self.call().typed("git flake-switch --confirm");
        self.ui.hint(format!("to confirm it, best from a new connection: `{confirm}`"));
        if let Err(error) = self.write(Phase::AwaitingConfirmation) {
            return self.go_back(&told(&error), Exit::Reverted);
        }
        crate::keeper::arm(self);
        self.answered(proved)
    }

    /// The same once more, after the process that waited died.
    pub fn answered(&mut self, proved: Exit) -> End {
        match self.answer() {
            Answer::Yes => {
                self.ui.step("confirmed");
                self.conclude(proved)
            }
            Answer::No => self.go_back("it was not confirmed: you said no", Exit::NotConfirmed),
            Answer::None => self.go_back("it was not confirmed in time", Exit::NotConfirmed),
            Answer::Moot(what) => self.superseded(&what),
        }
    }

    /// Ends because somebody else switched the machine; what they did is theirs.
    pub fn superseded(&mut self, what: &str) -> End {
        self.release_their_lock();
        self.record.reason = Some(what.to_owned());
        let error = Error::new(format!("somebody else switched {} meanwhile", self.call().target))
            .because(what)
            .because("what they did was left as it is")
            .hint("look at it: `git flake-generations`")
            .exit(Exit::Busy);
        End::failed(Phase::Superseded, error)
    }

    fn answer(&self) -> Answer {
        let deadline = self.record.deadline.unwrap_or_default();
        loop {
            let late = clock::milliseconds_since_start() >= deadline;
            // Only whether they are there counts: a folder of the user's is nothing that root reads from.
            let said = |word: &str| {
                Utf8PathBuf::from(format!("{}.{word}", self.call().answer))
                    .symlink_metadata()
                    .is_ok()
            };
            if let Some(what) = self.others_run() {
                return Answer::Moot(what);
            }
            if said("no") {
                return Answer::No;
            }
            if said("yes") {
                return Answer::Yes;
            }
            if late {
                return Answer::None;
            }
            std::thread::sleep(PAUSE);
        }
    }
}
