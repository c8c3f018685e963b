//! What needs which snapshot: everything on this machine for which one must stay. Reading only.
//!
//! Who cannot say what it needs is an error, because then nothing can be removed with a good conscience. Not here: how many
//! stay although nothing needs them ([`super::Policy`]).

use super::super::{catalog, log, pins};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs::Lock;
use crate::git::Repo;
use crate::home::Home;
use crate::names::CommitId;
use crate::oplog::Log;
use crate::switch::Results;
use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Why a snapshot stays; where there are several reasons, the first of them is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// It was made what runs, or was booted, or an attempt to do so is open.
    AtWork,
    /// A generation was made of it.
    Generation,
    /// The user pinned it.
    Pin,
    /// Somebody stands in it, or works on it.
    InUse,
    /// A studio is at it, has a branch at it, or did something with it lately.
    Studio,
    /// It is one of the last that were taken.
    Last,
    /// It is younger than the policy says.
    Young,
}

impl Need {
    /// All of them, in the order in which they are told.
    pub const ALL: [Need; 7] = [
        Need::AtWork,
        Need::Generation,
        Need::Pin,
        Need::InUse,
        Need::Studio,
        Need::Last,
        Need::Young,
    ];
}

/// What needs which commits.
pub(super) struct Needs {
    needs: BTreeMap<CommitId, Need>,
    /// Beginnings of ids, as locks have them.
    locked: BTreeSet<String>,
}

impl Needs {
    /// Looks at everything that may need a snapshot.
    pub fn read(cx: &Context, home: &Home, other_root: Option<&Utf8Path>) -> Result<Needs> {
        let results = Results::read(home, other_root)?;
        let mut needs = Needs { needs: BTreeMap::new(), locked: locked(home) };
        results.at_work().for_each(|id| needs.add(id, Need::AtWork));
        results.made().for_each(|id| needs.add(id, Need::Generation));
        pins::pinned(home)?.iter().for_each(|id| needs.add(id, Need::Pin));
        stood_in(cx, home).iter().for_each(|id| needs.add(id, Need::InUse));
        for top in studios(home)? {
            of_studio(&top)?.iter().for_each(|id| needs.add(id, Need::Studio));
        }
        Ok(needs)
    }

    fn add(&mut self, id: &CommitId, need: Need) {
        let known = self.needs.entry(id.clone()).or_insert(need);
        *known = need.min(*known);
    }

    /// Why a commit is needed, if it is.
    pub fn of(&self, id: &CommitId) -> Option<Need> {
        let used = self.locked.contains(id.short()).then_some(Need::InUse);
        self.needs.get(id).copied().into_iter().chain(used).min()
    }

    /// Whether somebody works on something whose id begins so.
    pub fn is_locked(&self, short: &str) -> bool {
        self.locked.contains(short)
    }
}

/// The work trees of all studios.
pub(super) fn studios(home: &Home) -> Result<Vec<Utf8PathBuf>> {
    let Ok(entries) = home.studios().read_dir_utf8() else { return Ok(vec![]) };
    let tops = entries.flatten().filter(|entry| !entry.file_name().starts_with('.'));
    // What is no repository at all is no studio.
    Ok(tops.map(|entry| entry.into_path()).filter(|top| top.join(".git").exists()).collect())
}

/// What a studio needs: where it is, its branches, and what its log lists.
///
/// As far back as the log is listed by default. What is older can still be taken back and hydrated, because the studio
/// itself has its commits; it is only the folders that may be gone.
fn of_studio(top: &Utf8Path) -> Result<BTreeSet<CommitId>> {
    let read = || -> Result<BTreeSet<CommitId>> {
        let repo = Repo::open(top)?;
        let mut needed: BTreeSet<CommitId> = repo.heads()?.into_iter().collect();
        needed.extend(repo.refs_below("refs/heads/")?.into_iter().map(|(_, commit)| commit));
        for one in Log::all(&repo)? {
            for entry in one.entries(log::LISTED)? {
                let operation = entry.operation;
                needed.extend(operation.snapshot);
                needed.extend([operation.before.head.commit, operation.after.head.commit]);
            }
        }
        Ok(needed)
    };
    read().map_err(|cause| {
        let error = Error::new(format!("it is not known what the studio `{top}` needs"))
            .because(cause.message());
        let error = cause.causes().iter().fold(error, |error, why| error.because(why));
        error.hint(format!("repair it, or move it away: `mv {top} /tmp`; nothing was removed"))
    })
}

/// Beginnings of the ids of snapshots that are being checked, built or run.
fn locked(home: &Home) -> BTreeSet<String> {
    let entries = home.locks().read_dir_utf8().into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let short = beginning(entry.file_name())?.to_owned();
            Lock::is_held(entry.path()).then_some(short)
        })
        .collect()
}

/// The beginning of an id that a lock or a log is called by: `1f0c9e2a7b7c-check-x86_64-linux`.
pub(super) fn beginning(name: &str) -> Option<&str> {
    let (short, _) = name.split_once('-')?;
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (short.len() == 12 && short.bytes().all(hex)).then_some(short)
}

/// The snapshots in which the user or a process of anybody stands, as far as this system tells.
fn stood_in(cx: &Context, home: &Home) -> BTreeSet<CommitId> {
    let own = cx.env.cwd().canonicalize_utf8().ok();
    let processes = Utf8Path::new("/proc").read_dir_utf8().into_iter().flatten().flatten();
    let folders = processes
        .filter(|entry| entry.file_name().bytes().all(|byte| byte.is_ascii_digit()))
        .filter_map(|entry| entry.path().join("cwd").read_link_utf8().ok());
    own.into_iter().chain(folders).filter_map(|folder| catalog::within(home, &folder)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_of_snapshots_are_told_from_others() {
        assert_eq!(beginning("1f0c9e2a7b7c-check-x86_64-linux"), Some("1f0c9e2a7b7c"));
        for other in
            ["pin-flake-0123456789ab", "studio-x", "clean", "1f0c9e2a7b7c", "1F0C9E2A7B7C-x"]
        {
            assert_eq!(beginning(other), None, "{other}");
        }
    }
}
