//! What is left of snapshots that are not there any more: verdicts, links that kept what was built, disks of VMs, seals,
//! logs; and other logs that are old.

use super::super::catalog::ids_in;
use super::Policy;
use super::needed::{Needs, beginning};
use crate::context::Context;
use crate::error::Result;
use crate::fs;
use crate::home::Home;
use crate::names::CommitId;
use crate::store_path::StorePath;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;

/// What nobody needs any more.
pub(super) struct Remains {
    /// Folders and files that are called by the commit of a snapshot, with that.
    called: Vec<(CommitId, Utf8PathBuf)>,
    logs: Vec<Utf8PathBuf>,
    /// How many of both belong to snapshots that go only now.
    of_going: usize,
}

/// The folders in which each snapshot has something of its own.
fn folders(home: &Home) -> [Utf8PathBuf; 4] {
    let named = ["verdicts", "roots", "vms", "cache/seals"];
    named.map(|name| home.root().join(name))
}

/// Finds what is left; what belongs to snapshots that are `going` counts as left already.
pub(super) fn find(
    cx: &Context,
    home: &Home,
    needs: &Needs,
    policy: &Policy,
    going: &[&CommitId],
) -> Result<Remains> {
    let mut there = there(home)?;
    let going: BTreeSet<&CommitId> = going.iter().copied().collect();
    there.retain(|id| !going.contains(id));
    let mut remains = Remains { called: vec![], logs: vec![], of_going: 0 };
    let roots = home.root().join("roots");
    for folder in folders(home) {
        for id in ids_in(&folder)? {
            // What was found out about something that is needed is needed, too, also if its folder is gone.
            if !there.contains(&id) && needs.of(&id).is_none() {
                let path = folder.join(id.as_str());
                if folder == roots && !only_links_of_ours(&path) {
                    continue;
                }
                remains.of_going += usize::from(going.contains(&id));
                remains.called.push((id, path));
            }
        }
    }
    let there: BTreeSet<&str> = there.iter().map(CommitId::short).collect();
    let going: BTreeSet<&str> = going.iter().map(|id| id.short()).collect();
    for entry in home.logs().read_dir_utf8().into_iter().flatten().flatten() {
        let old = || {
            let changed = entry.metadata().map(|meta| meta.mtime()).unwrap_or(i64::MAX);
            cx.env.now().saturating_sub(changed) >= policy.younger_than.seconds()
        };
        let useless = match beginning(entry.file_name()) {
            Some(short) => !there.contains(short) && !needs.is_locked(short),
            None => entry.file_name().ends_with(".log") && old(),
        };
        if useless {
            let goes = beginning(entry.file_name()).is_some_and(|short| going.contains(short));
            remains.of_going += usize::from(goes);
            remains.logs.push(entry.into_path());
        }
    }
    Ok(remains)
}

/// The snapshots that are there, and those that are just being made.
pub(super) fn there(home: &Home) -> Result<BTreeSet<CommitId>> {
    let mut there: BTreeSet<CommitId> = ids_in(&home.snapshots())?.into_iter().collect();
    for entry in home.snapshots().read_dir_utf8().into_iter().flatten().flatten() {
        let draft = entry.file_name().strip_prefix(".tmp-").and_then(|name| name.split('-').next());
        there.extend(draft.and_then(|id| CommitId::new(id).ok()));
    }
    Ok(there)
}

impl Remains {
    /// All paths.
    pub fn all(&self) -> impl Iterator<Item = &Utf8PathBuf> {
        self.called.iter().map(|(_, path)| path).chain(&self.logs)
    }

    /// How many are of snapshots that were gone before.
    pub fn of_the_gone(&self) -> usize {
        self.called.len() + self.logs.len() - self.of_going
    }

    /// Removes all of it.
    ///
    /// Somebody may begin to make one of these snapshots again meanwhile, and uses what is there already. So everything is
    /// first moved aside, then looked for once more, and moved back if it is wanted: what comes later finds nothing and
    /// makes it anew.
    pub fn remove(self, home: &Home) -> Result<()> {
        for folder in folders(home) {
            fs::sweep(&folder);
        }
        let mut aside: BTreeMap<Utf8PathBuf, (CommitId, Utf8PathBuf)> = BTreeMap::new();
        for (id, place) in self.called {
            let away = place.with_file_name(format!(".trash-{id}-{}", std::process::id()));
            fs::rename(&place, &away)?;
            aside.insert(away, (id, place));
        }
        let there = there(home)?;
        for (away, (id, place)) in aside {
            if there.contains(&id) {
                put_back(&away, &place)?;
            }
            fs::remove_tree(&away)?;
        }
        self.logs.iter().try_for_each(|log| fs::remove_file(log))
    }
}

/// Whether a folder has nothing but links into a store, as ours have; what somebody put there is not ours to remove.
fn only_links_of_ours(folder: &Utf8Path) -> bool {
    let Ok(entries) = folder.read_dir_utf8() else { return false };
    entries.flatten().all(|entry| {
        entry.path().read_link_utf8().is_ok_and(|target| StorePath::new(target).is_ok())
    })
}

/// Moves back what is not there again by now.
fn put_back(away: &Utf8Path, place: &Utf8Path) -> Result<()> {
    if !place.exists() {
        return fs::rename(away, place);
    }
    for entry in away.read_dir_utf8().into_iter().flatten().flatten() {
        let to = place.join(entry.file_name());
        if to.symlink_metadata().is_err() {
            fs::rename(entry.path(), &to)?;
        }
    }
    Ok(())
}
