//! The sizes of closures: read from Nix's database, or asked of nix, once; kept for ever, because what a store path needs
//! never changes.

use crate::closure::Closures;
use crate::context::Context;
use crate::error::Result;
use crate::fs;
use crate::nix::Nix;
use crate::store_path::StorePath;
use crate::switch::Site;
use crate::ui;
use std::collections::BTreeMap;

/// Sizes in bytes, by store path.
pub(super) type Sizes = BTreeMap<StorePath, u64>;

/// More closures than this are announced, because nix walks each of them.
const MANY: usize = 10;

/// The sizes of these, as far as they can be had; a list without them is still a list.
pub(super) fn closure_sizes(cx: &Context, site: &Site, paths: &[StorePath]) -> Sizes {
    let Ok(home) = cx.home() else { return Sizes::new() };
    let file = home.cache().join("closure-sizes.json");
    // A damaged cache is no cache.
    let text = fs::read_optional(&file).ok().flatten().unwrap_or_default();
    let mut sizes: Sizes = serde_json::from_str(&text).unwrap_or_default();
    let mut missing: Vec<&StorePath> = paths
        .iter()
        .filter(|path| !sizes.contains_key(*path))
        // nix would ask its substituters for what is not here.
        .filter(|path| site.machine.store.is_some() || path.path().exists())
        .collect();
    missing.sort();
    missing.dedup();
    if missing.is_empty() {
        return sizes;
    }
    match find(cx, site, &missing) {
        Ok(found) if found.is_empty() => {}
        Ok(found) => {
            sizes.extend(found);
            let written = serde_json::to_string_pretty(&sizes)
                .map_or(Ok(()), |text| fs::write_atomic(&file, text.as_bytes()));
            if let Err(error) = written {
                cx.ui.detail(format!("sizes are not kept: {}", error.message()));
            }
        }
        Err(error) => {
            let count = ui::count(missing.len(), "generation");
            cx.ui.detail(format!("the size of {count} is not known: {}", error.message()));
        }
    }
    sizes
}

fn find(cx: &Context, site: &Site, paths: &[&StorePath]) -> Result<Vec<(StorePath, u64)>> {
    let store = site.machine.store.as_deref();
    match Closures::of(cx, store).sizes(paths) {
        Ok(sizes) => return Ok(paths.iter().map(|path| (*path).clone()).zip(sizes).collect()),
        Err(unread) => cx.ui.detail(format!("nix's database was not read: {unread}")),
    }
    if paths.len() > MANY {
        cx.ui.step(format!("asking nix for the sizes of {} generations ...", paths.len()));
    }
    Nix::find(cx)?.with_store(store).closure_sizes(cx, paths)
}
