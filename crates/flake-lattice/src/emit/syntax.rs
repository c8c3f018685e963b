//! Pieces of syntax that nodes and facades are put together from. What was read is never read again on the way: it may hold
//! what only the compiler reads.

use proc_macro2::Ident;
use std::cell::RefCell;
use std::collections::HashMap;
use studio_core::error::{Error, Result};

/// An item in a line of our own.
pub(super) fn parsed(line: &str) -> Result<syn::Item> {
    syn::parse_str(line).map_err(|cause| {
        Error::new(format!("`{line}` was to be written, and does not parse: {cause}"))
    })
}

/// Lines of our own that were parsed: most `use` lines of a node stand in others too.
#[derive(Default)]
pub struct Lines(RefCell<HashMap<String, syn::Item>>);

impl Lines {
    /// The item in a line.
    pub(super) fn item(&self, line: &str) -> Result<syn::Item> {
        if let Some(known) = self.0.borrow().get(line) {
            return Ok(known.clone());
        }
        let item = parsed(line)?;
        self.0.borrow_mut().insert(line.to_owned(), item.clone());
        Ok(item)
    }
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
