//! Snapshots: read-only checkouts of exactly one commit, named by it.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::home::Home;
use crate::names::CommitId;
use camino::{Utf8Path, Utf8PathBuf};

/// A snapshot that is in its place.
#[derive(Clone, Debug)]
pub struct Snapshot {
    id: CommitId,
    path: Utf8PathBuf,
    home: Home,
}

impl Snapshot {
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

    /// How Nix is told to read it: locked by its commit, so that Nix's evaluation cache holds for it.
    pub fn flake_ref(&self) -> String {
        if self.path.join(".gitmodules").exists() {
            // With submodules a `rev` would make Nix fetch them from their remotes; a clean work tree has its revision too.
            format!("git+file://{}?submodules=1", self.path)
        } else {
            format!("git+file://{}?rev={}", self.path, self.id)
        }
    }
}

/// The snapshot that a command works on: the one the user stands in; in a studio, the one that is taken of it now.
pub fn here(cx: &Context) -> Result<Snapshot> {
    let home = cx.home()?;
    let below = cx
        .env
        .cwd()
        .strip_prefix(home.snapshots())
        .ok()
        .and_then(|below| below.components().next());
    let id = below.and_then(|name| CommitId::new(name.as_str()).ok());
    match id {
        Some(id) => Ok(Snapshot { path: home.snapshot(&id), id, home }),
        None => Err(Error::new("this is neither a studio nor a snapshot")),
    }
}
