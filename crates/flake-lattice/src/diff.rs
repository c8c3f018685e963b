//! What an edit comes to: which nodes are others, and which are built again because of those.

use crate::model::{Lattice, Node};
use serde::Serialize;
use std::collections::BTreeMap;

/// What became of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its files, or what it is compiled with, are not what they were.
    Changed,
    /// It is as it was, and builds on one that is not.
    Rebuilt {
        /// That one, the first by name where there are several.
        because: String,
    },
}

/// What became of each node that is not as it was.
pub fn diff(old: &Lattice, new: &Lattice) -> BTreeMap<String, Change> {
    let before: BTreeMap<&str, &Node> =
        old.nodes.iter().map(|node| (node.name.as_str(), node)).collect();
    let mut changes = BTreeMap::new();
    // The target and the dependencies' versions are part of every build.
    let all = old.target != new.target || old.krate.edition != new.krate.edition;
    // What is built for them is built at once.
    let outside = old.outside != new.outside;
    for node in &new.nodes {
        let own = match before.get(node.name.as_str()) {
            None => Some(Change::Added),
            Some(was) => {
                let external =
                    |lattice: &Lattice, key: &String| lattice.externals.get(key).cloned();
                let names_any = !node.externals.is_empty() || new.whole.is_some();
                let externals = outside && names_any
                    || node.externals.iter().any(|key| external(old, key) != external(new, key));
                let changed =
                    all || externals || was.files != node.files || was.flags != node.flags;
                changed.then_some(Change::Changed)
            }
        };
        // Nodes come after those that they build on, so what became of those is known.
        let below = || node.dependencies.keys().find(|below| changes.contains_key(*below));
        let change = own.or_else(|| Some(Change::Rebuilt { because: below()?.clone() }));
        if let Some(change) = change {
            changes.insert(node.name.clone(), change);
        }
    }
    for name in before.keys() {
        if !new.nodes.iter().any(|node| node.name == *name) {
            changes.insert((*name).to_owned(), Change::Removed);
        }
    }
    changes
}
