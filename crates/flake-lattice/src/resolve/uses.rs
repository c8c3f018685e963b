//! What each item needs to be where it is: names that its module and others must have, and the items behind them.

use super::macros;
use super::scope::{Route, Scopes, Target};
use super::tokens::{Mention, Mentions};
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

/// Traits of the standard library that are imported for their methods; what is not here and does not end in `Ext` or
/// `Assign` is known to be no trait.
const STD_TRAITS: [&str; 71] = [
    "Add",
    "Alloc",
    "Allocator",
    "Any",
    "AsFd",
    "AsMut",
    "AsRawFd",
    "AsRef",
    "Binary",
    "BitAnd",
    "BitOr",
    "BitXor",
    "Borrow",
    "BorrowMut",
    "BufRead",
    "BuildHasher",
    "Clone",
    "Debug",
    "Default",
    "Deref",
    "DerefMut",
    "Display",
    "Div",
    "DoubleEndedIterator",
    "Drop",
    "Eq",
    "Error",
    "ExactSizeIterator",
    "Extend",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromIterator",
    "FromRawFd",
    "FromStr",
    "FusedIterator",
    "Future",
    "GlobalAlloc",
    "Hash",
    "Hasher",
    "Index",
    "IndexMut",
    "Into",
    "IntoFuture",
    "IntoIterator",
    "IntoRawFd",
    "Iterator",
    "Mul",
    "Neg",
    "Not",
    "Ord",
    "Shl",
    "Shr",
    "Sum",
    "Product",
    "PartialEq",
    "PartialOrd",
    "Pow",
    "RangeBounds",
    "Read",
    "Rem",
    "Seek",
    "SliceIndex",
    "Sub",
    "ToOwned",
    "ToSocketAddrs",
    "ToString",
    "TryFrom",
    "TryInto",
    "Write",
];

/// A trait in scope of a module.
struct InScope {
    name: String,
    target: Target,
    /// Its members; `None` where they are not known.
    members: Option<BTreeSet<String>>,
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
    /// What a macro call makes can be named from another crate only if it says `pub`, itself or in the macro.
    fn find_hidden(&self) -> BTreeSet<ItemId> {
        let calls = self.source.items.iter().enumerate();
        let hidden = calls.filter(|(id, item)| {
            let (ItemKind::MacroCall, syn::Item::Macro(call)) = (item.kind, &item.syntax) else {
                return false;
            };
            // Their statics are made public when the node is written.
            let name = call.mac.path.segments.last().map(|last| last.ident.to_string());
            if matches!(name.as_deref(), Some("thread_local" | "lazy_static")) {
                return false;
            }
            let body = macros::called(&self.scopes.textual, self.source, *id);
            let says_pub = |mentions: &Mentions| mentions.words.contains("pub");
            !says_pub(&Mentions::of(call.mac.tokens.clone()))
                && !body.is_some_and(|mac| says_pub(&self.body(mac)))
        });
        hidden.map(|(id, _)| id).collect()
    }

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

    fn call(&mut self, work: &mut Work, path: &[String], leading: bool) {
        let Some(name) = path.last() else { return };
        if work.own.contains(name) {
            return;
        }
        let route = self.scopes.route(work.module, path, leading, Space::Macro);
        let mut called: Vec<ItemId> = vec![];
        match &route.target {
            Some(Target::Item(mac)) => called.push(*mac),
            Some(Target::External(_)) => {}
            // The standard library has no such macro, or it has: then the crate is not needed, but does no harm.
            _ => work.uses.externals.extend(self.legacy.iter().cloned()),
        }
        if path.len() == 1 {
            let all = self.scopes.textual.all(work.module, name);
            if all.len() > 1 {
                for mac in all {
                    let why = "a macro of that name is defined more than once, and the place decides which is meant";
                    work.uses.bound_to.insert(*mac, why);
                    called.push(*mac);
                }
            } else if let [mac] = all
                && self.scopes.source.items[*mac].reach != Reach::Public
                && self.scopes.has_root_module(name)
            {
                let why = "a macro is imported from the root, and so would be the module of that name there";
                work.uses.bound_to.insert(*mac, why);
            }
        }
        self.route(work, &route, false);
        if let Some(targets) = path.first().and_then(|first| work.local.get(first).cloned()) {
            called.extend(targets.iter().filter_map(|target| match target {
                Target::Item(item) => Some(*item),
                _ => None,
            }));
        }
        for mac in called {
            self.expand(work, mac);
        }
    }

    /// What a macro of the crate expands to stands where it is called.
    fn expand(&mut self, work: &mut Work, mac: ItemId) {
        if self.source.items[mac].kind != ItemKind::Macro || !work.expanded.insert(mac) {
            return;
        }
        let body = self.body(mac);
        self.mentions(work, &body);
    }

    fn body(&self, mac: ItemId) -> Rc<Mentions> {
        self.bodies.get(&mac).cloned().unwrap_or_default()
    }

    fn mentions(&mut self, work: &mut Work, mentions: &Mentions) {
        work.members.extend(mentions.members.iter().cloned());
        work.uses.words.extend(mentions.words.iter().cloned());
        for mention in &mentions.paths {
            if mention.path.first().is_some_and(|first| first == "$crate") {
                continue;
            }
            if mention.is_macro {
                self.call(work, &mention.path, mention.leading_colon);
                continue;
            }
            let Mention { path, leading_colon, .. } = mention.clone();
            self.named(work, &Named { path: path.clone(), leading_colon, space: None });
            // A macro may pass the name of a macro on.
            if path.len() == 1 && self.scopes.textual.last(work.module, &path[0]).is_some() {
                self.call(work, &path, leading_colon);
            }
        }
    }

    /// The rules of a macro: what they reach by `$crate` must be there for everybody who calls it.
    fn rules(&mut self, work: &mut Work) {
        let body = self.body(work.item);
        let syn::Item::Macro(rules) = &self.source.items[work.item].syntax else { return };
        let inner = rules.attrs.iter().any(|one| {
            matches!(&one.meta, syn::Meta::List(list)
                if list.path.is_ident("macro_export")
                    && list.tokens.to_string().contains("local_inner_macros"))
        });
        for mention in &body.paths {
            let own = mention.path.first().is_some_and(|first| first == "$crate");
            if !(own || inner && mention.is_macro) {
                continue;
            }
            let mut path = mention.path.clone();
            if !own {
                path.insert(0, "$crate".to_owned());
            }
            for space in Space::ALL {
                if mention.is_macro && space != Space::Macro && path.len() > 1 {
                    continue;
                }
                let route = self.scopes.route(work.module, &path, false, space);
                self.route(work, &route, true);
            }
        }
        for route in macros::unsaid(self.scopes, work.module, &body, &self.bodies) {
            self.route(work, &route, true);
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

    /// Traits need not be named for their methods to be called.
    fn traits_in_scope(&mut self, work: &mut Work) {
        if work.members.is_empty() {
            return;
        }
        let module = work.module;
        let traits = match self.traits.get(&module) {
            Some(known) => known.clone(),
            None => {
                let found = Rc::new(self.find_traits(module));
                self.traits.insert(module, found.clone());
                found
            }
        };
        for one in traits.iter() {
            let needed = one
                .members
                .as_ref()
                .is_none_or(|members| members.iter().any(|member| work.members.contains(member)));
            if needed {
                self.target(work, &one.target);
                work.uses.demands.insert(Demand {
                    module,
                    name: one.name.clone(),
                    space: Space::Type,
                    target: one.target.clone(),
                });
            }
        }
    }

    fn find_traits(&self, module: ModuleId) -> Vec<InScope> {
        let mut found = vec![];
        let mut add = |name: String, target: Target| {
            let members = match &target {
                Target::Item(item) => match &self.source.items[*item].syntax {
                    syn::Item::Trait(one) => Some(members_of(one)),
                    _ => return,
                },
                Target::External(path) if may_be_trait(path) => None,
                Target::Opaque(_, name) if is_capital(name) => None,
                _ => return,
            };
            found.push(InScope { name, target, members });
        };
        for name in self.scopes.names(module, module) {
            if let Some(target) = self.scopes.member_of(module, name, Space::Type, module) {
                add(name.to_owned(), target);
            }
        }
        for import in &self.source.modules[module].imports {
            if import.makes == Makes::Nameless
                && import.extern_crate.is_none()
                && let Some(target) = self.scopes.import_target_of(module, import, Space::Type)
            {
                add("_".to_owned(), target);
            }
        }
        found
    }
}

/// What each macro of the crate, and each call that makes one for everybody, expands to.
fn bodies_of(source: &Source) -> HashMap<ItemId, Rc<Mentions>> {
    let mut bodies = HashMap::new();
    for (id, item) in source.items.iter().enumerate() {
        if let Some(body) = macros::body(item) {
            bodies.insert(id, Rc::new(Mentions::of(body)));
        }
    }
    bodies
}

fn members_of(one: &syn::ItemTrait) -> BTreeSet<String> {
    let name = |item: &syn::TraitItem| match item {
        syn::TraitItem::Fn(one) => Some(one.sig.ident.to_string()),
        syn::TraitItem::Const(one) => Some(one.ident.to_string()),
        syn::TraitItem::Type(one) => Some(one.ident.to_string()),
        // A macro may make any; the name of the macro stands for them.
        _ => None,
    };
    one.items.iter().filter_map(name).collect()
}

fn may_be_trait(path: &[String]) -> bool {
    let (Some(first), Some(last)) = (path.first(), path.last()) else { return false };
    if path.len() < 2 || !is_capital(last) {
        return false;
    }
    !matches!(first.as_str(), "std" | "core" | "alloc")
        || STD_TRAITS.contains(&last.as_str())
        || last.ends_with("Ext")
        || last.ends_with("Assign")
}

fn is_capital(name: &str) -> bool {
    name.trim_start_matches("r#").starts_with(char::is_uppercase)
}

fn legacy_macro_crates(source: &Source) -> Vec<String> {
    let imports = source.modules[ROOT].imports.iter();
    imports
        .filter(|import| import.extern_crate == Some(MacroUse::Yes))
        .filter_map(|import| match &import.makes {
            Makes::Name(name) => Some(name.clone()),
            _ => import.path.first().cloned(),
        })
        .filter(|name| !["std", "core", "alloc", "self"].contains(&name.as_str()))
        .collect()
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
