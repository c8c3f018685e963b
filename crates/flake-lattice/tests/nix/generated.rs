//! From source to the store: generated lattices on a real Nix, and what an edit of the source builds again.

use crate::building::{changed, derivations};
use crate::made::{nix, sandbox, toolchain};
use std::collections::BTreeMap;
use testkit::Sandbox;

/// Small crates, each with something that another has not: name, edition, source.
const CRATES: [(&str, &str, &str); 5] = [
    (
        "shapes",
        "2021",
        "use std::fmt;\n/// A point.\n#[derive(Clone, Copy, Debug, PartialEq)]\npub struct Point { x: f64, y: f64 }\n\
         impl Point { pub fn new(x: f64, y: f64) -> Self { Point { x, y } } fn dot(self, other: Self) -> f64 { self.x * other.x + self.y * other.y } }\n\
         pub fn length(p: Point) -> f64 { p.dot(p).sqrt() }\n\
         pub trait Area { fn area(&self) -> f64; }\npub struct Circle(pub f64);\nimpl Area for Circle { fn area(&self) -> f64 { PI * self.0 * self.0 } }\n\
         const PI: f64 = 3.14;\nimpl fmt::Display for Point { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, \"({}, {})\", self.x, self.y) } }\n\
         pub fn describe(p: Point) -> String { format!(\"{p} is {} long\", length(p)) }\n",
    ),
    (
        "counters",
        "2018",
        "use std::sync::atomic::{AtomicUsize, Ordering};\nstatic COUNT: AtomicUsize = AtomicUsize::new(0);\n\
         macro_rules! bump { ($by:expr) => { COUNT.fetch_add($by, Ordering::SeqCst) } }\n\
         pub fn one() -> usize { bump!(1) }\npub fn two() -> usize { bump!(2) }\npub fn both() -> usize { one() + two() }\n\
         pub mod inner { pub fn read() -> usize { super::COUNT.load(super::Ordering::SeqCst) } }\n",
    ),
    (
        "trees",
        "2015",
        "mod node { use super::visit::Visit; pub struct Node<T> { pub value: T, pub children: Vec<Node<T>> }\n\
         impl<T> Node<T> { pub fn accept<V: Visit<T>>(&self, v: &mut V) { v.see(&self.value); for c in &self.children { c.accept(v) } } } }\n\
         pub mod visit { pub trait Visit<T> { fn see(&mut self, value: &T); }\npub struct Sum(pub i64);\nimpl Visit<i64> for Sum { fn see(&mut self, value: &i64) { self.0 += *value } } }\n\
         pub use node::Node;\npub fn sum(node: &Node<i64>) -> i64 { let mut sum = visit::Sum(0); node.accept(&mut sum); sum.0 }\n",
    ),
    (
        "switched",
        "2021",
        "pub const NAME: &str = concat!(env!(\"CARGO_PKG_NAME\"), \"-\", env!(\"CARGO_PKG_VERSION\"));\n\
         #[cfg(feature = \"loud\")] pub fn say() -> String { NAME.to_uppercase() }\n#[cfg(not(feature = \"loud\"))] pub fn say() -> String { NAME.to_lowercase() }\n\
         #[cfg(windows)] pub fn root() -> &'static str { \"C:\" }\n#[cfg(unix)] pub fn root() -> &'static str { \"/\" }\n\
         pub fn is_loud() -> bool { cfg!(feature = \"loud\") }\n",
    ),
    (
        "circles",
        "2024",
        "pub fn even(n: u32) -> bool { n == 0 || odd(n - 1) }\npub fn odd(n: u32) -> bool { n != 0 && even(n - 1) }\n\
         pub enum Parity { Even, Odd }\nuse Parity::*;\npub fn parity(n: u32) -> Parity { if even(n) { Even } else { Odd } }\n\
         pub type Pair = (Parity, Parity);\npub fn pair(a: u32, b: u32) -> Pair { (parity(a), parity(b)) }\npub union Bits { pub int: u32, pub float: f32 }\n",
    ),
];

/// A sandbox in which cargo works, with the source of a crate.
fn scene(name: &str, edition: &str, source: &str) -> Sandbox {
    let mut sandbox = sandbox();
    let rustc = toolchain().rustc;
    sandbox.set("CARGO", rustc.with_file_name("cargo"));
    sandbox.set("RUSTC", &rustc);
    sandbox.write(
        "crate/Cargo.toml",
        format!(
            "[package]\nname = \"{name}\"\nversion = \"1.2.3\"\nedition = \"{edition}\"\n[features]\nloud = []\n[workspace]\n"
        ),
    );
    sandbox.write("crate/src/lib.rs", source);
    sandbox
}

fn generate(sandbox: &Sandbox, output: &str) {
    let _: String =
        sandbox.run("", &format!("flake-lattice generate crate --output {output} -q")).ok();
}

#[test]
fn what_is_generated_is_built_node_by_node_and_comments_build_nothing_again() {
    for (name, edition, source) in CRATES {
        let sandbox = scene(name, edition, source);
        generate(&sandbox, "out");
        sandbox.run("", "flake-lattice verify --in out --build -q").ok();
        nix(&sandbox, "out", "flake check path:.").ok();
        let before = derivations(&sandbox, "out");
        assert!(before.len() > 1, "{name} is one node");
        let spread = source.replace(";\n", ";\n\n// a comment\n").replace(" { ", " {\n  ");
        sandbox.write("crate/src/lib.rs", format!("//! About it.\n\n{spread}"));
        generate(&sandbox, "out");
        assert_eq!(changed(&before, &derivations(&sandbox, "out")), [""; 0], "{name}");
    }
}

#[test]
fn the_tests_of_the_original_are_checks() {
    let (name, edition, source) = CRATES[1];
    let sandbox = scene(name, edition, source);
    let test = "#[test]\nfn counts() { assert_eq!(counters::both(), 1); assert_eq!(counters::inner::read(), 3); }\n\
                #[test]\nfn data() { assert_eq!(include_str!(\"data/x\"), \"y\"); assert!(std::path::Path::new(\"tests/data/x\").exists()); }\n";
    sandbox.write("crate/tests/count.rs", test);
    sandbox.write("crate/tests/data/x", "y");
    generate(&sandbox, "out");
    let system = format!("{}-linux", std::env::consts::ARCH);
    let line = format!("build path:.#checks.{system}.test-count --no-link -L");
    let outcome = nix(&sandbox, "out", &line);
    outcome.ok();
    assert!(outcome.stderr.contains("test result: ok. 2 passed"), "{outcome}");
    // One that fails is a check that fails.
    sandbox.write("crate/tests/count.rs", test.replace("(), 3)", "(), 4)"));
    generate(&sandbox, "out");
    let outcome = nix(&sandbox, "out", "flake check path:. -L");
    // What nix then exits with differs between versions.
    assert_ne!(outcome.code, Some(0), "{outcome}");
    assert!(outcome.stderr.contains("test result: FAILED. 1 passed; 1 failed"), "{outcome}");
}

#[test]
fn the_tests_of_the_original_know_what_its_build_script_says() {
    let (name, edition, source) = CRATES[1];
    let sandbox = scene(name, edition, source);
    sandbox.write("crate/build.rs", "fn main() { println!(\"cargo:rustc-cfg=fast\"); }\n");
    sandbox.write(
        "crate/tests/speed.rs",
        "#[cfg(fast)] #[test] fn fast() { assert_eq!(counters::both(), 1); }\n\
         #[cfg(not(fast))] #[test] fn slow() { panic!() }\n",
    );
    generate(&sandbox, "out");
    let system = format!("{}-linux", std::env::consts::ARCH);
    let line = format!("build path:.#checks.{system}.test-speed --no-link -L");
    let outcome = nix(&sandbox, "out", &line);
    outcome.ok();
    assert!(outcome.stderr.contains("test fast ... ok"), "{outcome}");
    assert!(outcome.stderr.contains("test result: ok. 1 passed"), "{outcome}");
}

#[test]
fn an_edit_builds_what_diff_predicts_and_nothing_else() {
    let edits = [
        (0, "3.14", "3.1415"),
        (0, "is {} long", "has the length {}"),
        (0, "self.x * other.x", "other.x * self.x"),
        (1, "bump!(2)", "bump!(3)"),
        (1, "AtomicUsize::new(0)", "AtomicUsize::new(1)"),
        (2, "Sum(0)", "Sum(1 - 1)"),
        (2, "v.see(&self.value);", "v.see(&self.value); ;"),
        (3, "to_lowercase", "to_uppercase"),
        (4, "n == 0 ||", "n < 1 ||"),
        (4, "(parity(a), parity(b))", "(parity(b), parity(a))"),
    ];
    // Some, and all of them where there is time.
    for (index, from, to) in edits.into_iter().step_by(testkit::rounds(3, 1) as usize) {
        let (name, edition, source) = CRATES[index];
        let sandbox = scene(name, edition, source);
        generate(&sandbox, "old");
        let before = derivations(&sandbox, "old");
        assert!(source.contains(from));
        sandbox.write("crate/src/lib.rs", source.replace(from, to));
        generate(&sandbox, "new");
        let after = derivations(&sandbox, "new");
        let json = sandbox.run("", "flake-lattice diff old new --json").ok();
        let predicted: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(&json).expect("JSON");
        let predicted: Vec<String> = predicted.into_keys().collect();
        assert!(!predicted.is_empty() && predicted.len() <= before.len());
        assert_eq!(changed(&before, &after), predicted, "{name}: {from} to {to}");
    }
}

#[test]
fn a_second_run_does_nothing_and_other_wiring_is_no_second_run() {
    let (name, edition, source) = CRATES[0];
    let sandbox = scene(name, edition, source);
    generate(&sandbox, "out");
    let picture = sandbox.picture("out");
    let line = "flake-lattice generate crate --output out";
    let again = sandbox.run("", line);
    assert_eq!(again.stderr, "`shapes` has not changed: nothing to do\n");
    sandbox.run("", &format!("{line} --wiring root")).ok();
    assert!(sandbox.read("out/nodes/shapes__length/flake.nix").contains("path:../.."));
    sandbox.run("", line).ok();
    assert_eq!(sandbox.picture("out"), picture);
    // What is gone is seen, whatever it was, and comes back if that is wanted.
    sandbox.sh("out", "rm flake.nix").ok();
    let outcome = sandbox.run("", line);
    assert!(outcome.fails(1).stderr.contains("`flake.nix` was removed"), "{outcome}");
    sandbox.run("", &format!("{line} --force")).ok();
    assert_eq!(sandbox.picture("out"), picture);
    sandbox.write("config.toml", "[rust]\nrustc = \"/no/such/rustc\"\n");
    let outcome = sandbox.run("", &format!("{line} --config config.toml"));
    assert!(
        outcome.fails(1).stderr.starts_with("error: `/no/such/rustc` was not found\n"),
        "{outcome}"
    );
    assert_eq!(sandbox.picture("out"), picture);
}
