//! Which traits an item needs for the methods that it calls: those in scope that have a member of that name, or may have.

use super::{Demand, Finder, Work};
use crate::item::*;
use crate::resolve::scope::Target;
use std::collections::BTreeSet;
use std::rc::Rc;

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
pub(super) struct InScope {
    name: String,
    target: Target,
    /// Its members; `None` where they are not known.
    members: Option<BTreeSet<String>>,
}

impl Finder<'_, '_> {
    /// Traits need not be named for their methods to be called.
    pub(super) fn traits_in_scope(&mut self, work: &mut Work) {
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

/// Whether a name looks like that of a type, a trait, a variant or a constant.
pub(super) fn is_capital(name: &str) -> bool {
    name.trim_start_matches("r#").starts_with(char::is_uppercase)
}
