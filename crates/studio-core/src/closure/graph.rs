//! What some store paths need, as plain values: each path once, and which others it refers to.

use crate::nix::Registered;
use std::collections::HashMap;

/// A path in a store, and what it refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// The whole path, whatever it looks like: what a store has is not ours to refuse.
    pub path: String,
    /// What built it, if that is known: the path of a derivation.
    pub deriver: Option<String>,
    /// Bytes as an archive of Nix, which is how Nix counts the size of a closure; 0 where nobody noted it.
    pub size: u64,
    /// The places of what it refers to; itself may be among them.
    pub references: Vec<usize>,
}

/// Store paths with all that they need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// In no particular order.
    pub nodes: Vec<Node>,
}

impl Graph {
    /// From what nix said of each path; a reference to what it said nothing of leads nowhere and is left out.
    pub(super) fn of(registered: Vec<Registered>) -> Graph {
        let places: HashMap<String, usize> =
            registered.iter().enumerate().map(|(at, one)| (one.path.clone(), at)).collect();
        let nodes = registered.into_iter().map(|one| Node {
            references: one
                .references
                .iter()
                .filter_map(|path| places.get(path).copied())
                .collect(),
            path: one.path,
            deriver: one.deriver,
            size: one.size,
        });
        Graph { nodes: nodes.collect() }
    }

    /// For each node whether this path needs it, itself included.
    pub fn needed_by(&self, path: &str) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        let mut queue: Vec<usize> =
            self.nodes.iter().position(|node| node.path == path).into_iter().collect();
        while let Some(at) = queue.pop() {
            if !std::mem::replace(&mut needed[at], true) {
                queue.extend(self.nodes[at].references.iter().filter(|at| !needed[**at]));
            }
        }
        needed
    }

    /// The size of those nodes for which this is true.
    pub fn size(&self, needed: &[bool]) -> Closure {
        let nodes = self.nodes.iter().zip(needed).filter(|(_, needed)| **needed);
        nodes.fold(Closure::default(), |sum, (node, _)| Closure {
            paths: sum.paths + 1,
            bytes: sum.bytes + node.size,
        })
    }
}

/// The size of a closure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Closure {
    /// How many store paths.
    pub paths: usize,
    /// Their bytes, as Nix counts them.
    pub bytes: u64,
}

impl Node {
    /// The name behind the hash; all of the file's name where it has no such form.
    pub fn name(&self) -> &str {
        name(&self.path)
    }

    /// The name of the derivation that built it, without `.drv`.
    pub fn derivation(&self) -> Option<&str> {
        name(self.deriver.as_deref()?).strip_suffix(".drv")
    }
}

/// How many characters of a store path's file name are the hash and the dash behind it.
const HASH: usize = 33;

fn name(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or_default();
    match file.get(HASH..) {
        Some(name) if !name.is_empty() && file.as_bytes()[HASH - 1] == b'-' => name,
        _ => file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(path: &str, references: &[&str]) -> Registered {
        let references = references.iter().map(|path| (*path).to_owned()).collect();
        Registered { path: path.to_owned(), deriver: None, size: 1, references }
    }

    #[test]
    fn what_is_needed_is_followed_through_circles_and_gaps() {
        let graph = Graph::of(vec![
            registered("a", &["a", "b", "lost"]),
            registered("b", &["c"]),
            registered("c", &["b"]),
            registered("d", &["a"]),
        ]);
        assert_eq!(graph.needed_by("a"), [true, true, true, false]);
        assert_eq!(graph.needed_by("c"), [false, true, true, false]);
        assert_eq!(graph.needed_by("lost"), [false; 4]);
    }

    #[test]
    fn a_path_without_a_name_is_called_by_all_that_it_has() {
        let hash = "0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2";
        for (path, wanted) in [
            (format!("/nix/store/{hash}-hello-1.0"), "hello-1.0"),
            (format!("/nix/store/{hash}"), hash),
            (format!("/nix/store/{hash}-"), "0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-"),
            (format!("/nix/store/{hash}x1"), "0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2x1"),
            ("/nix/store/x".to_owned(), "x"),
            (format!("/nix/store/{}-ä", "ä".repeat(16)), "ä"),
            (String::new(), ""),
        ] {
            let node = Node { path, deriver: Some(format!("{hash}-x-1.drv")), ..Node::default() };
            assert_eq!(node.name(), wanted);
            assert_eq!(node.derivation(), Some("x-1"));
        }
    }
}
