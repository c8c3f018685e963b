//! The door to activation programs: how each kind of target is activated, and where a machine keeps what runs.
//!
//! | kind | activated by | permanent by | what runs |
//! |---|---|---|---|
//! | nixos | `bin/switch-to-configuration test` | profile, then `bin/switch-to-configuration boot` | `run/current-system` |
//! | darwin | `activate` | profile | `run/current-system` |
//! | home | `activate --driver-version 1` | profile | home-manager's `current-home`, else the profile |
//! | profile | a link in `$XDG_RUNTIME_DIR/studio` | profile, and the link is removed | the link, else the profile |
//!
//! darwin stands in the table but is not tested: there is no Mac among the machines that run the tests.
//! Not here: the order in which things are done (`studio-activate`), or what a user wants (`switch`).

mod identity;
mod inhibitors;
mod machine;
mod profile;
mod units;

pub use identity::{boot_id, machine_id};
pub use inhibitors::inhibitors;
pub use machine::{Machine, Place};
pub use profile::{Generation, Profile, linked_store_path};
pub use units::{Scope, failed_units, forget_failed};

use crate::error::{Error, Result};
use crate::fs;
use crate::nix::native_system;
use crate::store_path::StorePath;
use crate::target::Kind;
use camino::{Utf8Path, Utf8PathBuf};

/// The file at the top of a system that says that its activation program honours `STUDIO_ROOT`.
pub const SUPPORTS_ROOT: &str = "supports-studio-root";

/// How a kind is activated: one row of the table.
#[derive(Debug)]
pub struct Row {
    /// What must be in the store path, or it is not what it is said to be.
    pub must_have: &'static [&'static str],
    /// The program that activates, if it takes one.
    pub program: Option<&'static str>,
    /// Its arguments for activating until the next reboot.
    pub try_out: &'static [&'static str],
    /// Its arguments for installing the boot entry, where there is a boot loader.
    pub install_boot: Option<&'static [&'static str]>,
}

/// The row of a kind.
pub fn row(kind: Kind) -> &'static Row {
    match kind {
        Kind::Nixos => &Row {
            must_have: &["bin/switch-to-configuration", "nixos-version", "init", "sw/bin"],
            program: Some("bin/switch-to-configuration"),
            try_out: &["test"],
            install_boot: Some(&["boot"]),
        },
        Kind::Darwin => &Row {
            must_have: &["activate", "sw/bin"],
            program: Some("activate"),
            try_out: &[],
            install_boot: None,
        },
        Kind::Home => &Row {
            must_have: &["activate"],
            program: Some("activate"),
            // With this version the program leaves the profile to its driver, which is us.
            try_out: &["--driver-version", "1"],
            install_boot: None,
        },
        Kind::Profile => &Row { must_have: &[], program: None, try_out: &[], install_boot: None },
    }
}

/// Says whether `path` is what a target of this kind must be, before anything is done with it.
pub fn verify(kind: Kind, path: &StorePath, root: &Utf8Path) -> Result<()> {
    let folder = path.path();
    match folder.symlink_metadata() {
        Err(_) => {
            return Err(Error::new(format!("`{folder}` does not exist"))
                .because("it may have been garbage-collected since it was built")
                .hint("build it again: run the same command once more"));
        }
        Ok(meta) if !meta.is_dir() => {
            return Err(Error::new(format!("`{folder}` is a file, not a {}", thing(kind))));
        }
        Ok(_) => {}
    }
    if let Some(missing) = row(kind).must_have.iter().find(|name| !folder.join(name).exists()) {
        return Err(Error::new(format!(
            "`{folder}` is not a {}: it has no `{missing}`",
            thing(kind)
        ))
        .hint("look at what the flake builds for this target, and at `--target`"));
    }
    let native = native_system();
    let of_system =
        if kind.privileged() { fs::read_optional(&folder.join("system"))? } else { None };
    if let Some(system) = of_system.map(|text| text.trim().to_owned())
        && !runs_here(&system, &native)
    {
        return Err(Error::new(format!("`{folder}` is a system for `{system}`"))
            .because(format!("this machine is `{native}`, and cannot run its activation program"))
            .hint("choose a host of this machine's kind: `--host NAME`"));
    }
    if root != "/" && !folder.join(SUPPORTS_ROOT).exists() {
        return Err(Error::new(format!("`{folder}` cannot be activated under `{root}`"))
            .because(format!(
                "it has no `{SUPPORTS_ROOT}`: its activation program would act on this machine"
            ))
            .hint(format!("to install it there: `nixos-install --root {root} --system {folder}`"))
            .hint(format!(
                "to switch a system that is there: `nixos-enter --root {root}`, then switch"
            )));
    }
    Ok(())
}

/// Whether programs for `system` run on a machine of the kind `native`, both in Nix's words.
fn runs_here(system: &str, native: &str) -> bool {
    system == native || (native == "x86_64-linux" && system == "i686-linux") || system.is_empty()
}

/// The activation program of a store path, if its kind has one.
pub fn program(kind: Kind, path: &StorePath) -> Option<Utf8PathBuf> {
    row(kind).program.map(|program| path.path().join(program))
}

fn thing(kind: Kind) -> &'static str {
    match kind {
        Kind::Nixos => "NixOS system",
        Kind::Darwin => "nix-darwin system",
        Kind::Home => "home-manager generation",
        Kind::Profile => "package with folders",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_runs_its_own_systems_and_the_smaller_ones_of_its_kind() {
        assert!(runs_here("x86_64-linux", "x86_64-linux"));
        assert!(runs_here("i686-linux", "x86_64-linux"));
        assert!(!runs_here("x86_64-linux", "i686-linux"));
        assert!(!runs_here("aarch64-linux", "x86_64-linux"));
        assert!(!runs_here("aarch64-darwin", "aarch64-linux"));
    }
}
