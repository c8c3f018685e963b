//! Taking a snapshot of a studio.
//!
//! The order decides what a kill leaves: objects, the pin in the mirror, the sealed folder, and only then the branch, the
//! operation log and the index; pushing comes last. So a snapshot that fails leaves the studio as it was, and one that was
//! killed is finished, or made once more, by the next.

use super::Snapshot;
use super::build::{Source, keep_seal};
use crate::context::Context;
use crate::error::Result;
use crate::fs::{self, Draft};
use crate::home::Home;
use crate::names::CommitId;
use crate::oplog::Kind;
use crate::secrets::Search;
use crate::studio::{Guarding, Prepared, Pushed, Studio, prepare, push_scratch, record};
use crate::studio::{mirror, remote};
use crate::toolkit;

/// How a snapshot is taken.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The message of the commit, if there is one to make.
    pub message: Option<String>,
    /// Whether nothing is pushed.
    pub stay_local: bool,
    /// What may go in although it looks as if it should not.
    pub guarding: Guarding,
}

/// A snapshot that was taken.
#[derive(Debug)]
pub struct TakenSnapshot {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Whether something was committed for it.
    pub committed: bool,
    /// The branch that holds its commit, if HEAD is on one.
    pub branch: Option<String>,
}

/// Takes a snapshot of everything that is in the studio.
pub fn take(cx: &Context, studio: &Studio, options: &Options) -> Result<TakenSnapshot> {
    let taken = studio.take(cx)?;
    let prepared = prepare(cx, studio, options.message.as_deref(), &options.guarding)?;
    let parts = prepared.parts(studio);
    let mut search = Some(Search::begin(&studio.home, &parts)?);
    if prepared.secrets.is_strict() {
        // Before anything names the commit, so that there is no trace of it.
        judge(cx, &prepared, &mut search)?;
    }
    pin_all(cx, studio, &prepared)?;
    let (snapshot, made) = build(cx, studio, &prepared.commit, search.as_ref())?;
    // From here on nobody cleans it away. Who cleaned before may have found a pin of which there was no snapshot yet.
    let held = crate::studio::hold(&studio.home, snapshot.id())?;
    let recorded = judge(cx, &prepared, &mut search);
    let recorded = recorded.and_then(|()| pin_all(cx, studio, &prepared)).and_then(|()| {
        record(cx, studio, &taken, &prepared, Kind::Snapshot, Some(&prepared.commit))
    });
    if let Err(error) = recorded {
        drop(held);
        if made && prepared.fresh {
            take_back(cx, &snapshot);
        }
        return Err(error);
    }
    if prepared.fresh {
        let branch = prepared.branch.as_deref().unwrap_or_default();
        cx.ui.step(format!(
            "committed {} on `{branch}` as {}",
            prepared.what,
            prepared.commit.short()
        ));
    }
    if !options.stay_local {
        push_all(cx, studio, &prepared);
    }
    Ok(TakenSnapshot { snapshot, committed: prepared.fresh, branch: prepared.branch })
}

/// Says where secrets lie open, if that was not done before; the files that were unpacked meanwhile are not read again.
fn judge(cx: &Context, prepared: &Prepared, search: &mut Option<Search<'_>>) -> Result<()> {
    match search.take() {
        Some(search) => prepared.secrets.judge(cx, search.finish()?),
        None => Ok(()),
    }
}

/// Removes a snapshot of a commit that did not come about, unless somebody uses it already. It is whole, so that it stays
/// where it cannot be removed harms nobody.
fn take_back(cx: &Context, snapshot: &Snapshot) {
    if let Some(_claim) = fs::claim(&snapshot.path) {
        let _ = super::discard(cx, &snapshot.home, snapshot.id());
    }
}

/// Keeps the commit of a snapshot, and those of its submodules, alive in the mirror.
fn pin_all(cx: &Context, studio: &Studio, prepared: &Prepared) -> Result<()> {
    // The snapshot first: who lets go of submodules asks which snapshots are kept.
    let name = mirror::snapshot_ref(&prepared.commit);
    mirror::pin(cx, studio, &studio.repo, &prepared.commit, &name)?;
    for piece in &prepared.inputs {
        mirror::pin(cx, studio, &piece.repo, &piece.commit, &mirror::input_ref(&piece.commit))?;
    }
    Ok(())
}

/// Pushes inputs first: a root commit whose inputs nobody has is of no use to others.
fn push_all(cx: &Context, studio: &Studio, prepared: &Prepared) {
    for piece in &prepared.inputs {
        if let Some(branch) = &piece.branch {
            let pushed = remote::push(cx, &piece.repo, branch, &piece.commit);
            if let Pushed::Failed(why) = &pushed {
                cx.ui.warn(format!(
                    "`{branch}` of `{}` was not pushed; everything else is done\n{why}",
                    piece.path
                ));
                cx.ui.hint(format!("push it later: `git -C {} push origin {branch}`", piece.path));
            }
            if pushed == Pushed::Done {
                cx.ui.step(format!("pushed `{branch}` of `{}` to its origin", piece.path));
            }
        }
    }
    if let Some(branch) = &prepared.branch {
        remote::say(cx, branch, &push_scratch(cx, studio, branch, &prepared.commit));
    }
}

/// The sealed folder of a commit of the studio: the one that is there, or a new one; and whether it is new.
fn build(
    cx: &Context,
    studio: &Studio,
    commit: &CommitId,
    search: Option<&Search<'_>>,
) -> Result<(Snapshot, bool)> {
    let home: &Home = &studio.home;
    let path = home.snapshot(commit);
    let snapshot = Snapshot { id: commit.clone(), path: path.clone(), home: home.clone() };
    if path.is_dir() {
        return Ok((snapshot, false));
    }
    fs::create_dir_all(&home.snapshots())?;
    fs::sweep(&home.snapshots());
    let draft = Draft::of(&path)?;
    let toolkit = studio.toolkit()?;
    // Before there is a snapshot, so that there is none whose commands may go away; it may outlive the studio.
    toolkit::keep(cx, &toolkit, &home.roots(commit).join("toolkit"));
    let origin = studio.repo.config("remote.origin.url");
    let witness = search.map(Search::witness);
    let source = Source { repo: &studio.repo, mirror: &studio.mirror, toolkit, origin, witness };
    let seal = cx
        .ui
        .at_work("writing the files of the snapshot", |_| {
            source.fill(cx, home, commit, draft.path())
        })
        .map_err(|error| fs::tell_inodes(error, draft.path()))?;
    match draft.publish() {
        Ok(()) => {
            keep_seal(&snapshot, seal);
            Ok((snapshot, true))
        }
        // Another studio made the same one meanwhile.
        Err(_) if path.is_dir() => Ok((snapshot, false)),
        Err(error) => Err(error),
    }
}
