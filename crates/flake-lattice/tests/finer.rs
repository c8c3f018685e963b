//! Sources in which a name means more than it seems to; each once kept a crate whole.

mod scene;

use insta::assert_snapshot;
use scene::Scene;

/// What the facade of a crate comes to, in a program that uses it.
fn runs(scene: &Scene, main: &str) -> String {
    scene.sandbox.write(
        "use/Cargo.toml",
        "[package]\nname = \"use\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[dependencies]\nsmall.path = \"../out/facade\"\n[workspace]\n",
    );
    scene.sandbox.write("use/src/main.rs", main);
    scene.cargo("use", "run -q").ok()
}

#[test]
fn a_macro_and_a_module_of_the_root_have_one_name() {
    let scene = Scene::with_source(
        "mod base { pub mod atomic { pub const ONE: u8 = 1; pub const TWO: u8 = 2; } }\n\
         pub mod atomic {\n    pub mod cell {\n        use crate::base::atomic;\n\
         \x20       macro_rules! atomic { ($name:ident) => { atomic::$name } }\n\
         \x20       pub fn one() -> u8 { atomic!(ONE) }\n        pub fn two() -> u8 { atomic!(TWO) }\n\
         \x20       pub fn plain() -> u8 { 3 }\n    }\n}\n",
    );
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 6 items in 4 nodes on 2 levels, compiled in 2 rounds
    28 files written
    ");
    let main =
        "use small::atomic::cell::*;\nfn main() { print!(\"{}{}{}\", one(), two(), plain()) }\n";
    assert_eq!(runs(&scene, main), "123");
}

#[test]
fn a_type_that_may_have_more_fields_is_made_elsewhere() {
    let scene = Scene::with_source(
        "mod hint { #[non_exhaustive] pub struct Hint(pub usize, pub Option<usize>); }\n\
         pub use hint::Hint;\npub fn none() -> Hint { Hint(0, None) }\npub fn len(hint: &Hint) -> usize { hint.0 }\n",
    );
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 3 items in 3 nodes on 2 levels, compiled in 2 rounds
    25 files written
    ");
    assert_eq!(runs(&scene, "fn main() { print!(\"{}\", small::len(&small::none())) }\n"), "0");
}

#[test]
fn a_function_of_another_crate_is_called_like_that() {
    let scene = Scene::with_source(
        "mod a { use search::{search, search2}; pub fn one() -> u8 { search() } pub fn two() -> u8 { search2() + search::deep::three() } }\n\
         pub use a::{one, two};\n",
    );
    scene.sandbox.write(
        "search/Cargo.toml",
        "[package]\nname = \"search\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[workspace]\n",
    );
    scene.sandbox.write(
        "search/src/lib.rs",
        "mod search { pub fn search() -> u8 { 1 } }\npub use search::search;\npub fn search2() -> u8 { 2 }\npub mod deep { pub fn three() -> u8 { 3 } }\n",
    );
    let manifest = scene.sandbox.read("crate/Cargo.toml");
    scene.sandbox.write(
        "crate/Cargo.toml",
        manifest + "[dependencies]\nsearch = { path = \"../search\" }\n",
    );
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 2 items in 2 nodes on 1 level, compiled in 1 round
    22 files written
    ");
    assert_eq!(runs(&scene, "fn main() { print!(\"{}{}\", small::one(), small::two()) }\n"), "15");
}

#[test]
fn an_item_that_a_macro_is_given_is_not_made_by_who_names_it_before() {
    let scene = Scene::with_source(
        "macro_rules! item { ($($all:tt)*) => { $($all)* } }\n\
         macro_rules! named { ($vis:vis struct $name:ident { $($field:ident : $of:ty),* }) => { $vis struct $name { $(pub $field: $of),* } } }\n\
         mod types {\n    named! { pub struct Outer { style: Style } }\n    item! { pub enum Style { A, B } }\n\
         \x20   pub use crate::ext::Mark;\n    item! { pub fn Mark(n: u8) -> u8 { n + 1 } }\n}\n\
         mod ext { pub use std::vec::Vec as Mark; }\n\
         pub use types::{Mark, Outer, Style};\n\
         pub fn outer() -> Outer { Outer { style: Style::B } }\n\
         pub fn is_b(style: &Style) -> bool { matches!(style, Style::B) }\n\
         pub fn both() -> Mark<u8> { let mut all: Mark<u8> = Mark::new(); all.push(Mark(1)); all }\n",
    );
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 8 items in 8 nodes on 4 levels, compiled in 1 round
    40 files written
    ");
    let main =
        "fn main() { print!(\"{} {:?}\", small::is_b(&small::outer().style), small::both()) }\n";
    assert_eq!(runs(&scene, main), "true [2]");
}

#[test]
fn what_every_module_knows_is_imported_by_another_name() {
    let scene = Scene::with_source(
        "mod state {\n    use Option::{self as State, None as Ended, Some as Going};\n    use Result::Ok as Fine;\n\
         \x20   pub fn going(n: u8) -> State<u8> { if n == 0 { Ended } else { Going(n) } }\n\
         \x20   pub fn fine() -> Result<u8, ()> { Fine(1) }\n}\n\
         pub use state::*;\npub fn next(n: u8) -> Option<u8> { going(n - 1) }\n",
    );
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 3 items in 3 nodes on 2 levels, compiled in 1 round
    25 files written
    ");
    let main = "use small::*;\nfn main() { print!(\"{:?}{:?}{:?}\", next(1), next(3), fine()) }\n";
    assert_eq!(runs(&scene, main), "NoneSome(2)Ok(1)");
}
