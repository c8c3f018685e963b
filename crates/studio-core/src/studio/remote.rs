//! Pushing scratch branches. By commit, never by force: a rebase makes a new branch, so every push is a fast-forward.

use super::Studio;
use crate::context::Context;
use crate::git::Repo;
use crate::names::CommitId;

/// What became of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The remote has it now.
    Done,
    /// The remote had it already.
    Before,
    /// It is no scratch branch, or there is no remote.
    NotAsked,
    /// The remote refused or could not be reached; the words are git's.
    Failed(String),
}

/// Pushes a scratch branch of the studio to its origin.
pub fn push_scratch(cx: &Context, studio: &Studio, branch: &str, commit: &CommitId) -> Pushed {
    push(cx, &studio.repo, branch, commit)
}

/// Pushes a scratch branch to `origin` of `repo`.
pub(crate) fn push(cx: &Context, repo: &Repo, branch: &str, commit: &CommitId) -> Pushed {
    if !branch.starts_with("scratch/") || repo.config("remote.origin.url").is_none() {
        return Pushed::NotAsked;
    }
    let there = repo.ref_commit(&format!("refs/remotes/origin/{branch}"));
    if there.is_ok_and(|there| there.as_ref() == Some(commit)) {
        return Pushed::Before;
    }
    // A remote that does not answer must not hold up the work for minutes.
    let mut push = repo.git(["-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=15"]);
    if cx.env.get("GIT_SSH_COMMAND").is_none()
        && cx.env.get("GIT_SSH").is_none()
        && repo.config("core.sshCommand").is_none()
    {
        push = push.env("GIT_SSH_COMMAND", "ssh -o ConnectTimeout=10");
    }
    if !cx.ui.interactive() {
        push = push.env("GIT_TERMINAL_PROMPT", "0");
    }
    match push
        .args(["push", "--quiet", "origin"])
        .arg(format!("{commit}:refs/heads/{branch}"))
        .run()
    {
        Ok(_) => Pushed::Done,
        Err(cause) => Pushed::Failed(cause.output().to_owned()),
    }
}

/// Says what became of a push, if it is worth saying.
pub(crate) fn say(cx: &Context, branch: &str, pushed: &Pushed) {
    match pushed {
        Pushed::Done => cx.ui.step(format!("pushed `{branch}` to origin")),
        Pushed::Failed(why) => {
            cx.ui.warn(format!("`{branch}` was not pushed; everything else is done\n{why}"));
            cx.ui.hint(format!("push it later: `git push origin {branch}`"));
        }
        Pushed::Before | Pushed::NotAsked => {}
    }
}
