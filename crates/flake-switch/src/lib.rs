//! `git flake-switch`: make a snapshot what runs and what starts at boot, once it has proved itself.

use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::switch::{Ask, FailedUnits, How, Plan, SiteArgs, switch};
use studio_core::transaction::Verb;
use studio_core::{Exit, Result, snapshot};

/// Check, build, activate and prove this snapshot, then make it the one that starts at boot
///
/// Nothing permanent happens before the new system has run: it is activated as a test, and only if no unit newly fails
/// is the profile set and the boot entry installed. Otherwise what ran before is put back. In a studio a snapshot is
/// taken first. Prints the store path.
#[derive(Debug, Parser)]
#[command(name = "flake-switch", bin_name = "git flake-switch")]
pub struct Args {
    /// Do not ask before switching
    #[arg(short, long)]
    yes: bool,
    /// Leave what runs alone: set what starts at the next boot
    #[arg(long)]
    boot: bool,
    /// Make it permanent although units fail that had not failed before
    #[arg(long)]
    accept_failed_units: bool,
    #[command(flatten)]
    site: SiteArgs,
    #[command(flatten)]
    common: Common,
}

impl Command for Args {
    const EXAMPLES: &'static str = "
git flake-switch
# without a question
git flake-switch --yes
# and back
git flake-rollback
# the home of home-manager
git flake-switch --target home --host alice
";
    const EXITS: &'static [Exit] = &[
        Exit::Done,
        Exit::Failed,
        Exit::Usage,
        Exit::UnitsFailed,
        Exit::Reverted,
        Exit::RebootNeeded,
        Exit::Busy,
        Exit::WayBackFailed,
        Exit::Interrupted,
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, cx: &Context) -> Result<Done> {
        let snapshot = snapshot::here(cx)?;
        let plan = Plan {
            verb: if self.boot { Verb::Boot } else { Verb::Switch },
            how: How {
                failed_units: if self.accept_failed_units {
                    FailedUnits::Accept
                } else {
                    FailedUnits::PutBack
                },
                ..How::default()
            },
            ask: if self.yes { Ask::No } else { Ask::OnTerminal },
        };
        switch(cx, &snapshot, &self.site, plan)
    }
}
