//! `STUDIO_HOME` on a small disk of its own that is full, or read-only: every command says so and changes nothing, and
//! works once that is over. And what snapshots and studios take of a disk, where files can share blocks and where not.
//!
//! On all kinds of file systems that this machine can make and mount; where that takes long, with `cargo xtask test
//! --thorough`.

#![expect(clippy::print_stderr, reason = "what could not be looked at is for people")]

mod full;
mod readonly;
mod sharing;
mod stage;

use testkit::{FileSystem, Sandbox};

/// A sandbox on a disk; where there can be none, that is said.
fn possible(sandbox: Result<Sandbox, String>) -> Option<Sandbox> {
    sandbox.map_err(|why| eprintln!("skipped: {why}")).ok()
}

/// The kinds that are looked at here.
fn kinds() -> Vec<FileSystem> {
    let is_possible = |kind: &FileSystem| possible(Sandbox::on_disk(*kind)).is_some();
    let mut kinds: Vec<FileSystem> = FileSystem::ALL.into_iter().filter(is_possible).collect();
    if !testkit::thorough() {
        // A disk of blocks and one in memory are full in the same way, and small ones of btrfs fill slowly.
        let blocks = kinds.contains(&FileSystem::Ext4);
        kinds.retain(|kind| match kind {
            FileSystem::Tmpfs => !blocks,
            FileSystem::MixedBtrfs => false,
            _ => true,
        });
    }
    kinds
}
