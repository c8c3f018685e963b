//! What source asks of its surroundings while it is compiled: files (`include_str!`), and what cargo says of the package
//! (`env!`). It may do so within what it gives to other macros, which nobody reads as code; so this works on tokens.
//!
//! Not here: what the answers are.

use proc_macro2::{Group, Ident, Literal, TokenStream, TokenTree};
use std::ops::Range;
use syn::parse::Parser;
use syn::punctuated::Punctuated;

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The file at this path, which is relative to the asking file, or absolute.
    File(String),
    /// What cargo says by this name.
    Said(String),
}

/// What a path may begin with: `env!("CARGO_MANIFEST_DIR")`.
const FOLDER: &str = "CARGO_MANIFEST_DIR";

/// The question that a macro call is; `folder` is that of the package.
pub fn ask(name: &Ident, arguments: &TokenStream, folder: &str) -> Option<Ask> {
    if name == "include_str" || name == "include_bytes" || name == "include" {
        return text_of(arguments, folder).map(Ask::File);
    }
    if name == "env" {
        // What follows is said where there is none.
        let first = arguments.clone().into_iter().next()?;
        return syn::parse2::<syn::LitStr>(first.into()).ok().map(|name| Ask::Said(name.value()));
    }
    None
}

/// The call that an answer is: its macro, unless that stays, and its argument.
pub struct Answer {
    name: Option<Ident>,
    argument: Literal,
}

impl Answer {
    /// The path of a file.
    pub fn file(path: &str) -> Answer {
        Answer { name: None, argument: Literal::string(path) }
    }

    /// A text: what is a macro call stays one, whatever path it is called by.
    pub fn said(text: &str, at: &Ident) -> Answer {
        Answer { name: Some(Ident::new("concat", at.span())), argument: Literal::string(text) }
    }

    /// As a call.
    pub fn call(self, name: &Ident) -> (Ident, TokenStream) {
        let name = self.name.unwrap_or_else(|| name.clone());
        (name, TokenTree::Literal(self.argument).into())
    }
}

/// Tokens in which every question that has an answer is answered; `answer` gets the macro's name and its arguments.
pub fn answered(
    tokens: TokenStream,
    answer: &mut dyn FnMut(&Ident, &TokenStream) -> Option<Answer>,
) -> TokenStream {
    let mut all: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < all.len() {
        let call = call_at(&all, at);
        // What is spelled out is no question, and in what a macro writes it is one of whoever calls that.
        if call.is_some_and(|(name, _)| name == "stringify") {
            at += 3;
            continue;
        }
        if defines_macro(&all, at) {
            at += 4;
            continue;
        }
        if let Some((name, arguments)) = call
            && let Some(found) = answer(name, &arguments.stream())
        {
            let (name, argument) = found.call(name);
            let mut group = Group::new(arguments.delimiter(), argument);
            group.set_span(arguments.span());
            all[at] = TokenTree::Ident(name);
            all[at + 2] = TokenTree::Group(group);
            at += 3;
            continue;
        }
        if let TokenTree::Group(group) = &all[at] {
            let mut inner = Group::new(group.delimiter(), answered(group.stream(), answer));
            inner.set_span(group.span());
            all[at] = TokenTree::Group(inner);
        }
        at += 1;
    }
    all.into_iter().collect()
}

/// `name!(…)`
fn call_at(all: &[TokenTree], at: usize) -> Option<(&Ident, &Group)> {
    match all.get(at..at + 3)? {
        [TokenTree::Ident(name), TokenTree::Punct(mark), TokenTree::Group(group)]
            if mark.as_char() == '!' =>
        {
            Some((name, group))
        }
        _ => None,
    }
}

/// `macro_rules! name {…}`
fn defines_macro(all: &[TokenTree], at: usize) -> bool {
    matches!(
        all.get(at..at + 4),
        Some([TokenTree::Ident(name), TokenTree::Punct(_), TokenTree::Ident(_), TokenTree::Group(_)])
            if name == "macro_rules"
    )
}

/// The text of a file in which every question that has an answer is answered, and nothing else is another.
pub fn answered_in(
    text: &str,
    answer: &mut dyn FnMut(&Ident, &TokenStream) -> Option<Answer>,
) -> String {
    let Ok(tokens) = text.parse::<TokenStream>() else { return text.to_owned() };
    let mut edits: Vec<(Range<usize>, String)> = vec![];
    answered(tokens, &mut |name, arguments| {
        let place = name.span().byte_range();
        // Tokens are counted from the first; a mark at the beginning of the file may be none.
        if text.get(place.clone()) != Some(&name.to_string()) {
            return None;
        }
        let (new, argument) = answer(name, arguments)?.call(name);
        let mut inner = arguments.clone().into_iter().map(|one| one.span().byte_range());
        let first = inner.next()?;
        let end = inner.last().map_or(first.end, |last| last.end);
        edits.push((first.start..end, argument.to_string()));
        edits.push((place, new.to_string()));
        None
    });
    edits.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    let mut text = text.to_owned();
    for (place, new) in edits {
        text.replace_range(place, &new);
    }
    text
}

/// The text that an argument comes to, if it is known: literals, `concat!` of them, and the package's folder.
fn text_of(arguments: &TokenStream, folder: &str) -> Option<String> {
    let parts = Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
    let parts = parts.parse2(arguments.clone()).ok()?;
    match parts.iter().collect::<Vec<_>>().as_slice() {
        [one] => value(one, folder),
        _ => None,
    }
}

fn value(expr: &syn::Expr, folder: &str) -> Option<String> {
    match expr {
        syn::Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Str(text) => Some(text.value()),
            syn::Lit::Char(one) => Some(one.value().to_string()),
            syn::Lit::Int(number) => Some(number.base10_digits().to_owned()),
            _ => None,
        },
        syn::Expr::Group(inner) => value(&inner.expr, folder),
        syn::Expr::Paren(inner) => value(&inner.expr, folder),
        syn::Expr::Macro(call) => {
            let name = &call.mac.path.segments.last()?.ident;
            if name == "env" {
                let asked = call.mac.parse_body::<syn::LitStr>().ok()?;
                return (asked.value() == FOLDER).then(|| folder.to_owned());
            }
            if name != "concat" {
                return None;
            }
            let parts = Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
            let parts = call.mac.parse_body_with(parts).ok()?;
            parts.iter().map(|part| value(part, folder)).collect()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        answered_in(text, &mut |name, arguments| match ask(name, arguments, "/here")? {
            Ask::File(path) => Some(Answer::file(&format!("<{path}>"))),
            Ask::Said(what) if what == "CARGO_PKG_NAME" => Some(Answer::said("it's", name)),
            Ask::Said(_) => None,
        })
    }

    #[test]
    fn questions_are_answered_wherever_they_stand_and_nothing_else_is_touched() {
        let source = r##"#![doc = include_str!("../README.md")] // include_str!("no")
fn a() -> &'static str { concat!("a", include_str!( "b.txt" , ), env!("CARGO_PKG_NAME")) }
fn b() { println!("{}", ::std::env!("CARGO_PKG_NAME")); f(include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/c", 1, '.', "x"))) }
fn c() -> &'static str { stringify!(include_str!("no")) }
include!(concat!(env!("OUT_DIR"), "/no.rs"));
macro_rules! m { () => { include_str!("no") } }
const D: &str = env!("CARGO_PKG_NAME", "why"); const E: &str = r#"include_str!("no")"#;
"##;
        insta::assert_snapshot!(show(source), @r##"
        #![doc = include_str!("<../README.md>")] // include_str!("no")
        fn a() -> &'static str { concat!("a", include_str!( "<b.txt>" ), concat!("it's")) }
        fn b() { println!("{}", ::std::concat!("it's")); f(include_bytes!("</here/c1.x>")) }
        fn c() -> &'static str { stringify!(include_str!("no")) }
        include!(concat!(env!("OUT_DIR"), "/no.rs"));
        macro_rules! m { () => { include_str!("no") } }
        const D: &str = concat!("it's"); const E: &str = r#"include_str!("no")"#;
        "##);
        assert_eq!(show("no rust ) at all"), "no rust ) at all");
    }
}
