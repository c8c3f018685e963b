//! What the syntax of an item mentions, before any name is looked up.

use super::tokens::Mentions;
use crate::item::{Makes, Space};
use quote::ToTokens;
use std::collections::BTreeSet;
use syn::visit::{self, Visit};

/// A path as it stands in an item.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Its segments.
    pub path: Vec<String>,
    /// Whether it begins with `::`.
    pub leading_colon: bool,
    /// What its last name is, where that can be seen.
    pub space: Option<Space>,
}

/// A `use` inside a function.
#[derive(Debug)]
pub struct LocalUse {
    /// The path of a leaf.
    pub path: Vec<String>,
    /// Whether it begins with `::`.
    pub leading_colon: bool,
    /// What it makes.
    pub makes: Makes,
}

/// A macro that is called.
#[derive(Debug)]
pub struct Call {
    /// The macro.
    pub path: Named,
    /// What it is given.
    pub given: Mentions,
}

/// What an item mentions.
#[derive(Default)]
pub struct Seen {
    /// Paths.
    pub paths: BTreeSet<Named>,
    /// Methods and other members, which belong to a type or trait.
    pub members: BTreeSet<String>,
    /// Names in patterns: variables, or constants.
    pub bound: BTreeSet<String>,
    /// Type parameters, and items inside of functions.
    pub own: BTreeSet<String>,
    /// Names that are called like a function.
    pub called: BTreeSet<String>,
    /// Imports inside of functions.
    pub uses: Vec<LocalUse>,
    /// Macro calls.
    pub calls: Vec<Call>,
    /// Types and traits of impls inside of functions and constants.
    pub nested_impls: Vec<syn::ItemImpl>,
    depth: usize,
}

impl Seen {
    /// In this item.
    pub fn in_item(item: &syn::Item) -> Seen {
        let mut seen = Seen::default();
        seen.visit_item(item);
        seen
    }

    fn name(&mut self, path: &syn::Path, space: Option<Space>) {
        let segments: Vec<String> = path.segments.iter().map(|one| one.ident.to_string()).collect();
        if segments.len() > 1 {
            self.members.extend(segments.last().cloned());
        }
        let leading_colon = path.leading_colon.is_some();
        self.paths.insert(Named { path: segments, leading_colon, space });
        for segment in &path.segments {
            self.visit_path_arguments(&segment.arguments);
        }
    }

    fn qualified(&mut self, qself: &syn::QSelf, path: &syn::Path) {
        self.visit_type(&qself.ty);
        self.members.extend(path.segments.iter().map(|one| one.ident.to_string()));
        let of_trait: Vec<String> =
            path.segments.iter().take(qself.position).map(|one| one.ident.to_string()).collect();
        if !of_trait.is_empty() {
            let leading_colon = path.leading_colon.is_some();
            self.paths.insert(Named { path: of_trait, leading_colon, space: Some(Space::Type) });
        }
        for segment in &path.segments {
            self.visit_path_arguments(&segment.arguments);
        }
    }
}

impl<'ast> Visit<'ast> for Seen {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if self.depth > 0 {
            match item {
                syn::Item::Use(one) => {
                    let mut leaves = vec![];
                    crate::source::leaves_of(&one.tree, &mut vec![], &mut leaves);
                    let leading_colon = one.leading_colon.is_some();
                    self.uses.extend(leaves.into_iter().map(|(path, makes)| LocalUse {
                        path,
                        leading_colon,
                        makes,
                    }));
                    return;
                }
                syn::Item::Impl(one) => self.nested_impls.push(one.clone()),
                _ => {}
            }
            let name = match item {
                syn::Item::Fn(one) => Some(&one.sig.ident),
                syn::Item::Struct(one) => Some(&one.ident),
                syn::Item::Enum(one) => Some(&one.ident),
                syn::Item::Const(one) => Some(&one.ident),
                syn::Item::Static(one) => Some(&one.ident),
                syn::Item::Trait(one) => Some(&one.ident),
                syn::Item::Type(one) => Some(&one.ident),
                _ => None,
            };
            self.own.extend(name.map(ToString::to_string));
        }
        if let syn::Item::Macro(one) = item
            && one.ident.is_some()
        {
            // Rules are looked at where they are used; those inside of a function are used in it.
            if self.depth > 0 {
                let given = Mentions::of(super::macros::transcribed(&one.mac));
                let path = Named { path: vec![], leading_colon: false, space: None };
                self.own.extend(one.ident.as_ref().map(ToString::to_string));
                self.calls.push(Call { path, given });
            }
            return;
        }
        if let syn::Item::Verbatim(tokens) = item {
            let path = Named { path: vec![], leading_colon: false, space: None };
            self.calls.push(Call { path, given: Mentions::of(tokens.clone()) });
        }
        self.depth += 1;
        visit::visit_item(self, item);
        self.depth -= 1;
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.name(path, None);
    }

    fn visit_expr_path(&mut self, expr: &'ast syn::ExprPath) {
        match &expr.qself {
            Some(qself) => self.qualified(qself, &expr.path),
            None => self.name(&expr.path, Some(Space::Value)),
        }
    }

    fn visit_type_path(&mut self, ty: &'ast syn::TypePath) {
        match &ty.qself {
            Some(qself) => self.qualified(qself, &ty.path),
            None => self.name(&ty.path, Some(Space::Type)),
        }
    }

    fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
        self.bound.insert(pat.ident.to_string());
        visit::visit_pat_ident(self, pat);
    }

    fn visit_generic_param(&mut self, param: &'ast syn::GenericParam) {
        match param {
            syn::GenericParam::Type(one) => self.own.insert(one.ident.to_string()),
            syn::GenericParam::Const(one) => self.own.insert(one.ident.to_string()),
            syn::GenericParam::Lifetime(_) => false,
        };
        visit::visit_generic_param(self, param);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(one) = &*call.func {
            self.called.extend(one.path.get_ident().map(ToString::to_string));
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.members.insert(call.method.to_string());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        let path = mac.path.segments.iter().map(|one| one.ident.to_string()).collect();
        let leading_colon = mac.path.leading_colon.is_some();
        let path = Named { path, leading_colon, space: Some(Space::Macro) };
        self.calls.push(Call { path, given: Mentions::of(mac.tokens.clone()) });
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        let path = attribute.path();
        if path.is_ident("doc") || path.is_ident("cfg") {
            return;
        }
        let segments = path.segments.iter().map(|one| one.ident.to_string()).collect();
        let path = Named { path: segments, leading_colon: false, space: Some(Space::Macro) };
        let mut given = Mentions::default();
        if let syn::Meta::List(list) = &attribute.meta {
            given.scan(list.tokens.clone());
            texts(list.tokens.clone(), &mut given);
        }
        self.calls.push(Call { path, given });
    }

    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    fn visit_expr(&mut self, expr: &'ast syn::Expr) {
        if let syn::Expr::Verbatim(tokens) = expr {
            let path = Named { path: vec![], leading_colon: false, space: None };
            self.calls.push(Call { path, given: Mentions::of(tokens.clone()) });
        }
        visit::visit_expr(self, expr);
    }
}

/// Texts that are paths, as derives take them: `with = "a::b"`.
fn texts(tokens: proc_macro2::TokenStream, into: &mut Mentions) {
    for tree in tokens {
        match tree {
            proc_macro2::TokenTree::Group(group) => texts(group.stream(), into),
            proc_macro2::TokenTree::Literal(literal) => {
                let text = syn::parse2::<syn::LitStr>(literal.to_token_stream());
                if let Ok(tokens) = text.map(|text| text.parse::<syn::Type>()) {
                    into.scan(tokens.map(|ty| ty.to_token_stream()).unwrap_or_default());
                }
            }
            _ => {}
        }
    }
}
