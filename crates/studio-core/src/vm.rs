//! Running the VM of a snapshot, so that it touches nothing of anybody else: disk, temporary files and firmware
//! variables of its own, per snapshot and host.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs::{self, Lock};
use crate::process::Program;
use crate::snapshot::Snapshot;
use crate::store_path::StorePath;
use crate::studio;
use crate::target::Target;
use crate::ui;
use crate::verdict::{Kind, Outcome, Slot};
use camino::{Utf8Path, Utf8PathBuf};
use std::time::Instant;

/// The program that starts the VM: the one `bin/run-*-vm` of what was built.
pub fn runner(out: &StorePath) -> Result<Utf8PathBuf> {
    let bin = out.path().join("bin");
    let mut found: Vec<Utf8PathBuf> = bin
        .read_dir_utf8()
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().starts_with("run-") && entry.file_name().ends_with("-vm"))
        .map(|entry| entry.into_path())
        .collect();
    found.sort();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Error::new(format!("there is no `run-*-vm` in `{bin}`"))
            .hint("the VM of a NixOS system has one; what does the flake build instead?")),
        several => {
            let names: Vec<&str> = several.iter().filter_map(|path| path.file_name()).collect();
            Err(Error::new(format!("one `run-*-vm` is wanted in `{bin}`"))
                .because(format!("it has {}", ui::names(&names, 10))))
        }
    }
}

/// How a VM is run.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Whose VM.
    pub snapshot: &'a Snapshot,
    /// Which of its hosts.
    pub target: &'a Target,
    /// Whether it is the VM with a boot loader, whose disk is another one.
    pub with_bootloader: bool,
    /// Whether to throw away the disk of earlier runs.
    pub fresh: bool,
    /// The machine that it runs on: `x86_64-linux`.
    pub system: &'a str,
}

impl Run<'_> {
    /// Runs the VM on the user's terminal until it ends, and records how it ended.
    pub fn start(&self, cx: &Context, runner: &Utf8Path) -> Result<()> {
        let suffix = if self.with_bootloader { "-with-bootloader" } else { "" };
        let home = self.snapshot.home();
        let _held = studio::hold(home, self.snapshot.id())?;
        let lock = format!("{}-vm{suffix}-{}", self.snapshot.id().short(), self.target.name);
        let _lock = Lock::try_for(std::time::Duration::ZERO, &home.lock(&lock), &cx.command)?
            .map_err(|busy| {
                Error::new(format!("the VM of {} runs already: {busy}", self.target))
                    .hint("end it first, or take another snapshot")
            })?;
        let folder = home.vm(self.snapshot.id()).join(format!("{}{suffix}", self.target.name));
        if self.fresh && folder.exists() {
            fs::discard(&folder)?;
            cx.ui.step("the disk of earlier runs is gone");
        }
        let temporary = folder.join("tmp");
        // Nobody runs in it, as the lock is ours: what is there was left by a VM that was killed.
        fs::remove_tree(&temporary)?;
        fs::create_dir_all(&temporary)?;
        let program = Program::new(runner, &folder)
            .env("NIX_DISK_IMAGE", folder.join("disk.qcow2"))
            .env("NIX_EFI_VARS", folder.join("efi-vars.fd"))
            .env("NIX_SWTPM_DIR", folder.join("tpm"))
            .env("TMPDIR", &temporary)
            .env("USE_TMPDIR", "1");
        cx.ui.step(format!("starting `{}`", runner.file_name().unwrap_or_default()));
        cx.ui.detail(format!("its files lie in {folder}"));
        let start = Instant::now();
        let code = program.on_terminal()?;
        let outcome = if code == Some(0) { Outcome::Passed } else { Outcome::Failed };
        let slot = Slot {
            snapshot: self.snapshot,
            kind: Kind::Vm,
            subject: Some(format!("{}{suffix}-{}", self.target.kind, self.target.name)),
            system: self.system,
        };
        let how = match code {
            Some(0) => "the VM ended well".to_owned(),
            Some(code) => format!("the VM ended with exit status {code}"),
            // Killed by the user, most likely: that is no judgement.
            None => return Err(Error::new("the VM was killed")),
        };
        slot.record(&slot.verdict(cx, outcome, start.elapsed()))?;
        if outcome == Outcome::Failed {
            return Err(Error::new(how)
                .hint("if its disk is at fault, throw it away: `git flake-build-vm --fresh`"));
        }
        cx.ui.step(how);
        Ok(())
    }
}
