//! Normal form: `cfg` is decided, and what does not change what the code does (comments, docs, lints) is gone, so that
//! the same code gives the same bytes. Not here: visibility, which depends on who needs what.

use super::cfg::Cfg;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::collections::BTreeSet;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Meta, Token};

/// Derives and attributes that are known not to read documentation.
const BUILT_IN_DERIVES: [&str; 9] =
    ["Clone", "Copy", "Debug", "Default", "Eq", "Hash", "Ord", "PartialEq", "PartialOrd"];

/// Lint levels that can turn code into an error, and those that only silence.
const LINTS: [&str; 4] = ["warn", "deny", "forbid", "expect"];

/// Tools that read attributes of their own, which mean nothing to the compiler.
const TOOLS: [&str; 4] = ["clippy", "diagnostic", "rustdoc", "rustfmt"];

/// What brings source into normal form.
pub struct Normal<'a> {
    /// What is on.
    pub cfg: &'a Cfg,
    /// Macros of the crate that have no word `doc` in them: what is passed to them may lose its documentation.
    pub doc_free_macros: &'a BTreeSet<String>,
    keep_docs: bool,
    /// Whether attributes of whole items are looked at, which cannot be left open.
    at_item: bool,
}

impl<'a> Normal<'a> {
    /// For a crate with these macros.
    pub fn new(cfg: &'a Cfg, doc_free_macros: &'a BTreeSet<String>) -> Normal<'a> {
        Normal { cfg, doc_free_macros, keep_docs: false, at_item: true }
    }

    /// The item in normal form.
    pub fn item(&mut self, item: &mut syn::Item) {
        self.keep_docs = attributes_of(item).iter().any(reads_docs);
        self.at_item = false;
        self.visit_item_mut(item);
    }

    /// Whether something with these attributes is there. Takes those off that are decided.
    pub fn is_on(&self, attributes: &mut Vec<Attribute>) -> bool {
        *attributes = expanded(self.cfg, std::mem::take(attributes));
        let mut on = true;
        attributes.retain(|one| match predicate(one) {
            // A profile decides that, when the node is compiled.
            Some(predicate) if !self.at_item && mentions_profile(&predicate) => true,
            Some(predicate) => {
                on &= self.cfg.holds(&predicate);
                false
            }
            None => true,
        });
        on
    }

    fn keep<T>(&self, node: &mut T, visit: fn(&mut First<'_, 'a>, &mut T)) -> bool {
        let mut first = First { normal: self, on: None };
        visit(&mut first, node);
        first.on.unwrap_or(true)
    }
}

/// Looks at the first attributes that it comes by: those of the node that it begins with.
struct First<'n, 'a> {
    normal: &'n Normal<'a>,
    on: Option<bool>,
}

impl VisitMut for First<'_, '_> {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        if self.on.is_none() {
            self.on = Some(self.normal.is_on(attributes));
        }
    }
    // What lies in blocks has attributes of its own, and the first ones were seen before.
    fn visit_block_mut(&mut self, _: &mut syn::Block) {}
}

impl VisitMut for Normal<'_> {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        self.is_on(attributes);
        let keep_docs = self.keep_docs;
        attributes.retain(|one| {
            let path = one.path();
            let lint = LINTS.iter().any(|lint| path.is_ident(lint));
            let doc = !keep_docs && path.is_ident("doc");
            let first = path.segments.first().filter(|_| path.segments.len() > 1);
            let tool = first.is_some_and(|first| TOOLS.iter().any(|tool| first.ident == tool));
            !lint && !doc && !tool
        });
        for one in attributes {
            if let Meta::List(list) = &mut one.meta {
                list.tokens = normal_tokens(list.tokens.clone(), false);
            }
        }
    }

    fn visit_block_mut(&mut self, block: &mut syn::Block) {
        block.stmts.retain_mut(|one| self.keep(one, |first, stmt| first.visit_stmt_mut(stmt)));
        visit_mut::visit_block_mut(self, block);
    }

    fn visit_item_impl_mut(&mut self, item: &mut syn::ItemImpl) {
        item.items.retain_mut(|one| self.keep(one, |first, node| first.visit_impl_item_mut(node)));
        visit_mut::visit_item_impl_mut(self, item);
    }

    fn visit_item_trait_mut(&mut self, item: &mut syn::ItemTrait) {
        item.items.retain_mut(|one| self.keep(one, |first, node| first.visit_trait_item_mut(node)));
        visit_mut::visit_item_trait_mut(self, item);
    }

    fn visit_item_foreign_mod_mut(&mut self, item: &mut syn::ItemForeignMod) {
        let keep = |one: &mut syn::ForeignItem| {
            self.keep(one, |first, node| first.visit_foreign_item_mut(node))
        };
        item.items.retain_mut(keep);
        visit_mut::visit_item_foreign_mod_mut(self, item);
    }

    fn visit_fields_named_mut(&mut self, fields: &mut syn::FieldsNamed) {
        retain(&mut fields.named, |one| self.is_on(&mut one.attrs));
        visit_mut::visit_fields_named_mut(self, fields);
    }

    fn visit_fields_unnamed_mut(&mut self, fields: &mut syn::FieldsUnnamed) {
        retain(&mut fields.unnamed, |one| self.is_on(&mut one.attrs));
        visit_mut::visit_fields_unnamed_mut(self, fields);
    }

    fn visit_item_enum_mut(&mut self, item: &mut syn::ItemEnum) {
        retain(&mut item.variants, |one| self.is_on(&mut one.attrs));
        visit_mut::visit_item_enum_mut(self, item);
    }

    fn visit_expr_match_mut(&mut self, expr: &mut syn::ExprMatch) {
        expr.arms.retain_mut(|one| self.is_on(&mut one.attrs));
        visit_mut::visit_expr_match_mut(self, expr);
    }

    fn visit_expr_struct_mut(&mut self, expr: &mut syn::ExprStruct) {
        retain(&mut expr.fields, |one| self.is_on(&mut one.attrs));
        visit_mut::visit_expr_struct_mut(self, expr);
    }

    fn visit_pat_struct_mut(&mut self, pat: &mut syn::PatStruct) {
        retain(&mut pat.fields, |one| self.is_on(&mut one.attrs));
        visit_mut::visit_pat_struct_mut(self, pat);
    }

    fn visit_expr_call_mut(&mut self, expr: &mut syn::ExprCall) {
        retain(&mut expr.args, |one| self.keep(one, |first, node| first.visit_expr_mut(node)));
        visit_mut::visit_expr_call_mut(self, expr);
    }

    fn visit_expr_method_call_mut(&mut self, expr: &mut syn::ExprMethodCall) {
        retain(&mut expr.args, |one| self.keep(one, |first, node| first.visit_expr_mut(node)));
        visit_mut::visit_expr_method_call_mut(self, expr);
    }

    fn visit_expr_array_mut(&mut self, expr: &mut syn::ExprArray) {
        retain(&mut expr.elems, |one| self.keep(one, |first, node| first.visit_expr_mut(node)));
        visit_mut::visit_expr_array_mut(self, expr);
    }

    fn visit_generics_mut(&mut self, generics: &mut syn::Generics) {
        retain(&mut generics.params, |one| {
            self.keep(one, |first, node| first.visit_generic_param_mut(node))
        });
        visit_mut::visit_generics_mut(self, generics);
    }

    fn visit_signature_mut(&mut self, signature: &mut syn::Signature) {
        retain(&mut signature.inputs, |one| {
            self.keep(one, |first, node| first.visit_fn_arg_mut(node))
        });
        visit_mut::visit_signature_mut(self, signature);
    }

    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        let name = mac.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        let docs = name == "macro_rules" || self.doc_free_macros.contains(&name);
        mac.tokens = normal_tokens(std::mem::take(&mut mac.tokens), docs);
    }
}

/// Takes those out of a list that are not to stay, with their commas.
fn retain<T, P: Default>(list: &mut Punctuated<T, P>, mut keep: impl FnMut(&mut T) -> bool) {
    let trailing = list.trailing_punct();
    let before = list.len();
    let kept: Vec<T> = std::mem::take(list)
        .into_iter()
        .filter_map(|mut one| keep(&mut one).then_some(one))
        .collect();
    let fewer = kept.len() < before;
    list.extend(kept);
    // A one-element tuple struct keeps its comma; a list that lost its end does not need one.
    if trailing && !fewer {
        list.push_punct(P::default());
    }
}

/// Tokens without places, and without documentation if that may go.
fn normal_tokens(tokens: TokenStream, drop_docs: bool) -> TokenStream {
    let mut out: Vec<TokenTree> = vec![];
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => {
                if drop_docs && group.delimiter() == Delimiter::Bracket && is_doc(&group) {
                    if matches!(out.last(), Some(TokenTree::Punct(mark)) if mark.as_char() == '!') {
                        out.pop();
                    }
                    if matches!(out.last(), Some(TokenTree::Punct(mark)) if mark.as_char() == '#') {
                        out.pop();
                        continue;
                    }
                }
                let inner = normal_tokens(group.stream(), drop_docs);
                out.push(Group::new(group.delimiter(), inner).into());
            }
            other => out.push(other),
        }
    }
    out.into_iter().collect()
}

/// Whether a group is the inside of `#[doc = "…"]`.
fn is_doc(group: &Group) -> bool {
    let mut tokens = group.stream().into_iter();
    let name = matches!(tokens.next(), Some(TokenTree::Ident(name)) if name == "doc");
    let equals = matches!(tokens.next(), Some(TokenTree::Punct(mark)) if mark.as_char() == '=');
    name && equals
        && matches!(tokens.next(), Some(TokenTree::Literal(_)))
        && tokens.next().is_none()
}

/// Whether a derive or attribute is not the compiler's own, so that it may read documentation.
fn reads_docs(attribute: &Attribute) -> bool {
    if !attribute.path().is_ident("derive") {
        return false;
    }
    let parse = Punctuated::<syn::Path, Token![,]>::parse_terminated;
    attribute.parse_args_with(parse).is_ok_and(|derives| {
        derives
            .iter()
            .filter_map(|path| path.segments.last())
            .any(|last| !BUILT_IN_DERIVES.iter().any(|built_in| last.ident == built_in))
    })
}

/// The attributes with every `cfg_attr` replaced by what it comes to.
fn expanded(cfg: &Cfg, attributes: Vec<Attribute>) -> Vec<Attribute> {
    let mut out = vec![];
    for attribute in attributes {
        if !attribute.path().is_ident("cfg_attr") {
            out.push(attribute);
            continue;
        }
        let parse = Punctuated::<CfgAttrPart, Token![,]>::parse_terminated;
        let Ok(parts) = attribute.parse_args_with(parse) else {
            out.push(attribute);
            continue;
        };
        let mut parts = parts.into_iter().map(|part| part.0);
        if parts.next().is_some_and(|predicate| cfg.holds(&predicate)) {
            let made = parts.map(|meta| Attribute { meta, ..attribute.clone() }).collect();
            out.extend(expanded(cfg, made));
        }
    }
    out
}

/// A part of a `cfg_attr`: a predicate, or an attribute, which may be `unsafe(…)`.
struct CfgAttrPart(Meta);

impl syn::parse::Parse for CfgAttrPart {
    fn parse(input: syn::parse::ParseStream<'_>) -> syn::Result<CfgAttrPart> {
        if input.peek(Token![unsafe]) {
            let path = input.call(syn::Path::parse_mod_style);
            if let Ok(path) = path {
                let content;
                syn::parenthesized!(content in input);
                let tokens = content.parse()?;
                let delimiter = syn::MacroDelimiter::Paren(Default::default());
                return Ok(CfgAttrPart(Meta::List(syn::MetaList { path, delimiter, tokens })));
            }
        }
        input.parse().map(CfgAttrPart)
    }
}

fn predicate(attribute: &Attribute) -> Option<Meta> {
    if !attribute.path().is_ident("cfg") {
        return None;
    }
    attribute.parse_args().ok()
}

fn mentions_profile(predicate: &Meta) -> bool {
    use quote::ToTokens;
    let text = predicate.to_token_stream().to_string();
    ["debug_assertions", "panic", "overflow_checks"].iter().any(|word| text.contains(word))
}

/// The attributes of an item.
pub fn attributes_of(item: &syn::Item) -> &[Attribute] {
    use syn::Item::*;
    match item {
        Const(one) => &one.attrs,
        Enum(one) => &one.attrs,
        ExternCrate(one) => &one.attrs,
        Fn(one) => &one.attrs,
        ForeignMod(one) => &one.attrs,
        Impl(one) => &one.attrs,
        Macro(one) => &one.attrs,
        Mod(one) => &one.attrs,
        Static(one) => &one.attrs,
        Struct(one) => &one.attrs,
        Trait(one) => &one.attrs,
        TraitAlias(one) => &one.attrs,
        Type(one) => &one.attrs,
        Union(one) => &one.attrs,
        Use(one) => &one.attrs,
        _ => &[],
    }
}

/// The same, to change them.
pub fn attributes_mut(item: &mut syn::Item) -> Option<&mut Vec<Attribute>> {
    use syn::Item::*;
    Some(match item {
        Const(one) => &mut one.attrs,
        Enum(one) => &mut one.attrs,
        ExternCrate(one) => &mut one.attrs,
        Fn(one) => &mut one.attrs,
        ForeignMod(one) => &mut one.attrs,
        Impl(one) => &mut one.attrs,
        Macro(one) => &mut one.attrs,
        Mod(one) => &mut one.attrs,
        Static(one) => &mut one.attrs,
        Struct(one) => &mut one.attrs,
        Trait(one) => &mut one.attrs,
        TraitAlias(one) => &mut one.attrs,
        Type(one) => &mut one.attrs,
        Union(one) => &mut one.attrs,
        Use(one) => &mut one.attrs,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens;

    fn normal(text: &str) -> String {
        let cfg = Cfg::parse("unix\nfeature=\"on\"");
        let macros = BTreeSet::from(["known".to_owned()]);
        let mut item: syn::Item = syn::parse_str(text).expect(text);
        Normal::new(&cfg, &macros).item(&mut item);
        item.to_token_stream().to_string()
    }

    fn same(text: &str, as_this: &str) {
        let wanted: syn::Item = syn::parse_str(as_this).expect(as_this);
        assert_eq!(normal(text), wanted.to_token_stream().to_string());
    }

    #[test]
    fn cfg_is_decided_wherever_it_stands() {
        same(
            "struct S<#[cfg(unix)] T> { #[cfg(unix)] a: T, #[cfg(windows)] b: u8, c: u8 }",
            "struct S<T> { a: T, c: u8 }",
        );
        same("struct S(#[cfg(windows)] u8, u16);", "struct S(u16);");
        same(
            "fn f(#[cfg(windows)] a: u8, b: u8) { #[cfg(windows)] g(); #[cfg(unix)] { h() } match b { \
             #[cfg(windows)] 0 => {} #[cfg(unix)] 1 => {} _ => {} } }",
            "fn f(b: u8) { { h() } match b { 1 => {} _ => {} } }",
        );
        same("fn f() { g(#[cfg(unix)] 1, #[cfg(windows)] 2) }", "fn f() { g(1) }");
        same("enum E { #[cfg(feature = \"off\")] A, #[cfg(feature = \"on\")] B }", "enum E { B }");
        same(
            "#[cfg_attr(unix, derive(Debug), inline)] #[cfg_attr(windows, derive(Clone))] struct S;",
            "#[derive(Debug)] #[inline] struct S;",
        );
    }

    #[test]
    fn what_a_profile_decides_is_left_to_it() {
        let text = "fn f() { #[cfg(debug_assertions)] g(); }";
        same(text, text);
    }

    #[test]
    fn comments_and_lints_go_but_where_somebody_reads_them() {
        same(
            "/** a */ #[deny(x)] #[allow(y)] #[clippy::z] fn f() { /// b\n let _ = 1; }",
            "#[allow(y)] fn f() { let _ = 1; }",
        );
        same("known! { /// a\n struct S; }", "known! { struct S; }");
        let read = "#[doc = \" a\"] #[derive(Display)] struct S;";
        same("/// a\n#[derive(Display)] struct S;", read);
        let passed = "unknown! { #[doc = \" a\"] struct S; }";
        same("unknown! { /// a\n struct S; }", passed);
    }
}
