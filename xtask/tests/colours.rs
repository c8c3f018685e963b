//! What is coloured can be read on a light terminal and on a dark one: the colours are the terminal's own, none is a
//! background, and none is black or white. And who wants none gets none.

use std::collections::BTreeSet;
use testkit::{Outcome, Scene};

/// Bold, faint, and six colours that each palette keeps apart from its background.
const READABLE: [&str; 11] = ["", "0", "1", "2", "22", "31", "32", "33", "34", "35", "36"];

/// The numbers of all that sets colours and weights (`ESC [ … m`).
fn codes(outcome: &Outcome) -> BTreeSet<String> {
    let text = format!("{}{}", outcome.stdout, outcome.stderr);
    let sequences = text.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
        rest[end..].starts_with('m').then(|| rest[..end].to_owned())
    });
    sequences.flat_map(|codes| codes.split(';').map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn they_can_be_read_on_any_ground_and_be_switched_off() {
    let scene = Scene::new();
    let studio = scene.studio().to_owned();
    scene.on_machine(&studio, "flake-switch --yes --quiet").ok();
    scene.with_demo("environment.etc.news.text = \"new\";");
    scene.on_machine(&studio, "flake-switch --yes --quiet").ok();
    scene.sandbox.write(studio.join("modules/heartbeat.nix"), "{ faults.activate = true; }\n");
    let root = scene.machine();
    let mut seen = BTreeSet::new();
    for line in [
        "studio --doctor".to_owned(),
        "studio --snapshots".to_owned(),
        "mutable-log".to_owned(),
        "flake-check".to_owned(),
        format!("flake-switch --yes --verbose --root {root}"),
        format!("flake-generations --root {root}"),
        format!("flake-generations diff 1 2 --root {root}"),
        "flake-template-generator --template none".to_owned(),
    ] {
        let coloured = codes(&scene.sandbox.run(&studio, &format!("{line} --color always")));
        let odd: Vec<&String> =
            coloured.iter().filter(|code| !READABLE.contains(&code.as_str())).collect();
        assert!(odd.is_empty(), "`{line}` has {odd:?}");
        seen.extend(coloured);
        let plain = scene.sandbox.run(&studio, &format!("{line} --color never"));
        assert_eq!(codes(&plain), BTreeSet::new(), "`{line}` is coloured: {plain}");
    }
    // Warnings, errors and hints, and what was added and removed.
    for code in ["1", "31", "33", "36", "32"] {
        assert!(seen.contains(code), "nothing is in {code}: {seen:?}");
    }
}
