//! Who outside of a node needs what is private in it. Only that becomes public: a private method that nobody else names
//! stays private, so that it can stand in nobody's way.

use crate::graph::Graph;
use crate::item::*;
use crate::model::ItemKind;
use crate::resolve::{Target, Uses};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What is to be visible outside of its node although it is private in the original.
#[derive(Debug, Default)]
pub struct Widened {
    /// Macros that other nodes call.
    pub macros: BTreeSet<ItemId>,
    /// By item, the names of its fields and associated items.
    pub members: BTreeMap<ItemId, BTreeSet<String>>,
    /// Names that must be public wherever a macro makes them.
    pub named: BTreeSet<String>,
    /// Names that a macro call does not make, although it looked so.
    pub absent: BTreeSet<(ItemId, String)>,
    /// Types that must lose `#[non_exhaustive]`, because another node relies on knowing all of them.
    pub exhaustive: BTreeSet<ItemId>,
}

impl Widened {
    /// By who names what. `forced` are names that the compiler asked for.
    pub fn of(source: &Source, uses: &[Uses], graph: &Graph, forced: &BTreeSet<String>) -> Widened {
        let mut widened = Widened { named: forced.clone(), ..Widened::default() };
        for (item, one) in uses.iter().enumerate() {
            for demand in &one.demands {
                if let (Space::Macro, Target::Item(mac)) = (demand.space, &demand.target)
                    && (graph.node_of[*mac] != graph.node_of[item]
                        || one.exported.contains(demand)
                        || imported(source, demand.module, &demand.name, *mac))
                {
                    widened.macros.insert(*mac);
                }
            }
        }
        let mut mentions: HashMap<&str, Vec<ItemId>> = HashMap::new();
        for (item, one) in uses.iter().enumerate() {
            for word in &one.words {
                mentions.entry(word).or_default().push(item);
            }
        }
        for (item, one) in source.items.iter().enumerate() {
            for (member, as_word, reach) in private_members(source, one) {
                let outside = |user: &ItemId| {
                    graph.node_of[*user] != graph.node_of[item]
                        && source.reaches(reach, source.items[*user].module)
                };
                let mentioned = as_word
                    .iter()
                    .any(|word| mentions.get(word.as_str()).into_iter().flatten().any(outside));
                if mentioned || forced.contains(&member) {
                    widened.members.entry(item).or_default().insert(member);
                }
            }
        }
        widened
    }
}

/// Whether a macro is known by this name in this module through a `use`.
fn imported(source: &Source, module: ModuleId, name: &str, mac: ItemId) -> bool {
    source.items[mac].name.as_deref() != Some(name)
        || source.modules[module]
            .imports
            .iter()
            .any(|import| import.makes == Makes::Name(name.to_owned()))
}

/// The members of an item that not everybody may name, with the words by which they are named, and who may.
fn private_members(source: &Source, item: &Item) -> Vec<(String, Vec<String>, Reach)> {
    let reach = |vis: &syn::Visibility| reach_of(source, item.module, vis);
    let mut found = vec![];
    let mut add = |name: String, words: Vec<String>, vis: &syn::Visibility| {
        if !matches!(vis, syn::Visibility::Public(_)) {
            found.push((name, words, reach(vis)));
        }
    };
    let of_type = item.name.clone().unwrap_or_default();
    match &item.syntax {
        syn::Item::Struct(one) => {
            for (at, field) in one.fields.iter().enumerate() {
                match &field.ident {
                    Some(name) => add(name.to_string(), vec![name.to_string()], &field.vis),
                    None => {
                        // `Pair(a, b)` names all fields at once.
                        let words = vec![at.to_string(), of_type.clone(), "Self".to_owned()];
                        add(at.to_string(), words, &field.vis);
                    }
                }
            }
        }
        syn::Item::Union(one) => {
            for field in &one.fields.named {
                let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
                add(name.clone(), vec![name], &field.vis);
            }
        }
        syn::Item::Impl(one) if item.kind == ItemKind::Impl => {
            for inner in &one.items {
                let (name, vis) = match inner {
                    syn::ImplItem::Fn(one) => (&one.sig.ident, &one.vis),
                    syn::ImplItem::Const(one) => (&one.ident, &one.vis),
                    syn::ImplItem::Type(one) => (&one.ident, &one.vis),
                    _ => continue,
                };
                add(name.to_string(), vec![name.to_string()], vis);
            }
        }
        _ => {}
    }
    found
}

fn reach_of(source: &Source, module: ModuleId, vis: &syn::Visibility) -> Reach {
    match vis {
        syn::Visibility::Public(_) => Reach::Public,
        syn::Visibility::Inherited => Reach::Within(module),
        syn::Visibility::Restricted(one) if one.path.is_ident("super") => {
            Reach::Within(source.modules[module].parent.unwrap_or(ROOT))
        }
        syn::Visibility::Restricted(one) if one.path.is_ident("self") => Reach::Within(module),
        // Anything else is some module above; the root is the most that it can be.
        syn::Visibility::Restricted(_) => Reach::Within(ROOT),
    }
}
