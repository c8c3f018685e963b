//! `git flake-rollback [N]`: go back to what ran before, or to a generation.
//!
//! It evaluates and builds nothing and needs no flake, because the flake may be what is broken.
//! Not here: which generation "before" is (`studio_core::switch`).

use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::switch::{Goal, Site, SiteArgs, rollback};
use studio_core::{Exit, Result};

/// Go back to what ran before, or to a generation
///
/// Without N: a system that is only being tried is left for the one that starts at boot; one that was made permanent is
/// left for the one that ran before it. The generation that is left stays. Prints the store path that runs then.
#[derive(Debug, Parser)]
#[command(name = "flake-rollback", bin_name = "git flake-rollback")]
pub struct Args {
    /// The generation to go to; `git flake-generations` lists them
    #[arg(value_name = "N")]
    generation: Option<u64>,
    #[command(flatten)]
    site: SiteArgs,
    #[command(flatten)]
    common: Common,
}

impl Command for Args {
    const EXAMPLES: &'static str = "
# take the last switch or test back
git flake-rollback
# go to a generation
git flake-rollback 41
# the home of home-manager
git flake-rollback --target home
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
        let site = Site::without_flake(cx, &self.site)?;
        let goal = self.generation.map_or(Goal::Before, Goal::Number);
        rollback(cx, &site, goal)
    }
}
