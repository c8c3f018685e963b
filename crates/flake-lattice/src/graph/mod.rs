//! From items that name each other to nodes that build on each other: what cannot be apart is put together, circles
//! become one node each, and a node's level is one more than the highest below it.
//!
//! Not here: what an item needs ([`crate::resolve`]), and what a node's source is ([`crate::emit`]).

mod names;

use crate::item::{ItemId, Source};
use crate::resolve::Uses;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet};

/// The place of a node in [`Graph::nodes`].
pub type NodeId = usize;

/// Items that must be in one node, with the reason.
pub type Bond = (ItemId, ItemId);

/// The nodes of a crate.
#[derive(Debug)]
pub struct Graph {
    /// The nodes; each comes after those that it depends on.
    pub nodes: Vec<GraphNode>,
    /// The node of each item.
    pub node_of: Vec<NodeId>,
}

/// A node.
#[derive(Debug)]
pub struct GraphNode {
    /// Its name.
    pub name: String,
    /// Its items, in source order.
    pub items: Vec<ItemId>,
    /// 0, or one more than the highest level below.
    pub level: usize,
    /// The nodes that its items name.
    pub below: BTreeSet<NodeId>,
}

impl Graph {
    /// The finest graph in which the two items of each bond are in one node.
    pub fn new(source: &Source, library: &str, uses: &[Uses], bonds: &[Bond]) -> Graph {
        let mut sets = Sets::new(source.items.len());
        for (item, one) in uses.iter().enumerate() {
            for other in one.bound_to.keys() {
                sets.join(item, *other);
            }
        }
        for (a, b) in bonds {
            sets.join(*a, *b);
        }
        let groups = components(uses, &mut sets);
        let mut named: Vec<(String, Vec<ItemId>)> = names::of_groups(source, library, groups);
        named.sort();
        let mut node_of = vec![0; source.items.len()];
        for (node, (_, items)) in named.iter().enumerate() {
            for item in items {
                node_of[*item] = node;
            }
        }
        let below = |items: &[ItemId], node: NodeId| -> BTreeSet<NodeId> {
            let others = items.iter().flat_map(|item| uses[*item].items.iter());
            others.map(|other| node_of[*other]).filter(|other| *other != node).collect()
        };
        let mut nodes: Vec<GraphNode> = named
            .into_iter()
            .enumerate()
            .map(|(node, (name, items))| GraphNode {
                below: below(&items, node),
                name,
                items,
                level: 0,
            })
            .collect();
        levels(&mut nodes);
        sorted(nodes, node_of)
    }
}

/// Groups of items that are in one set, or in a circle.
fn components(uses: &[Uses], sets: &mut Sets) -> Vec<Vec<ItemId>> {
    let mut graph: DiGraph<(), ()> = DiGraph::new();
    let units: Vec<NodeIndex> = (0..uses.len()).map(|_| graph.add_node(())).collect();
    let mut edges = BTreeSet::new();
    for (item, one) in uses.iter().enumerate() {
        let from = sets.find(item);
        for other in &one.items {
            let to = sets.find(*other);
            if from != to {
                edges.insert((from, to));
            }
        }
    }
    for (from, to) in edges {
        graph.add_edge(units[from], units[to], ());
    }
    let mut members: BTreeMap<usize, Vec<ItemId>> = BTreeMap::new();
    for item in 0..uses.len() {
        members.entry(sets.find(item)).or_default().push(item);
    }
    let mut groups = vec![];
    for component in tarjan_scc(&graph) {
        let mut items: Vec<ItemId> = component
            .into_iter()
            .filter_map(|unit| members.remove(&unit.index()))
            .flatten()
            .collect();
        items.sort_unstable();
        if !items.is_empty() {
            groups.push(items);
        }
    }
    groups
}

/// Sets the level of each node.
fn levels(nodes: &mut [GraphNode]) {
    let mut known: Vec<Option<usize>> = vec![None; nodes.len()];
    for start in 0..nodes.len() {
        // No recursion: a chain may be as long as the crate.
        let mut todo = vec![start];
        while let Some(node) = todo.last().copied() {
            let open: Vec<NodeId> =
                nodes[node].below.iter().copied().filter(|below| known[*below].is_none()).collect();
            if open.is_empty() {
                let below = nodes[node].below.iter().filter_map(|below| known[*below]).max();
                known[node] = Some(below.map_or(0, |level| level + 1));
                todo.pop();
            } else {
                todo.extend(open);
            }
        }
        nodes[start].level = known[start].unwrap_or_default();
    }
}

/// By level, then by name.
fn sorted(mut nodes: Vec<GraphNode>, mut node_of: Vec<NodeId>) -> Graph {
    let mut order: Vec<NodeId> = (0..nodes.len()).collect();
    order.sort_by(|a, b| {
        (nodes[*a].level, &nodes[*a].name).cmp(&(nodes[*b].level, &nodes[*b].name))
    });
    let mut place = vec![0; nodes.len()];
    for (at, node) in order.iter().enumerate() {
        place[*node] = at;
    }
    for node in &mut nodes {
        node.below = node.below.iter().map(|below| place[*below]).collect();
    }
    for node in &mut node_of {
        *node = place[*node];
    }
    nodes.sort_by(|a, b| (a.level, &a.name).cmp(&(b.level, &b.name)));
    Graph { nodes, node_of }
}

/// Disjoint sets of items.
struct Sets(Vec<usize>);

impl Sets {
    fn new(len: usize) -> Sets {
        Sets((0..len).collect())
    }

    fn find(&mut self, mut item: usize) -> usize {
        while self.0[item] != item {
            self.0[item] = self.0[self.0[item]];
            item = self.0[item];
        }
        item
    }

    /// The smaller one stands for both, so that the order of joining does not show.
    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a.max(b)] = a.min(b);
    }
}
