//! Snapshots: read-only checkouts of exactly one commit, named by it.
//!
//! [`take()`] commits all that is uncommitted in a studio, keeps the commit alive in the mirror, and puts the sealed folder
//! in its place; [`Snapshot::verify`] says whether a folder is still what its name says, [`repair()`] makes one again, and
//! [`discard()`] removes one. Not here: what is done with one, and which may go (`studio::clean`).

mod build;
mod discard;
mod repair;
mod take;
mod verify;

pub use discard::discard;
pub use repair::repair;
pub use take::{Options, TakenSnapshot, take};
pub use verify::Verification;

use crate::config::Settings;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::home::Home;
use crate::names::CommitId;
use crate::nix::git_file_ref;
use crate::secrets;
use crate::studio::Place;
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

    /// Says where secrets lie open in it, or refuses it if its flake is strict. What was looked at before, also when it was
    /// taken, is not read again.
    fn tell_secrets(&self, cx: &Context) -> Result<()> {
        let mut parts = vec![];
        commits_below(Repo::open(&self.path)?, self.id.clone(), "", &mut parts)?;
        let parts: Vec<secrets::Part<'_>> = parts
            .iter()
            .map(|(repo, commit, prefix)| secrets::Part {
                repo,
                commit: commit.clone(),
                before: None,
                prefix: prefix.clone(),
            })
            .collect();
        let places = secrets::look(&self.home, &parts)?;
        if places.is_empty() {
            return Ok(());
        }
        let settings = Settings::load(&cx.env)?.with_flake(&self.path)?;
        secrets::Policy::of(&settings, &[]).judge(cx, places)
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
}

/// A commit and those of its submodules that are there, each with where it lies.
fn commits_below(
    repo: Repo,
    commit: CommitId,
    prefix: &str,
    into: &mut Vec<(Repo, CommitId, String)>,
) -> Result<()> {
    for submodule in repo.submodules()? {
        if let Some(inner) = repo.open_submodule(&submodule.path)? {
            let below = format!("{prefix}{}/", submodule.path);
            commits_below(inner, submodule.commit, &below, into)?;
        }
    }
    into.push((repo, commit, prefix.to_owned()));
    Ok(())
}

/// The snapshot that a command works on: the one the user stands in; in a studio, the one that is taken of it now.
pub fn here(cx: &Context) -> Result<Snapshot> {
    match Place::here(cx)? {
        Place::Snapshot(snapshot) => {
            snapshot.tell_secrets(cx)?;
            Ok(snapshot)
        }
        Place::Studio(studio) => {
            let taken = take(cx, &studio, &Options::default())?;
            Ok(taken.snapshot)
        }
    }
}
