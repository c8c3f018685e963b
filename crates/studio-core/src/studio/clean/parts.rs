//! What cleaning asks of those whose things it removes: the ref of a snapshot in a mirror, and what commands that were
//! killed left.

use crate::context::Context;
use crate::error::Result;
use crate::fs::{self, Lock};
use crate::git::{Depth, Move, Repo, Target, remove_stale_locks};
use crate::home::Home;
use crate::names::CommitId;
use crate::studio::mirror::snapshot_ref;

/// Removes the refs of snapshots from a mirror.
pub(super) fn unpin(cx: &Context, home: &Home, mirror: &Repo, ids: &[CommitId]) -> Result<()> {
    change(cx, home, mirror, ids, |id| Move {
        name: snapshot_ref(id),
        from: Some(id.clone()),
        to: Target::Nothing,
    })
}

/// Puts refs that were removed a moment ago back.
pub(super) fn pin_again(cx: &Context, home: &Home, mirror: &Repo, ids: &[CommitId]) -> Result<()> {
    let missing: Vec<CommitId> = ids
        .iter()
        .filter(|id| !matches!(mirror.ref_commit(&snapshot_ref(id)), Ok(Some(_))))
        .cloned()
        .collect();
    change(cx, home, mirror, &missing, |id| Move {
        name: snapshot_ref(id),
        from: None,
        to: Target::Commit(id.clone()),
    })
}

fn change(
    cx: &Context,
    home: &Home,
    mirror: &Repo,
    ids: &[CommitId],
    edit: impl Fn(&CommitId) -> Move,
) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let key = mirror.top().file_name().unwrap_or_default();
    let _lock = Lock::wait(&home.lock(&format!("pin-{key}")), &cx.command, &cx.ui)?;
    remove_stale_locks(&mirror.top().join("refs/studio"), Depth::Below)?;
    let moves: Vec<Move> = ids.iter().map(edit).collect();
    mirror.move_refs(&mirror.identity(cx.env.now()), "studio: clean", &moves)?;
    Ok(())
}

/// Removes what commands that were killed had begun to make or to remove.
pub(super) fn tidy(home: &Home) {
    for folder in [home.snapshots(), home.studios(), home.mirrors()] {
        fs::sweep(&folder);
    }
}
