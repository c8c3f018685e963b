//! What each item needs to be where it is: names that its module and others must have, and the items behind them.

mod calls;
mod traits;

use self::calls::{bodies_of, legacy_macro_crates};
use self::traits::{InScope, is_capital};
use super::macros;
use super::scope::{Route, Scopes, Target};
use super::tokens::Mentions;
use super::visit::{Named, Seen};
use crate::item::*;
use crate::model::ItemKind;
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

/// A name that a module must have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Demand {
    /// The module.
    pub module: ModuleId,
    /// The name; `_` for a trait that is only to be in scope.
    pub name: String,
    /// The kind of name.
    pub space: Space,
    /// What it is to mean.
    pub target: Target,
}

/// What an item needs.
#[derive(Debug, Default)]
pub struct Uses {
    /// Names.
    pub demands: BTreeSet<Demand>,
    /// Those of them that code in other crates must be able to use, because a macro leads there.
    pub exported: BTreeSet<Demand>,
    /// Modules that must take all names from other crates, as they do in the original.
    pub unknown: BTreeSet<ModuleId>,
    /// Items that it names.
    pub items: BTreeSet<ItemId>,
    /// Names of other crates.
    pub externals: BTreeSet<String>,
    /// Every word in it and in what its macros expand to: whoever has a private field needs to know whether it is here.
    pub words: HashSet<String>,
    /// Items that it cannot be apart from, and why.
    pub bound_to: BTreeMap<ItemId, &'static str>,
}

/// What every item of a crate needs, by item.
pub fn uses_of(scopes: &Scopes<'_>) -> Vec<Uses> {
    let mut finder = Finder {
        scopes,
        source: scopes.source,
        bodies: bodies_of(scopes.source),
        traits: HashMap::new(),
        hidden: BTreeSet::new(),
        legacy: legacy_macro_crates(scopes.source),
    };
    finder.hidden = finder.find_hidden();
    (0..scopes.source.items.len()).map(|item| finder.uses(item)).collect()
}

struct Finder<'a, 's> {
    scopes: &'a Scopes<'s>,
    source: &'s Source,
    bodies: HashMap<ItemId, Rc<Mentions>>,
    traits: HashMap<ModuleId, Rc<Vec<InScope>>>,
    /// Macro calls whose names only their own crate can use.
    hidden: BTreeSet<ItemId>,
    /// Crates whose macros are seen everywhere.
    legacy: Vec<String>,
}

/// What is looked up for one item.
struct Work {
    item: ItemId,
    module: ModuleId,
    bound: BTreeSet<String>,
    own: BTreeSet<String>,
    /// Names that are called: a function may have the name of a variable.
    called: BTreeSet<String>,
    /// Names that a `use` in a function makes.
    local: BTreeMap<String, Vec<Target>>,
    /// Modules and enums all of whose names a `use` in a function takes.
    local_globs: Vec<Target>,
    members: BTreeSet<String>,
    expanded: BTreeSet<ItemId>,
    uses: Uses,
}

impl Finder<'_, '_> {
    fn uses(&mut self, item: ItemId) -> Uses {
        let one = &self.source.items[item];
        let seen = Seen::in_item(&one.syntax);
        let mut work = Work {
            item,
            module: one.module,
            bound: seen.bound,
            own: seen.own,
            called: seen.called,
            local: BTreeMap::new(),
            local_globs: vec![],
            members: seen.members,
            expanded: BTreeSet::new(),
            uses: Uses::default(),
        };
        words(one.syntax.to_token_stream(), &mut work.uses.words);
        for local in &seen.uses {
            self.local_use(&mut work, &local.path, local.leading_colon, &local.makes);
        }
        for named in &seen.paths {
            self.named(&mut work, named);
        }
        for name in work.bound.clone() {
            self.pattern(&mut work, &name);
        }
        for call in &seen.calls {
            if !call.path.path.is_empty() {
                self.call(&mut work, &call.path.path, call.path.leading_colon);
            }
            self.mentions(&mut work, &call.given);
        }
        if one.kind == ItemKind::Macro || !macros::exported_by(one).is_empty() {
            self.rules(&mut work);
        }
        for nested in &seen.nested_impls {
            let owner = super::owner::of_impl(self.scopes, work.module, nested);
            work.uses.bound_to.extend(owner.chosen.into_iter().map(|item| (item, owner.why)));
        }
        let owner = super::owner::of_item(self.scopes, item);
        work.uses.bound_to.extend(owner.chosen.into_iter().map(|item| (item, owner.why)));
        self.traits_in_scope(&mut work);
        if self.scopes.takes_unknown(work.module) {
            work.uses.unknown.insert(work.module);
        }
        for module in work.uses.unknown.clone() {
            work.uses.items.extend(self.scopes.unknown_items(module));
        }
        work.uses.items.remove(&item);
        work.uses.bound_to.remove(&item);
        work.uses
    }

    fn local_use(&self, work: &mut Work, path: &[String], leading: bool, makes: &Makes) {
        let mut targets = vec![];
        for space in Space::ALL {
            // A `use` may begin with a name that another `use` in the same function made.
            if let Some(first) = path.first()
                && let Some(local) = work.local.get(first).cloned()
            {
                for target in local {
                    self.target(work, &target);
                }
            }
            let route = self.scopes.route_of_use(work.module, path, leading, space);
            self.route(work, &route, false);
            targets.extend(route.target);
        }
        match makes {
            Makes::Name(name) => work.local.entry(name.clone()).or_default().extend(targets),
            Makes::Glob => work.local_globs.extend(targets),
            Makes::Nameless => {}
        }
    }

    fn named(&self, work: &mut Work, named: &Named) {
        let Some(first) = named.path.first() else { return };
        let alone = named.path.len() == 1;
        if !named.leading_colon && work.own.contains(first) {
            return;
        }
        if let Some(targets) = work.local.get(first).cloned()
            && !named.leading_colon
        {
            for target in targets {
                self.behind(work, &target, &named.path[1..]);
            }
            return;
        }
        for space in Space::ALL {
            if named.space.is_some_and(|only| only != space)
                || named.space.is_none() && space == Space::Macro
            {
                continue;
            }
            let variable = work.bound.contains(first) && !work.called.contains(first);
            if alone && space == Space::Value && variable && !is_capital(first) {
                continue;
            }
            let route = self.scopes.route(work.module, &named.path, named.leading_colon, space);
            self.route(work, &route, false);
        }
        for target in work.local_globs.clone() {
            self.behind(work, &target, &named.path);
        }
    }

    /// Goes on from something that a `use` in a function made.
    fn behind(&self, work: &mut Work, target: &Target, path: &[String]) {
        self.target(work, target);
        if let (Target::Module(module), Some(_)) = (target, path.first()) {
            let full: Vec<String> = ["crate".to_owned()]
                .into_iter()
                .chain(self.source.modules[*module].path.iter().cloned())
                .chain(path.iter().cloned())
                .collect();
            for space in Space::ALL {
                let route = self.scopes.route(work.module, &full, false, space);
                self.route(work, &route, false);
            }
        }
    }

    /// A name in a pattern is a variable, unless it is a constant or a variant.
    fn pattern(&self, work: &mut Work, name: &str) {
        if work.own.contains(name) || !is_capital(name) {
            return;
        }
        let path = [name.to_owned()];
        let route = self.scopes.route(work.module, &path, false, Space::Value);
        self.route(work, &route, false);
        for target in work.local_globs.clone() {
            self.behind(work, &target, &path);
        }
    }

    fn route(&self, work: &mut Work, route: &Route, exported: bool) {
        for (module, name, space, target) in &route.steps {
            let demand = Demand {
                module: *module,
                name: name.clone(),
                space: *space,
                target: target.clone(),
            };
            // Its own name needs nothing.
            if target == &Target::Item(work.item)
                && self.source.items[work.item].module == *module
                && *space != Space::Macro
            {
                continue;
            }
            self.target(work, target);
            if exported {
                work.uses.exported.insert(demand.clone());
            }
            work.uses.demands.insert(demand);
        }
        if let Some(target) = &route.target {
            self.target(work, target);
        }
    }

    fn target(&self, work: &mut Work, target: &Target) {
        match target {
            Target::Item(item) | Target::Variant(item, _) => {
                work.uses.items.insert(*item);
                if *item != work.item && self.hidden.contains(item) {
                    let why = "it is made by a macro call, and private";
                    work.uses.bound_to.insert(*item, why);
                }
            }
            Target::External(path) => work.uses.externals.extend(path.first().cloned()),
            Target::Opaque(module, _) => {
                work.uses.unknown.insert(*module);
            }
            Target::Module(_) => {}
        }
    }
}

fn words(tokens: TokenStream, into: &mut HashSet<String>) {
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => words(group.stream(), into),
            TokenTree::Ident(ident) => {
                into.insert(ident.to_string());
            }
            TokenTree::Literal(literal) => {
                // `pair.0`
                let text = literal.to_string();
                if text.len() <= 2 && text.chars().all(|c| c.is_ascii_digit()) {
                    into.insert(text);
                }
            }
            TokenTree::Punct(_) => {}
        }
    }
}
