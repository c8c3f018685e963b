//! The part of the work that lies in submodules: committed with the rest, and brought along when the rest moves.
//!
//! Each submodule is a repository of its own with branches of its own; its commits go to a scratch branch there. What git
//! does with submodules by itself (cloning, checking out) is left to git.

use super::Studio;
use super::work::{describe, scratch_name};
use crate::config::Allowance;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::git::{self, Changes, Head, Move, Repo, Stale, Target, Tree};
use crate::guard;
use crate::lockfile::Moved;
use crate::names::CommitId;
use crate::secrets;
use camino::Utf8Path;

/// The part of the work that lies in one submodule.
#[derive(Debug)]
pub struct Piece {
    /// Its repository.
    pub repo: Repo,
    /// Its folder, from the top of the studio.
    pub path: String,
    /// Its commit: a new one, or its HEAD's.
    pub commit: CommitId,
    /// The branch that the commit goes to; `None` if it is not new.
    pub branch: Option<String>,
    head: Head,
    tree: Tree,
    stale: Stale,
}

impl Piece {
    /// Its commit, for a look at its files.
    pub(super) fn part(&self) -> secrets::Part<'_> {
        secrets::Part {
            repo: &self.repo,
            commit: self.commit.clone(),
            before: self.branch.is_some().then(|| self.head.commit.clone()),
            prefix: format!("{}/", self.path),
        }
    }
}

/// Finds the submodules with something new, deepest first, and what the guard says of them.
pub(super) fn survey(
    repo: &Repo,
    prefix: &str,
    allowance: &Allowance,
    problems: &mut Vec<guard::Problem>,
    found: &mut Vec<(Repo, String, Changes)>,
) -> Result<()> {
    for submodule in repo.submodules()? {
        let path = format!("{prefix}{}", submodule.path);
        let Some(sub) = repo.open_submodule(&submodule.path)? else { continue };
        if let Some((what, _)) = sub.in_progress() {
            return Err(Error::new(format!("{what} is in progress in `{path}`"))
                .hint(format!("finish it, or give it up: `git -C {path} status` says how")));
        }
        survey(&sub, &format!("{path}/"), allowance, problems, found)?;
        let changes = sub.changes()?;
        problems.extend(guard::problems(&sub, &format!("{path}/"), &changes, allowance)?);
        found.push((sub, path, changes));
    }
    Ok(())
}

pub(super) fn piece(
    cx: &Context,
    studio: &Studio,
    repo: Repo,
    path: String,
    changes: &Changes,
    deeper: &[Piece],
    message: Option<&str>,
) -> Result<Piece> {
    let head = repo.head()?;
    let stale = changes.stale().clone();
    let tree = repo.write_worktree_tree(changes, &|_| false)?;
    let tree = repo.tree_with_links(tree, &links_of(deeper, &format!("{path}/")))?;
    if tree == repo.tree_of(&head.commit)? {
        return Ok(Piece {
            commit: head.commit.clone(),
            branch: None,
            repo,
            path,
            head,
            tree,
            stale,
        });
    }
    let who = repo.identity(cx.env.now());
    let default = format!("wip: {}", describe(changes, &[]));
    let commit = repo.write_commit(
        &who,
        message.unwrap_or(&default),
        tree,
        std::slice::from_ref(&head.commit),
    )?;
    // Every branch of an input but a scratch branch is somebody else's.
    let branch = match &head.branch {
        Some(branch) if branch.starts_with("scratch/") => branch.clone(),
        _ => scratch_name(&repo, &studio.name, &head.commit, cx.env.now())?,
    };
    Ok(Piece { commit, branch: Some(branch), repo, path, head, tree, stale })
}

/// The links of the submodules directly below `prefix`, as paths from there.
pub(super) fn links_of(pieces: &[Piece], prefix: &str) -> Vec<(String, CommitId)> {
    let below = |piece: &Piece| {
        piece.path.strip_prefix(prefix).map(|path| (path.to_owned(), piece.commit.clone()))
    };
    let all: Vec<(String, CommitId)> = pieces.iter().filter_map(below).collect();
    let nested = |path: &str| all.iter().any(|(other, _)| path.starts_with(&format!("{other}/")));
    all.iter().filter(|(path, _)| !nested(path)).cloned().collect()
}

/// The inputs whose commit is another one than HEAD records.
pub(super) fn moved(repo: &Repo, head_tree: Tree, tree: Tree) -> Result<Vec<Moved>> {
    if !repo.top().join(".gitmodules").exists() {
        return Ok(vec![]);
    }
    let old = repo.links_in(head_tree)?;
    let new = repo.links_in(tree)?;
    Ok(new
        .into_iter()
        .filter(|submodule| !old.contains(submodule))
        .filter_map(|submodule| {
            let name = submodule.input()?.to_owned();
            Some(Moved { name, path: submodule.path, commit: submodule.commit })
        })
        .collect())
}

pub(super) fn record_piece(cx: &Context, piece: &Piece) -> Result<()> {
    let Some(branch) = &piece.branch else { return Ok(()) };
    let repo = &piece.repo;
    let undertaking = repo.undertake()?;
    let who = repo.identity(cx.env.now());
    let index = repo.prepare_index(piece.tree, &piece.stale)?;
    repo.index_unchanged(&index)?;
    let name = format!("refs/heads/{branch}");
    let from = repo.ref_commit(&name)?;
    let mut moves =
        vec![Move { name: name.clone(), from, to: Target::Commit(piece.commit.clone()) }];
    if piece.head.branch.as_deref() != Some(branch) {
        moves.push(Move { name: "HEAD".into(), from: None, to: Target::Ref(name) });
    }
    undertaking.intend(&index, &piece.commit, &piece.head, (&who, &moves))?;
    repo.move_refs(&who, "studio: snapshot", &moves)?;
    repo.install_index(&index)
}

/// Brings every submodule to the commit that HEAD records; its own commits stay on its branches.
pub(super) fn update_submodules(cx: &Context, repo: &Repo, mirror: &Utf8Path) -> Result<()> {
    for submodule in repo.submodules()? {
        if let Some(sub) = repo.open_submodule(&submodule.path)? {
            if sub.head().is_ok_and(|head| head.commit == submodule.commit) {
                continue;
            }
        } else {
            cx.ui.step(format!("getting `{}` ...", submodule.path));
        }
        let update = || {
            repo.git([
                "submodule",
                "--quiet",
                "update",
                "--init",
                "--recursive",
                "--",
                &submodule.path,
            ])
            .run()
        };
        fetch_pinned(repo, &submodule, mirror)?;
        let Err(first) = update() else { continue };
        // Cloned, but its commit is one that only we keep.
        if !fetch_pinned(repo, &submodule, mirror)? || update().is_err() {
            return Err(missing_submodule(&submodule, first.output()));
        }
    }
    Ok(())
}

/// Gets the commits that submodules have in `tree`, as far as the submodules are there, and moves nothing: so that a
/// commit that cannot be got stops what needs it before it has begun.
pub(super) fn bring_commits(repo: &Repo, tree: Tree, mirror: &Utf8Path) -> Result<()> {
    if !repo.top().join(".gitmodules").exists() {
        return Ok(());
    }
    for submodule in repo.links_in(tree)? {
        let Some(sub) = repo.open_submodule(&submodule.path)? else { continue };
        if fetch_pinned(repo, &submodule, mirror)? {
            continue;
        }
        let fetch = || sub.git(["fetch", "--quiet", "--no-write-fetch-head", "origin"]);
        // Branches first, as git does: not every server gives a commit to who knows its id.
        if fetch().run().is_ok() && sub.has(&submodule.commit) {
            continue;
        }
        if let Err(cause) = fetch().arg(submodule.commit.as_str()).run() {
            return Err(missing_submodule(&submodule, cause.output()));
        }
    }
    Ok(())
}

/// Gets a submodule's commit from the mirror, if that has it and the submodule has not. Whether it has it then.
fn fetch_pinned(repo: &Repo, submodule: &git::Submodule, mirror: &Utf8Path) -> Result<bool> {
    let Some(sub) = repo.open_submodule(&submodule.path)? else { return Ok(false) };
    if sub.has(&submodule.commit) {
        return Ok(true);
    }
    // Not by the ref that keeps it: that goes with the last snapshot, while the commit may be there for longer.
    if !Repo::open_bare(mirror).is_ok_and(|mirror| mirror.has(&submodule.commit)) {
        return Ok(false);
    }
    let fetched = sub
        .git(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"])
        .arg(mirror)
        .arg(submodule.commit.as_str())
        .run();
    Ok(fetched.is_ok())
}

fn missing_submodule(submodule: &git::Submodule, output: &str) -> Error {
    let path = &submodule.path;
    let error =
        Error::new(format!("the submodule `{path}` cannot be got at {}", submodule.commit.short()))
            .because(output);
    if output.contains("transport 'file' not allowed") {
        return error.hint("git does not take submodules from local paths; allow it: `git config --global protocol.file.allow always`");
    }
    error.hint(format!(
        "push that commit from where it was made: `git -C {path} push origin HEAD:refs/heads/NAME`"
    ))
}
