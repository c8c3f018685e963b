//! `git mutable-rebase`: puts the work on upstream's current main, on a new scratch branch.

use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::error::Result;
use studio_core::studio::{self, How, Rebased, Studio};
use studio_core::ui;

/// Put the work on upstream's current main, on a new scratch branch
///
/// Uncommitted work is committed on the branch where it is. Then a new scratch branch is cut and rebased; the old branch
/// stays as it was. A conflict leaves git's own rebase, to be gone on with or given up by git's own commands. The name of
/// the new branch is printed.
#[derive(Debug, Parser)]
#[command(name = "mutable-rebase", bin_name = "git mutable-rebase")]
pub struct Args {
    /// Edit the list of commits first
    #[arg(short, long)]
    interactive: bool,
    /// Move `fixup!` and `squash!` commits to where they belong
    #[arg(long)]
    autosquash: bool,
    #[command(flatten)]
    common: Common,
}

impl Command for Args {
    const EXAMPLES: &'static str = "\
# bring the work up to date with upstream
git mutable-rebase
# after a conflict: go on, or go back
git rebase --continue
git rebase --abort && git mutable-undo";

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, cx: &Context) -> Result<Done> {
        let studio = Studio::here(cx)?;
        let taken = studio.take(cx)?;
        let how = How { interactive: self.interactive, autosquash: self.autosquash };
        match studio::rebase(cx, &studio, &taken, how)? {
            Rebased::Already(branch) => {
                cx.ui.step(format!("`{branch}` is on upstream's `{}` already", studio.base));
                Ok(Done::with(branch))
            }
            Rebased::Done { branch, old, commits } => {
                cx.ui.step(format!(
                    "put {} on upstream's `{}`, on the new branch `{branch}`; `{old}` is as it was",
                    ui::count(commits, "commit"),
                    studio.base
                ));
                Ok(Done::with(branch))
            }
        }
    }
}
