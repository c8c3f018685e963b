//! Macro calls that stand for items which can be known without running a macro: `cfg_if!`, `include!` of a literal, and
//! macros of the crate that add documentation to an item and nothing else.

use super::cfg::Cfg;
use proc_macro2::{Delimiter, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Meta, Token};

/// What a call stands for.
pub enum Unfolded {
    /// These items.
    Items(Vec<syn::Item>),
    /// The items of this file.
    Include(String),
}

/// What a call stands for, if that is known.
pub fn unfold(item: &syn::ItemMacro, cfg: &Cfg) -> Option<Unfolded> {
    let name = &item.mac.path.segments.last()?.ident;
    if item.ident.is_some() {
        return None;
    }
    if name == "cfg_if" {
        let chain: Chain = item.mac.parse_body().ok()?;
        let chosen = chain.0.into_iter().find(|(when, _)| match when {
            Some(predicate) => cfg.holds(predicate),
            None => true,
        });
        return Some(Unfolded::Items(chosen.map(|(_, items)| items).unwrap_or_default()));
    }
    if name == "include" {
        let path: syn::LitStr = item.mac.parse_body().ok()?;
        return Some(Unfolded::Include(path.value()));
    }
    None
}

/// The item that a macro is given, if all that its rules do is to add documentation:
/// `($item:item) => { #[doc = "…"] $item }`.
pub fn passed_on(rules: &syn::Macro, given: &syn::ItemMacro) -> Option<syn::Item> {
    let rules: Vec<TokenTree> = rules.tokens.clone().into_iter().collect();
    let [
        TokenTree::Group(pattern),
        TokenTree::Punct(_),
        TokenTree::Punct(_),
        TokenTree::Group(body),
        rest @ ..,
    ] = rules.as_slice()
    else {
        return None;
    };
    if !matches!(rest, [] | [TokenTree::Punct(_)]) {
        return None;
    }
    let pattern: Vec<String> = pattern.stream().into_iter().map(|one| one.to_string()).collect();
    let pattern: Vec<&str> = pattern.iter().map(String::as_str).collect();
    let ["$", name, ":", "item"] = pattern[..] else { return None };
    let body: Vec<TokenTree> = body.stream().into_iter().collect();
    let (attributes, variable) = body.split_at(body.len().checked_sub(2)?);
    let is_variable = variable[0].to_string() == "$" && variable[1].to_string() == name;
    let is_documentation = |pair: &[TokenTree]| match pair {
        [TokenTree::Punct(mark), TokenTree::Group(group)] => {
            let first = group.stream().into_iter().next().map(|one| one.to_string());
            mark.as_char() == '#'
                && group.delimiter() == Delimiter::Bracket
                && first.as_deref() == Some("doc")
        }
        _ => false,
    };
    if !is_variable || !attributes.chunks(2).all(is_documentation) {
        return None;
    }
    given.mac.parse_body().ok()
}

/// `if #[cfg(…)] { … } else if #[cfg(…)] { … } else { … }`
struct Chain(Vec<(Option<Meta>, Vec<syn::Item>)>);

impl Parse for Chain {
    fn parse(input: ParseStream<'_>) -> syn::Result<Chain> {
        let mut arms = vec![];
        loop {
            let mut when = None;
            if input.peek(Token![if]) {
                input.parse::<Token![if]>()?;
                let attribute = input.call(syn::Attribute::parse_outer)?;
                let cfg = attribute.first().ok_or_else(|| input.error("expected `#[cfg(…)]`"))?;
                when = Some(cfg.parse_args()?);
            }
            let last = when.is_none();
            let content;
            syn::braced!(content in input);
            let mut items = vec![];
            while !content.is_empty() {
                items.push(content.parse()?);
            }
            arms.push((when, items));
            if last || input.is_empty() {
                return Ok(Chain(arms));
            }
            input.parse::<Token![else]>()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens;

    fn passed(rules: &str, given: &str) -> Option<String> {
        let given: syn::ItemMacro = syn::parse_str(&format!("m! {{ {given} }}")).expect("a call");
        let rules: syn::ItemMacro =
            syn::parse_str(&format!("macro_rules! m {{ {rules} }}")).expect("rules");
        passed_on(&rules.mac, &given).map(|item| item.to_token_stream().to_string())
    }

    #[test]
    fn an_item_that_is_only_documented_is_that_item() {
        let rules = "($it:item) => { #[doc = \"a\"] #[doc = \"b\"] $it };";
        assert_eq!(passed(rules, "struct S ;").as_deref(), Some("struct S ;"));
        assert_eq!(passed("($it:item) => { $it }", "fn f () {}").as_deref(), Some("fn f () { }"));
        // More than that is the macro's affair.
        for rules in [
            "($it:item) => { #[cfg(x)] $it }",
            "($it:item) => { $it mod other {} }",
            "($it:item) => { $other }",
            "($it:ty) => { $it }",
            "($it:item) => { $it } ; () => {}",
            "($it:item) => {}",
        ] {
            assert_eq!(passed(rules, "struct S ;"), None, "{rules}");
        }
        assert_eq!(passed("($it:item) => { $it }", "struct S ; struct T ;"), None);
    }
}
