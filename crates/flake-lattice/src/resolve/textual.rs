//! `macro_rules!`, which are seen after where they stand, in the module and those in it, and outside by `#[macro_use]`.

use crate::item::*;
use crate::model::ItemKind;
use std::collections::HashMap;

/// Which macro is meant by a name.
pub struct Textual<'a> {
    source: &'a Source,
    /// By module, the macros that are seen in all of it, in source order.
    seen: Vec<HashMap<&'a str, Vec<ItemId>>>,
    exported: HashMap<&'a str, ItemId>,
}

impl<'a> Textual<'a> {
    /// Of this crate.
    pub fn new(source: &'a Source) -> Textual<'a> {
        let mut textual = Textual { source, seen: vec![], exported: HashMap::new() };
        for module in 0..source.modules.len() {
            let mut seen: HashMap<&str, Vec<ItemId>> = HashMap::new();
            textual.collect(module, &mut seen);
            textual.seen.push(seen);
        }
        for (id, item) in source.items.iter().enumerate() {
            if let (ItemKind::Macro, Reach::Public, Some(name)) =
                (item.kind, item.reach, &item.name)
            {
                textual.exported.insert(name, id);
            }
        }
        textual
    }

    fn collect(&self, module: ModuleId, seen: &mut HashMap<&'a str, Vec<ItemId>>) {
        for entry in &self.source.modules[module].entries {
            match entry {
                Entry::Item(id) => {
                    let item = &self.source.items[*id];
                    if let (ItemKind::Macro, Some(name)) = (item.kind, &item.name) {
                        seen.entry(name).or_default().push(*id);
                    }
                }
                Entry::Module(inner) if self.source.modules[*inner].macro_use => {
                    self.collect(*inner, seen);
                }
                Entry::Module(_) => {}
            }
        }
    }

    /// All macros of that name in the nearest scope that has any, in source order.
    pub fn all(&self, module: ModuleId, name: &str) -> &[ItemId] {
        let mut module = Some(module);
        while let Some(at) = module {
            if let Some(found) = self.seen[at].get(name) {
                return found;
            }
            module = self.source.modules[at].parent;
        }
        &[]
    }

    /// The last of them.
    pub fn last(&self, module: ModuleId, name: &str) -> Option<ItemId> {
        self.all(module, name).last().copied()
    }

    /// The macro of that name that the crate exports.
    pub fn exported(&self, name: &str) -> Option<ItemId> {
        self.exported.get(name).copied()
    }
}
