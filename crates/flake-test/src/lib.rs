//! `git flake-test`: activate a snapshot until the next reboot.

use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done, NixOutput};
use studio_core::switch::{AttemptArgs, SiteArgs, test};
use studio_core::ui::LogFormat;
use studio_core::{Exit, Result, snapshot};

/// Activate this snapshot until the next reboot
///
/// What starts at boot is not touched. In a studio a snapshot is taken first. A package (`--target profile`) is linked
/// at $XDG_RUNTIME_DIR/studio/NAME: put its `bin` on PATH, before the one of the profile. The files of a home stay where
/// they are put, also after a reboot: `git flake-rollback` takes them back. A new kernel or initrd is not tried: what was
/// booted stays at work. Prints the store path.
#[derive(Debug, Parser)]
#[command(name = "flake-test", bin_name = "git flake-test")]
pub struct Args {
    #[command(flatten)]
    attempt: AttemptArgs,
    #[command(flatten)]
    site: SiteArgs,
    #[command(flatten)]
    nix: NixOutput,
    #[command(flatten)]
    common: Common,
}

impl Command for Args {
    const EXAMPLES: &'static str = "
git flake-test
# another host of this flake, on a machine whose root folder is mounted here
git flake-test --host box.example --root /mnt
# and back
git flake-rollback
";
    const EXITS: &'static [Exit] = &[
        Exit::Done,
        Exit::Failed,
        Exit::Usage,
        Exit::UnitsFailed,
        Exit::Reverted,
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
        let snapshot = snapshot::here(cx)?;
        test(cx, &snapshot, &self.site, &self.attempt)
    }
}
