//! `git flake-rollback [GENERATION]`: go back to what ran before, or to a generation.
//!
//! It evaluates and builds nothing and needs no flake, because the flake may be what is broken.
//! Not here: which generation "before" is (`studio_core::switch`).

use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done, NixOutput};
use studio_core::complete;
use studio_core::config::Key;
use studio_core::switch::{Goal, Site, SiteArgs, rollback};
use studio_core::ui::LogFormat;
use studio_core::{Exit, Result};

/// Go back to what ran before, or to a generation
///
/// Without GENERATION: a system that is only being tried is left for the one that starts at boot; one that was made
/// permanent is left for the one that ran before it. The generation that is left stays. Prints the store path that runs
/// then.
#[derive(Debug, Parser)]
#[command(name = "flake-rollback", bin_name = "git flake-rollback")]
pub struct Args {
    /// Where to go: the number of a generation, the commit that it was built from (7 digits or more), or a snapshot (its
    /// id or its folder); `git flake-generations` lists them
    #[arg(value_name = "GENERATION", add = complete::generations())]
    generation: Option<String>,
    /// Put it back unless confirmed within 60s, 5m …
    ///
    /// With `none` or `0` nobody is asked. That is the default, but for a session over ssh, which has 60s.
    #[arg(long, value_name = "TIME")]
    confirm_within: Option<String>,
    #[command(flatten)]
    site: SiteArgs,
    #[command(flatten)]
    nix: NixOutput,
    #[command(flatten)]
    common: Common,
}

impl Command for Args {
    const EXAMPLES: &'static str = "
# take the last switch or test back
git flake-rollback
# go to a generation
git flake-rollback 41
# go to what was built from a commit, or from a snapshot
git flake-rollback 1bd7aa3be0f5
git flake-rollback ~/.local/share/studio/snapshots/1bd7aa3be0f5e3c0ad8a5d4a1b0c7f6e2d93b845
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
        Exit::NotConfirmed,
        Exit::Busy,
        Exit::WayBackFailed,
        Exit::Interrupted,
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn log_format(&self) -> LogFormat {
        self.nix.log_format
    }

    fn run(self, cx: &Context) -> Result<Done> {
        let mut site = Site::without_flake(cx, &self.site)?;
        site.settings = site.settings.with_flag(Key::ConfirmWithin, self.confirm_within.as_deref());
        let goal = self.generation.map_or(Goal::Before, Goal::Named);
        rollback(cx, &site, &goal)
    }
}
