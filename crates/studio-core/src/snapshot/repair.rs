//! Making a snapshot again from git, in the place of one that is damaged or gone.

use super::build::{Source, keep_seal};
use super::{Snapshot, discard};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs::{self, Draft};
use crate::git::Repo;
use crate::home::Home;
use crate::names::CommitId;
use crate::studio::mirror;
use crate::toolkit;
use camino::Utf8PathBuf;

/// Makes the snapshot again: of the commit that a mirror keeps, with the commands that it had.
///
/// The new one is whole before the old one goes; a kill in between leaves none, and the same command makes it.
pub fn repair(cx: &Context, home: &Home, id: &CommitId) -> Result<Snapshot> {
    let path = home.snapshot(id);
    let mirror = mirror_of(home, id)?;
    let repo = Repo::open_bare(&mirror)?;
    let old = Repo::open(&path).ok();
    let kept = old.as_ref().and_then(|old| old.config("studio.toolkit")).map(Utf8PathBuf::from);
    let toolkit = match kept.filter(|folder| folder.is_dir()) {
        Some(folder) => folder,
        None => toolkit::folder()?,
    };
    fs::create_dir_all(&home.snapshots())?;
    fs::sweep(&home.snapshots());
    let draft = Draft::of(&path)?;
    toolkit::keep(cx, &toolkit, &home.roots(id).join("toolkit"));
    let origin = repo.config("remote.origin.url");
    let source = Source { repo: &repo, mirror: &mirror, toolkit, origin, witness: None };
    let seal = source.fill(cx, home, id, draft.path())?;
    discard(cx, home, id)?;
    draft.publish()?;
    let snapshot = Snapshot { id: id.clone(), path, home: home.clone() };
    keep_seal(&snapshot, seal);
    Ok(snapshot)
}

/// The mirror that keeps the commit of a snapshot.
fn mirror_of(home: &Home, id: &CommitId) -> Result<Utf8PathBuf> {
    if let Ok(entries) = home.mirrors().read_dir_utf8() {
        for entry in entries.flatten() {
            let Ok(repo) = Repo::open_bare(entry.path()) else { continue };
            if repo.ref_commit(&mirror::snapshot_ref(id))?.is_some() {
                return Ok(entry.path().to_owned());
            }
        }
    }
    Err(Error::new(format!("no mirror keeps the commit of the snapshot {}", id.short())).hint(
        "bring a studio to it and take it again: `git mutable-hydrate` and `git mutable-snapshot`",
    ))
}
