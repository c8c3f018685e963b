//! Ours beside the builtins of a real Nix, on thousands of texts.

use studio_core::closure::{PackageName, compare_versions, split_version};
use testkit::{Dice, RealNix, Sandbox};

/// How many names, and how many pairs of versions.
const TEXTS: usize = 6000;

/// What names and versions are made of: what Nix looks at, and what stands in nixpkgs.
const PIECES: &[&str] = &[
    "-",
    "-",
    "-",
    ".",
    ".",
    "_",
    "+",
    "?",
    "=",
    "0",
    "1",
    "2",
    "7",
    "10",
    "007",
    "2147483647",
    "2147483648",
    "4294967296",
    "20250101000000",
    "pre",
    "rc",
    "a",
    "b",
    "A",
    "z",
    "unstable",
    "git",
    "python3",
    "lib",
    "bin",
    "dev",
    "man",
    "source",
    "p1",
    "r",
    "v",
];

/// What Nix is asked: the names taken apart, and for the versions their parts and their order.
const ASKED: &str = "
let texts = builtins.fromJSON (builtins.readFile ./texts.json);
in {
  names = map builtins.parseDrvName texts.names;
  parts = map (pair: builtins.splitVersion (builtins.head pair)) texts.pairs;
  orders = map (pair: builtins.compareVersions (builtins.head pair) (builtins.elemAt pair 1)) texts.pairs;
}";

fn text(dice: &mut Dice, most: u64) -> String {
    let pieces = 1 + dice.below(most);
    (0..pieces).map(|_| dice.of(PIECES)).collect()
}

#[test]
fn names_and_versions_are_what_nix_says() {
    let mut dice = Dice::new();
    let names: Vec<String> = (0..TEXTS).map(|_| text(&mut dice, 7)).collect();
    let pairs: Vec<[String; 2]> = (0..TEXTS)
        .map(|_| {
            let one = text(&mut dice, 6);
            // Most that are compared have much in common.
            let other = match dice.below(3) {
                0 => text(&mut dice, 6),
                1 => format!("{one}{}", text(&mut dice, 2)),
                _ => {
                    let common: String = one.chars().take(one.chars().count() / 2).collect();
                    format!("{common}{}", text(&mut dice, 3))
                }
            };
            [one, other]
        })
        .collect();
    let sandbox = Sandbox::new().with_nix(&RealNix::find());
    sandbox.write("texts.json", serde_json::json!({ "names": names, "pairs": pairs }).to_string());
    sandbox.write("asked.nix", ASKED);
    let said = sandbox.run("", "nix-instantiate --eval --strict --json asked.nix").ok();
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    for (at, name) in names.iter().enumerate() {
        let ours = PackageName::parse(name);
        let ours = serde_json::json!({ "name": ours.name, "version": ours.version });
        assert_eq!(ours, said["names"][at], "of the name `{name}`");
    }
    for (at, [one, other]) in pairs.iter().enumerate() {
        let parts: Vec<&str> = split_version(one).collect();
        assert_eq!(serde_json::json!(parts), said["parts"][at], "of the version `{one}`");
        let order = compare_versions(one, other) as i8;
        assert_eq!(serde_json::json!(order), said["orders"][at], "of `{one}` and `{other}`");
        assert_eq!(compare_versions(other, one) as i8, -order, "of `{other}` and `{one}`");
    }
}
