//! What a switch would change, for people.
//!
//! It is read in a thread of its own, and nobody waits for it who is not asked anything: it is begun as soon as both
//! systems are known, and shown when it is there. Not here: finding what changes (`changes`, `configuration`, and
//! `closure` for packages).

use super::generations::{Inventory, commit_of};
use super::{Changes, Configuration, Site, Sources};
use crate::closure::{Closures, Compared};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::names::CommitId;
use crate::store_path::StorePath;
use std::thread::JoinHandle;

/// What differs between what runs and what is to run.
pub(super) struct Picture {
    /// What differs in the files of the two systems.
    pub changes: Changes,
    rest: Rest,
}

/// What is left to be shown.
enum Rest {
    /// That nothing ran before.
    First,
    /// Everything.
    Difference(JoinHandle<Found>),
    Nothing,
}

/// What takes its time to be found.
struct Found {
    packages: Result<Compared>,
    configuration: Result<Configuration, String>,
}

impl Picture {
    /// Finds out what changes; `commit` is what the new system was built from, if that is known better than by records.
    pub fn begin(
        cx: &Context,
        site: &Site,
        new: &StorePath,
        commit: Option<&CommitId>,
    ) -> Result<Picture> {
        let old = site.place.runs();
        // It takes longer, so it goes first.
        let rest = match &old {
            None => Rest::First,
            Some(old) if old == new => Rest::Nothing,
            Some(old) => Rest::Difference(find(cx, site, old, new, commit)?),
        };
        let changes = Changes::since(old.as_ref(), site.place.booted().as_ref(), new)?;
        Ok(Picture { changes, rest })
    }

    /// Shows it, if that was not done yet.
    pub fn show(&mut self, cx: &Context, site: &Site) {
        let found = match std::mem::replace(&mut self.rest, Rest::Nothing) {
            Rest::Nothing => return,
            Rest::First => {
                cx.ui.step(format!("{} is switched for the first time", site.target));
                return;
            }
            Rest::Difference(found) => found.join().unwrap_or_else(|_| Found {
                packages: Err(Error::new("nothing was heard of the comparison")),
                configuration: Ok(Configuration::default()),
            }),
        };
        let mut lines = vec![];
        // A picture is a help, not a condition: an old system may be gone from this store.
        match found.packages {
            Ok(compared) => {
                if let Some(why) = compared.detour {
                    cx.ui.detail(format!("nix was asked, for its database was not read: {why}"));
                }
                lines.extend(compared.packages.lines());
            }
            Err(error) => {
                cx.ui.detail(format!("packages were not compared: {}", error.message()));
            }
        }
        lines.extend(self.changes.lines());
        match found.configuration {
            Ok(configuration) => lines.extend(configuration.lines()),
            Err(why) => cx.ui.detail(format!("the configuration was not compared: {why}")),
        }
        cx.ui.step(format!("{} changes:", site.target));
        for line in &lines {
            cx.ui.step(format!("  {line}"));
        }
        if lines.is_empty() {
            cx.ui.step("  nothing that is counted here: other files");
        }
    }
}

fn find(
    cx: &Context,
    site: &Site,
    old: &StorePath,
    new: &StorePath,
    commit: Option<&CommitId>,
) -> Result<JoinHandle<Found>> {
    let closures = Closures::of(cx, site.machine.store.as_deref());
    let home = cx.home()?;
    let (place, commit) = (site.place.clone(), commit.cloned());
    let (old, new) = (old.clone(), new.clone());
    Ok(std::thread::spawn(move || {
        let configuration = || -> Result<Configuration, String> {
            let inventory = Inventory::read(&place).map_err(|error| error.message().to_owned())?;
            let before = commit_of(&inventory, None, &old, "what runs")?;
            let after = match commit {
                Some(commit) => commit,
                None => commit_of(&inventory, None, &new, "what is to run")?,
            };
            match before == after {
                true => Ok(Configuration::default()),
                false => Ok(Configuration::of(Sources::of(home), &before, &after)?.0),
            }
        };
        Found { packages: closures.compare(&old, &new), configuration: configuration() }
    }))
}
