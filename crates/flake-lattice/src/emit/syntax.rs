//! Pieces of syntax that nodes and facades are put together from. What was read is never read again on the way: it may hold
//! what only the compiler reads.

use proc_macro2::Ident;
use studio_core::error::{Error, Result};

/// An item in a line of our own.
pub(super) fn parsed(line: &str) -> Result<syn::Item> {
    syn::parse_str(line).map_err(|cause| {
        Error::new(format!("`{line}` was to be written, and does not parse: {cause}"))
    })
}

/// A module with these items in it.
pub(super) fn module_of(
    attrs: Vec<syn::Attribute>,
    vis: syn::Visibility,
    ident: Ident,
    items: Vec<syn::Item>,
) -> syn::Item {
    syn::Item::Mod(syn::ItemMod {
        attrs,
        vis,
        unsafety: None,
        mod_token: syn::token::Mod::default(),
        ident,
        content: Some((syn::token::Brace::default(), items)),
        semi: None,
    })
}
