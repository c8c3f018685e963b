//! The names that a node needs: which modules of the original are repeated in it, and by which `use` each name comes.

use super::{Shown, Writer};
use crate::emit::Material;
use crate::item::*;
use crate::model::ItemKind;
use crate::resolve::{Demand, Target};
use std::collections::{BTreeMap, BTreeSet};

impl Writer<'_> {
    pub(super) fn gather(&mut self) {
        let material = self.material;
        for item in &material.graph.nodes[self.node].items {
            self.touch(material.source.items[*item].module, Shown::Everywhere);
            let uses = &material.uses[*item];
            for demand in &uses.demands {
                let shown = match uses.exported.contains(demand) {
                    true => Shown::Everywhere,
                    false => Shown::Here,
                };
                self.demand(demand, shown);
            }
            for name in &uses.externals {
                self.external(name);
            }
            for module in &uses.unknown {
                self.unknown(*module);
            }
        }
    }

    /// Sees to it that a module is there, with those above it.
    fn touch(&mut self, module: ModuleId, shown: Shown) {
        let mut module = Some(module);
        while let Some(at) = module {
            let copy = self.copies.entry(at).or_default();
            copy.shown = copy.shown.max(Some(shown));
            module = self.material.source.modules[at].parent;
        }
    }

    fn external(&mut self, name: &str) {
        if let Some(key) = self.material.externals.key(name) {
            self.emitted.externals.insert(key.clone());
        }
    }

    fn demand(&mut self, demand: &Demand, shown: Shown) {
        self.touch(demand.module, shown);
        let source = self.material.source;
        let name = &demand.name;
        let path = match &demand.target {
            Target::Module(inner) => {
                self.touch(*inner, shown);
                let one = &source.modules[*inner];
                if one.parent == Some(demand.module) && one.name == *name {
                    return;
                }
                join("crate", &one.path)
            }
            Target::Item(item) => {
                if !self.needs_use(*item, demand) {
                    return;
                }
                self.way_to(*item, name)
            }
            Target::Variant(item, variant) => {
                format!("{}::{variant}", self.way_to(*item, name))
            }
            Target::External(path) => {
                self.external(&path[0]);
                if path.len() == 1 && demand.module == ROOT && path[0] == *name {
                    // `extern crate` at the root, or a dependency that is known everywhere.
                    return;
                }
                format!("::{}", path.join("::"))
            }
            Target::Opaque(module, inner) => {
                self.touch(*module, Shown::Here);
                self.unknown(*module);
                if module == &demand.module && inner == name {
                    return;
                }
                format!("{}::{inner}", join("crate", &source.modules[*module].path))
            }
        };
        self.add_use(demand.module, &path, Some(name), shown);
    }

    /// Whether a name that leads to an item has to be made here.
    fn needs_use(&self, item: ItemId, demand: &Demand) -> bool {
        let material = self.material;
        if material.graph.node_of[item] != self.node {
            return true;
        }
        let one = &material.source.items[item];
        if demand.space == Space::Macro && one.kind == ItemKind::Macro {
            let seen = material.scopes.textual.all(demand.module, &demand.name).contains(&item);
            let at_root = demand.module == ROOT && material.is_shared_macro(item);
            return !(seen || at_root);
        }
        one.module != demand.module
            || !one.makes.iter().any(|(made, ..)| *made == demand.name)
                && one.kind != ItemKind::MacroCall
    }

    /// The path of an item from within this node; `name` is what it is known by where it has no name itself.
    fn way_to(&mut self, item: ItemId, name: &str) -> String {
        let material = self.material;
        let one = &material.source.items[item];
        let name = one.name.as_deref().unwrap_or(name);
        let home = material.graph.node_of[item];
        let start = if home == self.node {
            self.touch(one.module, Shown::Here);
            "crate".to_owned()
        } else {
            let below = &material.graph.nodes[home].name;
            self.emitted.nodes.insert(below.clone());
            format!("::{below}")
        };
        match one.kind {
            // Exported macros lie at the root of their crate.
            ItemKind::Macro => format!("{start}::{name}"),
            _ => format!("{}::{name}", join(&start, &material.source.modules[one.module].path)),
        }
    }

    fn add_use(&mut self, module: ModuleId, path: &str, name: Option<&str>, shown: Shown) {
        let line = match name {
            Some(name) if path.rsplit("::").next() == Some(name) => path.to_owned(),
            Some(name) => format!("{path} as {name}"),
            None => format!("{path}::*"),
        };
        let uses = &mut self.copies.entry(module).or_default().uses;
        let known = uses.entry(line).or_insert(shown);
        *known = (*known).max(shown);
    }

    /// Takes the globs over through which names come that are not known here.
    fn unknown(&mut self, module: ModuleId) {
        if !self.unknown.insert(module) {
            return;
        }
        self.touch(module, Shown::Here);
        for (target, last) in self.material.scopes.unknown_globs(module) {
            match target {
                Target::Item(item) => {
                    let way = self.way_to(item, &last);
                    self.add_use(module, &way, None, Shown::Here);
                }
                Target::External(path) => {
                    self.external(&path[0]);
                    self.add_use(module, &format!("::{}", path.join("::")), None, Shown::Here);
                }
                Target::Opaque(inner, name) => {
                    self.unknown(inner);
                    let path = join("crate", &self.material.source.modules[inner].path);
                    self.add_use(module, &format!("{path}::{name}"), None, Shown::Here);
                }
                Target::Module(inner) => {
                    self.unknown(inner);
                    let path = join("crate", &self.material.source.modules[inner].path);
                    self.add_use(module, &path, None, Shown::Here);
                }
                _ => {}
            }
        }
    }
}

/// Crates that only a module of the original makes known, by an `extern crate` of its own. Names that lead through it begin
/// at the root here, so it is there that they must be known. `used` are keys of dependencies.
pub(in crate::emit) fn raised(
    material: &Material<'_>,
    used: &BTreeSet<String>,
) -> BTreeSet<String> {
    let extern_crates = |module: &'_ Module| -> Vec<String> {
        let imports = module.imports.iter().filter(|one| one.extern_crate.is_some());
        imports.filter_map(|one| one.path.first().cloned()).collect()
    };
    let no_std = material.source.attributes.iter().any(|one| one.path().is_ident("no_std"));
    // The root has one crate without being told so.
    let mut known = extern_crates(&material.source.modules[ROOT]);
    known.extend(["self", if no_std { "core" } else { "std" }].map(str::to_owned));
    let names = material.source.modules[ROOT + 1..].iter().flat_map(extern_crates);
    names
        .filter(|name| !known.contains(name))
        .filter(|name| material.externals.key(name).is_none_or(|key| used.contains(key)))
        .collect()
}

/// `use` lines, with their visibility, as source. A line brings a name in all spaces in which it leads to something; where
/// the module has that name in another space already, it comes by a glob, which gives way.
pub(in crate::emit) fn imports<'l>(
    lines: impl Iterator<Item = (&'l str, &'l str)>,
    taken: &BTreeSet<&str>,
) -> Vec<String> {
    let name = |line: &'l str| {
        let last = line.rsplit("::").next().unwrap_or(line);
        last.rsplit(" as ").next().unwrap_or(last)
    };
    let lines: Vec<(&str, &str)> = lines.collect();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for (line, _) in &lines {
        *count.entry(name(line)).or_default() += 1;
    }
    let mut out = vec![];
    for (at, (line, vis)) in lines.iter().enumerate() {
        let name = name(line);
        let alone = count[name] == 1 && !taken.contains(name);
        if alone || name == "_" || name == "*" {
            out.push(format!("{vis} use {line};"));
        } else {
            let by = format!("__by_name_{at}");
            out.push(format!("mod {by} {{ {vis} use {line}; }}"));
            out.push(format!("{vis} use self::{by}::*;"));
        }
    }
    out
}

fn join(start: &str, path: &[String]) -> String {
    std::iter::once(start).chain(path.iter().map(String::as_str)).collect::<Vec<_>>().join("::")
}
