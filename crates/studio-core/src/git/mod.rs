//! The door to git: the only module that names `gix` or the program `git`.
//!
//! gix reads, writes objects and refs, and checks out: everything local and silent. The program `git` does what talks to
//! a network, runs hooks, can stop half-way or touches submodules. The rest of the crate sees plain values: [`CommitId`],
//! [`Tree`], [`Head`], [`Change`]. Not here: what any of it is for.

#![expect(clippy::disallowed_methods, reason = "this is the door")]

mod advertised;
mod assemble;
mod blob;
mod changes;
mod checkout;
mod commit;
mod compare;
mod content;
mod conversion;
mod founding;
mod index;
mod moving;
pub mod outside;
mod packs;
mod reach;
mod refs;
mod scan;
mod sealed;
mod search;
mod submodule;
mod transfer;
mod tree;
mod undertaking;
mod verify;
mod visible;

pub use advertised::{Advertised, advertised};
pub use assemble::{Witness, pool_keys};
pub use changes::{Change, Changes, Nature};
pub use checkout::Checkout;
pub use commit::{Commit, Identity};
pub use compare::{Between, ChangedFile, Shown, Told};
pub use founding::{Founding, FoundingFailed};
pub use index::{PreparedIndex, Stale};
pub use moving::Moved;
pub use packs::{Compacted, Stock};
pub use refs::{Move, MoveFailed, Target};
pub use sealed::{Seal, looks_sealed};
pub use search::{ignored_by, lines_with};
pub use submodule::Submodule;
pub use transfer::Copied;
pub use tree::{Files, Inside, ManyFiles};
pub use undertaking::{Depth, Undertaking, remove_stale_locks};
pub use verify::{Difference, Found};
pub use visible::{Visible, visible};

use commit::STAND_IN;

use crate::context::Context;
use crate::error::{Error, OrSay, Result};
use crate::fs;
use crate::names::CommitId;
use crate::process::Program;
use camino::{Utf8Path, Utf8PathBuf};
use gix::bstr::ByteSlice;
use std::fmt;

/// The id of a tree object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tree(gix::ObjectId);

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Tree {
    type Err = Error;
    fn from_str(hex: &str) -> Result<Tree> {
        Ok(Tree(
            gix::ObjectId::from_hex(hex.as_bytes())
                .or_say(|| format!("`{hex}` is not the id of a tree"))?,
        ))
    }
}

/// Where HEAD stands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    /// The branch it is on, as `scratch/x`; `None` when detached.
    pub branch: Option<String>,
    /// Its commit.
    pub commit: CommitId,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.branch {
            Some(branch) => write!(f, "`{branch}` at {}", self.commit.short()),
            None => write!(f, "{} (detached)", self.commit.short()),
        }
    }
}

/// A repository with a work tree.
pub struct Repo {
    // Boxed, because it is large and a `Repo` is passed around by value.
    gix: Box<gix::Repository>,
    top: Utf8PathBuf,
}

impl fmt::Debug for Repo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Repo({})", self.top)
    }
}

/// What can fail in many ways, where the caller says it in its own words or goes another way.
type Any<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn id(commit: &CommitId) -> gix::ObjectId {
    gix::ObjectId::from_hex(commit.as_str().as_bytes())
        .expect("a CommitId is hex of a valid length")
}

/// A path of git's on this system, where both are bytes.
fn path_of(bytes: &gix::bstr::BStr) -> &std::path::Path {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).as_ref()
}

fn commit_id(id: impl Into<gix::ObjectId>) -> CommitId {
    CommitId::new(&id.into().to_string()).expect("an object id prints as its full hex")
}

impl Repo {
    /// The repository that the user stands in.
    pub fn here(cx: &Context) -> Result<Repo> {
        let cwd = cx.env.cwd();
        let gix =
            gix::discover(cwd.as_std_path()).map_err(|cause| not_found(cwd, &cause.to_string()))?;
        let repo = Repo::of(gix)?;
        // git exports GIT_DIR to aliases in linked worktrees, where it agrees. A contradiction was set by hand.
        if let Some(named) = cx.env.get("STUDIO_GIT_DIR") {
            let named_dir = cwd.join(named);
            let same =
                named_dir.canonicalize_utf8().ok() == repo.git_dir().canonicalize_utf8().ok();
            if !same {
                return Err(Error::new(format!(
                    "`GIT_DIR` names `{named}`, but this folder belongs to `{}`",
                    repo.top
                ))
                .hint("unset it: `unset GIT_DIR`, and go to the folder you mean"));
            }
        }
        Ok(repo)
    }

    /// The repository whose work tree is `top`.
    pub fn open(top: &Utf8Path) -> Result<Repo> {
        let gix =
            gix::open(top.as_std_path()).map_err(|cause| not_found(top, &cause.to_string()))?;
        Repo::of(gix)
    }

    /// A repository without a work tree, such as a mirror; only its refs and objects are looked at.
    pub fn open_bare(path: &Utf8Path) -> Result<Repo> {
        let gix =
            gix::open(path.as_std_path()).map_err(|cause| not_found(path, &cause.to_string()))?;
        Ok(Repo { gix: Box::new(gix), top: path.to_owned() })
    }

    fn of(mut gix: gix::Repository) -> Result<Repo> {
        // As git: an index is not hashed each time it is read, which takes as long as all the rest of reading it. What is
        // wrong in it is found by comparing it with the files and with HEAD. Only for us and only for reading; what is
        // written has its sum.
        let skip = &gix::config::tree::Index::SKIP_HASH;
        gix.config_snapshot_mut().set_value(skip, "true").or_say(|| "git cannot be set up")?;
        let Some(workdir) = gix.workdir() else {
            return Err(Error::new(format!("`{}` is a bare repository", gix.path().display()))
                .hint("a studio has a work tree; make one: `studio NAME`"));
        };
        let top = fs::utf8(workdir)?
            .canonicalize_utf8()
            .or_say(|| "the top of the work tree cannot be read")?;
        Ok(Repo { gix: Box::new(gix), top })
    }

    /// The top of the work tree.
    pub fn top(&self) -> &Utf8Path {
        &self.top
    }

    /// `.git`, or the folder below `.git/worktrees` of a linked worktree.
    pub fn git_dir(&self) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.gix.path().to_owned())
            .unwrap_or_else(|_| self.top.join(".git"))
    }

    /// The `.git` that all worktrees of the repository share.
    pub fn common_dir(&self) -> Utf8PathBuf {
        let dir = Utf8PathBuf::from_path_buf(self.gix.common_dir().to_owned());
        let dir = dir.unwrap_or_else(|_| self.top.join(".git"));
        dir.canonicalize_utf8().unwrap_or(dir)
    }

    /// The program `git`, about to run here.
    pub fn git<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Program {
        git(&self.top, args)
    }

    /// Where HEAD stands.
    pub fn head(&self) -> Result<Head> {
        let head = self.gix.head().or_say(|| format!("HEAD of `{}` cannot be read", self.top))?;
        let branch = head.referent_name().map(|name| name.shorten().to_str_lossy().into_owned());
        match head.id() {
            Some(commit) => Ok(Head { branch, commit: commit_id(commit) }),
            None => {
                let name = branch.unwrap_or_default();
                Err(Error::new(format!("nothing has been committed on the branch `{name}` yet"))
                    .hint("go to a branch that has commits: `git switch main`"))
            }
        }
    }

    /// Whether other work trees are linked to this repository, whose branches must stay as they are.
    pub fn has_linked_worktrees(&self) -> bool {
        let folder = self.common_dir().join("worktrees");
        folder.read_dir_utf8().is_ok_and(|mut entries| entries.next().is_some())
    }

    /// Runs the user's hook for a checkout, if there is one.
    pub fn run_checkout_hook(&self, from: &CommitId, to: &CommitId) -> Result<()> {
        let folder = match self.config("core.hooksPath") {
            Some(folder) => self.top.join(folder),
            None => self.common_dir().join("hooks"),
        };
        // A path with a `~` in front is git's to read, too.
        if folder.starts_with(&self.top) && !folder.join("post-checkout").exists() {
            return Ok(());
        }
        self.git(["hook", "run", "--ignore-missing", "post-checkout", "--"])
            .args([from.as_str(), to.as_str(), "1"])
            .run()?;
        Ok(())
    }

    /// What git is in the middle of, if anything, in words; and how to leave it.
    pub fn in_progress(&self) -> Option<(&'static str, &'static str)> {
        use gix::state::InProgress::*;
        Some(match self.gix.state()? {
            ApplyMailbox | ApplyMailboxRebase => ("`git am`", "git am"),
            Bisect => ("a bisect", "git bisect reset"),
            CherryPick | CherryPickSequence => ("a cherry-pick", "git cherry-pick"),
            Merge => ("a merge", "git merge"),
            Rebase | RebaseInteractive => ("a rebase", "git rebase"),
            Revert | RevertSequence => ("a revert", "git revert"),
        })
    }

    /// A value of git's configuration, from all of its files.
    pub fn config(&self, key: &str) -> Option<String> {
        self.gix.config_snapshot().string(key).map(|value| value.to_str_lossy().into_owned())
    }

    /// Sets values in the repository's own configuration, all of them in one write.
    pub fn set_config(&self, settings: &[(String, String)]) -> Result<()> {
        let write = || -> gix::Result<()> {
            let mut file =
                self.gix.config_file_mut(self.gix.config_path(gix::config::Source::Local)?)?;
            for (name, value) in settings {
                file.set_raw_value(name.as_str(), value.as_str())?;
            }
            file.commit()
        };
        write().or_say(|| format!("the settings of `{}` cannot be written", self.top))
    }

    /// The commit that `rev` names, as `git rev-parse` reads it; `None` if nothing has that name.
    pub fn resolve(&self, rev: &str) -> Option<CommitId> {
        let object = self.gix.rev_parse_single(rev).ok()?.object().ok()?;
        object.peel_to_kind(gix::object::Kind::Commit).ok().map(|commit| commit_id(commit.id))
    }

    /// The commit of a full ref name, if there is such a ref.
    pub fn ref_commit(&self, name: &str) -> Result<Option<CommitId>> {
        let found = self
            .gix
            .try_find_reference(name)
            .or_say(|| format!("the ref `{name}` cannot be read"))?;
        Ok(match found {
            Some(mut reference) => {
                let peeled =
                    reference.peel_to_id().or_say(|| format!("the ref `{name}` leads nowhere"))?;
                Some(commit_id(peeled))
            }
            None => None,
        })
    }

    /// Names of local branches, as `scratch/x`.
    pub fn branches(&self) -> Result<Vec<String>> {
        let refs = self.gix.references().or_say(|| "the branches cannot be listed")?;
        let names = refs.local_branches().or_say(|| "the branches cannot be listed")?;
        Ok(names
            .filter_map(|branch| Some(branch.ok()?.name().shorten().to_str_lossy().into_owned()))
            .collect())
    }

    /// Whether this repository has the commit.
    pub fn has(&self, commit: &CommitId) -> bool {
        self.gix.has_object(id(commit))
    }

    /// The tree of a commit.
    pub fn tree_of(&self, commit: &CommitId) -> Result<Tree> {
        let found = self
            .gix
            .find_commit(id(commit))
            .or_say(|| format!("the commit {} is not here", commit.short()))?;
        let tree =
            found.tree_id().or_say(|| format!("the commit {} cannot be read", commit.short()))?;
        Ok(Tree(tree.detach()))
    }

    /// The first line of a commit's message.
    pub fn subject(&self, commit: &CommitId) -> Result<String> {
        let found = self
            .gix
            .find_commit(id(commit))
            .or_say(|| format!("the commit {} is not here", commit.short()))?;
        let message =
            found.message().or_say(|| format!("the commit {} cannot be read", commit.short()))?;
        Ok(message.summary().to_str_lossy().into_owned())
    }

    /// The moment at which a commit was made, in seconds since 1970.
    pub fn commit_time(&self, commit: &CommitId) -> Result<i64> {
        let found = self
            .gix
            .find_commit(id(commit))
            .or_say(|| format!("the commit {} is not here", commit.short()))?;
        let time =
            found.time().or_say(|| format!("the commit {} cannot be read", commit.short()))?;
        Ok(time.seconds)
    }

    /// Whether a tree has anything at this path.
    pub fn has_path(&self, tree: Tree, path: &str) -> Result<bool> {
        let tree = self.gix.find_tree(tree.0).or_say(|| format!("the tree {tree} is not here"))?;
        let entry =
            tree.lookup_entry_by_path(path).or_say(|| format!("`{path}` cannot be looked up"))?;
        Ok(entry.is_some())
    }

    /// A file of a tree; `None` if the tree has no such file.
    pub fn file_in(&self, tree: Tree, path: &str) -> Result<Option<Vec<u8>>> {
        let tree = self.gix.find_tree(tree.0).or_say(|| format!("the tree {tree} is not here"))?;
        let entry =
            tree.lookup_entry_by_path(path).or_say(|| format!("`{path}` cannot be looked up"))?;
        match entry {
            Some(entry) if entry.mode().is_blob() => {
                let blob = entry.object().or_say(|| format!("`{path}` cannot be read from git"))?;
                Ok(Some(blob.data.clone()))
            }
            _ => Ok(None),
        }
    }
}

/// Forty hex digits that stand for these bytes, as a name for something that has none.
pub fn digest(bytes: &[u8]) -> String {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, bytes)
        .map(|id| id.to_string())
        .unwrap_or_default()
}

/// The program `git`, about to run in `dir`, without anything that would outlive it or ask where nobody answers.
///
/// A fetch comes as one pack, which is there as a whole or not at all: as single objects, half of them would be there
/// after a kill, and a commit without its files looks like one that has them.
pub fn git<S: AsRef<std::ffi::OsStr>>(
    dir: &Utf8Path,
    args: impl IntoIterator<Item = S>,
) -> Program {
    Program::new("git", dir)
        .args(["-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "core.quotePath=false"])
        .args(["-c", "fetch.unpackLimit=1"])
        .args(args)
        // The messages are read here and there, and shown to people who report them.
        .env("LC_ALL", "C.UTF-8")
        .env("GIT_OPTIONAL_LOCKS", "0")
}

fn not_found(place: &Utf8Path, cause: &str) -> Error {
    if cause.contains("reftable") || cause.contains("sha256") || cause.contains("objectFormat") {
        return Error::new(format!(
            "the repository of `{place}` has a format that is not supported"
        ))
        .because(cause)
        .hint("supported are SHA-1 objects and refs in files");
    }
    Error::new(format!("`{place}` is not in a git repository"))
        .hint("go to a studio: `dir=$(studio --no-editor) && cd \"$dir\"`")
}
