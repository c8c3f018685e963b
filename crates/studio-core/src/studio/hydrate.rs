//! Bringing a studio to another state: a branch, tag, commit or snapshot, from wherever it is.
//!
//! Uncommitted work is committed on a scratch branch first. The state comes in on a new scratch branch, unless it is a
//! scratch branch of this studio itself. Ignored files are never overwritten.

use super::inputs::{bring_commits, update_submodules};
use super::work::{save, scratch_name};
use super::{Studio, Taken, log, mirror};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs;
use crate::git::{Head, Move, Moved, Repo, Target, Tree};
use crate::names::{CommitId, StudioName};
use crate::oplog::{BranchMove, Draft, Kind, Log, Sort, State};
use camino::Utf8Path;
use std::cell::Cell;

/// What a studio was brought to.
#[derive(Clone, Debug)]
pub struct Hydrated {
    /// The commit.
    pub commit: CommitId,
    /// The branch that is checked out now.
    pub branch: String,
    /// Where the commit was found: `this studio`, `` the snapshot `…` ``.
    pub source: String,
    /// Whether the studio was in that state already.
    pub already: bool,
}

/// Brings the studio to `rev`.
pub fn hydrate(cx: &Context, studio: &Studio, taken: &Taken, rev: &str) -> Result<Hydrated> {
    let repo = &studio.repo;
    studio.require_settled()?;
    if rev.is_empty() || rev.starts_with('-') || rev.chars().any(char::is_control) {
        return Err(Error::new(format!("`{}` cannot be the name of a state", rev.escape_debug()))
            .hint("give a branch, tag, commit or snapshot: `git mutable-hydrate scratch/…`")
            .exit(crate::Exit::Usage));
    }
    let (commit, source) = find(cx, studio, rev)?;
    let saved = save(cx, studio, taken)?;
    let although = |error: Error| match saved {
        true => error.although("what was uncommitted is saved, and the files are as they were"),
        false => error,
    };
    let head = repo.head()?;
    let own = rev.starts_with("scratch/") && repo.branches()?.iter().any(|branch| branch == rev);
    let on_scratch = head.branch.clone().filter(|branch| branch.starts_with("scratch/"));
    let branch = match on_scratch {
        _ if own => rev.to_owned(),
        Some(branch) if head.commit == commit => branch,
        _ => scratch_name(repo, &studio.name, &commit, cx.env.now())?,
    };
    if head.branch.as_deref() == Some(&branch) && head.commit == commit {
        update_submodules(cx, repo, &studio.mirror)?;
        return Ok(Hydrated { commit, branch, source, already: true });
    }
    let before = repo.tree_of(&head.commit)?;
    let made = repo.ref_commit(&format!("refs/heads/{branch}"))?.is_none();
    let to = Head { branch: Some(branch.clone()), commit: commit.clone() };
    let after = repo.tree_of(&commit)?;
    bring_commits(repo, after, &studio.mirror)?;
    let who = repo.identity(cx.env.now());
    let draft = Draft {
        kind: Kind::Hydrate,
        summary: format!("hydrated `{branch}` from {source} at {}", commit.short()),
        time: cx.env.now(),
        before: State { head: head.clone(), worktree: before.to_string(), staged: None },
        after: State { head: to.clone(), worktree: after.to_string(), staged: None },
        branches: if made {
            vec![BranchMove { name: branch.clone(), from: None, to: Some(commit.clone()) }]
        } else {
            vec![]
        },
        snapshot: None,
        staged: None,
        sort: Sort::New,
    };
    let mut moves = vec![Log::of(repo).write(&who, draft).map_err(although)?];
    // Another work tree may have the branch, and a branch may have the name of something else: git knows.
    let plain = !repo.has_linked_worktrees()
        && (made || repo.ref_commit(&format!("refs/heads/{branch}"))?.as_ref() == Some(&commit));
    let moved = if plain { repo.move_quickly(before, after).map_err(although)? } else { None };
    if moved.is_none() {
        switch(repo, taken, &to, made)?;
    }
    let mut intended = Ok(());
    if let Some(Moved { index, .. }) = &moved {
        let name = format!("refs/heads/{branch}");
        if made {
            let to = Target::Commit(commit.clone());
            moves.push(Move { name: name.clone(), from: None, to });
        }
        moves.push(Move { name: "HEAD".into(), from: None, to: Target::Ref(name) });
        intended = taken.undertaking.intend(index, &commit, &head, (&who, &moves));
    }
    let recorded = intended
        .and_then(|()| Ok(repo.move_refs(&who, "studio: hydrate", &moves)?))
        .map_err(|error| fs::tell_inodes(error, &repo.git_dir()));
    if let (Err(_), Some(moved)) = (&recorded, &moved) {
        // They go with a commit that HEAD is not at.
        repo.take_back(moved)?;
    }
    recorded.map_err(although)?;
    if let Some(Moved { index, .. }) = &moved {
        repo.install_index(index)?;
        repo.log_checkout(&who, &head, &to)?;
        let shared = taken.shared_with_children();
        if let Err(cause) = repo.run_checkout_hook(&head.commit, &commit) {
            cx.ui.warn(format!(
                "the hook `post-checkout` failed; everything else is done\n{}",
                cause.causes().join("\n")
            ));
        }
        drop(shared);
    }
    update_submodules(cx, repo, &studio.mirror)?;
    Ok(Hydrated { commit, branch, source, already: false })
}

/// Lets git bring files, index and HEAD to a branch, which is made if it is `made`.
fn switch(repo: &Repo, taken: &Taken, to: &Head, made: bool) -> Result<()> {
    let branch = to.branch.as_deref().unwrap_or_default();
    let switch = repo.git(["switch", "--quiet", "--no-overwrite-ignore"]);
    let switch = if made {
        switch.args(["--no-track", "--create", branch, to.commit.as_str()])
    } else {
        switch.arg(branch)
    };
    let shared = taken.shared_with_children();
    switch.run().map_err(|cause| {
        Error::new(format!(
            "the files of {} cannot be put in place; they are as they were",
            to.commit.short()
        ))
        .because(cause.output())
        .hint("move the files that git names out of the way, and try again")
    })?;
    drop(shared);
    Ok(())
}

/// Finds the commit that `rev` names, and brings it into this studio: from here, from the snapshots, from other studios,
/// and at last from origin.
fn find(cx: &Context, studio: &Studio, rev: &str) -> Result<(CommitId, String)> {
    let repo = &studio.repo;
    let files = repo.tree_of(&repo.head()?.commit)?;
    // What a ref names is here with all that it reaches; what was only fetched may be here in part.
    let in_part = Cell::new(false);
    let here = |name: &str| -> Result<Option<CommitId>> {
        let Some(commit) = repo.resolve(&format!("{name}^{{commit}}")) else { return Ok(None) };
        let whole = !is_id(name) || repo.has_files_of(&commit, files)?;
        in_part.set(!whole);
        Ok(whole.then_some(commit))
    };
    for name in [rev.to_owned(), format!("refs/remotes/origin/{rev}")] {
        if let Some(commit) = here(&name)? {
            // An id of the log means how the studio was then, not the record of it.
            return Ok(match Log::of(repo).as_entry(&commit)? {
                Some(entry) => {
                    (log::commit_after(cx, repo, &entry)?, "the log of this studio".to_owned())
                }
                None => (commit, "this studio".to_owned()),
            });
        }
    }
    if let Some((commit, source)) = in_snapshots(studio, rev)? {
        bring(repo, &studio.mirror, mirror::snapshot_ref(&commit).as_str(), &commit, files)?;
        return Ok((commit, source));
    }
    if let Some((commit, source, top)) = in_other_studios(studio, rev)? {
        bring(repo, &top, commit.as_str(), &commit, files)?;
        return Ok((commit, source));
    }
    if let Some(commit) = in_mirror(studio, rev)? {
        bring(repo, &studio.mirror, commit.as_str(), &commit, files)?;
        return Ok((commit, "the mirror".to_owned()));
    }
    cx.ui.step("asking origin ...");
    let fetched = repo
        .git(["fetch", "--quiet", "--tags", "--no-auto-maintenance"])
        .args(["--no-recurse-submodules", "origin"])
        .env("GIT_TERMINAL_PROMPT", if cx.ui.interactive() { "1" } else { "0" })
        .run();
    for name in [format!("refs/remotes/origin/{rev}"), rev.to_owned()] {
        if let Some(commit) = here(&name)? {
            return Ok((commit, "origin".to_owned()));
        }
    }
    if in_part.get() {
        return Err(Error::new(format!(
            "the commit {} is here without all of its files: fetching it was interrupted once",
            &rev[..rev.len().min(12)]
        ))
        .hint("get the rest: `git fetch --refetch origin`"));
    }
    let error = Error::new(format!(
        "nothing is called `{rev}` in this studio, the snapshots, other studios or origin"
    ));
    Err(match fetched {
        Ok(_) => error,
        Err(cause) => error.because("origin could not be asked:").because(cause.output()),
    }
    .hint("see what there is: `git branch --all`, `git mutable-log`, `studio --list`"))
}

/// A snapshot whose id begins with `rev`.
fn in_snapshots(studio: &Studio, rev: &str) -> Result<Option<(CommitId, String)>> {
    if !is_id(rev) {
        return Ok(None);
    }
    let rev = rev.to_lowercase();
    let mut found: Vec<CommitId> = Vec::new();
    let mirror = Repo::open_bare(&studio.mirror)?;
    for (name, commit) in mirror.refs_below("refs/studio/snapshots/")? {
        if name.rsplit('/').next().is_some_and(|id| id.starts_with(&rev)) {
            found.push(commit);
        }
    }
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some((one.clone(), format!("the snapshot {}", one.short())))),
        several => {
            let ids: Vec<&str> = several.iter().map(CommitId::short).collect();
            Err(Error::new(format!(
                "several snapshots begin with `{rev}`: {}",
                crate::ui::names(&ids, 6)
            ))
            .hint("give more digits"))
        }
    }
}

/// A commit that another one in the mirror grew from: the snapshot that it was may have been removed, and its studio, too.
fn in_mirror(studio: &Studio, rev: &str) -> Result<Option<CommitId>> {
    if !is_id(rev) {
        return Ok(None);
    }
    Ok(Repo::open_bare(&studio.mirror)?.resolve(&format!("{rev}^{{commit}}")))
}

/// Whether this may be the beginning of an id.
fn is_id(rev: &str) -> bool {
    rev.len() >= 4 && rev.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A branch or commit of another studio: `NAME`, or `STUDIO:NAME`.
fn in_other_studios(
    studio: &Studio,
    rev: &str,
) -> Result<Option<(CommitId, String, camino::Utf8PathBuf)>> {
    let (only, name) = match rev.split_once(':') {
        Some((studio, name)) => (Some(studio), name),
        None => (None, rev),
    };
    let Ok(entries) = studio.home.studios().read_dir_utf8() else { return Ok(None) };
    let mut names: Vec<StudioName> =
        entries.flatten().filter_map(|entry| StudioName::new(entry.file_name()).ok()).collect();
    names.sort();
    for other in names {
        if other == studio.name || only.is_some_and(|only| only != other.as_str()) {
            continue;
        }
        let top = studio.home.studio(&other);
        // A studio that cannot be read is no reason not to look in the others.
        let Ok(repo) = Repo::open(&top) else { continue };
        if let Some(commit) = repo.resolve(&format!("{name}^{{commit}}")) {
            return Ok(Some((commit, format!("the studio `{other}`"), top)));
        }
    }
    Ok(None)
}

/// Gets a commit from another repository on this machine, where `files` are here already.
fn bring(repo: &Repo, from: &Utf8Path, what: &str, commit: &CommitId, files: Tree) -> Result<()> {
    if repo.has_files_of(commit, files)? {
        return Ok(());
    }
    repo.git(["fetch", "--quiet", "--no-tags", "--no-auto-maintenance", "--no-write-fetch-head"])
        // Those come afterwards, also from the mirror; git would look for them only at their own origin.
        .arg("--no-recurse-submodules")
        .arg(from)
        .arg(what)
        .run()
        .map_err(|cause| {
            Error::new(format!("the commit {} cannot be got from `{from}`", commit.short()))
                .because(cause.output())
        })?;
    Ok(())
}
