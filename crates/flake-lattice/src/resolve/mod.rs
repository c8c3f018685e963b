//! Which item names which: paths are resolved as rustc does it, as far as that can be seen without running macros and
//! without knowing types.
//!
//! Where in doubt a name counts as used: an item that is named in excess costs a rebuild, one that is missing a round of
//! the compiler. Not here: what follows for the nodes ([`crate::graph`]).

mod macros;
mod owner;
mod scope;
mod textual;
mod tokens;
mod uses;
mod visit;

pub use macros::exported_by;
pub use scope::{Scopes, Target};
pub use uses::{Demand, Uses, uses_of};

#[cfg(test)]
mod unit {
    use super::*;
    use crate::source::{self, cfg::Cfg};
    use camino::Utf8Path;
    use std::collections::BTreeSet;

    /// A crate of one file.
    fn source_of(text: &str) -> crate::item::Source {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let root = folder.join("lib.rs");
        studio_core::fs::write_new(&root, text.as_bytes()).expect("written");
        source::read(folder, &root, &Cfg::default()).expect("it parses")
    }

    /// Which item names which, as `a -> b c`, for those that name any.
    fn named(edition: &str, text: &str) -> Vec<String> {
        let source = source_of(text);
        let scopes = Scopes::new(&source, edition, &BTreeSet::from(["dep".to_owned()]));
        let line = |(item, uses): (usize, Uses)| {
            let names: Vec<&str> =
                uses.items.iter().map(|other| source.items[*other].path.as_str()).collect();
            (!names.is_empty())
                .then(|| format!("{} -> {}", source.items[item].path, names.join(" ")))
        };
        uses_of(&scopes).into_iter().enumerate().filter_map(line).collect()
    }

    #[test]
    fn imports_lead_through_globs_renames_and_reexports() {
        let text = "
            mod a { pub fn f() {} pub fn hidden() {} pub mod b { pub struct S; } }
            mod c { pub use crate::a::*; pub use crate::a::b::S as T; }
            mod d { use super::c::{self, T}; fn g(_: T) { c::f() } }
            mod e { use crate::c::*; fn h() { f(); let hidden = 1; hidden; } }";
        assert_eq!(named("2021", text), ["d::g -> a::f a::b::S", "e::h -> a::f"]);
    }

    #[test]
    fn the_edition_decides_where_a_use_begins() {
        let text = "
            mod a { pub fn f() {} }
            mod m { pub mod a { pub fn f() {} } use a::f; fn g() { f() } }";
        assert_eq!(named("2015", text), ["m::g -> a::f"]);
        assert_eq!(named("2018", text), ["m::g -> m::a::f"]);
    }

    #[test]
    fn what_is_private_does_not_come_by_a_glob() {
        let text = "
            mod a { fn f() {} pub fn g() { f() } }
            mod b { pub fn f() {} }
            mod c { use crate::a::*; use crate::b::*; fn h() { f(); g() } }";
        assert_eq!(named("2021", text), ["a::g -> a::f", "c::h -> a::g b::f"]);
    }

    #[test]
    fn a_name_has_a_meaning_in_each_space() {
        let text = "
            pub mod x { pub fn f() {} }
            pub fn x() {}
            pub struct Y { a: u8 }
            const fn Y() {}
            fn g(_: Y) { x(); x::f() }";
        assert_eq!(named("2021", text), ["g -> x::f x Y"]);
    }

    #[test]
    fn traits_are_needed_for_their_methods() {
        let text = "
            mod t { pub trait Loud { fn shout(&self) {} } pub trait Calm { fn rest(&self) {} } }
            mod u { use crate::t::{Loud, Calm as _}; fn f(x: u8) { x.shout() } fn g(x: u8) { x.rest() } }";
        assert_eq!(named("2021", text), ["u::f -> t::Loud", "u::g -> t::Calm"]);
    }

    #[test]
    fn what_a_macro_expands_to_is_named_where_it_is_called() {
        let text = "
            macro_rules! call { ($e:expr) => { helper($e, $crate::k::DEEP) } }
            mod k { pub const DEEP: u8 = 1; }
            mod m { fn helper(_: u8, _: u8) {} fn f() { call!(super::ONE) } }
            const ONE: u8 = 1;";
        assert_eq!(named("2021", text), ["call -> k::DEEP", "m::f -> call m::helper ONE"]);
    }

    #[test]
    fn what_a_macro_takes_by_a_glob_is_there_for_its_callers() {
        let text = "
            #[macro_export] macro_rules! kind { ($e:expr) => { { use $crate::kinds::*; (&$e).kind() } } }
            mod hidden { pub trait Odd { fn kind(&self) {} } pub struct Other; }
            pub mod kinds { pub use crate::hidden::Odd; pub fn one() {} }";
        assert_eq!(named("2021", text), ["kind -> hidden::Odd kinds::one"]);
    }

    #[test]
    fn a_macro_that_is_called_by_a_name_passed_on_is_there() {
        let text = "
            #[macro_export] macro_rules! __a { () => { 1 } }
            #[macro_export] macro_rules! __b { () => { 2 } }
            #[macro_export] macro_rules! pass { ($which:ident) => { $crate::$which!() } }
            #[macro_export] macro_rules! first { () => { $crate::pass!(__a) } }";
        assert_eq!(named("2021", text), ["pass -> __a", "first -> pass"]);
    }

    #[test]
    fn a_macro_call_that_makes_a_macro_for_everybody_needs_what_that_names() {
        let text = "
            macro_rules! said { ($said:item) => { $said const _: () = (); } }
            pub fn help() {}
            mod m { said! { #[macro_export] macro_rules! made { () => { $crate::help() } } } }";
        assert_eq!(named("2021", text), ["m::said!#6c72cba8 -> said help"]);
    }

    #[test]
    fn a_capital_in_a_pattern_may_be_a_constant() {
        let text = "
            const A: u8 = 1;
            enum E { V, W }
            mod m { use super::{E::*, A}; fn f(x: u8, e: super::E) -> bool {
                match x { A => true, other => matches!(e, V) && other == 0 } } }";
        assert_eq!(named("2021", text), ["m::f -> A E"]);
    }

    #[test]
    fn impls_belong_to_their_type_or_trait() {
        let text = "
            struct S; trait T {}
            impl S {} impl T for S {} impl T for u8 {} impl From<S> for u8 { fn from(_: S) -> u8 { 0 } }
            macro_rules! t { ($($of:ty)*) => { $(impl T for $of {})* } }
            t! { u16 u32 }";
        let source = source_of(text);
        let scopes = Scopes::new(&source, "2021", &BTreeSet::new());
        let mut bound: Vec<String> = vec![];
        for (item, uses) in uses_of(&scopes).into_iter().enumerate() {
            for other in uses.bound_to.keys() {
                let path = source.items[item].path.split('#').next().unwrap_or_default();
                bound.push(format!("{path} with {}", source.items[*other].path));
            }
        }
        let expected = [
            "<S> with S",
            "<S as T> with S",
            "<u8 as T> with T",
            "<u8 as From<S>> with S",
            "t! with T",
        ];
        assert_eq!(bound, expected);
    }
}
