//! What differs between two generations: packages, units, files of `/etc`, kernel, users, and the configuration that they
//! were built from.
//!
//! A part that cannot be compared is named with its reason, and the others are compared all the same.

use super::inventory::whole_commit;
use super::source::Sources;
use super::{Inventory, named, revision, runs_as};
use crate::closure::{Closures, Packages};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::git::Shown;
use crate::names::CommitId;
use crate::store_path::StorePath;
use crate::switch::{Changes, Configuration, Site};
use serde::Serialize;

/// One of the two that are compared.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// Its number; nothing for what runs without being a generation.
    pub generation: Option<u64>,
    /// What it is; nothing if its link leads to no store path.
    pub path: Option<StorePath>,
    /// The commit that it was built from, as far as that is known.
    pub commit: Option<String>,
    /// The first line of that commit's message.
    pub subject: Option<String>,
}

/// What differs between two generations.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// The old one.
    pub from: Side,
    /// The new one.
    pub to: Side,
    /// Packages and sizes; nothing where they were not compared.
    pub packages: Option<Packages>,
    /// Files of the two systems; nothing where they were not compared.
    pub changes: Option<Changes>,
    /// The configuration: commits, files and inputs; nothing where it was not compared.
    pub configuration: Option<Configuration>,
    /// Why something was not compared.
    pub not_compared: Vec<String>,
    /// The configuration, for people.
    #[serde(skip)]
    diff: String,
}

/// Compares two generations, each named as for going back; by default what runs with the newest one.
pub fn difference(
    cx: &Context,
    site: &Site,
    from: Option<&str>,
    to: Option<&str>,
    shown: Shown,
) -> Result<Difference> {
    let inventory = Inventory::read(&site.place)?;
    let sources = Sources::of(cx.home()?);
    let from = match from {
        Some(text) => of_number(named(cx, site, &inventory, text)?.number, &inventory, &sources),
        None => what_runs(site, &inventory, &sources)?,
    };
    let to = match (to, inventory.generations.last()) {
        (Some(text), _) => {
            of_number(named(cx, site, &inventory, text)?.number, &inventory, &sources)
        }
        (None, Some(newest)) => of_number(newest.number, &inventory, &sources),
        (None, None) => return Err(none_yet(site)),
    };
    let mut not_compared = vec![];
    let (packages, changes) = match (there(&from, site), there(&to, site)) {
        (Ok(old), Ok(new)) => {
            let packages = packages(cx, site, old, new).map_err(|error| {
                not_compared.push(format!("packages: {}", error.message()));
            });
            let changes = match old == new {
                true => Changes::default(),
                false => Changes::between(Some(old), new)?,
            };
            (packages.ok(), Some(changes))
        }
        (Err(why), _) | (_, Err(why)) => {
            not_compared.push(format!("packages and files: {why}"));
            (None, None)
        }
    };
    let (configuration, diff) = match configuration(&from, &to, sources, shown) {
        Ok((configuration, diff)) => (Some(configuration), diff),
        Err(why) => {
            not_compared.push(format!("configuration: {why}"));
            (None, String::new())
        }
    };
    Ok(Difference { from, to, packages, changes, configuration, not_compared, diff })
}

fn packages(cx: &Context, site: &Site, old: &StorePath, new: &StorePath) -> Result<Packages> {
    let compared = Closures::of(cx, site.machine.store.as_deref()).compare(old, new)?;
    if let Some(why) = compared.detour {
        cx.ui.detail(format!("nix was asked, for its database was not read: {why}"));
    }
    Ok(compared.packages)
}

/// What differs between the two configurations, and how in git's words; or why that is not known.
fn configuration(
    from: &Side,
    to: &Side,
    sources: Sources,
    shown: Shown,
) -> Result<(Configuration, String), String> {
    let commit = |side: &Side| whole_commit(side.commit.as_deref(), &side.name());
    let (old, new) = (commit(from)?, commit(to)?);
    if old == new {
        return Ok((Configuration::default(), String::new()));
    }
    let (configuration, repo) = Configuration::of(sources, &old, &new)?;
    let diff = repo.diff(&old, &new, shown).map_err(|error| error.message().to_owned())?;
    Ok((configuration, diff))
}

fn of_number(number: u64, inventory: &Inventory, sources: &Sources) -> Side {
    let path = inventory.number(number).and_then(|generation| generation.path.clone());
    side(Some(number), path, inventory, sources)
}

/// What runs: as the generation that the profile is at, if it is that one, else the newest that holds it.
fn what_runs(site: &Site, inventory: &Inventory, sources: &Sources) -> Result<Side> {
    let Some(runs) = &inventory.runs else {
        return Err(
            none_yet(site).because("what is compared is what runs, if nothing else is named")
        );
    };
    let is = |system: &Option<StorePath>| system.as_ref().is_some_and(|path| runs_as(path, runs));
    let current = inventory.current.and_then(|number| inventory.number(number));
    let of_it = current
        .filter(|generation| is(&generation.path))
        .or_else(|| inventory.generations.iter().rev().find(|generation| is(&generation.path)));
    Ok(match of_it {
        Some(generation) => of_number(generation.number, inventory, sources),
        None => side(None, Some(runs.clone()), inventory, sources),
    })
}

fn side(
    generation: Option<u64>,
    path: Option<StorePath>,
    inventory: &Inventory,
    sources: &Sources,
) -> Side {
    let commit = path.as_ref().and_then(|path| {
        let snapshot = inventory.snapshot(generation, path).map(|id| id.to_string());
        snapshot.or_else(|| revision(path))
    });
    let id = commit.as_deref().and_then(|commit| CommitId::new(commit).ok());
    let subject = id.and_then(|id| sources.subject(&id));
    Side { generation, path, commit, subject }
}

/// The store path of a side, if its files can be read here.
fn there<'a>(side: &'a Side, site: &Site) -> Result<&'a StorePath, String> {
    match (&side.path, &site.machine.store) {
        (Some(path), _) if path.path().exists() => Ok(path),
        (Some(path), Some(store)) => Err(format!("`{path}` is in the store `{store}` only")),
        _ => Err(format!("{} leads nowhere: what it held was deleted", side.name())),
    }
}

fn none_yet(site: &Site) -> Error {
    Error::new(format!("there is no generation of {} to compare", site.target))
        .hint("the first is made by `git flake-switch`")
}

impl Side {
    /// What it is called.
    fn name(&self) -> String {
        match self.generation {
            Some(number) => format!("generation {number}"),
            None => "what runs".to_owned(),
        }
    }

    /// What it is called and where it came from.
    fn line(&self) -> String {
        let mut line = self.name();
        if let Some(commit) = &self.commit {
            line.push_str(&format!(", {}", commit.chars().take(12).collect::<String>()));
        }
        if let Some(subject) = &self.subject {
            line.push_str(&format!(" ({})", super::table::plain(subject)));
        }
        line
    }
}

impl Difference {
    /// All of it for people; what could not be compared is left out and is to be said elsewhere.
    pub fn text(&self) -> String {
        let mut lines =
            vec![format!("from {}", self.from.line()), format!("to {}", self.to.line())];
        if self.changes.is_some() && self.from.path == self.to.path {
            lines.push("  the same system".to_owned());
        } else {
            let packages = self.packages.iter().flat_map(Packages::all_lines);
            let changes = self.changes.iter().flat_map(|changes| {
                let mut lines = changes.lines_of(usize::MAX);
                lines.extend(changes.etc_lines());
                lines
            });
            lines.extend(packages.chain(changes).map(|line| format!("  {line}")));
        }
        let configuration = self.configuration.iter().flat_map(|configuration| {
            let mut lines = configuration.commit_lines(usize::MAX);
            lines.extend(configuration.input_lines());
            lines
        });
        lines.extend(configuration.map(|line| format!("  {line}")));
        if !self.diff.is_empty() {
            lines.push(String::new());
            lines.push(self.diff.clone());
        }
        lines.join("\n")
    }
}
