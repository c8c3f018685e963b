//! `git mutable-redo`: arguments and words.

use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::error::Result;
use studio_core::studio::{self, Studio};

/// Do again the operation that was taken back last
///
/// The counterpart of `git mutable-undo`. A new operation in between leaves nothing to do again.
#[derive(Debug, Parser)]
#[command(name = "mutable-redo", bin_name = "git mutable-redo")]
pub struct Args {
    #[command(flatten)]
    common: Common,
}

impl Command for Args {
    const EXAMPLES: &'static str = "\
# do again what was just taken back
git mutable-undo
git mutable-redo";

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, cx: &Context) -> Result<Done> {
        let studio = Studio::here(cx)?;
        let taken = studio.take(cx)?;
        let reversed = studio::redo(cx, &studio, &taken)?;
        crate::say(cx, "did again", &reversed);
        Ok(Done::silent())
    }
}
