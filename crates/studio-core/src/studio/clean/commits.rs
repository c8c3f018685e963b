//! Letting go of the commits of snapshots that are gone: the refs in mirrors that kept them.
//!
//! Nobody's work is lost by cleaning. A commit that neither upstream, nor a studio, nor another snapshot has stays in the
//! mirror, where `git mutable-hydrate` finds it; what it takes there is little beside a folder of files. As a snapshot
//! holds those that it grew from, that is one commit for each line of work that was given up, not one for each snapshot.

use super::needed::{Needs, studios};
use super::{parts, remains};
use crate::context::Context;
use crate::error::Result;
use crate::git::Repo;
use crate::home::Home;
use crate::names::CommitId;
use crate::studio::mirror;
use std::collections::BTreeSet;

/// Removes the refs of snapshots that are not there, that nothing needs, and whose commits something else holds.
/// `again` finds out anew what needs what.
pub(super) fn let_go(
    cx: &Context,
    home: &Home,
    needs: &Needs,
    again: &dyn Fn() -> Result<Needs>,
) -> Result<()> {
    let entries = home.mirrors().read_dir_utf8().into_iter().flatten().flatten();
    for entry in entries.filter(|entry| !entry.file_name().starts_with('.')) {
        // A mirror that cannot be read keeps what it has.
        let Ok(mirror) = Repo::open_bare(entry.path()) else {
            cx.ui.warn(format!("the mirror `{}` cannot be read and is left alone", entry.path()));
            continue;
        };
        of_mirror(cx, home, &mirror, needs, again)?;
    }
    Ok(())
}

fn of_mirror(
    cx: &Context,
    home: &Home,
    mirror: &Repo,
    needs: &Needs,
    again: &dyn Fn() -> Result<Needs>,
) -> Result<()> {
    let there = remains::there(home)?;
    let commits = |refs: Vec<(String, CommitId)>| refs.into_iter().map(|(_, commit)| commit);
    let pinned: Vec<CommitId> = commits(mirror.refs_below("refs/studio/snapshots/")?).collect();
    let (gone, mut held): (Vec<_>, Vec<_>) =
        pinned.into_iter().partition(|id| !there.contains(id) && needs.of(id).is_none());
    if gone.is_empty() {
        return Ok(());
    }
    for prefix in ["refs/heads/", "refs/tags/"] {
        held.extend(commits(mirror.refs_below(prefix)?));
    }
    let mut only_here = mirror.reached_by_none(&gone, &held)?;
    for top in studios(home)? {
        if only_here.is_empty() {
            break;
        }
        let studio = Repo::open(&top)?;
        let mut held = studio.heads()?;
        // Not its log: a studio can be removed without asking what only its log has.
        for prefix in ["refs/heads/", "refs/tags/"] {
            held.extend(commits(studio.refs_below(prefix)?));
        }
        only_here = studio.reached_by_none(&only_here, &held)?;
    }
    let only_here: BTreeSet<CommitId> = only_here.into_iter().collect();
    let useless: Vec<CommitId> = gone.into_iter().filter(|id| !only_here.contains(id)).collect();
    if useless.is_empty() {
        return Ok(());
    }
    let key = mirror.top().file_name().unwrap_or_default();
    mirror::unpin(cx, home, key, &useless)?;
    // Somebody may have begun to take one of these snapshots again, and have found its ref still there.
    let (there, needs) = (remains::there(home)?, again()?);
    let wanted: Vec<CommitId> =
        useless.into_iter().filter(|id| there.contains(id) || needs.of(id).is_some()).collect();
    parts::pin_again(cx, home, mirror, &wanted)
}
