//! What to do about a node that does not compile: first what the compiler's words ask for (a name that was overlooked, a
//! member that must be public, two items that must be together), then all of a module, then of the modules around it, and
//! in the end the whole crate.
//!
//! Each step only ever adds to what was known, so it comes to an end, and the end compiles.

use crate::check::Fault;
use crate::emit::Material;
use crate::graph::{Bond, NodeId};
use crate::item::*;
use crate::model::{Coarsening, Extent, ItemKind};
use crate::resolve::{Demand, Target};
use proc_macro2::Span;
use std::collections::{BTreeMap, BTreeSet};
use syn::spanned::Spanned;

/// What was learnt from the compiler.
#[derive(Debug, Default)]
pub struct Learnt {
    /// Items that must be together.
    pub bonds: BTreeSet<Bond>,
    /// Names that an item needs besides those that were seen.
    pub demands: BTreeSet<(ItemId, Demand)>,
    /// Members that must be public.
    pub members: BTreeSet<String>,
    /// Types that must lose `#[non_exhaustive]`.
    pub exhaustive: BTreeSet<ItemId>,
    /// Dependencies that an item needs.
    pub externals: BTreeSet<(ItemId, String)>,
    /// Names that a macro call does not make, although it looked so.
    pub absent: BTreeSet<(ItemId, String)>,
    /// The record of it.
    pub record: Vec<Coarsening>,
    /// What of it was known before this round: what two nodes ask for in one round is an answer to both.
    known: (BTreeSet<String>, BTreeSet<ItemId>),
}

/// What came of a round.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something was learnt: it is worth another try.
    Again,
    /// There is nothing finer than the whole crate.
    Whole(String),
}

impl Learnt {
    /// Learns from the faults of a round. `texts` are the sources of the nodes.
    pub fn learn(
        &mut self,
        material: &Material<'_>,
        faults: &[Fault],
        texts: &dyn Fn(NodeId) -> String,
        round: usize,
    ) -> Outcome {
        self.known = (self.members.clone(), self.exhaustive.clone());
        let by_name: BTreeMap<&str, NodeId> = material
            .graph
            .nodes
            .iter()
            .enumerate()
            .map(|(id, node)| (node.name.as_str(), id))
            .collect();
        let mut of_node: BTreeMap<NodeId, Vec<&Fault>> = BTreeMap::new();
        let mut of_facade = vec![];
        for fault in faults {
            match by_name.get(fault.krate.as_str()) {
                Some(node) => of_node.entry(*node).or_default().push(fault),
                None => of_facade.push(fault),
            }
        }
        for (node, faults) in &of_node {
            let places = Places::of(material, *node, &texts(*node));
            let mut understood = false;
            for fault in faults {
                let place = fault.line.and_then(|line| places.at(line));
                understood |= self.understand(material, *node, fault, place, round);
            }
            if !understood && !self.escalate(material, *node, faults, &places, round) {
                return Outcome::Whole(cause_of(faults[0]));
            }
        }
        let mut unknown = None;
        for fault in of_facade {
            let understood = fault.code.as_deref() == Some("E0432")
                && self.not_made(material, &quoted(&fault.message));
            if !understood {
                unknown = unknown.or(Some(fault));
            }
        }
        match unknown {
            Some(fault) if of_node.is_empty() => {
                Outcome::Whole(format!("the facade: {}", cause_of(fault)))
            }
            _ => Outcome::Again,
        }
    }

    /// Does what a fault asks for; false if it is not understood, or if that was done before.
    fn understand(
        &mut self,
        material: &Material<'_>,
        node: NodeId,
        fault: &Fault,
        place: Option<Placed>,
        round: usize,
    ) -> bool {
        let quoted = quoted(&fault.message);
        if fault.code.as_deref() == Some("E0432") && self.not_made(material, &quoted) {
            return true;
        }
        match fault.code.as_deref() {
            Some("E0119") | Some("E0592") | Some("E0751") => {
                let named =
                    fault.notes.iter().flat_map(|note| words(note)).find_map(|word| {
                        material.graph.nodes.iter().position(|one| one.name == word)
                    });
                named.is_some_and(|other| self.bond_nodes(material, node, other, fault, round))
            }
            Some("E0603" | "E0616" | "E0624" | "E0451" | "E0423" | "E0026" | "E0027" | "E0063")
                if fault.message.contains("private")
                    || fault.notes.iter().any(|note| note.contains("private")) =>
            {
                let mut new = false;
                for name in quoted {
                    let last = name.rsplit("::").next().unwrap_or_default();
                    new |= self.open_member(last);
                }
                // What may have more fields one day is made by its own crate alone.
                let item = place.and_then(|place| place.item);
                if let (false, Some(item)) = (new, item) {
                    for named in &material.uses[item].items {
                        if is_marked(&material.source.items[*named]) {
                            self.exhaustive.insert(*named);
                            new |= !self.known.1.contains(named);
                        }
                    }
                }
                new
            }
            Some("E0004" | "E0638" | "E0639") => {
                let mut new = false;
                for (id, item) in material.source.items.iter().enumerate() {
                    let marked = is_marked(item);
                    let named = fault.code.as_deref() != Some("E0004")
                        || item.name.as_ref().is_some_and(|name| {
                            fault.message.contains(name.as_str())
                                || fault.notes.iter().any(|note| note.contains(name.as_str()))
                        });
                    if marked && named {
                        self.exhaustive.insert(id);
                        new |= !self.known.1.contains(&id);
                    }
                }
                new
            }
            Some("E0116" | "E0117" | "E0118" | "E0120" | "E0210" | "E0390") => {
                let Some(item) = place.and_then(|place| place.item) else { return false };
                let named: Vec<ItemId> = material.uses[item]
                    .items
                    .iter()
                    .copied()
                    .filter(|other| is_type_or_trait(material.source.items[*other].kind))
                    .collect();
                self.bond(material, item, &named, fault, round)
            }
            Some("E0599") | Some("E0576") | Some("E0407") | Some("E0404") | Some("E0405")
            | Some("E0412") | Some("E0422") | Some("E0425") | Some("E0432") | Some("E0433")
            | Some("E0531") | Some("E0532") | Some("E0573") | Some("E0574") | Some("E0575")
            | Some("E0423") => self.missing(material, node, fault, place, round),
            None if fault.message.ends_with("is private") => {
                let mut new = false;
                let mut homes = vec![];
                for name in quoted {
                    let head = name.split('<').next().unwrap_or_default();
                    let last = head.rsplit("::").next().unwrap_or_default();
                    new |= self.open_member(last);
                    homes.extend(homes_of(material, last));
                }
                let item = place.and_then(|place| place.item);
                new || item.is_some_and(|item| self.bond(material, item, &homes, fault, round))
            }
            None if fault.message.starts_with("cannot find") => {
                self.missing(material, node, fault, place, round)
            }
            _ => false,
        }
    }

    /// A name that was to come from a macro call, and does not: it is none of the crate's.
    fn not_made(&mut self, material: &Material<'_>, paths: &[String]) -> bool {
        let before = self.absent.len();
        for path in paths {
            let segments: Vec<&str> = path.trim_start_matches("::").split("::").collect();
            let [first, .., last] = segments.as_slice() else { continue };
            let Some(node) = material.graph.nodes.iter().position(|node| node.name == *first)
            else {
                continue;
            };
            for item in &material.graph.nodes[node].items {
                if material.source.items[*item].kind == ItemKind::MacroCall {
                    self.absent.insert((*item, (*last).to_owned()));
                }
            }
        }
        self.absent.len() > before
    }

    /// Makes a member public; false if it was before this round.
    fn open_member(&mut self, name: &str) -> bool {
        self.members.insert(name.to_owned());
        !self.known.0.contains(name)
    }

    /// A name that was overlooked.
    fn missing(
        &mut self,
        material: &Material<'_>,
        node: NodeId,
        fault: &Fault,
        place: Option<Placed>,
        round: usize,
    ) -> bool {
        let Some(Placed { module, item }) = place else { return false };
        let Some(item) = item.or_else(|| {
            let items = &material.graph.nodes[node].items;
            items.iter().copied().find(|item| material.source.items[*item].module == module)
        }) else {
            return false;
        };
        let mut new = false;
        let mut names = quoted(&fault.message);
        // "cannot find type `A` in module `b`": a macro may make such a path out of what it is given.
        if let [name, module] = names.as_slice()
            && fault.message.contains("in module")
        {
            names.insert(0, format!("{module}::{name}"));
        }
        for name in names {
            let path: Vec<String> = name
                .trim_end_matches('!')
                .split("::")
                .map(|one| one.split('<').next().unwrap_or_default().trim().to_owned())
                .filter(|one| !one.is_empty())
                .collect();
            let Some(last) = path.last() else { continue };
            for space in Space::ALL {
                let route = material.scopes.route(module, &path, false, space);
                for (module, name, space, target) in route.steps {
                    let demand = Demand { module, name, space, target };
                    if !material.uses[item].demands.contains(&demand) {
                        new |= self.demands.insert((item, demand));
                    }
                }
            }
            new |= self.missing_trait(material, module, item, last);
            if new {
                break;
            }
            if let Some(key) = material.externals.key(last) {
                new |= self.externals.insert((item, key.clone()));
            }
            let homes = homes_of(material, last);
            if !homes.is_empty() && self.bond(material, item, &homes, fault, round) {
                return true;
            }
        }
        new
    }

    /// A trait whose method is called, and that is in scope in the original in some way that was not seen.
    fn missing_trait(
        &mut self,
        material: &Material<'_>,
        module: ModuleId,
        item: ItemId,
        method: &str,
    ) -> bool {
        let mut new = false;
        for name in material.scopes.names(module, module) {
            let target = material.scopes.member_of(module, name, Space::Type, module);
            if let Some(target @ Target::External(_)) = target {
                let demand = Demand { module, name: name.to_owned(), space: Space::Type, target };
                if !material.uses[item].demands.contains(&demand) {
                    new |= self.demands.insert((item, demand));
                }
            }
        }
        for (id, one) in material.source.items.iter().enumerate() {
            let syn::Item::Trait(syntax) = &one.syntax else { continue };
            let has = syntax.items.iter().any(
                |inner| matches!(inner, syn::TraitItem::Fn(inner) if inner.sig.ident == method),
            );
            let target = Target::Item(id);
            let demand = Demand { module, name: "_".to_owned(), space: Space::Type, target };
            if has && id != item && !material.uses[item].demands.contains(&demand) {
                new |= self.demands.insert((item, demand));
            }
        }
        new
    }

    fn bond(
        &mut self,
        material: &Material<'_>,
        item: ItemId,
        others: &[ItemId],
        fault: &Fault,
        round: usize,
    ) -> bool {
        let node = material.graph.node_of[item];
        let new: Vec<ItemId> =
            others.iter().copied().filter(|other| material.graph.node_of[*other] != node).collect();
        if new.is_empty() {
            return false;
        }
        self.bonds.extend(new.iter().map(|other| (item, *other)));
        let items = std::iter::once(item).chain(new).collect();
        self.note(material, round, Extent::Items, items, cause_of(fault));
        true
    }

    fn bond_nodes(
        &mut self,
        material: &Material<'_>,
        a: NodeId,
        b: NodeId,
        fault: &Fault,
        round: usize,
    ) -> bool {
        let first = |node: NodeId| material.graph.nodes[node].items[0];
        a != b && self.bond(material, first(a), &[first(b)], fault, round)
    }

    /// Puts all of a module together, then of all modules around it.
    fn escalate(
        &mut self,
        material: &Material<'_>,
        node: NodeId,
        faults: &[&Fault],
        places: &Places,
        round: usize,
    ) -> bool {
        let place = faults.iter().find_map(|fault| places.at(fault.line?));
        let first = material.graph.nodes[node].items[0];
        let mut module = place.map_or(material.source.items[first].module, |place| place.module);
        let mut extent = Extent::Module;
        loop {
            let within = |item: &ItemId| {
                let of = material.source.items[*item].module;
                match extent {
                    Extent::Module => of == module,
                    _ => material.source.is_within(of, module),
                }
            };
            let items: Vec<ItemId> = (0..material.source.items.len()).filter(within).collect();
            let nodes: BTreeSet<NodeId> =
                items.iter().map(|item| material.graph.node_of[*item]).collect();
            if nodes.len() > 1 || !nodes.contains(&node) {
                if extent == Extent::ModuleTree && module == ROOT {
                    return false;
                }
                self.bonds.extend(items.iter().map(|item| (first, *item)));
                self.note(material, round, extent, items, cause_of(faults[0]));
                return true;
            }
            if extent == Extent::Module {
                extent = Extent::ModuleTree;
            } else {
                match material.source.modules[module].parent {
                    Some(parent) => module = parent,
                    None => return false,
                }
            }
        }
    }

    fn note(
        &mut self,
        material: &Material<'_>,
        round: usize,
        extent: Extent,
        items: Vec<ItemId>,
        cause: String,
    ) {
        let items = items.into_iter().map(|item| material.full_path(item)).collect();
        self.record.push(Coarsening { round, extent, items, cause });
    }
}

/// The cause in one line.
pub fn cause_of(fault: &Fault) -> String {
    let message = fault.message.lines().next().unwrap_or_default();
    match &fault.code {
        Some(code) => format!("{code}: {message}"),
        None => message.to_owned(),
    }
}

/// Items that a name may belong to: those of that name, or macro calls, which may make it.
fn homes_of(material: &Material<'_>, name: &str) -> Vec<ItemId> {
    let named: Vec<ItemId> = material
        .source
        .items
        .iter()
        .enumerate()
        .filter(|(_, item)| item.name.as_deref() == Some(name))
        .map(|(id, _)| id)
        .collect();
    if !named.is_empty() {
        return named;
    }
    let calls = material.source.items.iter().enumerate();
    calls
        .filter(|(id, item)| {
            item.kind == ItemKind::MacroCall && material.uses[*id].words.contains(name)
        })
        .map(|(id, _)| id)
        .collect()
}

/// Whether others may not know all that an item has.
fn is_marked(item: &Item) -> bool {
    let attributes = crate::source::normal::attributes_of(&item.syntax);
    attributes.iter().any(|one| one.path().is_ident("non_exhaustive"))
}

fn is_type_or_trait(kind: ItemKind) -> bool {
    use ItemKind::*;
    matches!(kind, Struct | Enum | Union | Trait | Type)
}

/// What stands in backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

/// A place in the source of a node, as one in the original.
#[derive(Clone, Copy, Debug)]
struct Placed {
    module: ModuleId,
    item: Option<ItemId>,
}

/// Which lines of a node's source are of which item.
struct Places(Vec<(usize, usize, Placed)>);

impl Places {
    fn of(material: &Material<'_>, node: NodeId, text: &str) -> Places {
        let mut places = Places(vec![]);
        if let Ok(file) = syn::parse_file(text) {
            places.add(material, node, ROOT, &file.items);
        }
        places
    }

    fn add(
        &mut self,
        material: &Material<'_>,
        node: NodeId,
        module: ModuleId,
        items: &[syn::Item],
    ) {
        let source = material.source;
        let own = source.modules[module].entries.iter().filter_map(|entry| match entry {
            Entry::Item(item) if material.graph.node_of[*item] == node => Some(*item),
            _ => None,
        });
        let mut own = own;
        for item in items {
            let lines = |span: Span| (span.start().line, span.end().line);
            let (start, end) = lines(item.span());
            let placed = match item {
                syn::Item::Mod(inner) => {
                    let child = source
                        .modules
                        .iter()
                        .position(|one| one.parent == Some(module) && inner.ident == one.name);
                    if let (Some(child), Some((_, items))) = (child, &inner.content) {
                        self.0.push((start, end, Placed { module: child, item: None }));
                        self.add(material, node, child, items);
                    }
                    continue;
                }
                syn::Item::Use(_) | syn::Item::ExternCrate(_) => Placed { module, item: None },
                _ => Placed { module, item: own.next() },
            };
            self.0.push((start, end, placed));
        }
    }

    /// The innermost that has this line.
    fn at(&self, line: usize) -> Option<Placed> {
        let within = self.0.iter().filter(|(start, end, _)| (*start..=*end).contains(&line));
        within.min_by_key(|(start, end, _)| end - start).map(|(.., placed)| *placed)
    }
}
