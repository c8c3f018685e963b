//! What a build would fetch, as nix says it without doing it: `nix build --dry-run`.
//!
//! Its words are for people, so they are read with patience: what is not understood counts as nothing. Not here: whether
//! there is room for it (`build`).

use super::operation::{Derivation, Log, keep};
use super::{Nix, Refusal};
use crate::context::Context;

impl Nix {
    /// How many bytes in the store a build of `derivation` would fetch; what would be built here has no known size.
    pub fn would_fetch(
        &self,
        cx: &Context,
        derivation: &Derivation,
        log: &mut Log,
    ) -> Result<u64, Refusal> {
        let program = self
            .verb(&["build", "--dry-run"])
            .map_err(Refusal::machine)?
            .arg(format!("{}^{}", derivation.path, derivation.output));
        let said = keep(cx, &program, log, || "nix did not say what it would fetch".to_owned())?;
        Ok(unpacked(&said.stderr))
    }
}

/// The unpacked size in `these 3 paths will be fetched (1.2 MiB download, 4.5 MiB unpacked):`.
fn unpacked(said: &str) -> u64 {
    said.lines()
        .filter_map(|line| line.split_once(" will be fetched (")?.1.split_once(" unpacked"))
        .filter_map(|(sizes, _)| bytes(sizes.rsplit(", ").next()?))
        .fold(0, u64::saturating_add)
}

/// `4.5 MiB` in bytes; the units of every version of nix, and those of other tools.
fn bytes(size: &str) -> Option<u64> {
    let (number, unit) = size.trim().split_once(' ')?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let exponent = match unit.trim().chars().next()?.to_ascii_uppercase() {
        // Some versions write bytes as ` iB`.
        'B' | 'I' => 0,
        'K' => 1,
        'M' => 2,
        'G' => 3,
        'T' => 4,
        'P' => 5,
        _ => return None,
    };
    let factor = 1024u64.pow(exponent);
    let tenth = u64::from(fraction.chars().next()?.to_digit(10)?);
    Some(whole.parse::<u64>().ok()?.saturating_mul(factor).saturating_add(tenth * factor / 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_every_version_are_read() {
        let mib = 1024 * 1024;
        for (said, size) in [
            ("", 0),
            ("this derivation will be built:\n  /nix/store/x.drv\n", 0),
            (
                "these paths will be fetched (0.16 MiB download, 0.50 MiB unpacked):\n  /nix/x",
                mib / 2,
            ),
            ("these 75 paths will be fetched (116.25 MiB download, 554 MiB unpacked):", 554 * mib),
            ("this path will be fetched (1.0 KiB download, 4.5 KiB unpacked):\n  /nix/x", 4608),
            ("this path will be fetched (812 B download, 900 B unpacked):", 900),
            ("this path will be fetched (812.0  iB download, 900.0  iB unpacked):", 900),
            ("these 2 paths will be fetched (1.0 GiB download, 2.0 GiB unpacked):", 2048 * mib),
            ("these 2 paths will be fetched (some download, much unpacked):", 0),
        ] {
            assert_eq!(unpacked(said), size, "{said}");
        }
    }
}
