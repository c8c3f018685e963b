//! Two closures, counted in packages.
//!
//! A package is what has a version in its name, and what somebody chose. What has no version and was not chosen is a file
//! that the configuration was made into (`unit-motd.service`, `etc`); those are counted, and compared elsewhere.

use super::graph::{Closure, Graph, Node};
use super::name::{PackageName, Version};
use crate::store_path::StorePath;
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// What holds the packages that somebody chose, by its name: `environment.systemPackages` of NixOS and nix-darwin,
/// `home.packages` of home-manager, `users.users.NAME.packages` of NixOS and `nix-env`, and `nix profile`. What each of
/// them refers to is what was chosen.
const ENVIRONMENTS: [&str; 4] = ["system-path", "home-manager-path", "user-environment", "profile"];

/// What differs between two closures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Packages {
    /// The packages whose versions differ, by name.
    pub changed: Vec<PackageChange>,
    /// How many packages have the same versions and were built anew.
    pub rebuilt: usize,
    /// How many paths without a version, that nobody chose, only the new one has.
    pub others_added: usize,
    /// How many of those only the old one has.
    pub others_removed: usize,
    /// The size of the old one.
    pub old: Closure,
    /// The size of the new one.
    pub new: Closure,
    /// How many bytes more the new one has.
    pub delta: i64,
}

/// A package whose versions differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackageChange {
    /// Its name, without version and output.
    pub name: String,
    /// In which direction.
    pub change: Change,
    /// Its versions in the old closure, oldest first; one without a version is empty.
    pub old: Vec<Version>,
    /// Its versions in the new closure.
    pub new: Vec<Version>,
    /// Whether somebody chose it; otherwise others need it.
    pub chosen: bool,
    /// How many bytes more the new closure has in paths of this name.
    pub delta: i64,
}

/// How the versions of a package differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// There was none before.
    Added,
    /// There is none any more.
    Removed,
    /// The newest version is a newer one.
    Up,
    /// The newest version is an older one.
    Down,
    /// The newest version is the same; others beside it came or went.
    Changed,
}

/// All packages of one name.
#[derive(Default)]
struct Group<'a> {
    old: Side<'a>,
    new: Side<'a>,
    /// Whether a store path of it is in one closure alone.
    paths_differ: bool,
}

#[derive(Default)]
struct Side<'a> {
    /// Its versions, as texts: those that are the same on both sides, which most are, need no order.
    versions: BTreeSet<&'a str>,
    bytes: u64,
    chosen: bool,
}

impl Packages {
    /// Compares what two paths need, both of which are in the graph.
    pub(super) fn between(graph: &Graph, old: &StorePath, new: &StorePath) -> Packages {
        let (old, new) = (InClosure::of(graph, old), InClosure::of(graph, new));
        let mut packages = Packages {
            old: graph.size(&old.needed),
            new: graph.size(&new.needed),
            ..Packages::default()
        };
        packages.delta = difference(packages.old.bytes, packages.new.bytes);
        let mut groups: BTreeMap<&str, Group<'_>> = BTreeMap::new();
        for (at, node) in graph.nodes.iter().enumerate() {
            let (in_old, in_new) = (old.needed[at], new.needed[at]);
            let (chosen_before, chosen_now) = (old.chosen[at], new.chosen[at]);
            let PackageName { name, version } = package(node);
            if version.is_empty() && !chosen_before && !chosen_now {
                packages.others_added += usize::from(in_new && !in_old);
                packages.others_removed += usize::from(in_old && !in_new);
                continue;
            }
            let group = groups.entry(name).or_default();
            group.paths_differ |= in_old != in_new;
            if in_old {
                group.old.add(version, node.size, chosen_before);
            }
            if in_new {
                group.new.add(version, node.size, chosen_now);
            }
        }
        for (name, group) in groups {
            if group.old.versions == group.new.versions {
                packages.rebuilt += usize::from(group.paths_differ);
                continue;
            }
            let (old, new) = (group.old.sorted(), group.new.sorted());
            let change = change(&old, &new);
            packages.changed.push(PackageChange {
                name: name.to_owned(),
                change,
                chosen: if change == Change::Removed { group.old.chosen } else { group.new.chosen },
                delta: difference(group.old.bytes, group.new.bytes),
                old,
                new,
            });
        }
        packages
    }
}

/// What a store path is called as a package. A derivation is in a closure only where somebody keeps it, and is no package.
fn package(node: &Node) -> PackageName<'_> {
    let name = node.name();
    match name.ends_with(".drv") {
        true => PackageName { name, version: "" },
        false => PackageName::of_store_path(name, node.derivation()),
    }
}

/// How versions differ that are not all the same, each side from the oldest to the newest.
fn change(old: &[Version], new: &[Version]) -> Change {
    match (old.last(), new.last()) {
        (None, _) => Change::Added,
        (_, None) => Change::Removed,
        (Some(old), Some(new)) => match new.compare(old) {
            Ordering::Greater => Change::Up,
            Ordering::Less => Change::Down,
            Ordering::Equal => Change::Changed,
        },
    }
}

impl<'a> Side<'a> {
    fn add(&mut self, version: &'a str, bytes: u64, chosen: bool) {
        self.versions.insert(version);
        self.bytes += bytes;
        self.chosen |= chosen;
    }

    /// Its versions, from the oldest to the newest.
    fn sorted(&self) -> Vec<Version> {
        let mut versions: Vec<Version> = self.versions.iter().copied().map(Version::new).collect();
        versions.sort();
        versions
    }
}

/// What one closure has of a graph.
struct InClosure {
    needed: Vec<bool>,
    chosen: Vec<bool>,
}

impl InClosure {
    fn of(graph: &Graph, root: &StorePath) -> InClosure {
        let root = root.path().as_str();
        let needed = graph.needed_by(root);
        let mut chosen = vec![false; needed.len()];
        let environments = || {
            let nodes = graph.nodes.iter().enumerate();
            nodes.filter(|(at, node)| needed[*at] && ENVIRONMENTS.contains(&node.name()))
        };
        for (at, environment) in environments() {
            for reference in environment.references.iter().filter(|reference| **reference != at) {
                chosen[*reference] = true;
            }
        }
        // It is what is switched, so somebody named it.
        if let Some(at) = graph.nodes.iter().position(|node| node.path == root) {
            chosen[at] = true;
        }
        InClosure { needed, chosen }
    }
}

/// How many bytes more `new` are.
fn difference(old: u64, new: u64) -> i64 {
    i64::try_from(i128::from(new) - i128::from(old)).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "packages_tests.rs"]
mod tests;
