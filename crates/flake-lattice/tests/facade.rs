//! What the users of a crate find in its facade: the crate's own tests are run against it, as cargo runs them beside the
//! original.

mod scene;

use insta::assert_snapshot;
use scene::Scene;

/// The names of the tests that pass, by the package of tests that was generated.
fn passed(scene: &Scene) -> String {
    let said = scene.cargo("out/tests", "test --offline --quiet -- --format=pretty");
    let said = said.ok();
    let lines = said.lines().filter(|line| line.starts_with("test ") && line.ends_with(" ... ok"));
    let mut lines: Vec<&str> = lines.collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// Nobody but the crate that calls a macro sees what such a macro asks for.
#[test]
fn macros_find_what_they_name_in_ways_that_no_compiler_of_the_lattice_sees() {
    let scene = Scene::with_source(
        "mod kind {\n\
         pub trait Of { fn kind(&self) -> &'static str { \"of\" } }\n\
         impl<T> Of for &T {}\n\
         }\n\
         #[doc(hidden)] pub mod __private { pub mod kinds { pub use crate::kind::Of; } }\n\
         /// Its trait comes by a glob.\n\
         #[macro_export] macro_rules! kind {\n\
         ($e:expr) => { { use $crate::__private::kinds::*; (&&$e).kind() } };\n\
         }\n\
         #[doc(hidden)] #[macro_export] macro_rules! __one { () => { 1 } }\n\
         #[doc(hidden)] #[macro_export] macro_rules! __two { () => { 2 } }\n\
         #[doc(hidden)] #[macro_export] macro_rules! __call { ($which:ident) => { $crate::$which!() } }\n\
         /// Its macro is called by a name that is passed on.\n\
         #[macro_export] macro_rules! number {\n\
         (one) => { $crate::__call!(__one) };\n\
         (two) => { $crate::__call!(__two) };\n\
         }\n\
         macro_rules! with_words { ($($item:item)*) => { $(#[doc = \"words\"] $item)* } }\n\
         mod inner {\n\
         with_words! {\n\
         #[macro_export] macro_rules! made { () => { $crate::help() } }\n\
         }\n\
         }\n\
         pub fn help() -> u8 { 3 }\n\
         pub use kind as sort;\n\
         macro_rules! described { ($item:item) => { #[doc = \"words\"] $item } }\n\
         described! { #[macro_export] macro_rules! outer { () => { $crate::inner!() } } }\n\
         #[doc(hidden)] #[macro_export] macro_rules! inner {\n\
         () => { $crate::help() };\n\
         (again) => { $crate::outer!() };\n\
         }\n",
    );
    scene.sandbox.write(
        "crate/tests/macros.rs",
        "use small::made;\n\
         #[test] fn by_a_glob() { assert_eq!(small::kind!(7), \"of\"); }\n\
         #[test] fn by_another_name() { assert_eq!(small::sort!(7), \"of\"); }\n\
         #[test] fn by_a_name_passed_on() { assert_eq!(small::number!(one) + small::number!(two), 3); }\n\
         #[test] fn made_by_a_call() { assert_eq!(made!(), 3); }\n\
         #[test] fn only_described() { assert_eq!(small::inner!(again), 3); }\n",
    );
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 13 items in 11 nodes on 4 levels, compiled in 1 round
    52 files written
    ");
    assert_snapshot!(passed(&scene), @r"
    test by_a_glob ... ok
    test by_a_name_passed_on ... ok
    test by_another_name ... ok
    test made_by_a_call ... ok
    test only_described ... ok
    ");
}

/// A trait may be passed on without a name, two calls may make one name in two spaces, and exported macros find what only
/// their crate calls so.
#[test]
fn names_that_are_none_or_two_or_of_another_crate_are_there() {
    let scene = Scene::with_source(
        "#[doc(hidden)] pub extern crate core as __core;\n\
         mod deep {\n\
             pub trait Double { fn double(&self) -> u32; }\n\
             impl Double for u32 { fn double(&self) -> u32 { self * 2 } }\n\
             pub trait Half { fn half(&self) -> u32; }\n\
             impl Half for u32 { fn half(&self) -> u32 { self / 2 } }\n\
         }\n\
         pub mod prelude { pub use crate::deep::Double as _; pub use crate::more::*; pub use core::fmt::Write as _; }\n\
         pub mod more { pub use crate::deep::Half as _; }\n\
         macro_rules! as_it_is { ($($item:tt)*) => { $($item)* }; }\n\
         as_it_is! { pub struct Word { pub text: &'static str } }\n\
         as_it_is! { pub fn Word(text: &'static str) -> Word { Word { text } } }\n\
         #[macro_export] macro_rules! shown { ($type:ty) => {\n\
             impl $crate::__core::fmt::Display for $type {\n\
                 fn fmt(&self, f: &mut $crate::__core::fmt::Formatter<'_>) -> $crate::__core::fmt::Result { f.write_str(\"shown\") }\n\
             }\n\
         }; }\n",
    );
    scene.sandbox.write(
        "crate/tests/all.rs",
        "struct Mine;\nsmall::shown!(Mine);\n\
         #[test] fn by_the_crate_of_a_macro() { assert_eq!(Mine.to_string(), \"shown\"); }\n\
         #[test] fn in_two_spaces() { let word: small::Word = small::Word(\"x\"); assert_eq!(word.text, \"x\"); }\n\
         #[test] fn without_a_name() {\n\
             use small::prelude::*;\n\
             let mut text = String::new();\n\
             text.write_str(\"x\").unwrap();\n\
             assert_eq!((3_u32.double(), 6_u32.half()), (6, 3));\n\
         }\n",
    );
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 8 items in 5 nodes on 2 levels, compiled in 1 round
    34 files written
    ");
    assert_snapshot!(passed(&scene), @r"
    test by_the_crate_of_a_macro ... ok
    test in_two_spaces ... ok
    test without_a_name ... ok
    ");
}

/// cargo tells tests what the build script says, and lets them look around in the package.
#[test]
fn tests_find_what_the_build_script_says_and_the_sources_beside_them() {
    let scene = Scene::with_source(
        "#[cfg(fast)] pub fn speed() -> u8 { 9 }\n#[cfg(not(fast))] pub fn speed() -> u8 { 1 }\n\
         #[path = \"deep/table.rs\"] pub mod table;\n",
    );
    scene.sandbox.write(
        "crate/build.rs",
        "fn main() { println!(\"cargo:rustc-check-cfg=cfg(fast)\"); println!(\"cargo:rustc-cfg=fast\"); }\n",
    );
    scene.sandbox.write("crate/src/deep/table.rs", "pub const TABLE: [u8; 2] = [1, 2];\n");
    scene.sandbox.write(
        "crate/tests/all.rs",
        "#[path = \"../src/deep/table.rs\"] mod own;\n\
         #[cfg(fast)] #[test] fn fast() { assert_eq!(small::speed(), 9); }\n\
         #[cfg(not(fast))] #[test] fn slow() { assert_eq!(small::speed(), 1); }\n\
         #[test] fn table() { assert_eq!(own::TABLE, small::table::TABLE); }\n",
    );
    assert_snapshot!(scene.generate("crate", "out"), @r"
    [SANDBOX]/out
    ------- stderr -------
    `small` 1.0.0: 2 items in 2 nodes on 1 level, compiled in 2 rounds
    28 files written
    ");
    assert_snapshot!(passed(&scene), @r"
    test fast ... ok
    test table ... ok
    ");
    assert_snapshot!(scene.sandbox.run("out/tests", "cat Cargo.toml"), @r#"
    [package]
    name = "small-tests"
    version = "1.0.0"
    edition = "2021"
    publish = false
    autobins = false
    autoexamples = false
    autotests = false
    autobenches = false
    build = "build.rs"
    metadata = { lattice = { cfg = ["fast"] } }

    [lib]
    path = "lib.rs"
    test = false
    doctest = false

    [features]
    default = []

    [dependencies]
    small = { path = "../facade" }

    [workspace]

    [[test]]
    name = "all"
    path = "tests/all.rs"
    "#);
}
