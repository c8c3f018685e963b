//! What a switch would change, for people.
//!
//! Not here: finding it (`changes`; nix compares the packages).

use super::{Changes, Site};
use crate::context::Context;
use crate::error::Result;
use crate::nix::Nix;
use crate::store_path::StorePath;

/// Shows what differs between what runs and what is to run.
pub(super) fn show(cx: &Context, nix: &Nix, site: &Site, new: &StorePath) -> Result<Changes> {
    let old = site.place.runs();
    let changes = Changes::since(old.as_ref(), site.place.booted().as_ref(), new)?;
    let Some(old) = old else {
        cx.ui.step(format!("{} is switched for the first time", site.target));
        return Ok(changes);
    };
    if old == *new {
        return Ok(changes);
    }
    // A picture of packages is a help, not a condition: an old system may be gone from this store.
    let packages = nix.diff_closures(&old, new).unwrap_or_else(|error| {
        cx.ui.detail(format!("packages were not compared: {}", error.message()));
        String::new()
    });
    cx.ui.step(format!("{} changes:", site.target));
    let lines: Vec<String> = packages.lines().map(str::to_owned).chain(changes.lines()).collect();
    for line in &lines {
        cx.ui.step(format!("  {line}"));
    }
    if lines.is_empty() {
        cx.ui.step("  nothing that is counted here: other files");
    }
    Ok(changes)
}
