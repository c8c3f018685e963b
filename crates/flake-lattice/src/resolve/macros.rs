//! What a macro brings along: the names in what it expands to, which are looked up where it is called, and what it makes.

use super::textual::Textual;
use super::tokens::Mentions;
use crate::item::*;
use crate::model::ItemKind;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;

/// Names that nobody makes by a macro, and that would otherwise be taken for made ones.
const COMMON: [&str; 44] = [
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "f32",
    "f64",
    "bool",
    "char",
    "str",
    "String",
    "Vec",
    "Option",
    "Some",
    "None",
    "Result",
    "Ok",
    "Err",
    "Box",
    "Self",
    "self",
    "super",
    "crate",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Eq",
    "PartialEq",
    "Ord",
    "PartialOrd",
    "Hash",
    "Send",
    "Sync",
    "Sized",
    "std",
    "core",
];

/// What a macro's rules expand to.
pub fn transcribed(mac: &syn::Macro) -> TokenStream {
    let trees: Vec<TokenTree> = mac.tokens.clone().into_iter().collect();
    let mut out = TokenStream::new();
    for (at, tree) in trees.iter().enumerate() {
        let arrow = at >= 2
            && matches!(&trees[at - 2], TokenTree::Punct(mark) if mark.as_char() == '=')
            && matches!(&trees[at - 1], TokenTree::Punct(mark) if mark.as_char() == '>');
        if let (true, TokenTree::Group(group)) = (arrow, tree) {
            out.extend(group.stream());
        }
    }
    out
}

/// The macro that an item that is a macro call calls, if it is one of the crate.
pub fn called(textual: &Textual<'_>, source: &Source, item: ItemId) -> Option<ItemId> {
    let syn::Item::Macro(call) = &source.items[item].syntax else { return None };
    let name = call.mac.path.segments.last()?.ident.to_string();
    textual.last(source.items[item].module, &name).or_else(|| textual.exported(&name))
}

/// The names that a macro call seems to make in its module.
pub fn names_made(textual: &Textual<'_>, source: &Source, item: ItemId) -> Vec<String> {
    let one = &source.items[item];
    let (ItemKind::MacroCall, syn::Item::Macro(call)) = (one.kind, &one.syntax) else {
        return vec![];
    };
    let given = Mentions::of(call.mac.tokens.clone());
    let mut names: BTreeSet<String> = given.items.iter().map(|(name, ..)| name.clone()).collect();
    let mut todo: Vec<ItemId> = called(textual, source, item).into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(mac) = todo.pop() {
        let syn::Item::Macro(rules) = &source.items[mac].syntax else { continue };
        if !seen.insert(mac) {
            continue;
        }
        let body = Mentions::of(transcribed(&rules.mac));
        names.extend(body.items.iter().map(|(name, ..)| name.clone()));
        if body.makes_variables {
            let word = |word: &&String| !COMMON.contains(&word.as_str());
            names.extend(given.words.iter().filter(word).cloned());
        }
        for mention in body.paths.iter().filter(|mention| mention.is_macro) {
            let Some(name) = mention.path.last() else { continue };
            todo.extend(textual.last(source.items[mac].module, name));
            todo.extend(textual.exported(name));
        }
    }
    names.into_iter().collect()
}

/// The names that a macro call seems to make for everybody, each in its space.
pub fn public_names_made(
    textual: &Textual<'_>,
    source: &Source,
    item: ItemId,
) -> BTreeSet<(String, Space)> {
    let syn::Item::Macro(call) = &source.items[item].syntax else { return BTreeSet::new() };
    let given = Mentions::of(call.mac.tokens.clone());
    let mut mentions = vec![given];
    if let Some(mac) = called(textual, source, item)
        && let syn::Item::Macro(rules) = &source.items[mac].syntax
    {
        mentions.push(Mentions::of(transcribed(&rules.mac)));
    }
    let items = mentions.iter().flat_map(|one| &one.items);
    items.filter(|(_, public, _)| *public).map(|(name, _, space)| (name.clone(), *space)).collect()
}

/// Whether a macro call seems to make names out of what it is given, itself or by a macro that it calls.
pub fn makes_given_names(textual: &Textual<'_>, source: &Source, item: ItemId) -> bool {
    let mut todo: Vec<ItemId> = called(textual, source, item).into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(mac) = todo.pop() {
        let syn::Item::Macro(rules) = &source.items[mac].syntax else { continue };
        if !seen.insert(mac) {
            continue;
        }
        let body = Mentions::of(transcribed(&rules.mac));
        if body.makes_variables {
            return true;
        }
        for name in body.paths.iter().filter(|one| one.is_macro).filter_map(|one| one.path.last()) {
            todo.extend(textual.last(source.items[mac].module, name));
            todo.extend(textual.exported(name));
        }
    }
    false
}
