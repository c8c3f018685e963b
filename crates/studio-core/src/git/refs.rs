//! Moving refs: several at once, each only if it still is what it was.

use super::{Head, Identity, Repo, id};
use crate::error::{Cause, Error, OrSay};
use crate::fs;
use crate::names::CommitId;
use camino::Utf8PathBuf;
use gix::bstr::ByteSlice;
use gix::refs::Target as GixTarget;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};

/// What a ref shall be.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Target {
    /// A commit.
    Commit(CommitId),
    /// Another ref, by its full name.
    Ref(String),
    /// Gone.
    Nothing,
}

/// One ref that moves.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Move {
    /// Its full name, or `HEAD`.
    pub name: String,
    /// What it must be before; `None` if it must not exist. Not asked of `HEAD`.
    pub from: Option<CommitId>,
    /// What it shall be.
    pub to: Target,
}

/// Refs that did not move; none of them did.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MoveFailed(Cause);

impl From<MoveFailed> for Error {
    fn from(failed: MoveFailed) -> Error {
        let error = Error::of("the branches could not be moved", failed.0);
        match error.hints() {
            [] => error.hint("another git command may be at work in this studio; try again"),
            _ => error,
        }
    }
}

impl Repo {
    /// Moves all of them or none; `message` is for the reflog.
    pub fn move_refs(
        &self,
        who: &Identity,
        message: &str,
        moves: &[Move],
    ) -> Result<(), MoveFailed> {
        let edits = moves.iter().map(|one| edit(one, message)).collect::<Result<Vec<_>, _>>()?;
        let mut time = Default::default();
        self.gix
            .edit_references_as(edits, Some(who.committer.to_ref(&mut time)))
            .map_err(|cause| MoveFailed(cause.into()))?;
        Ok(())
    }

    /// Points a ref at a commit, whatever it was, and without a log: for refs that are ours alone, in a repository whose
    /// refs are files, under a lock of ours.
    ///
    /// A transaction of gix takes the lock of all packed refs besides. Who finds that one after a kill cannot tell it from
    /// the lock of a fetch that is at work; the one that is taken here is overwritten by the next to make this ref.
    pub fn put_ref(&self, name: &str, commit: &CommitId) -> crate::Result<()> {
        let name = full_name(name)?;
        let file = self.common_dir().join(name.as_bstr().to_str_lossy().as_ref());
        let lock = Utf8PathBuf::from(format!("{file}.lock"));
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write_new(&lock, format!("{commit}\n").as_bytes())?;
        fs::rename(&lock, &file)
    }

    /// Removes refs, whatever they are.
    pub fn delete_refs(&self, names: &[String]) -> Result<(), MoveFailed> {
        let change = || Change::Delete { expected: PreviousValue::Any, log: RefLog::AndReference };
        let edits = names
            .iter()
            .map(|name| Ok(RefEdit { change: change(), name: full_name(name)?, deref: false }))
            .collect::<Result<Vec<_>, MoveFailed>>()?;
        self.gix.edit_references_as(edits, None).map_err(|cause| MoveFailed(cause.into()))?;
        Ok(())
    }

    /// The branch that HEAD is on, as `main`, whether that has commits or not; `None` when detached.
    pub fn head_branch(&self) -> crate::Result<Option<String>> {
        let name = self.gix.head_name().or_say(|| "HEAD cannot be read")?;
        Ok(name.map(|name| name.shorten().to_str_lossy().into_owned()))
    }

    /// Writes into HEAD's log that another branch was checked out, in the words that `git switch -` looks for.
    pub fn log_checkout(&self, who: &Identity, from: &Head, to: &Head) -> crate::Result<()> {
        let log = self.git_dir().join("logs/HEAD");
        if !log.exists() {
            return Ok(());
        }
        let name = |head: &Head| head.branch.clone().unwrap_or_else(|| head.commit.to_string());
        let line = gix::refs::log::Line {
            previous_oid: id(&from.commit),
            new_oid: id(&to.commit),
            signature: who.committer.clone(),
            message: format!("checkout: moving from {} to {}", name(from), name(to)).into(),
        };
        let mut bytes = Vec::new();
        let failed = |cause| crate::fs::failed("write", &log, cause);
        line.write_to(&mut bytes).map_err(failed)?;
        std::io::Write::write_all(&mut crate::fs::append(&log)?, &bytes).map_err(failed)
    }

    /// The names and commits of all refs below a prefix such as `refs/studio/snapshots/`.
    pub fn refs_below(&self, prefix: &str) -> crate::Result<Vec<(String, CommitId)>> {
        let platform = self.gix.references().or_say(|| "the refs cannot be listed")?;
        let found = platform.prefixed(prefix).or_say(|| "the refs cannot be listed")?;
        Ok(found
            .filter_map(|reference| {
                let mut reference = reference.ok()?;
                let commit = reference.peel_to_id().ok()?.detach();
                Some((
                    reference.name().as_bstr().to_str_lossy().into_owned(),
                    super::commit_id(commit),
                ))
            })
            .collect())
    }
}

fn full_name(name: &str) -> Result<gix::refs::FullName, MoveFailed> {
    gix::refs::FullName::try_from(name)
        .map_err(|cause| MoveFailed(format!("`{name}` is not a ref: {cause}").into()))
}

fn edit(one: &Move, message: &str) -> Result<RefEdit, MoveFailed> {
    let expected = match (&one.from, one.name.as_str()) {
        (_, "HEAD") => PreviousValue::Any,
        (Some(commit), _) => PreviousValue::MustExistAndMatch(GixTarget::Object(id(commit))),
        (None, _) => PreviousValue::MustNotExist,
    };
    let log = LogChange {
        mode: RefLog::AndReference,
        force_create_reflog: false,
        message: message.into(),
    };
    let change = match &one.to {
        Target::Commit(commit) => {
            Change::Update { log, expected, new: GixTarget::Object(id(commit)) }
        }
        Target::Ref(name) => {
            Change::Update { log, expected, new: GixTarget::Symbolic(full_name(name)?) }
        }
        Target::Nothing => Change::Delete { expected, log: RefLog::AndReference },
    };
    Ok(RefEdit { change, name: full_name(&one.name)?, deref: false })
}
