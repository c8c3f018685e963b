//! Whether the store has room for a build: a full disk half-way leaves a machine that can hardly be repaired.
//!
//! Not here: the boot partition, which only a switch writes to (`switch`).

use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs::{self, Free};
use crate::nix::{Derivation, Log, Nix};
use crate::ui;
use camino::Utf8Path;

/// With less than this nothing is begun, in bytes.
const FLOOR: u64 = 64 << 20;

/// With fewer files than this nothing is begun.
const FLOOR_INODES: u64 = 1000;

/// With this much nobody is asked what a build would fetch, in bytes.
const PLENTY: u64 = 8 << 30;

/// Refuses to begin anything on a store that is full as it is.
pub fn floor(nix: &Nix) -> Result<()> {
    enough(nix.store(), fs::free(nix.store())?, FLOOR, "the store")
}

/// Refuses a build that would fetch more than there is room for. Only where that may be so, because asking costs time.
pub(super) fn for_build(
    cx: &Context,
    nix: &Nix,
    derivation: &Derivation,
    log: &mut Log,
) -> Result<()> {
    let free = fs::free(nix.store())?;
    if free.bytes >= PLENTY {
        return Ok(());
    }
    let fetched = match nix.would_fetch(cx, derivation, log) {
        Ok(bytes) => bytes,
        Err(refusal) => {
            // The build itself will say what is wrong, in better words.
            cx.ui.detail(format!("not known what would be fetched: {}", Error::from(refusal)));
            0
        }
    };
    enough(nix.store(), free, fetched.saturating_add(FLOOR), "what would be fetched into the store")
}

/// Compares what is left with what is needed.
fn enough(store: &Utf8Path, free: Free, needed: u64, what: &str) -> Result<()> {
    let hints = |error: Error| {
        error.hint("free some: `nix-collect-garbage`").hint(
            "old generations keep what they need: `git flake-generations` lists them, \
             `nix-collect-garbage --delete-older-than 30d` removes them",
        )
    };
    if free.bytes < needed {
        let error = Error::new(format!("there is too little space for {what}"));
        return Err(hints(error.because(format!(
            "{} are needed, and {} are free in `{store}`",
            ui::size(needed),
            ui::size(free.bytes)
        ))));
    }
    match free.inodes {
        Some(left) if left < FLOOR_INODES => {
            let error = Error::new(format!("there are too few inodes for {what}"));
            Err(hints(
                error.because(format!(
                    "{FLOOR_INODES} are needed, and {left} are free in `{store}`"
                )),
            ))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_little_is_said_with_both_numbers() {
        let store = Utf8Path::new("/nix/store");
        let free = |bytes, inodes| Free { bytes, inodes };
        assert!(enough(store, free(FLOOR, None), FLOOR, "the store").is_ok());
        assert!(enough(store, free(FLOOR, Some(1000)), FLOOR, "the store").is_ok());
        let error = enough(store, free(FLOOR - 1, None), FLOOR, "the store").expect_err("full");
        assert_eq!(error.message(), "there is too little space for the store");
        assert_eq!(error.causes(), ["64 MiB are needed, and 63.9 MiB are free in `/nix/store`"]);
        let error = enough(store, free(PLENTY, Some(7)), FLOOR, "the store").expect_err("full");
        assert_eq!(error.message(), "there are too few inodes for the store");
        assert_eq!(error.causes(), ["1000 are needed, and 7 are free in `/nix/store`"]);
    }
}
