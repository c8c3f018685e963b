//! Which snapshots there are, and which one a user means. Reading only.

use super::pins;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs::{self, Held, Usage};
use crate::home::Home;
use crate::names::CommitId;
use crate::switch::{MadeGeneration, Results, Sources};
use crate::ui;
use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use std::os::unix::fs::MetadataExt;

/// The fewest digits that are taken for the beginning of an id, as git abbreviates one.
const FEWEST: usize = 4;

/// One snapshot in the list.
#[derive(Clone, Debug, Serialize)]
pub struct Cataloged {
    /// Its id.
    pub id: CommitId,
    /// Its folder.
    pub path: Utf8PathBuf,
    /// When it was taken, in seconds since 1970.
    pub taken: i64,
    /// The first line of its commit's message, if the commit can be read.
    pub subject: Option<String>,
    /// The bytes that would be free without it: what it has for itself.
    pub size: u64,
    /// Whether cleaning leaves it alone because the user said so.
    pub pinned: bool,
    /// The generations that were made of it.
    pub generations: Vec<MadeGeneration>,
}

/// All snapshots with what is known of them, newest first.
pub fn catalog(cx: &Context, home: &Home, other_root: Option<&Utf8Path>) -> Result<Vec<Cataloged>> {
    let results = Results::shown(cx, home, other_root);
    let sources = Sources::of(home.clone());
    let pinned = pins::pinned(home)?;
    let mut usage = Usage::new();
    usage.follows(&home.pool());
    let taken = taken(home)?;
    let cataloged = taken.into_iter().map(|(id, taken)| {
        let path = home.snapshot(&id);
        Cataloged {
            taken,
            subject: sources.subject(&id),
            size: usage.freed_by(&path),
            pinned: pinned.contains(&id),
            generations: results.generations(&id).into_iter().cloned().collect(),
            path,
            id,
        }
    });
    Ok(cataloged.collect())
}

/// The ids of all snapshots and when each was taken, newest first.
///
/// A sealed folder is not written to, so the time of its last change is that of its making.
pub(super) fn taken(home: &Home) -> Result<Vec<(CommitId, i64)>> {
    let mut found: Vec<((i64, i64), CommitId)> = ids_in(&home.snapshots())?
        .into_iter()
        .filter_map(|id| {
            let meta = home.snapshot(&id).symlink_metadata().ok()?;
            Some(((meta.mtime(), meta.mtime_nsec()), id))
        })
        .collect();
    found.sort();
    Ok(found.into_iter().rev().map(|((seconds, _), id)| (id, seconds)).collect())
}

/// The ids of the newest snapshots, newest first.
pub fn newest_snapshots(home: &Home, most: usize) -> Result<Vec<CommitId>> {
    Ok(taken(home)?.into_iter().take(most).map(|(id, _)| id).collect())
}

/// The ids of all snapshots.
pub fn snapshot_ids(home: &Home) -> Result<Vec<CommitId>> {
    ids_in(&home.snapshots())
}

/// The entries of a folder that are called by a commit; none if there is no such folder.
pub(super) fn ids_in(folder: &Utf8Path) -> Result<Vec<CommitId>> {
    let entries = match folder.read_dir_utf8() {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
        Err(cause) => return Err(fs::failed("read", folder, cause)),
    };
    let mut ids = vec![];
    for entry in entries {
        // A name that is not UTF-8 is none of ours.
        let Ok(entry) = entry else { continue };
        ids.extend(CommitId::new(entry.file_name()));
    }
    ids.sort();
    Ok(ids)
}

/// Keeps a snapshot from being cleaned away while it is worked on.
///
/// Waits where it is just being removed, so nobody may call this with a lock that removing one needs.
pub fn hold(home: &Home, id: &CommitId) -> Result<Held> {
    fs::hold(&home.snapshot(id)).ok_or_else(|| {
        Error::new(format!("the snapshot {} is not there any more", id.short())).hint(format!(
            "make it again, in a studio: `git mutable-hydrate {}`, then `git mutable-snapshot`",
            id.short()
        ))
    })
}

/// The snapshot that a text means: an id, the beginning of one, or a path of or in its folder.
pub fn find_snapshot(cx: &Context, home: &Home, text: &str) -> Result<CommitId> {
    let ids = ids_in(&home.snapshots())?;
    if let Some(id) = by_path(cx, home, text).filter(|id| ids.contains(id)) {
        return Ok(id);
    }
    one_of(&ids, text, "snapshot").map_err(|error| error.hint("list them: `studio --snapshots`"))
}

/// The one of `ids` that begins with `text`.
pub(super) fn one_of(ids: &[CommitId], text: &str, noun: &str) -> Result<CommitId> {
    let beginning = text.to_lowercase();
    let hex = beginning.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !hex || beginning.len() < FEWEST {
        return Err(Error::new(format!("`{}` names no {noun}", text.escape_debug())).because(
            format!("an id is wanted, {FEWEST} digits or more of one, or the folder of a snapshot"),
        ));
    }
    let found: Vec<&CommitId> =
        ids.iter().filter(|id| id.as_str().starts_with(&beginning)).collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Error::new(format!("there is no {noun} `{beginning}`"))),
        several => {
            let ids: Vec<&str> = several.iter().map(|id| id.short()).collect();
            Err(Error::new(format!("several {noun}s begin with `{beginning}`"))
                .because(ui::names(&ids, 6))
                .hint("give more digits"))
        }
    }
}

fn by_path(cx: &Context, home: &Home, text: &str) -> Option<CommitId> {
    // git runs aliases at the top of the work tree, so a relative path starts where the user stands.
    let path = cx.env.cwd().join(cx.env.prefix()).join(text).canonicalize_utf8().ok()?;
    within(home, &path)
}

/// The snapshot whose folder a path is, or lies in; the path has no links in it.
pub(super) fn within(home: &Home, path: &Utf8Path) -> Option<CommitId> {
    let snapshots = home.snapshots().canonicalize_utf8().ok()?;
    let below = path.strip_prefix(snapshots).ok()?;
    CommitId::new(below.components().next()?.as_str()).ok()
}
