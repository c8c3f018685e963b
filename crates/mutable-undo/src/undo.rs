//! `git mutable-undo`: arguments and words.

use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::error::Result;
use studio_core::studio::{self, Studio};

/// Take back the last operation of this studio
///
/// HEAD, branches, files and index are put back to what they were before it. Done again, it goes further back. Uncommitted
/// work that came since is kept on a scratch branch. A branch that was pushed stays on its remote; that is said.
#[derive(Debug, Parser)]
#[command(name = "mutable-undo", bin_name = "git mutable-undo")]
pub struct Args {
    #[command(flatten)]
    common: Common,
}

impl Command for Args {
    const EXAMPLES: &'static str = "\
# take back the last operation, and the one before
git mutable-undo
git mutable-undo
# go forward again
git mutable-redo";

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, cx: &Context) -> Result<Done> {
        let studio = Studio::here(cx)?;
        let taken = studio.take(cx)?;
        let reversed = studio::undo(cx, &studio, &taken)?;
        crate::say(cx, "took back", &reversed);
        Ok(Done::silent())
    }
}
