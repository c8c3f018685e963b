//! `git mutable-scratch`: cuts a new scratch branch here, carrying uncommitted work along.

use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::error::Result;
use studio_core::studio::{self, Studio};

/// Cut a new scratch branch here, carrying uncommitted work along
///
/// The new branch starts at the commit that is checked out. Files and index stay exactly as they are, and the branch on
/// which you were stays where it is. The name of the new branch is printed.
#[derive(Debug, Parser)]
#[command(name = "mutable-scratch", bin_name = "git mutable-scratch")]
pub struct Args {
    #[command(flatten)]
    common: Common,
}

impl Command for Args {
    const EXAMPLES: &'static str = "\
# go on in another direction, keeping the old branch
git mutable-scratch
# and back again
git mutable-undo";

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, cx: &Context) -> Result<Done> {
        let studio = Studio::here(cx)?;
        let taken = studio.take(cx)?;
        let branch = studio::cut_scratch(cx, &studio, &taken)?;
        cx.ui.step(format!("now on the new branch `{branch}`"));
        Ok(Done::with(branch))
    }
}
