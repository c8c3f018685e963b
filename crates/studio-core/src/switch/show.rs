//! What a switch would change, for people.
//!
//! nix takes its time to compare the packages of two systems, and nobody waits for it who is not asked anything: it is
//! begun as soon as both are known, and shown when it is there. Not here: finding what else changes (`changes`).

use super::{Changes, Site};
use crate::context::Context;
use crate::error::Result;
use crate::nix::{Comparison, Nix};
use crate::store_path::StorePath;

/// What differs between what runs and what is to run.
pub(super) struct Picture {
    /// All but the packages.
    pub changes: Changes,
    rest: Rest,
}

/// What is left to be shown.
enum Rest {
    /// That nothing ran before.
    First,
    /// The packages, once nix has compared them, and the changes.
    Difference(Comparison),
    Nothing,
}

impl Picture {
    /// Finds out what changes; the packages are being compared from now on.
    pub fn begin(nix: &Nix, site: &Site, new: &StorePath) -> Result<Picture> {
        let old = site.place.runs();
        // It takes longer, so it goes first.
        let rest = match &old {
            None => Rest::First,
            Some(old) if old == new => Rest::Nothing,
            Some(old) => Rest::Difference(nix.compare(old, new)),
        };
        let changes = Changes::since(old.as_ref(), site.place.booted().as_ref(), new)?;
        Ok(Picture { changes, rest })
    }

    /// Shows it, if that was not done yet.
    pub fn show(&mut self, cx: &Context, site: &Site) {
        let comparison = match std::mem::replace(&mut self.rest, Rest::Nothing) {
            Rest::Nothing => return,
            Rest::First => {
                cx.ui.step(format!("{} is switched for the first time", site.target));
                return;
            }
            Rest::Difference(comparison) => comparison,
        };
        // A picture of packages is a help, not a condition: an old system may be gone from this store.
        let packages = comparison.wait().unwrap_or_else(|error| {
            cx.ui.detail(format!("packages were not compared: {}", error.message()));
            String::new()
        });
        cx.ui.step(format!("{} changes:", site.target));
        let changes = self.changes.lines();
        let lines: Vec<String> = packages.lines().map(str::to_owned).chain(changes).collect();
        for line in &lines {
            cx.ui.step(format!("  {line}"));
        }
        if lines.is_empty() {
            cx.ui.step("  nothing that is counted here: other files");
        }
    }
}
