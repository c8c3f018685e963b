//! `STUDIO_HOME` on a small disk of its own that is full, or read-only: every command says so and changes nothing, and
//! works once that is over.
//!
//! As a rule on one kind of file system, with `cargo xtask test --thorough` on all that this machine can make and mount.

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
    if testkit::thorough() {
        return FileSystem::ALL.into_iter().filter(possible).collect();
    }
    // What people have, where there is root to mount it.
    [FileSystem::Ext4, FileSystem::Tmpfs].into_iter().find(possible).into_iter().collect()
}
