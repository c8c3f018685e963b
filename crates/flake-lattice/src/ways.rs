//! Ways through a lattice: what lies above a node, and how one leads to another.

use crate::model::Lattice;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The place of each node by its name.
fn places(lattice: &Lattice) -> BTreeMap<&str, usize> {
    lattice.nodes.iter().enumerate().map(|(at, node)| (node.name.as_str(), at)).collect()
}

/// For each node, those that are built again when it is.
pub fn above(lattice: &Lattice) -> Vec<BTreeSet<usize>> {
    let places = places(lattice);
    let mut above: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); lattice.nodes.len()];
    // From the top down: what is above a node is known before those below it are looked at.
    for at in (0..lattice.nodes.len()).rev() {
        let mut mine = above[at].clone();
        mine.insert(at);
        for name in lattice.nodes[at].dependencies.keys() {
            if let Some(below) = places.get(name.as_str()) {
                above[*below].extend(mine.iter().copied());
            }
        }
    }
    above
}

/// The shortest way from a node down to another, both included.
pub fn shortest(lattice: &Lattice, from: usize, to: usize) -> Option<Vec<usize>> {
    let places = places(lattice);
    let mut came_from: BTreeMap<usize, usize> = BTreeMap::new();
    let mut todo = VecDeque::from([from]);
    while let Some(at) = todo.pop_front() {
        if at == to {
            let mut way = vec![to];
            while let Some(before) = way.last().and_then(|last| came_from.get(last)) {
                way.push(*before);
            }
            way.reverse();
            return Some(way);
        }
        for name in lattice.nodes[at].dependencies.keys() {
            if let Some(below) = places.get(name.as_str())
                && *below != from
                && !came_from.contains_key(below)
            {
                came_from.insert(*below, at);
                todo.push_back(*below);
            }
        }
    }
    None
}
