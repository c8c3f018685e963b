//! Keeping mirrors small: many objects into few packs, and what no snapshot needs any more gone.
//!
//! Nothing goes that somebody may still read: a studio on another device borrows whatever it likes, so then nothing goes at
//! all; a snapshot borrows what its commit reaches. Whoever takes objects out of a mirror, or puts them in, holds a lock
//! that this waits for. Not here: which snapshots go.

use super::{input_ref, snapshot_ref};
use crate::context::Context;
use crate::error::Result;
use crate::fs::{self, Lock};
use crate::git::{self, Compacted, Depth, Repo};
use crate::home::Home;
use crate::names::CommitId;
use camino::Utf8Path;
use std::collections::BTreeSet;
use std::time::Duration;

/// Below so many loose objects, and so many packs, there is little to win.
const LITTLE: (usize, usize) = (200, 10);

/// Says in a mirror that something was unpinned since the last look for what is not needed.
const UNPINNED: &str = "studio-unpinned";

/// Compacts the mirror `key`, if there is enough to do; while others make studios and snapshots, too.
pub fn compact(cx: &Context, home: &Home, key: &str) -> Result<Compacted> {
    let path = home.mirrors().join(key);
    if !path.is_dir() {
        return Ok(Compacted::default());
    }
    let (_mirror_lock, pin_lock) = take(cx, home, key)?;
    // A child that writes a pack may outlive us; nobody else works on it until it has ended.
    let _shared = pin_lock.shared_with_children();
    let mirror = Repo::open_bare(&path)?;
    heal(&mirror, &path)?;
    let stock = mirror.stock()?;
    if stock.loose() < LITTLE.0 && stock.packs() < LITTLE.1 {
        return Ok(Compacted::default());
    }
    git::git(&path, ["pack-refs", "--all"]).run()?;
    let unpinned = path.join(UNPINNED);
    if !unpinned.exists() || is_borrowed(home, &path)? {
        return mirror.compact(stock, None);
    }
    let wanted = mirror.reachable(&snapshots(home))?;
    let compacted = mirror.compact(stock, Some(&wanted))?;
    fs::remove_file(&unpinned)?;
    Ok(compacted)
}

/// Ends a compaction that was killed. The caller holds the lock of the mirror.
///
/// Under the lock of pins, too: who is slow to remove what is on the list must not remove what was written since.
pub(super) fn finish(cx: &Context, home: &Home, key: &str) -> Result<()> {
    let mirror = Repo::open_bare(&home.mirrors().join(key))?;
    if !mirror.has_unfinished_removal() {
        return Ok(());
    }
    let _lock = Lock::wait(&home.lock(&format!("pin-{key}")), &cx.command, &cx.ui)?;
    mirror.finish_removal()
}

/// Packs the loose objects of a mirror if there are thousands, which everyone who makes a studio of it has to link; not
/// if somebody pins something just now. The caller holds the lock of the mirror.
pub(super) fn tidy(cx: &Context, home: &Home, key: &str) -> Result<()> {
    let path = home.mirrors().join(key);
    let mirror = Repo::open_bare(&path)?;
    if !mirror.has_many_loose() {
        return Ok(());
    }
    let lock = home.lock(&format!("pin-{key}"));
    let Ok(lock) = Lock::try_for(Duration::ZERO, &lock, &cx.command)? else { return Ok(()) };
    let _shared = lock.shared_with_children();
    heal(&mirror, &path)?;
    mirror.compact(mirror.stock()?, None).map(drop)
}

/// Lets go of the commits of snapshots that are gone, and of the commits of submodules that only they needed. How many
/// refs that were.
///
/// Their objects stay until the mirror is compacted.
pub fn unpin(cx: &Context, home: &Home, key: &str, gone: &[CommitId]) -> Result<usize> {
    let path = home.mirrors().join(key);
    if gone.is_empty() || !path.is_dir() {
        return Ok(0);
    }
    let _locks = take(cx, home, key)?;
    let mirror = Repo::open_bare(&path)?;
    heal(&mirror, &path)?;
    let mut kept: BTreeSet<CommitId> =
        mirror.refs_below("refs/studio/snapshots/")?.into_iter().map(|(_, id)| id).collect();
    let going: Vec<CommitId> = gone.iter().filter(|id| kept.remove(*id)).cloned().collect();
    if going.is_empty() {
        return Ok(0);
    }
    let inputs: BTreeSet<String> =
        mirror.refs_below("refs/studio/inputs/")?.into_iter().map(|(name, _)| name).collect();
    let mut refs = Vec::new();
    if !inputs.is_empty() {
        let needed = mirror.links_reached(&kept)?;
        let candidates = mirror.links_reached(&going.iter().cloned().collect())?;
        refs.extend(
            candidates.difference(&needed).map(input_ref).filter(|name| inputs.contains(name)),
        );
    }
    // First those of submodules: who is killed in between finds the rest by the snapshots that are still pinned.
    fs::write_new(&path.join(UNPINNED), b"")?;
    mirror.delete_refs(&refs)?;
    let snapshots: Vec<String> = going.iter().map(snapshot_ref).collect();
    mirror.delete_refs(&snapshots)?;
    Ok(refs.len() + snapshots.len())
}

/// The right to be alone with a mirror. In this order everywhere, so that nobody waits for each other.
fn take(cx: &Context, home: &Home, key: &str) -> Result<(Lock, Lock)> {
    let lock = |name: &str| Lock::wait(&home.lock(&format!("{name}-{key}")), &cx.command, &cx.ui);
    Ok((lock("mirror")?, lock("pin")?))
}

/// Removes what killed commands left in a mirror that nobody else works in.
fn heal(mirror: &Repo, path: &Utf8Path) -> Result<()> {
    git::remove_stale_locks(path, Depth::Here)?;
    git::remove_stale_locks(&path.join("refs"), Depth::Below)?;
    // What git was about to put in the place of its packed refs.
    fs::remove_file(&path.join("packed-refs.new"))?;
    mirror.finish_removal()?;
    mirror.sweep_objects()
}

/// Whether a studio has no objects of its own but reads those of the mirror.
fn is_borrowed(home: &Home, mirror: &Utf8Path) -> Result<bool> {
    let objects = mirror.join("objects");
    let studios = home.studios();
    let Ok(entries) = studios.read_dir_utf8() else { return Ok(false) };
    for entry in entries {
        let entry = entry.map_err(|cause| fs::failed("read", &studios, cause))?;
        let alternates = entry.path().join(".git/objects/info/alternates");
        let borrows = |text: String| text.lines().any(|line| objects == line);
        if fs::read_optional(&alternates)?.is_some_and(borrows) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The commits of all snapshots that are there, pinned or not.
fn snapshots(home: &Home) -> Vec<CommitId> {
    let entries = home.snapshots().read_dir_utf8().into_iter().flatten().flatten();
    entries.filter_map(|entry| CommitId::new(entry.file_name()).ok()).collect()
}
