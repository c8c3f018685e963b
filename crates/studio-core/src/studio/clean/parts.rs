//! What cleaning asks of those whose things it removes: refs that were let go of too early are put back, mirrors are made
//! small, and what commands that were killed left is removed.

use crate::context::Context;
use crate::error::Result;
use crate::fs::{self, Lock};
use crate::git::{Depth, Repo, remove_stale_locks};
use crate::home::Home;
use crate::names::CommitId;
use crate::studio::mirror::{self, input_ref, snapshot_ref};
use std::collections::BTreeSet;

/// Puts refs that were removed a moment ago back, those of the submodules of these snapshots too.
pub(super) fn pin_again(cx: &Context, home: &Home, mirror: &Repo, ids: &[CommitId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let key = mirror.top().file_name().unwrap_or_default();
    let _lock = Lock::wait(&home.lock(&format!("pin-{key}")), &cx.command, &cx.ui)?;
    remove_stale_locks(&mirror.top().join("refs/studio"), Depth::Below)?;
    let ids: BTreeSet<CommitId> = ids.iter().cloned().collect();
    for input in mirror.links_reached(&ids)?.iter().filter(|input| mirror.has(input)) {
        mirror.put_ref(&input_ref(input), input)?;
    }
    ids.iter().try_for_each(|id| mirror.put_ref(&snapshot_ref(id), id))
}

/// Makes every mirror small that has much to lose.
pub(super) fn compact(cx: &Context, home: &Home) -> Result<()> {
    let entries = home.mirrors().read_dir_utf8().into_iter().flatten().flatten();
    for entry in entries.filter(|entry| !entry.file_name().starts_with('.')) {
        mirror::compact(cx, home, entry.file_name())?;
    }
    Ok(())
}

/// Removes what commands that were killed had begun to make or to remove.
pub(super) fn tidy(home: &Home) {
    for folder in [home.snapshots(), home.studios(), home.mirrors()] {
        fs::sweep(&folder);
    }
}
