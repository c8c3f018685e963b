//! Putting the work on upstream's current main, on a new scratch branch; the old branch stays as it was.
//!
//! The rebase itself is git's. A conflict leaves git's own state, to be gone on with or given up by git's own commands.

use super::inputs::update_submodules;
use super::work::{save, scratch_name};
use super::{Studio, Taken};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::git::Head;
use crate::oplog::{BranchMove, Draft, Kind, Log, Sort, State};

/// What became of a rebase.
#[derive(Clone, Debug)]
pub enum Rebased {
    /// The work was on upstream's main already.
    Already(String),
    /// It is now, on this new branch.
    Done {
        /// The new branch.
        branch: String,
        /// The branch on which the work was.
        old: String,
        /// How many commits were put on main.
        commits: usize,
    },
}

/// How to rebase.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    /// Let the user edit the list of commits.
    pub interactive: bool,
    /// Move `fixup!` commits to where they belong.
    pub autosquash: bool,
}

/// Puts the work of the studio on upstream's main.
pub fn rebase(cx: &Context, studio: &Studio, taken: &Taken, how: How) -> Result<Rebased> {
    let repo = &studio.repo;
    studio.require_settled()?;
    if how.interactive && !cx.ui.interactive() && cx.env.get("GIT_SEQUENCE_EDITOR").is_none() {
        return Err(
            Error::new("`-i` needs a terminal").hint("leave it out, or set `GIT_SEQUENCE_EDITOR`")
        );
    }
    save(cx, studio, taken)?;
    let fetched = repo
        .git(["fetch", "--quiet", "--no-auto-maintenance", "origin"])
        .env("GIT_TERMINAL_PROMPT", if cx.ui.interactive() { "1" } else { "0" })
        .run();
    if let Err(cause) = fetched {
        cx.ui.warn(format!(
            "origin cannot be reached, so its last known state is used\n{}",
            cause.output()
        ));
    }
    let base_name = format!("refs/remotes/origin/{}", studio.base);
    let base = repo.ref_commit(&base_name)?.ok_or_else(|| {
        Error::new(format!("origin has no branch `{}`", studio.base))
            .hint("see what it has: `git branch --remotes`")
    })?;
    let head = repo.head()?;
    let commits = count(studio, &format!("{base}..{}", head.commit))?;
    if count(studio, &format!("{}..{base}", head.commit))? == 0
        && !how.interactive
        && !how.autosquash
    {
        return Ok(Rebased::Already(head.branch.unwrap_or_else(|| head.commit.short().to_owned())));
    }
    let old = head.branch.clone().unwrap_or_else(|| head.commit.short().to_owned());
    let branch = scratch_name(repo, &studio.name, &head.commit, cx.env.now())?;
    let who = repo.identity(cx.env.now());
    let before = State {
        head: head.clone(),
        worktree: repo.tree_of(&head.commit)?.to_string(),
        staged: None,
    };
    taken.undertaking.rebasing(&head)?;
    // An editor may leave a server behind, which must not hold the studio.
    let shared = (!how.interactive).then(|| taken.shared_with_children());
    repo.git(["switch", "--quiet", "--no-track", "--create", &branch]).run()?;

    let mut command =
        repo.git(["-c", "rebase.autoStash=false", "-c", "rebase.updateRefs=false", "rebase"]);
    if how.interactive {
        command = command.arg("--interactive");
    } else {
        command = command.arg("--quiet");
    }
    command = command.arg(if how.autosquash { "--autosquash" } else { "--no-autosquash" });
    if how.autosquash && !how.interactive {
        // Older gits squash only in an interactive rebase; one whose list nobody edits is the same.
        command = command.arg("--interactive").env("GIT_SEQUENCE_EDITOR", "true");
    }
    command = command.arg(base.as_str());
    let failed = if how.interactive {
        match command.on_terminal()? {
            Some(0) => None,
            _ => Some(String::new()),
        }
    } else {
        command.env("GIT_EDITOR", "true").run().err().map(|cause| cause.output().to_owned())
    };
    drop(shared);
    let stopped = repo.in_progress().is_some();
    let reached = if stopped { None } else { Some(repo.head()?) };
    // Written for a rebase that stopped, too: so `git mutable-undo` leads back from it.
    let after = reached
        .clone()
        .unwrap_or_else(|| Head { branch: Some(branch.clone()), commit: head.commit.clone() });
    let draft = Draft {
        kind: Kind::Rebase,
        summary: format!("rebased `{old}` onto `{}` as `{branch}`", studio.base),
        time: cx.env.now(),
        before,
        after: State {
            worktree: repo.tree_of(&after.commit)?.to_string(),
            staged: None,
            head: after.clone(),
        },
        branches: vec![BranchMove {
            name: branch.clone(),
            from: None,
            to: Some(after.commit.clone()),
        }],
        snapshot: None,
        staged: None,
        sort: Sort::New,
    };
    let entry = Log::of(repo).write(&who, draft)?;
    repo.move_refs(&who, "studio: rebase", &[entry])?;
    match failed {
        None if !stopped => {
            update_submodules(cx, repo, &studio.mirror)?;
            Ok(Rebased::Done { branch, old, commits })
        }
        _ if stopped => Err(Error::new(format!("the rebase onto `{}` stopped", studio.base))
            .because(conflicts(studio, failed.as_deref().unwrap_or_default()))
            .hint("go on: resolve the conflicts, `git add` the files, `git rebase --continue`")
            .hint(format!("or go back to `{old}`, which is as it was: `git rebase --abort && git mutable-undo`"))),
        other => Err(Error::new(format!("the rebase onto `{}` failed", studio.base))
            .because(other.unwrap_or_default())
            .hint("go back to where you were: `git mutable-undo`")),
    }
}

/// Gives up a rebase of ours that was killed, so that the next command finds the studio as it was before it.
pub(super) fn give_up_killed(cx: &Context, studio: &Studio, taken: &Taken) -> Result<()> {
    let Some(head) = &taken.undertaking.killed_rebase else { return Ok(()) };
    let repo = &studio.repo;
    let stands = repo.head()?;
    if repo.in_progress().is_none() && stands.branch.is_some() {
        // It was killed before git began or after it was done.
        return Ok(());
    }
    let keep = scratch_name(repo, &studio.name, &stands.commit, cx.env.now())?;
    let _shared = taken.shared_with_children();
    repo.give_up_rebase(&repo.identity(cx.env.now()), head, &keep)?;
    cx.ui.warn(format!("a rebase was killed here; you are back on {head}"));
    cx.ui.hint(format!("what it left in the files is on `{keep}`; if you do not miss anything: `git branch -D {keep}`"));
    Ok(())
}

fn count(studio: &Studio, range: &str) -> Result<usize> {
    let said = studio.repo.git(["rev-list", "--count", range]).run()?;
    Ok(said.text().parse().unwrap_or_default())
}

/// The files with conflicts, or git's own words where there are none.
fn conflicts(studio: &Studio, said: &str) -> String {
    let files =
        studio.repo.git(["diff", "--name-only", "--diff-filter=U"]).run().map(|said| said.text());
    match files {
        Ok(files) if !files.is_empty() => {
            files.lines().map(|file| format!("conflict in {file}")).collect::<Vec<_>>().join("\n")
        }
        _ => said.to_owned(),
    }
}
