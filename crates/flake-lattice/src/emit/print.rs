//! Source text from syntax, the same each time.

use quote::ToTokens;
use syn::visit::{self, Visit};

/// A file as text.
pub fn file(file: &syn::File) -> String {
    if Odd::in_file(file) {
        // What the parser only passes through, the printer would not take.
        let mut text = file.to_token_stream().to_string();
        text.push('\n');
        return text;
    }
    prettyplease::unparse(file)
}

/// Looks for syntax that is only passed through.
struct Odd(bool);

impl Odd {
    fn in_file(file: &syn::File) -> bool {
        let mut odd = Odd(false);
        odd.visit_file(file);
        odd.0
    }
}

impl<'ast> Visit<'ast> for Odd {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.0 |= matches!(item, syn::Item::Verbatim(_));
        visit::visit_item(self, item);
    }
    fn visit_expr(&mut self, expr: &'ast syn::Expr) {
        self.0 |= matches!(expr, syn::Expr::Verbatim(_));
        visit::visit_expr(self, expr);
    }
    fn visit_type(&mut self, ty: &'ast syn::Type) {
        self.0 |= matches!(ty, syn::Type::Verbatim(_));
        visit::visit_type(self, ty);
    }
    fn visit_pat(&mut self, pat: &'ast syn::Pat) {
        self.0 |= matches!(pat, syn::Pat::Verbatim(_));
        visit::visit_pat(self, pat);
    }
    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        self.0 |= matches!(item, syn::ImplItem::Verbatim(_));
        visit::visit_impl_item(self, item);
    }
    fn visit_trait_item(&mut self, item: &'ast syn::TraitItem) {
        self.0 |= matches!(item, syn::TraitItem::Verbatim(_));
        visit::visit_trait_item(self, item);
    }
    fn visit_foreign_item(&mut self, item: &'ast syn::ForeignItem) {
        self.0 |= matches!(item, syn::ForeignItem::Verbatim(_));
        visit::visit_foreign_item(self, item);
    }
    fn visit_type_param_bound(&mut self, bound: &'ast syn::TypeParamBound) {
        self.0 |= matches!(bound, syn::TypeParamBound::Verbatim(_));
        visit::visit_type_param_bound(self, bound);
    }
}
