//! How large a `flake.lock` would be if each node's flake had those that it names as inputs.
//!
//! A lock file is a tree: what is reached on several ways is written down once for each. With diamonds that grows
//! exponentially: 18 nodes that each name the two below are 6,763 entries and 2.9 MB.

use crate::model::Lattice;
use std::collections::BTreeMap;

/// The size of a lock file, as predicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LockSize {
    /// Its entries, one for each way to an input.
    pub entries: u64,
    /// About how many bytes.
    pub bytes: u64,
}

/// What an entry takes besides names and the way to it, in bytes, as Nix 2.26 and 2.34 write it.
const ENTRY: u64 = 239;

/// What a step of the way takes besides the name, in bytes.
const STEP: u64 = 14;

impl LockSize {
    /// That of the node whose lock file is the largest.
    pub fn largest(lattice: &Lattice) -> LockSize {
        let mut sizes: BTreeMap<&str, Ways> = BTreeMap::new();
        for node in &lattice.nodes {
            let mut ways = Ways::default();
            for below in node.dependencies.keys() {
                let under = sizes.get(below.as_str()).copied().unwrap_or_default();
                ways.add(below.len() as u64, under);
            }
            sizes.insert(&node.name, ways);
        }
        let largest = sizes.into_values().max_by_key(|ways| ways.bytes).unwrap_or_default();
        LockSize { entries: largest.entries, bytes: largest.bytes }
    }
}

/// The ways that begin at a node.
#[derive(Clone, Copy, Debug, Default)]
struct Ways {
    entries: u64,
    bytes: u64,
}

impl Ways {
    /// Those that begin with a step to a node whose name has `name` bytes, and go on as `under` says.
    fn add(&mut self, name: u64, under: Ways) {
        let step = STEP.saturating_add(name);
        let entries = under.entries.saturating_add(1);
        // The step stands in each entry that is further down.
        let longer = under.entries.saturating_mul(step);
        let own = ENTRY.saturating_add(name.saturating_mul(5));
        self.entries = self.entries.saturating_add(entries);
        self.bytes =
            self.bytes.saturating_add(own).saturating_add(under.bytes).saturating_add(longer);
    }
}
