//! `git flake-build-vm`: builds the VM of a snapshot and runs it. How is `studio_core::build` and `studio_core::vm`.

use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done, NixOutput};
use studio_core::complete;
use studio_core::config::{Key, Settings};
use studio_core::error::Result;
use studio_core::nix::Nix;
use studio_core::ui::LogFormat;
use studio_core::{build, snapshot, vm};

/// Build the VM of a NixOS host and run it
///
/// Works on the snapshot that you stand in; in a studio, a snapshot is taken first. Each snapshot has a disk and
/// temporary files of its own, which stay from one run to the next. What was built before is not built again, nor
/// evaluated. The program that starts the VM is printed, for running it by hand.
#[derive(Debug, Parser)]
#[command(name = "flake-build-vm", bin_name = "git flake-build-vm")]
pub struct Args {
    /// The host whose VM it is [default: `studio.toml`, or this machine]
    #[arg(long, value_name = "NAME", add = complete::hosts())]
    host: Option<String>,
    /// Start from a disk with a boot loader rather than from the kernel
    #[arg(long)]
    with_bootloader: bool,
    /// Build it only
    #[arg(long)]
    no_run: bool,
    /// Throw away the disk of earlier runs first
    #[arg(long, conflicts_with = "no_run")]
    fresh: bool,
    #[command(flatten)]
    nix: NixOutput,
    #[command(flatten)]
    common: Common,
}

impl Command for Args {
    const EXAMPLES: &'static str = "\
# does it still boot?
git flake-build-vm
# another host of the flake, from a clean disk
git flake-build-vm --host server --fresh
# build it now, run it later
runner=$(git flake-build-vm --no-run)";

    fn common(&self) -> &Common {
        &self.common
    }

    fn log_format(&self) -> LogFormat {
        self.nix.log_format
    }

    fn run(self, cx: &Context) -> Result<Done> {
        let snapshot = snapshot::here(cx)?;
        let settings = Settings::load(&cx.env)?
            .with_flake(snapshot.path())?
            // Whatever the flake switches by default: only NixOS has VMs.
            .with_flag(Key::Target, Some("nixos"))
            .with_flag(Key::Host, self.host.as_deref());
        let nix = Nix::find(cx)?;
        let target = build::resolve(cx, &nix, &snapshot, &settings)?;
        let built = build::vm(cx, &nix, &snapshot, &target, self.with_bootloader)?;
        let runner = vm::runner(&built.out)?;
        if !self.no_run {
            let run = vm::Run {
                snapshot: &snapshot,
                target: &target,
                with_bootloader: self.with_bootloader,
                fresh: self.fresh,
                system: nix.system(),
            };
            run.start(cx, &runner)?;
        }
        Ok(Done::with(runner))
    }
}
