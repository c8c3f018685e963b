//! The operation log of a studio: what every mutable command did, so that it can be listed, taken back and done again.
//!
//! It is a chain of git commits under `refs/studio/ops/WORKTREE`, one an operation. Its tree has the record
//! (`operation.json`), the trees of the work tree before and after, and, where something was staged, the index of before:
//! so all of it is reachable and git never prunes it. Entries are only ever added; taking one back adds one.
//! Not here: doing or undoing anything.

use crate::error::{Error, OrSay, Result};
use crate::git::{Commit, Head, Identity, Move, Repo, Target, Tree};
use crate::names::CommitId;
use serde::{Deserialize, Serialize};

/// The version of the record. A record with a higher one was written by a newer toolkit and is not guessed at.
const VERSION: u32 = 1;

/// What kind of thing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A snapshot was taken: uncommitted work was committed.
    Snapshot,
    /// A scratch branch was cut.
    Scratch,
    /// Uncommitted work was committed so that something else could move.
    Save,
    /// The work was put on upstream's current main.
    Rebase,
    /// Another state was brought in.
    Hydrate,
    /// An operation was taken back.
    Undo,
    /// An operation was done again.
    Redo,
}

impl Kind {
    /// The word for it in the log.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Snapshot => "snapshot",
            Kind::Scratch => "scratch",
            Kind::Save => "save",
            Kind::Rebase => "rebase",
            Kind::Hydrate => "hydrate",
            Kind::Undo => "undo",
            Kind::Redo => "redo",
        }
    }
}

/// How the studio stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Where HEAD was.
    pub head: Head,
    /// The tree of the whole work tree, untracked files included.
    pub worktree: String,
    /// The tree of the index, if it was another than HEAD's.
    #[serde(default)]
    pub staged: Option<String>,
}

/// A branch that was moved, made or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchMove {
    /// Its name, as `scratch/x`.
    pub name: String,
    /// Its commit before; `None` if it was made.
    pub from: Option<CommitId>,
    /// Its commit after; `None` if it was deleted.
    pub to: Option<CommitId>,
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    version: u32,
    /// What was done.
    pub kind: Kind,
    /// In words: `snapshot of 3 files`.
    pub summary: String,
    /// When, in seconds since 1970.
    pub time: i64,
    /// How it was before.
    pub before: State,
    /// How it was after.
    pub after: State,
    /// Which branches moved.
    pub branches: Vec<BranchMove>,
    /// The snapshot that was made or hydrated from.
    pub snapshot: Option<CommitId>,
    /// Whether the index of before is kept beside the record.
    pub staged: bool,
    /// The operation that this one takes back.
    pub reverses: Option<CommitId>,
    links: Links,
}

/// Where the next undo and the next redo lead from an entry on.
///
/// `Here` is the entry itself, whose id is not known while it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Links {
    undo: Link,
    redo: Link,
    /// What `undo` leads to once this entry is taken back.
    undo_below: Link,
    /// What `redo` leads to once this entry is done again.
    redo_below: Link,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Link {
    Nothing,
    Here,
    Entry(CommitId),
}

impl Link {
    /// The link as seen from another entry than `at`, where it was written.
    fn seen_from_outside(&self, at: &CommitId) -> Link {
        match self {
            Link::Here => Link::Entry(at.clone()),
            other => other.clone(),
        }
    }

    fn target(&self, at: &CommitId) -> Option<CommitId> {
        match self {
            Link::Nothing => None,
            Link::Here => Some(at.clone()),
            Link::Entry(id) => Some(id.clone()),
        }
    }
}

/// An operation with its id in the log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The commit that holds it.
    pub id: CommitId,
    /// What it says.
    pub operation: Operation,
}

/// How an operation relates to earlier ones.
#[derive(Clone, Debug)]
pub enum Sort<'a> {
    /// A new one: nothing can be done again after it.
    New,
    /// It takes back this entry.
    Undo(&'a Entry),
    /// It takes back this undo.
    Redo(&'a Entry),
}

/// An operation that is about to be written.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// What was done.
    pub kind: Kind,
    /// In words.
    pub summary: String,
    /// When.
    pub time: i64,
    /// How it was before.
    pub before: State,
    /// How it is after.
    pub after: State,
    /// Which branches move.
    pub branches: Vec<BranchMove>,
    /// The snapshot that goes with it.
    pub snapshot: Option<CommitId>,
    /// The index of before and its tree, if something was staged.
    pub staged: Option<(Vec<u8>, Tree)>,
    /// How it relates to earlier ones.
    pub sort: Sort<'a>,
}

/// The log of one work tree.
#[derive(Debug)]
pub struct Log<'a> {
    repo: &'a Repo,
    name: String,
}

/// The file with the record.
const RECORD: &str = "operation.json";

/// The beginning of the messages of all entries.
const SUBJECT: &str = "studio operation: ";

/// The version stands apart, so that a record of a later version is refused for that and not for its fields.
#[derive(Deserialize)]
struct Versioned {
    #[serde(default)]
    version: u32,
}

/// Whether a commit is an entry. A user's repository may have a file of the same name; the message tells them apart.
fn is_entry(commit: &Commit) -> bool {
    commit.subject.starts_with(SUBJECT)
}

fn damaged(id: &CommitId) -> Error {
    Error::new(format!("the entry {} of the operation log is damaged", id.short()))
}

impl<'a> Log<'a> {
    /// The logs of all work trees of a repository, also of those that are gone.
    pub fn all(repo: &'a Repo) -> Result<Vec<Log<'a>>> {
        let refs = repo.refs_below("refs/studio/ops/")?;
        Ok(refs.into_iter().map(|(name, _)| Log { repo, name }).collect())
    }

    /// The log of the work tree of `repo`.
    pub fn of(repo: &'a Repo) -> Log<'a> {
        let linked = repo
            .git_dir()
            .strip_prefix(repo.common_dir())
            .ok()
            .and_then(|below| below.file_name().map(str::to_owned));
        let name = match linked.filter(|name| !name.is_empty() && name != ".git") {
            Some(worktree) => format!("refs/studio/ops/worktrees/{worktree}"),
            None => "refs/studio/ops/main".to_owned(),
        };
        Log { repo, name }
    }

    /// The newest entry.
    pub fn last(&self) -> Result<Option<Entry>> {
        match self.repo.ref_commit(&self.name)? {
            Some(id) => self.entry(&id).map(Some),
            None => Ok(None),
        }
    }

    /// The entry with this id.
    pub fn entry(&self, id: &CommitId) -> Result<Entry> {
        self.read(id, self.repo.commit(id)?.tree)?.ok_or_else(|| damaged(id))
    }

    /// The operation of an entry; `None` if the tree has none.
    fn read(&self, id: &CommitId, tree: Tree) -> Result<Option<Entry>> {
        let Some(bytes) = self.repo.file_in(tree, RECORD)? else { return Ok(None) };
        let version: Versioned =
            serde_json::from_slice(&bytes).map_err(|cause| damaged(id).because(cause))?;
        if version.version > VERSION {
            return Err(Error::new(format!(
                "the entry {} of the operation log was written by a newer version of this toolkit",
                id.short()
            ))
            .hint("use the newer version in this studio"));
        }
        let operation =
            serde_json::from_slice(&bytes).map_err(|cause| damaged(id).because(cause))?;
        Ok(Some(Entry { id: id.clone(), operation }))
    }

    /// The newest `most` entries, newest first. Each object is read once, because a log may have thousands.
    pub fn entries(&self, most: usize) -> Result<Vec<Entry>> {
        let mut found = Vec::new();
        let mut next = self.repo.ref_commit(&self.name)?;
        while let Some(id) = next
            && found.len() < most
        {
            let commit = self.repo.commit(&id)?;
            // The first parent of the first entry is a commit of the user's.
            if !is_entry(&commit) {
                break;
            }
            let Some(entry) = self.read(&id, commit.tree)? else { break };
            next = commit.parents.into_iter().next();
            found.push(entry);
        }
        Ok(found)
    }

    /// The entry that a commit is, if it is one.
    pub fn as_entry(&self, id: &CommitId) -> Result<Option<Entry>> {
        let commit = self.repo.commit(id)?;
        if is_entry(&commit) { self.read(id, commit.tree) } else { Ok(None) }
    }

    /// The operation that the next undo takes back.
    pub fn next_undo(&self) -> Result<Option<Entry>> {
        let Some(last) = self.last()? else { return Ok(None) };
        last.operation.links.undo.target(&last.id).map(|id| self.entry(&id)).transpose()
    }

    /// The undo that the next redo takes back.
    pub fn next_redo(&self) -> Result<Option<Entry>> {
        let Some(last) = self.last()? else { return Ok(None) };
        last.operation.links.redo.target(&last.id).map(|id| self.entry(&id)).transpose()
    }

    /// The index that was kept with an entry.
    pub fn index_before(&self, entry: &Entry) -> Result<Option<Vec<u8>>> {
        if !entry.operation.staged {
            return Ok(None);
        }
        self.repo.file_in(self.repo.tree_of(&entry.id)?, "index")
    }

    /// Writes an entry and returns the move of the log's ref that makes it count; to be done with the branches' moves.
    pub fn write(&self, who: &Identity, draft: Draft<'_>) -> Result<Move> {
        let last = self.last()?;
        let links = links(last.as_ref(), &draft.sort);
        let reverses = match draft.sort {
            Sort::New => None,
            Sort::Undo(entry) | Sort::Redo(entry) => Some(entry.id.clone()),
        };
        let operation = Operation {
            version: VERSION,
            kind: draft.kind,
            summary: draft.summary,
            time: draft.time,
            before: draft.before,
            after: draft.after,
            branches: draft.branches,
            snapshot: draft.snapshot,
            staged: draft.staged.is_some(),
            reverses,
            links,
        };
        let json = serde_json::to_vec_pretty(&operation)
            .or_say(|| "the operation could not be recorded")?;
        let mut files: Vec<(&str, &[u8])> = vec![(RECORD, &json)];
        let mut trees = vec![
            ("before", operation.before.worktree.parse::<Tree>()?),
            ("after", operation.after.worktree.parse::<Tree>()?),
        ];
        if let Some((index, tree)) = &draft.staged {
            files.push(("index", index));
            trees.push(("staged", *tree));
        }
        let tree = self.repo.write_flat_tree(&files, &trees)?;
        // Parents keep the commits of before and after: a branch that is taken back does not lose them.
        let last = last.map(|entry| entry.id);
        let mut parents: Vec<CommitId> = last.iter().cloned().collect();
        for commit in [&operation.before.head.commit, &operation.after.head.commit] {
            if !parents.contains(commit) {
                parents.push(commit.clone());
            }
        }
        for branch in &operation.branches {
            for commit in [&branch.from, &branch.to].into_iter().flatten() {
                if !parents.contains(commit) {
                    parents.push(commit.clone());
                }
            }
        }
        let message = format!("{SUBJECT}{}\n", operation.summary);
        let commit = self.repo.write_commit(who, &message, tree, &parents)?;
        Ok(Move { name: self.name.clone(), from: last, to: Target::Commit(commit) })
    }
}

fn links(last: Option<&Entry>, sort: &Sort<'_>) -> Links {
    let from_last = |pick: fn(&Links) -> &Link| {
        last.map_or(Link::Nothing, |last| pick(&last.operation.links).seen_from_outside(&last.id))
    };
    let of = |entry: &Entry, pick: fn(&Links) -> &Link| {
        pick(&entry.operation.links).seen_from_outside(&entry.id)
    };
    match sort {
        Sort::New => Links {
            undo: Link::Here,
            redo: Link::Nothing,
            undo_below: from_last(|links| &links.undo),
            redo_below: Link::Nothing,
        },
        Sort::Undo(entry) => Links {
            undo: of(entry, |links| &links.undo_below),
            redo: Link::Here,
            undo_below: Link::Nothing,
            redo_below: from_last(|links| &links.redo),
        },
        Sort::Redo(entry) => Links {
            undo: Link::Here,
            redo: of(entry, |links| &links.redo_below),
            undo_below: of(entry, |links| &links.undo),
            redo_below: Link::Nothing,
        },
    }
}
