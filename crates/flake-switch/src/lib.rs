//! `git flake-switch`: make a snapshot what runs and what starts at boot, once it has proved itself.

use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done, NixOutput};
use studio_core::switch::{Ask, AttemptArgs, FailedUnits, NewKernel, Plan, Site, SiteArgs};
use studio_core::switch::{attach, confirm, switch};
use studio_core::transaction::Verb;
use studio_core::ui::LogFormat;
use studio_core::{Exit, Result, snapshot};

/// Check, build, activate and prove this snapshot, then make it what starts at boot
///
/// Nothing permanent happens before the new system has run: it is activated as a test, and only if no unit newly fails
/// is the profile set and the boot entry installed. Otherwise what ran before is put back. A system with another kernel
/// or initrd than those that were booted is set for the next start, and what runs is left alone: `--live` activates what
/// can be. In a studio a snapshot is taken first. Prints the store path.
#[derive(Debug, Parser)]
#[command(name = "flake-switch", bin_name = "git flake-switch")]
pub struct Args {
    /// Do not ask before switching
    #[arg(short, long)]
    yes: bool,
    /// Only set what starts at the next boot
    ///
    /// What runs is left alone.
    #[arg(long, conflicts_with_all = ["live", "specialisation", "confirm_within"])]
    boot: bool,
    /// Activate now although the kernel is a new one
    ///
    /// Kernel and initrd follow at the next start. What cannot change while the system runs still waits for a reboot.
    #[arg(long)]
    live: bool,
    /// Make it permanent although units newly fail
    ///
    /// That is, units that had not failed before.
    #[arg(long, hide_short_help = true)]
    accept_failed_units: bool,
    /// Say that the system that waits for it is good
    ///
    /// Best from a new connection, which shows that the machine can be reached.
    #[arg(long, conflicts_with_all = ALONE, conflicts_with = "attach")]
    confirm: bool,
    /// Watch the one under way, or show the last one
    #[arg(long, conflicts_with_all = ALONE)]
    attach: bool,
    #[command(flatten)]
    attempt: AttemptArgs,
    #[command(flatten)]
    site: SiteArgs,
    #[command(flatten)]
    nix: NixOutput,
    #[command(flatten)]
    common: Common,
}

/// What makes no sense with a switch that was begun already.
const ALONE: [&str; 9] = [
    "yes",
    "boot",
    "live",
    "accept_failed_units",
    "specialisation",
    "confirm_within",
    "activation_limit",
    "backup",
    "other_host",
];

impl Command for Args {
    const EXAMPLES: &'static str = "
git flake-switch
# without a question
git flake-switch --yes
# and back
git flake-rollback
# over ssh, with three minutes to see whether one can still log in
git flake-switch --confirm-within 3m
# then, from a new connection
git flake-switch --confirm
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
        if self.confirm || self.attach {
            let site = Site::without_flake(cx, &self.site)?;
            let exit = if self.confirm { confirm(cx, &site)? } else { attach(cx, &site)? };
            return Ok(Done { exit, ..Done::silent() });
        }
        let snapshot = snapshot::here(cx)?;
        let plan = Plan {
            verb: if self.boot { Verb::Boot } else { Verb::Switch },
            failed_units: if self.accept_failed_units {
                FailedUnits::Accept
            } else {
                FailedUnits::PutBack
            },
            new_kernel: if self.live { NewKernel::Later } else { NewKernel::TakesReboot },
            ask: if self.yes { Ask::No } else { Ask::OnTerminal },
        };
        switch(cx, &snapshot, &self.site, &self.attempt, plan)
    }
}
