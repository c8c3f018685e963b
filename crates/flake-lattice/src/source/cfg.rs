//! `cfg`: what is on, and what a predicate comes to. Not here: taking the attributes off the source
//! ([`super::normal`]).

use std::collections::BTreeSet;
use syn::{Expr, ExprLit, Lit, Meta, Token, punctuated::Punctuated};

/// Everything that is on: what the compiler says of the target, features, and what a build script said.
#[derive(Clone, Debug, Default)]
pub struct Cfg(BTreeSet<(String, Option<String>)>);

impl Cfg {
    /// Reads lines as `rustc --print cfg` writes them: `unix`, `target_os="linux"`.
    pub fn parse(lines: &str) -> Cfg {
        let mut cfg = Cfg::default();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            cfg.add(line);
        }
        cfg
    }

    /// Adds one such line.
    pub fn add(&mut self, line: &str) {
        let one = match line.split_once('=') {
            Some((key, value)) => (key.to_owned(), Some(value.trim_matches('"').to_owned())),
            None => (line.to_owned(), None),
        };
        self.0.insert(one);
    }

    /// Adds a feature.
    pub fn feature(&mut self, name: &str) {
        self.0.insert(("feature".to_owned(), Some(name.to_owned())));
    }

    /// All that is on, as such lines, in order.
    pub fn lines(&self) -> Vec<String> {
        let line = |(key, value): &(String, Option<String>)| match value {
            Some(value) => format!("{key}=\"{value}\""),
            None => key.clone(),
        };
        self.0.iter().map(line).collect()
    }

    fn has(&self, key: &str, value: Option<&str>) -> bool {
        self.0.contains(&(key.to_owned(), value.map(str::to_owned)))
    }

    /// Whether a predicate holds. One that rustc would not understand either does not.
    pub fn holds(&self, predicate: &Meta) -> bool {
        match predicate {
            Meta::Path(path) => match path.get_ident().map(ToString::to_string).as_deref() {
                Some("true") => true,
                Some("false") | None => false,
                Some(name) => self.has(name, None),
            },
            Meta::NameValue(pair) => {
                let Some(key) = pair.path.get_ident() else { return false };
                let Expr::Lit(ExprLit { lit: Lit::Str(value), .. }) = &pair.value else {
                    return false;
                };
                self.has(&key.to_string(), Some(&value.value()))
            }
            Meta::List(list) => {
                let Ok(inner) =
                    list.parse_args_with(Punctuated::<syn::Meta, Token![,]>::parse_terminated)
                else {
                    // `true` and `false` are literals, which are no path.
                    return self.literal(list);
                };
                let is = |name: &str| list.path.is_ident(name);
                if is("all") {
                    inner.iter().all(|one| self.holds(one))
                } else if is("any") {
                    inner.iter().any(|one| self.holds(one))
                } else if is("not") {
                    inner.first().is_some_and(|one| !self.holds(one))
                } else {
                    false
                }
            }
        }
    }

    fn literal(&self, list: &syn::MetaList) -> bool {
        let value = list.tokens.to_string();
        (list.path.is_ident("all") || list.path.is_ident("any")) && value.trim() == "true"
            || list.path.is_ident("not") && value.trim() == "false"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predicates_come_to_what_rustc_makes_of_them() {
        let mut cfg = Cfg::parse("unix\ntarget_os=\"linux\"\n\n");
        cfg.feature("std");
        let holds = |text: &str| cfg.holds(&syn::parse_str(text).expect(text));
        for yes in [
            "unix",
            "feature = \"std\"",
            "all()",
            "all(unix, target_os = \"linux\")",
            "any(windows, feature = \"std\")",
            "not(any(windows, test))",
        ] {
            assert!(holds(yes), "{yes}");
        }
        for no in ["windows", "test", "any()", "feature = \"alloc\"", "not(unix)", "version(\"1\")"]
        {
            assert!(!holds(no), "{no}");
        }
        assert_eq!(cfg.lines(), ["feature=\"std\"", "target_os=\"linux\"", "unix"]);
    }
}
