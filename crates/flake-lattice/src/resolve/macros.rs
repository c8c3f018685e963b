//! What a macro brings along: the names in what it expands to, which are looked up where it is called, and what it makes.

use super::scope::{Route, Scopes, Target};
use super::textual::Textual;
use super::tokens::Mentions;
use crate::item::*;
use crate::model::ItemKind;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

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

/// What an item's rules expand to: those of a macro, or those in a call that makes macros for everybody.
pub fn body(item: &Item) -> Option<TokenStream> {
    let syn::Item::Macro(one) = &item.syntax else { return None };
    match item.kind {
        ItemKind::Macro => Some(transcribed(&one.mac)),
        _ => (!exported_by(item).is_empty()).then(|| one.mac.tokens.clone()),
    }
}

/// The macros that a macro call makes for everybody: what it is given has `#[macro_export] macro_rules! NAME`.
pub fn exported_by(item: &Item) -> Vec<String> {
    let (ItemKind::MacroCall, syn::Item::Macro(call)) = (item.kind, &item.syntax) else {
        return vec![];
    };
    let given = Mentions::of(call.mac.tokens.clone());
    if !given.words.contains("macro_export") {
        return vec![];
    }
    let items = given.items.into_iter().filter(|(_, _, space)| *space == Space::Macro);
    items.map(|(name, ..)| name).collect()
}

/// What rules in `module` lead through without saying so: traits that come by `use $crate::m::*` are named nowhere, and of
/// `$crate::$name!` the name is a word in another macro, one of `all`.
pub fn unsaid(
    scopes: &Scopes<'_>,
    module: ModuleId,
    body: &Mentions,
    all: &HashMap<ItemId, Rc<Mentions>>,
) -> Vec<Route> {
    let mut paths: BTreeSet<Vec<String>> = BTreeSet::new();
    let own = |path: &&Vec<String>| path.first().is_some_and(|first| first == "$crate");
    let behind = |path: &[String], name: &str| [path, &[name.to_owned()]].concat();
    for glob in body.globs.iter().filter(own) {
        let target = scopes.route(module, glob, false, Space::Type).target;
        if let Some(Target::Module(inner)) = target {
            paths.extend(scopes.names(inner, module).into_iter().map(|name| behind(glob, name)));
        }
    }
    for open in body.open.iter().filter(own) {
        let words = all.values().flat_map(|one| &one.words);
        paths.extend(words.map(|word| behind(open, word)));
    }
    let routes = paths
        .iter()
        .flat_map(|path| Space::ALL.map(|space| scopes.route(module, path, false, space)));
    routes.filter(|route| route.target.is_some()).collect()
}

/// The macro that an item that is a macro call calls, if it is one of the crate.
pub fn called(textual: &Textual<'_>, source: &Source, item: ItemId) -> Option<ItemId> {
    let syn::Item::Macro(call) = &source.items[item].syntax else { return None };
    let name = call.mac.path.segments.last()?.ident.to_string();
    textual.last(source.items[item].module, &name).or_else(|| textual.exported(&name))
}

/// The names that a macro call seems to make in its module.
#[derive(Debug, Default)]
pub struct Made {
    /// Those of what looks like an item.
    pub items: BTreeSet<String>,
    /// Words that it is given: any may become the name of one.
    pub words: BTreeSet<String>,
    /// Those of items that it is given whole.
    pub given: BTreeSet<(String, Space)>,
}

/// The names that a macro call seems to make in its module.
pub fn names_made(textual: &Textual<'_>, source: &Source, item: ItemId) -> Made {
    let one = &source.items[item];
    let (ItemKind::MacroCall, syn::Item::Macro(call)) = (one.kind, &one.syntax) else {
        return Made::default();
    };
    let given = Mentions::of(call.mac.tokens.clone());
    let mut names: BTreeSet<String> = given.items.iter().map(|(name, ..)| name.clone()).collect();
    let mut words = BTreeSet::new();
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
            words.extend(given.words.iter().filter(word).cloned());
        }
        for mention in body.paths.iter().filter(|mention| mention.is_macro) {
            let Some(name) = mention.path.last() else { continue };
            todo.extend(textual.last(source.items[mac].module, name));
            todo.extend(textual.exported(name));
        }
    }
    Made { items: names, words, given: items_among(call.mac.tokens.clone()) }
}

/// The items that begin among these tokens, not within groups of them: `fn f`, `struct S`.
fn items_among(tokens: TokenStream) -> BTreeSet<(String, Space)> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let named = trees.windows(2).filter_map(|pair| match pair {
        [TokenTree::Ident(keyword), TokenTree::Ident(name)] => {
            let space = match keyword.to_string().as_str() {
                "fn" | "const" | "static" => Space::Value,
                "struct" | "enum" | "union" | "trait" | "type" => Space::Type,
                _ => return None,
            };
            Some((name.to_string(), space))
        }
        _ => None,
    });
    named.collect()
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
