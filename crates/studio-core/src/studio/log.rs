//! What was done in a studio, and what came of the snapshots that were taken: verdicts and generations. Reading only.
//!
//! The log may have thousands of entries, so what came of a snapshot is looked for only where it is shown.

use super::Studio;
use crate::context::Context;
use crate::error::Result;
use crate::git::{Repo, Tree};
use crate::names::CommitId;
use crate::oplog::{Entry, Kind, Log, Operation};
use crate::switch::{MadeGeneration, Results};
use crate::verdict::{self, Outcome, Verdict};
use camino::Utf8Path;
use serde::Serialize;

/// How many operations are listed if nobody says how many; cleaning keeps the snapshots of as many.
pub const LISTED: usize = 30;

/// One operation, and what came of its snapshot.
#[derive(Clone, Debug, Serialize)]
pub struct Logged {
    /// Its id in the log.
    pub id: CommitId,
    /// What was done.
    pub operation: Operation,
    /// What was found out about the snapshot that was taken.
    pub verdicts: Vec<Verdict>,
    /// What the last try of it until a reboot came to.
    pub test: Option<Outcome>,
    /// The generations that were made of it.
    pub generations: Vec<MadeGeneration>,
}

/// The newest operations, newest first. Generations on the machine under `other_root` count, too.
pub fn log(
    cx: &Context,
    studio: &Studio,
    most: usize,
    other_root: Option<&Utf8Path>,
) -> Result<Vec<Logged>> {
    let entries = Log::of(&studio.repo).entries(most)?;
    let taken = entries.iter().any(|entry| snapshot(entry).is_some());
    let results =
        if taken { Results::shown(cx, &studio.home, other_root) } else { Results::default() };
    let logged = entries.into_iter().map(|entry| {
        let id = snapshot(&entry);
        let verdicts = id.map(|id| verdict::all(&studio.home, id)).unwrap_or_default();
        let test = id.and_then(|id| results.test(id));
        let generations = id.map(|id| results.generations(id)).unwrap_or_default();
        let generations = generations.into_iter().cloned().collect();
        Logged { id: entry.id, operation: entry.operation, verdicts, test, generations }
    });
    Ok(logged.collect())
}

/// The commit that a studio was at after an operation, with everything that was uncommitted then: that is committed on
/// top, so that there is a commit for it.
pub(super) fn commit_after(cx: &Context, repo: &Repo, entry: &Entry) -> Result<CommitId> {
    let after = &entry.operation.after;
    let commit = &after.head.commit;
    let tree: Tree = after.worktree.parse()?;
    if repo.tree_of(commit)? == tree {
        return Ok(commit.clone());
    }
    let message = format!("wip: uncommitted after {}", entry.operation.summary);
    repo.write_commit(&repo.identity(cx.env.now()), &message, tree, std::slice::from_ref(commit))
}

/// The snapshot that an operation took, or took again.
fn snapshot(entry: &Entry) -> Option<&CommitId> {
    let took = matches!(entry.operation.kind, Kind::Snapshot | Kind::Redo);
    entry.operation.snapshot.as_ref().filter(|_| took)
}

impl Logged {
    /// What came of it in a few words: `check passed, build failed, generation 41`. Of what was tried on several hosts
    /// the worst counts.
    pub fn came_of_it(&self) -> String {
        let mut tried: Vec<(verdict::Kind, Outcome)> =
            self.verdicts.iter().map(|verdict| (verdict.kind, verdict.outcome)).collect();
        tried.extend(self.test.map(|outcome| (verdict::Kind::Test, outcome)));
        let mut words = verdict::words(&tried);
        words.extend(self.generations.iter().map(ToString::to_string));
        words.join(", ")
    }
}
