//! Macro calls that stand for items which can be known without running a macro: `cfg_if!` and `include!` of a literal.

use super::cfg::Cfg;
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
