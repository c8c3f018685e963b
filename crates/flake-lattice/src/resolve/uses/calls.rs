//! What an item needs because of the macros that it calls or is: what they expand to is looked up where it is called.

use super::{Finder, Work};
use crate::item::*;
use crate::model::ItemKind;
use crate::resolve::macros;
use crate::resolve::scope::Target;
use crate::resolve::tokens::{Mention, Mentions};
use crate::resolve::visit::Named;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

impl Finder<'_, '_> {
    /// What a macro call makes can be named from another crate only if it says `pub`, itself or in the macro.
    pub(super) fn find_hidden(&self) -> BTreeSet<ItemId> {
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

    pub(super) fn call(&mut self, work: &mut Work, path: &[String], leading: bool) {
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
                && self.scopes.hides_root_module(work.module, name)
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

    pub(super) fn mentions(&mut self, work: &mut Work, mentions: &Mentions) {
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
    pub(super) fn rules(&mut self, work: &mut Work) {
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
}

/// What each macro of the crate, and each call that makes one for everybody, expands to.
pub(super) fn bodies_of(source: &Source) -> HashMap<ItemId, Rc<Mentions>> {
    let mut bodies = HashMap::new();
    for (id, item) in source.items.iter().enumerate() {
        if let Some(body) = macros::body(item) {
            bodies.insert(id, Rc::new(Mentions::of(body)));
        }
    }
    bodies
}

/// Crates whose macros are seen everywhere, by `#[macro_use]`.
pub(super) fn legacy_macro_crates(source: &Source) -> Vec<String> {
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
