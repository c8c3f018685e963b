//! Snapshots: read-only checkouts of exactly one commit, named by it.
//!
//! [`take()`] commits all that is uncommitted in a studio, keeps the commit alive in the mirror, and puts the sealed folder
//! in its place; [`Snapshot::verify`] says whether a folder is still what its name says. Not here: what is done with one.

mod take;

pub use take::{Options, TakenSnapshot, take};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::home::Home;
use crate::names::CommitId;
use crate::nix::git_file_ref;
use crate::studio::Place;
use crate::ui;
use camino::{Utf8Path, Utf8PathBuf};

/// A snapshot that is in its place.
#[derive(Clone, Debug)]
pub struct Snapshot {
    id: CommitId,
    path: Utf8PathBuf,
    home: Home,
}

impl Snapshot {
    /// The snapshot with this id, which must be there.
    pub fn open(home: &Home, id: &CommitId) -> Result<Snapshot> {
        let path = home.snapshot(id);
        if !path.is_dir() {
            return Err(Error::new(format!("there is no snapshot {}", id.short())).hint(format!(
                "make it again from its commit: `git mutable-hydrate {}`",
                id.short()
            )));
        }
        Ok(Snapshot { id: id.clone(), path, home: home.clone() })
    }

    /// Its name, which is the id of its commit.
    pub fn id(&self) -> &CommitId {
        &self.id
    }

    /// Its folder.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The `STUDIO_HOME` that it belongs to.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The folder of the programs that its commands are: those of the studio that took it first.
    pub fn toolkit(&self) -> Result<Option<Utf8PathBuf>> {
        Ok(Repo::open(&self.path)?.config("studio.toolkit").map(Utf8PathBuf::from))
    }

    /// The first line of its commit's message.
    pub fn subject(&self) -> Result<String> {
        Repo::open(&self.path)?.subject(&self.id)
    }

    /// How Nix is told to read it: locked by its commit, so that Nix's evaluation cache holds for it.
    pub fn flake_ref(&self) -> String {
        if self.path.join(".gitmodules").exists() {
            // With submodules a `rev` would make Nix fetch them from their remotes; a clean work tree has its revision too.
            git_file_ref(&self.path, "submodules=1")
        } else {
            // HEAD is detached; without a `ref` nix looks for a branch and says that there is none.
            git_file_ref(&self.path, &format!("ref=HEAD&rev={}", self.id))
        }
    }

    /// Makes sure that every file is what the commit says, and that nothing was added.
    pub fn verify(&self) -> Result<()> {
        let repo = Repo::open(&self.path)?;
        let differences = repo.differences(&self.id)?;
        if differences.is_empty() {
            return Ok(());
        }
        let shown: Vec<String> = differences.iter().take(10).map(ToString::to_string).collect();
        let more = differences.len().saturating_sub(shown.len());
        let mut text = shown.join("\n");
        if more > 0 {
            text.push_str(&format!("\nand {more} more"));
        }
        Err(Error::new(format!(
            "the snapshot {} is not what its name says: {}",
            self.id.short(),
            ui::count(differences.len(), "difference")
        ))
        .because(text)
        .hint(format!("nothing was activated; throw it away and make it again: `chmod -R u+w {0} && rm -rf {0}`, then `git mutable-snapshot` in the studio", self.path)))
    }
}

/// The snapshot that a command works on: the one the user stands in; in a studio, the one that is taken of it now.
pub fn here(cx: &Context) -> Result<Snapshot> {
    match Place::here(cx)? {
        Place::Snapshot(snapshot) => Ok(snapshot),
        Place::Studio(studio) => {
            let taken = take(cx, &studio, &Options::default())?;
            Ok(taken.snapshot)
        }
    }
}
