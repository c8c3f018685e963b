//! Studios: full git repositories of upstream, each isolated from all others, in which work happens.
//!
//! A studio knows itself by its own git configuration (`studio.*`); its `STUDIO_HOME` is the one it lies in. Not here:
//! what a snapshot is ([`crate::snapshot`]).

mod catalog;
mod clean;
mod create;
mod history;
mod hydrate;
mod inputs;
mod list;
mod log;
pub mod mirror;
mod pins;
mod rebase;
pub(crate) mod remote;
mod work;

pub use catalog::{Cataloged, catalog, find_snapshot, hold, newest_snapshots, snapshot_ids};
pub use clean::{Cleaned, Goes, Need, Plan, Policy, clean, plan};
pub use create::{Created, create};
pub use history::{Reversed, redo, undo};
pub use hydrate::{Hydrated, hydrate};
pub use inputs::Piece;
pub use list::{Listed, list, remove};
pub use log::{LISTED, Logged, log};
pub use mirror::{Mirror, Upstream};
pub use pins::{pin, unpin};
pub use rebase::{How, Rebased, rebase};
pub use remote::{Pushed, push_scratch};
pub use work::{Guarding, Prepared, cut_branch, cut_scratch, prepare, record};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs::{Lock, Shared};
use crate::git::{Repo, Undertaking};
use crate::home::Home;
use crate::names::{CommitId, StudioName};
use crate::snapshot::Snapshot;
use camino::Utf8PathBuf;

/// A studio, seen from one of its work trees.
#[derive(Debug)]
pub struct Studio {
    /// The repository, at the work tree in which the user stands.
    pub repo: Repo,
    /// Its name.
    pub name: StudioName,
    /// The `STUDIO_HOME` that it lies in.
    pub home: Home,
    /// The bare repository that keeps its snapshots' commits.
    pub mirror: Utf8PathBuf,
    /// The branch of upstream that work goes to in the end.
    pub base: String,
}

/// Where the user stands.
#[derive(Debug)]
pub enum Place {
    /// In a studio.
    Studio(Studio),
    /// In a snapshot.
    Snapshot(Snapshot),
}

impl Place {
    /// Finds out where the user stands.
    pub fn here(cx: &Context) -> Result<Place> {
        let repo = Repo::here(cx)?;
        match Place::of(repo)? {
            Ok(place) => Ok(place),
            Err(repo) => {
                Err(Error::new(format!("`{}` is neither a studio nor a snapshot", repo.top()))
                    .hint(format!(
                        "make a studio of it: `dir=$(studio NAME --upstream {}) && cd \"$dir\"`",
                        repo.top()
                    )))
            }
        }
    }

    /// What kind of place a repository is; the repository itself if it is none of ours.
    fn of(repo: Repo) -> Result<Result<Place, Repo>> {
        if let Some(id) = repo.config("studio.snapshot").and_then(|id| CommitId::new(&id).ok())
            && let Some(home) = repo.top().parent().and_then(|snapshots| snapshots.parent())
        {
            let home = Home::at(home.to_owned());
            return Snapshot::open(&home, &id).map(|snapshot| Ok(Place::Snapshot(snapshot)));
        }
        match Studio::of(repo)? {
            Ok(studio) => Ok(Ok(Place::Studio(studio))),
            Err(repo) => Ok(Err(repo)),
        }
    }
}

/// The right to change a studio, until dropped.
#[derive(Debug)]
pub struct Taken {
    /// What is noted for those who come after a kill. Ends before the lock does.
    pub undertaking: Undertaking,
    lock: Lock,
}

impl Taken {
    /// While the result lives, children hold the studio too; for those that change files.
    pub fn shared_with_children(&self) -> Shared<'_> {
        self.lock.shared_with_children()
    }
}

impl Studio {
    /// The studio that the user stands in.
    pub fn here(cx: &Context) -> Result<Studio> {
        match Place::here(cx)? {
            Place::Studio(studio) => Ok(studio),
            Place::Snapshot(snapshot) => {
                let short = snapshot.id().short();
                Err(Error::new(format!("`{}` is a snapshot, and snapshots do not change", snapshot.path())).hint(
                    format!("work on it in a studio: `dir=$(studio NAME) && cd \"$dir\" && git mutable-hydrate {short}`"),
                ))
            }
        }
    }

    /// The studio with this name.
    pub fn named(home: &Home, name: &StudioName) -> Result<Studio> {
        let top = home.studio(name);
        if !top.is_dir() {
            return Err(Error::new(format!("there is no studio `{name}`"))
                .hint("list them: `studio --list`"));
        }
        match Studio::of(Repo::open(&top)?)? {
            Ok(studio) => Ok(studio),
            Err(_) => Err(Error::new(format!("`{top}` is not a studio"))
                .hint("something else was put there; move it away")),
        }
    }

    fn of(repo: Repo) -> Result<Result<Studio, Repo>> {
        let (Some(name), Some(mirror)) = (repo.config("studio.name"), repo.config("studio.mirror"))
        else {
            return Ok(Err(repo));
        };
        let name = StudioName::new(&name)?;
        let common = repo.common_dir();
        // STUDIO_HOME/studios/NAME/.git
        let home =
            common.ancestors().nth(3).filter(|home| home.join("mirrors").is_dir()).map(Home::from);
        let Some(home) = home else {
            return Err(Error::new(format!(
                "the studio `{name}` was moved out of its STUDIO_HOME"
            ))
            .hint("move it back to the folder `studios`, or make another: `studio NAME`"));
        };
        let mirror = home.mirrors().join(&mirror);
        let base = repo.config("studio.base").unwrap_or_else(|| "main".to_owned());
        Ok(Ok(Studio { repo, name, home, mirror, base }))
    }

    /// Takes the studio for a change: one command changes it at a time, and it is free again when that command dies.
    pub fn take(&self, cx: &Context) -> Result<Taken> {
        let lock = Lock::wait(&self.repo.common_dir().join("studio/lock"), &cx.command, &cx.ui)?;
        let undertaking = self.repo.undertake()?;
        self.repo.heal_submodules()?;
        let taken = Taken { undertaking, lock };
        rebase::give_up_killed(cx, self, &taken)?;
        mirror::restore(cx, self)?;
        Ok(taken)
    }

    /// The folder of the programs that this studio was made with; the running ones if it does not know.
    ///
    /// Snapshots of a studio get the studio's tools, whatever is on PATH.
    pub fn toolkit(&self) -> Result<Utf8PathBuf> {
        match self
            .repo
            .config("studio.toolkit")
            .map(Utf8PathBuf::from)
            .filter(|folder| folder.is_dir())
        {
            Some(folder) => Ok(folder),
            None => crate::toolkit::folder(),
        }
    }

    /// Whether the programs that its aliases name are not there any more.
    pub fn toolkit_is_gone(&self) -> bool {
        let folder = self.repo.config("studio.toolkit").map(Utf8PathBuf::from);
        folder.is_some_and(|folder| !folder.is_dir())
    }

    /// Refuses while git is in the middle of something.
    pub fn require_settled(&self) -> Result<()> {
        let Some((what, command)) = self.repo.in_progress() else { return Ok(()) };
        let error = Error::new(format!("{what} is in progress in this studio"));
        Err(if command == "git bisect reset" {
            error.hint("end it first: `git bisect reset`")
        } else {
            error.hint(format!(
                "finish it: `{command} --continue`, or give it up: `{command} --abort`"
            ))
        })
    }
}
