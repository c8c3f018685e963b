//! `studio --verify` and `--repair`: what is said. What is done is `studio_core::snapshot`'s.

use studio_core::cli::{Context, Done};
use studio_core::error::Result;
use studio_core::home::Home;
use studio_core::names::CommitId;
use studio_core::snapshot::{self, Snapshot, Verification};
use studio_core::studio::find_snapshot;

/// Says whether a snapshot is what its name says; an error if it is not.
pub(crate) fn verify(cx: &Context, home: &Home, text: &str, full: bool) -> Result<Done> {
    let id = find_snapshot(cx, home, text)?;
    let how = if full { Verification::Full } else { Verification::Quick };
    Snapshot::open(home, &id)?.verify(cx, how)?;
    cx.ui.step(format!("the snapshot {} is what its name says", id.short()));
    Ok(Done::silent())
}

/// Makes a snapshot again, and prints its path. One that is gone is named by its whole id.
pub(crate) fn repair(cx: &Context, home: &Home, text: &str) -> Result<Done> {
    let id = match CommitId::new(text) {
        Ok(id) => id,
        Err(_) => find_snapshot(cx, home, text)?,
    };
    let snapshot = snapshot::repair(cx, home, &id)?;
    cx.ui.step(format!("made the snapshot {} again", id.short()));
    Ok(Done::with(snapshot.path()))
}
