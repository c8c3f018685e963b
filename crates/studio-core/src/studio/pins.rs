//! Pins: snapshots that stay because the user said so.
//!
//! A pin is a file of its own, `pins/ID`, and its name is all that counts: two who pin at the same time cannot lose each
//! other's, nothing has to be read to write one, and a file that was cut short by a full disk still is a pin.

use super::catalog::{find_snapshot, hold, ids_in, one_of};
use crate::context::Context;
use crate::error::Result;
use crate::fs;
use crate::home::Home;
use crate::names::CommitId;
use std::collections::BTreeSet;

/// Everything that is pinned.
pub(super) fn pinned(home: &Home) -> Result<BTreeSet<CommitId>> {
    Ok(ids_in(&home.pins())?.into_iter().collect())
}

/// Keeps a snapshot until it is unpinned; whether it was not kept already.
pub fn pin(cx: &Context, home: &Home, text: &str) -> Result<(CommitId, bool)> {
    let id = find_snapshot(cx, home, text)?;
    // Held, so that it is not removed between finding and pinning it.
    let _held = hold(home, &id)?;
    let pin = home.pin(&id);
    if pin.exists() {
        return Ok((id, false));
    }
    fs::write_atomic(&pin, format!("{}\n", cx.env.now()).as_bytes())?;
    Ok((id, true))
}

/// Does not keep a snapshot any longer. It need not be there any more.
pub fn unpin(cx: &Context, home: &Home, text: &str) -> Result<CommitId> {
    let pins = ids_in(&home.pins())?;
    let found = find_snapshot(cx, home, text).ok().filter(|id| pins.contains(id));
    let id = match found {
        Some(id) => id,
        None => one_of(&pins, text, "pinned snapshot").map_err(|error| {
            error.hint("those that are say so in the list: `studio --snapshots`")
        })?,
    };
    fs::remove_file(&home.pin(&id))?;
    Ok(id)
}
