//! Taking back and doing again what the operation log of a studio says.
//!
//! Reversing an operation puts HEAD, branches, files and index back to what the entry recorded as before. Uncommitted
//! work that came since is first kept on a scratch branch; a branch that was moved since is not touched.

use super::inputs::update_submodules;
use super::work::scratch_name;
use super::{Studio, Taken};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs;
use crate::git::{Changes, Head, Move, Moved, PreparedIndex, Target, Tree};
use crate::oplog::{BranchMove, Draft, Entry, Kind, Log, Sort, State};

/// What was taken back or done again.
#[derive(Debug)]
pub struct Reversed {
    /// The operation itself: for a redo the one that is in force again.
    pub operation: Entry,
    /// Where HEAD is now.
    pub head: Head,
    /// The scratch branch that keeps uncommitted work, if there was any in the way.
    pub kept: Option<String>,
    /// Branches that were pushed, which a remote still has.
    pub pushed: Vec<String>,
}

/// Takes back the last operation that was not taken back yet.
pub fn undo(cx: &Context, studio: &Studio, taken: &Taken) -> Result<Reversed> {
    let log = Log::of(&studio.repo);
    let Some(entry) = log.next_undo()? else {
        return Err(Error::new("there is nothing to take back")
            .hint("see what was done: `git mutable-log`"));
    };
    let (head, kept) = reverse(cx, studio, taken, &entry, Kind::Undo)?;
    let operation = original(&log, entry)?;
    let pushed = pushed(studio, &operation)?;
    Ok(Reversed { operation, head, kept, pushed })
}

/// Does again what was taken back last.
pub fn redo(cx: &Context, studio: &Studio, taken: &Taken) -> Result<Reversed> {
    let log = Log::of(&studio.repo);
    let Some(entry) = log.next_redo()? else {
        return Err(
            Error::new("there is nothing to do again").hint("see what was done: `git mutable-log`")
        );
    };
    let (head, kept) = reverse(cx, studio, taken, &entry, Kind::Redo)?;
    Ok(Reversed { operation: original(&log, entry)?, head, kept, pushed: vec![] })
}

/// The operation that was done first, below any number of undos and redos of it.
fn original(log: &Log<'_>, mut entry: Entry) -> Result<Entry> {
    while let Some(reversed) = entry.operation.reverses.clone() {
        entry = log.entry(&reversed)?;
    }
    Ok(entry)
}

fn reverse(
    cx: &Context,
    studio: &Studio,
    taken: &Taken,
    entry: &Entry,
    kind: Kind,
) -> Result<(Head, Option<String>)> {
    let repo = &studio.repo;
    studio.require_settled()?;
    let operation = &entry.operation;
    let head = repo.head()?;
    require_untouched(entry, &head)?;

    let changes = repo.changes()?;
    let now = repo.write_worktree_tree(&changes, &|_| false)?;
    let target: Tree = operation.before.worktree.parse()?;
    let recorded: Tree = operation.after.worktree.parse()?;
    let target = (target != recorded).then_some(target);
    let mut kept = None;
    if target.is_some() && now != recorded {
        let branch = scratch_name(repo, &studio.name, &head.commit, cx.env.now())?;
        let who = repo.identity(cx.env.now());
        let message = format!("wip: kept before taking back {}", operation.summary);
        let commit = repo.write_commit(&who, &message, now, std::slice::from_ref(&head.commit))?;
        // Before any file moves: whoever is killed after that finds the work on this branch.
        let name = format!("refs/heads/{branch}");
        let keep = Move { name, from: None, to: Target::Commit(commit.clone()) };
        repo.move_refs(&who, "studio: keep", &[keep])?;
        kept = Some(BranchMove { name: branch, from: None, to: Some(commit) });
    }
    let reversal = Reversal { studio, entry, kind, head, changes, now, target, kept };
    let outcome = reversal.carry_out(cx, taken);
    let kept = reversal.kept.map(|branch| branch.name);
    match (outcome, &kept) {
        (Err(error), Some(_)) => {
            Err(error.although("what was uncommitted is saved, and the files are as they were"))
        }
        (outcome, _) => Ok((outcome?, kept)),
    }
}

/// An operation that is about to be reversed, and what the studio holds before that.
struct Reversal<'a> {
    studio: &'a Studio,
    entry: &'a Entry,
    kind: Kind,
    head: Head,
    changes: Changes,
    now: Tree,
    /// What the files become, if they move at all.
    target: Option<Tree>,
    /// The branch that keeps uncommitted work.
    kept: Option<BranchMove>,
}

impl Reversal<'_> {
    fn carry_out(&self, cx: &Context, taken: &Taken) -> Result<Head> {
        let repo = &self.studio.repo;
        let operation = &self.entry.operation;
        let who = repo.identity(cx.env.now());
        let staged = match repo.write_staged_tree(&self.changes)? {
            Some(tree) => Some((repo.index_bytes()?, tree)),
            None => None,
        };
        let staged_now = staged.as_ref().map(|(_, tree)| tree.to_string());
        // What was staged since stays staged; otherwise the index becomes what it was.
        let restores = self.target.is_some() || staged_now == operation.after.staged;
        let to = &operation.before.head;
        let (mut moves, branches) = self.branches()?;
        // HEAD leaves a branch before the branch goes.
        let head_to = match &to.branch {
            Some(branch) => Target::Ref(format!("refs/heads/{branch}")),
            None => Target::Commit(to.commit.clone()),
        };
        moves.push(Move { name: "HEAD".into(), from: None, to: head_to });
        let what = operation.summary.trim_start_matches("undo: ").trim_start_matches("redo: ");
        let staged_after =
            if restores { operation.before.staged.clone() } else { staged_now.clone() };
        let (now, after) = (self.now.to_string(), self.target.unwrap_or(self.now).to_string());
        let draft = Draft {
            kind: self.kind,
            summary: format!("{}: {what}", self.kind.word()),
            time: cx.env.now(),
            before: State { head: self.head.clone(), worktree: now, staged: staged_now },
            after: State { head: to.clone(), worktree: after, staged: staged_after },
            branches,
            snapshot: operation.snapshot.clone(),
            staged,
            sort: match self.kind {
                Kind::Undo => Sort::Undo(self.entry),
                _ => Sort::Redo(self.entry),
            },
        };
        moves.push(Log::of(repo).write(&who, draft)?);

        let moved = self.move_files(taken)?;
        let record = || {
            let index = if restores { Some(self.index()?) } else { None };
            if let Some(index) = &index {
                taken.undertaking.intend(index, &to.commit, &self.head, (&who, &moves))?;
            }
            repo.move_refs(&who, &format!("studio: {}", self.kind.word()), &moves)?;
            Ok(index)
        };
        let index = match record() {
            Ok(index) => index,
            Err(error) => {
                let error: Error = fs::tell_inodes(error, &repo.git_dir());
                // The files go with a commit that HEAD is not at.
                match (moved, self.target) {
                    (Some(moved), _) => repo.take_back(&moved)?,
                    (None, Some(target)) => _ = repo.move_files(target, self.now)?,
                    (None, None) => {}
                }
                return Err(error);
            }
        };
        if let Some(index) = &index {
            repo.install_index(index)?;
        }
        if self.target.is_some() {
            update_submodules(cx, repo, &self.studio.mirror)?;
        }
        Ok(to.clone())
    }

    /// Where branches go, and what the log says of them.
    fn branches(&self) -> Result<(Vec<Move>, Vec<BranchMove>)> {
        let repo = &self.studio.repo;
        let mut moves = Vec::new();
        let mut branches: Vec<BranchMove> = self.kept.iter().cloned().collect();
        let kept = self.kept.as_ref().map(|branch| &branch.name);
        for branch in &self.entry.operation.branches {
            let name = format!("refs/heads/{}", branch.name);
            let current = repo.ref_commit(&name)?;
            // Made by the operation and used since, it stays, and nothing of it is lost.
            if kept == Some(&branch.name) || current != branch.to || branch.from == current {
                continue;
            }
            let target = branch.from.clone().map_or(Target::Nothing, Target::Commit);
            moves.push(Move { name, from: current.clone(), to: target });
            branches.push(BranchMove {
                name: branch.name.clone(),
                from: current,
                to: branch.from.clone(),
            });
        }
        Ok((moves, branches))
    }

    /// Moves the files, if they are to; the quick move that it was, if it was one.
    fn move_files(&self, taken: &Taken) -> Result<Option<Moved>> {
        let Some(target) = self.target else { return Ok(None) };
        let repo = &self.studio.repo;
        let moved = repo.move_quickly(self.now, target)?;
        if moved.is_none() {
            let shared = taken.shared_with_children();
            repo.move_files(self.now, target)?;
            drop(shared);
        }
        Ok(moved)
    }

    /// The index that fits where it goes.
    fn index(&self) -> Result<PreparedIndex> {
        let repo = &self.studio.repo;
        match Log::of(repo).index_before(self.entry)? {
            Some(bytes) => repo.prepare_index_from(&bytes),
            None => {
                let commit = &self.entry.operation.before.head.commit;
                repo.prepare_index(repo.tree_of(commit)?, self.changes.stale())
            }
        }
    }
}

/// Refuses where somebody moved HEAD or its branch since, so that nothing of theirs is moved.
fn require_untouched(entry: &Entry, head: &Head) -> Result<()> {
    let operation = &entry.operation;
    let after = &operation.after.head;
    if head == after {
        return Ok(());
    }
    let summary = &operation.summary;
    let error = Error::new(format!("`{summary}` cannot be taken back: the studio has moved since"))
        .because(format!("it left HEAD on {after}; now HEAD is on {head}"));
    if head.branch == after.branch {
        return Err(error.hint(format!(
            "to have the state of before on a new branch: `git mutable-hydrate {}`",
            operation.before.head.commit.short()
        )));
    }
    let back = after.branch.clone().unwrap_or_else(|| format!("--detach {}", after.commit.short()));
    Err(error.hint(format!("go back there first: `git switch {back}`")))
}

/// The branches of an operation that origin has.
fn pushed(studio: &Studio, entry: &Entry) -> Result<Vec<String>> {
    let mut pushed = Vec::new();
    for branch in &entry.operation.branches {
        let remote = studio.repo.ref_commit(&format!("refs/remotes/origin/{}", branch.name))?;
        if remote.is_some() && remote == branch.to {
            pushed.push(branch.name.clone());
        }
    }
    Ok(pushed)
}
