//! `git mutable-hydrate`: brings a studio to the state of a branch, tag, commit or snapshot.

use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::complete;
use studio_core::error::Result;
use studio_core::studio::{self, Studio};

/// Bring this studio to the state of a branch, tag, commit or snapshot
///
/// REV is looked for in this studio, in the snapshots, in other studios (also as STUDIO:REV) and at last in origin. The id
/// of an operation, as `git mutable-log` lists it, means how this studio was after it, uncommitted files included.
/// Uncommitted work is first committed on a scratch branch. The state comes in on a new scratch branch, unless it is a
/// scratch branch of this studio itself; submodules follow. The name of the branch is printed.
#[derive(Debug, Parser)]
#[command(name = "mutable-hydrate", bin_name = "git mutable-hydrate")]
pub struct Args {
    /// A branch, tag, commit, snapshot or operation
    #[arg(value_name = "REV", add = complete::revisions())]
    rev: String,
    #[command(flatten)]
    common: Common,
}

impl Command for Args {
    const EXAMPLES: &'static str = "\
# go on with a snapshot, by the beginning of its id
git mutable-hydrate 1f0c9e2a
# to how it was after an operation that `git mutable-log` lists
git mutable-hydrate e3100e8a826e
# take over the branch of another studio
git mutable-hydrate main:scratch/20260102-030405-1f0c
# and back
git mutable-undo";

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, cx: &Context) -> Result<Done> {
        let studio = Studio::here(cx)?;
        let taken = studio.take(cx)?;
        let hydrated = studio::hydrate(cx, &studio, &taken, &self.rev)?;
        let commit = hydrated.commit.short();
        if hydrated.already {
            cx.ui.step(format!("`{}` is at {commit} already", hydrated.branch));
        } else {
            cx.ui.step(format!(
                "now on `{}` at {commit}, found in {}",
                hydrated.branch, hydrated.source
            ));
        }
        Ok(Done::with(hydrated.branch))
    }
}
