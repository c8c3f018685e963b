//! Impls cannot stand where they like: an inherent one belongs to its type (E0116), one of a trait to the trait or to a
//! type of the crate (E0117, E0210). Not here: what follows if both could be.

use super::macros;
use super::scope::{Route, Scopes, Target};
use super::tokens::{Header, Mentions};
use crate::item::*;
use crate::model::ItemKind;
use std::collections::BTreeSet;

/// The items that an impl must be with.
#[derive(Debug, Default)]
pub struct Owner {
    /// All of them.
    pub chosen: BTreeSet<ItemId>,
    /// Why.
    pub why: &'static str,
}

const INHERENT: &str = "an inherent impl belongs to its type";
const OF_TYPE: &str = "an impl of a trait belongs to its type";
const OF_TRAIT: &str = "an impl for a foreign type belongs to its trait";
const BY_MACRO: &str = "a macro call makes an impl that belongs to it";

/// Of an item, if it is an impl, or a call of a macro that makes some.
pub fn of_item(scopes: &Scopes<'_>, item: ItemId) -> Owner {
    let one = &scopes.source.items[item];
    match &one.syntax {
        syn::Item::Impl(syntax) => of_impl(scopes, one.module, syntax),
        syn::Item::Macro(call) if one.kind == ItemKind::MacroCall => of_call(scopes, item, call),
        _ => Owner::default(),
    }
}

/// Of an impl that stands in this module.
pub fn of_impl(scopes: &Scopes<'_>, module: ModuleId, item: &syn::ItemImpl) -> Owner {
    let of_type = head(scopes, module, &item.self_ty, 0);
    let Some((path, _)) = &item.trait_ else {
        return Owner { chosen: of_type.into_iter().collect(), why: INHERENT };
    };
    if let Some(of_type) = of_type {
        return Owner { chosen: [of_type].into(), why: OF_TYPE };
    }
    if let Some(of_trait) = path_head(scopes, module, path) {
        return Owner { chosen: [of_trait].into(), why: OF_TRAIT };
    }
    let mut arguments = BTreeSet::new();
    for_types_in(path, &mut |ty| arguments.extend(head(scopes, module, ty, 0)));
    if let syn::Type::Path(ty) = &*item.self_ty {
        for_types_in(&ty.path, &mut |ty| arguments.extend(head(scopes, module, ty, 0)));
    }
    Owner { chosen: arguments, why: OF_TYPE }
}

fn for_types_in(path: &syn::Path, then: &mut impl FnMut(&syn::Type)) {
    for segment in &path.segments {
        let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else { continue };
        for argument in &arguments.args {
            if let syn::GenericArgument::Type(ty) = argument {
                then(ty);
            }
        }
    }
}

/// The item of the crate that a type is one of.
fn head(scopes: &Scopes<'_>, module: ModuleId, ty: &syn::Type, depth: usize) -> Option<ItemId> {
    // Aliases may be circular in code that does not compile.
    if depth > 16 {
        return None;
    }
    match ty {
        syn::Type::Reference(one) => head(scopes, module, &one.elem, depth + 1),
        syn::Type::Paren(one) => head(scopes, module, &one.elem, depth + 1),
        syn::Type::Group(one) => head(scopes, module, &one.elem, depth + 1),
        syn::Type::TraitObject(one) => one.bounds.iter().find_map(|bound| match bound {
            syn::TypeParamBound::Trait(bound) => path_head(scopes, module, &bound.path),
            _ => None,
        }),
        syn::Type::Path(one) if one.qself.is_none() => {
            if let Some(item) = path_head(scopes, module, &one.path) {
                let alias = &scopes.source.items[item];
                return match &alias.syntax {
                    syn::Item::Type(inner) => head(scopes, alias.module, &inner.ty, depth + 1),
                    _ => Some(item),
                };
            }
            let last = one.path.segments.last()?;
            if last.ident != "Box" && last.ident != "Pin" {
                return None;
            }
            let mut inner = None;
            for_types_in(&one.path, &mut |ty| {
                inner = inner.or_else(|| head(scopes, module, ty, depth + 1));
            });
            inner
        }
        _ => None,
    }
}

fn path_head(scopes: &Scopes<'_>, module: ModuleId, path: &syn::Path) -> Option<ItemId> {
    let segments: Vec<String> = path.segments.iter().map(|one| one.ident.to_string()).collect();
    let route = scopes.route(module, &segments, path.leading_colon.is_some(), Space::Type);
    match route.target {
        Some(Target::Item(item)) => Some(item),
        _ => None,
    }
}

/// Of a macro call, as far as it can be seen in what it is given and in what the macro expands to.
fn of_call(scopes: &Scopes<'_>, item: ItemId, call: &syn::ItemMacro) -> Owner {
    let source = scopes.source;
    let module = source.items[item].module;
    let given = Mentions::of(call.mac.tokens.clone());
    let mut headers: Vec<Header> = given.implements.clone();
    let mut todo: Vec<ItemId> = macros::called(&scopes.textual, source, item).into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(mac) = todo.pop() {
        let syn::Item::Macro(rules) = &source.items[mac].syntax else { continue };
        if !seen.insert(mac) {
            continue;
        }
        let body = Mentions::of(macros::transcribed(&rules.mac));
        headers.extend(body.implements);
        for mention in body.paths.iter().filter(|mention| mention.is_macro) {
            let Some(name) = mention.path.last() else { continue };
            todo.extend(scopes.textual.last(source.items[mac].module, name));
            todo.extend(scopes.textual.exported(name));
        }
    }
    let find = |path: &[String]| match scopes.route(module, path, false, Space::Type) {
        Route { target: Some(Target::Item(found)), consumed, .. }
            if found != item && consumed == path.len() =>
        {
            Some(found)
        }
        _ => None,
    };
    let is_trait = |item: &ItemId| source.items[*item].kind == ItemKind::Trait;
    let all: BTreeSet<ItemId> = given
        .paths
        .iter()
        .filter_map(|mention| {
            let path = &mention.path;
            match scopes.route(module, path, mention.leading_colon, Space::Type).target {
                Some(Target::Item(found)) if found != item => Some(found),
                _ => None,
            }
        })
        .collect();
    let mut chosen = BTreeSet::new();
    for header in headers {
        let types = words_to_items(&header.of_type, &all, &find, |one| !is_trait(one));
        let traits = header.of_trait.as_deref().unwrap_or_default();
        let traits = words_to_items(traits, &all, &find, is_trait);
        match (types.len(), traits.len()) {
            (1, _) => chosen.extend(types),
            (_, 1..) => chosen.extend(traits),
            _ => chosen.extend(types),
        }
    }
    Owner { chosen, why: BY_MACRO }
}

/// The items that the words of a header may lead to, which begin with a path; a variable may be any that the call is given.
fn words_to_items(
    words: &[String],
    given: &BTreeSet<ItemId>,
    find: &dyn Fn(&[String]) -> Option<ItemId>,
    wanted: impl Fn(&ItemId) -> bool,
) -> BTreeSet<ItemId> {
    for start in 0..words.len() {
        if words[start].starts_with('$') {
            let found: BTreeSet<ItemId> = given.iter().copied().filter(&wanted).collect();
            if !found.is_empty() {
                return found;
            }
            continue;
        }
        let paths = (start + 1..=words.len()).rev().map(|end| &words[start..end]);
        let known = paths.filter(|path| !path.iter().any(|word| word.starts_with('$')));
        if let Some(found) = known.filter_map(find).find(&wanted) {
            return BTreeSet::from([found]);
        }
    }
    BTreeSet::new()
}
