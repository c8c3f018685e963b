//! What of an item becomes visible to other nodes.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use std::collections::BTreeSet;
use syn::parse_quote;

/// Makes an item public, and those of its members that others name.
pub(super) fn open(item: &mut syn::Item, members: &BTreeSet<String>, shared: bool) {
    let public = |vis: &mut syn::Visibility| *vis = parse_quote!(pub);
    let member = |name: &str, vis: &mut syn::Visibility| {
        if members.contains(name) {
            *vis = parse_quote!(pub);
        }
    };
    use syn::Item::*;
    match item {
        Const(one) if one.ident != "_" => public(&mut one.vis),
        Enum(one) => public(&mut one.vis),
        Fn(one) => public(&mut one.vis),
        Static(one) => public(&mut one.vis),
        Trait(one) => public(&mut one.vis),
        TraitAlias(one) => public(&mut one.vis),
        Type(one) => public(&mut one.vis),
        Struct(one) => {
            public(&mut one.vis);
            for (at, field) in one.fields.iter_mut().enumerate() {
                let name = field.ident.as_ref().map_or(at.to_string(), ToString::to_string);
                member(&name, &mut field.vis);
            }
        }
        Union(one) => {
            public(&mut one.vis);
            for field in &mut one.fields.named {
                let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
                member(&name, &mut field.vis);
            }
        }
        ForeignMod(one) => {
            for inner in &mut one.items {
                match inner {
                    syn::ForeignItem::Fn(one) => public(&mut one.vis),
                    syn::ForeignItem::Static(one) => public(&mut one.vis),
                    syn::ForeignItem::Type(one) => public(&mut one.vis),
                    _ => {}
                }
            }
        }
        Impl(one) if one.trait_.is_none() => {
            for inner in &mut one.items {
                match inner {
                    syn::ImplItem::Fn(one) => member(&one.sig.ident.to_string(), &mut one.vis),
                    syn::ImplItem::Const(one) => member(&one.ident.to_string(), &mut one.vis),
                    syn::ImplItem::Type(one) => member(&one.ident.to_string(), &mut one.vis),
                    _ => {}
                }
            }
        }
        Macro(one) if one.ident.is_some() => {
            let exported = one.attrs.iter().any(|attr| attr.path().is_ident("macro_export"));
            one.attrs.extend((shared && !exported).then(|| parse_quote!(#[macro_export])));
        }
        Macro(one) => {
            let name = one.mac.path.segments.last().map(|last| last.ident.to_string());
            if let Some("thread_local" | "lazy_static") = name.as_deref() {
                one.mac.tokens = public_statics(std::mem::take(&mut one.mac.tokens));
            }
        }
        _ => {}
    }
}

/// `static X` as `pub static X`, at the top of what a macro is given.
fn public_statics(tokens: TokenStream) -> TokenStream {
    let mut out: Vec<TokenTree> = vec![];
    for tree in tokens {
        let lifetime = matches!(out.last(), Some(TokenTree::Punct(mark)) if mark.as_char() == '\'');
        if !lifetime && matches!(&tree, TokenTree::Ident(word) if word == "static") {
            let restricted = matches!(out.last(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
            if restricted {
                out.pop();
            }
            if !matches!(out.last(), Some(TokenTree::Ident(word)) if word == "pub") {
                out.push(Ident::new("pub", Span::call_site()).into());
            }
        }
        out.push(tree);
    }
    out.into_iter().collect()
}

/// `pub(crate) struct NAME` as `pub struct NAME` in tokens, for these names and for those that a macro is given.
pub(super) fn open_tokens(tokens: TokenStream, names: &BTreeSet<String>) -> TokenStream {
    const BETWEEN: [&str; 11] = [
        "unsafe", "const", "fn", "struct", "enum", "union", "static", "mut", "type", "trait",
        "async",
    ];
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut out: Vec<TokenTree> = vec![];
    for (at, tree) in trees.iter().enumerate() {
        if let TokenTree::Group(group) = tree {
            let after_pub = matches!(out.last(), Some(TokenTree::Ident(word)) if word == "pub");
            if after_pub && group.delimiter() == Delimiter::Parenthesis {
                let mut rest = trees[at + 1..].iter();
                let name = rest.find(|tree| {
                    !matches!(tree, TokenTree::Ident(word) if BETWEEN.iter().any(|one| word == one))
                });
                let ours = match name {
                    Some(TokenTree::Ident(word)) => names.contains(&word.to_string()),
                    Some(TokenTree::Punct(mark)) => mark.as_char() == '$',
                    _ => false,
                };
                if ours {
                    continue;
                }
            }
            let inner = open_tokens(group.stream(), names);
            out.push(proc_macro2::Group::new(group.delimiter(), inner).into());
        } else {
            out.push(tree.clone());
        }
    }
    out.into_iter().collect()
}
