//! `STUDIO_HOME` on a small disk of its own that is full, or read-only: every command says so and changes nothing, and
//! works once that is over.
//!
//! On all kinds of file systems that this machine can make and mount; where that takes long, with `cargo xtask test
//! --thorough`.

#![expect(clippy::print_stderr, reason = "what could not be looked at is for people")]

mod full;
mod readonly;
mod stage;

use testkit::{FileSystem, Sandbox};

/// The kinds that are looked at here.
fn kinds() -> Vec<FileSystem> {
    let possible = |kind: &FileSystem| match Sandbox::on_disk(*kind) {
        Ok(_) => true,
        Err(why) => {
            eprintln!("skipped: {why}");
            false
        }
    };
    let mut kinds: Vec<FileSystem> = FileSystem::ALL.into_iter().filter(possible).collect();
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
