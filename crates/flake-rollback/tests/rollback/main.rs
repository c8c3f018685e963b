//! Going back: to what is named, and to what ran before.

mod before;
mod named;

use testkit::{Outcome, Scene, shown};

/// Hides commits, and the names of records, which differ from run to run.
macro_rules! shows {
    ($text:expr, @$expected:literal) => {
        insta::with_settings!({ filters => testkit::filters() }, {
            insta::assert_snapshot!($text, @$expected);
        });
    };
}
use shows;

/// A machine on which these were switched to, one after the other: the messages of the day.
fn switched(texts: &[&str]) -> Scene {
    let scene = Scene::new();
    for text in texts {
        switch(&scene, text);
    }
    scene
}

fn switch(scene: &Scene, text: &str) {
    let snapshot = scene.with_demo(&format!("motd.text = \"{text}\";"));
    scene.on_machine(&snapshot, "flake-switch --yes").ok();
}

fn back(scene: &Scene) -> Outcome {
    scene.on_machine(scene.sandbox.home(), "flake-rollback")
}

/// What was said until something was done, and where that led.
fn told(scene: &Scene, outcome: &Outcome) -> String {
    let said = shown(outcome);
    // `shown` begins where the switch does, and a warning may come before.
    let warning = |line: &&str| line.starts_with("warning: ");
    let rest = said.lines().filter(|line| !warning(line));
    let said: Vec<&str> = outcome
        .stderr
        .lines()
        .filter(warning)
        .chain(rest.take_while(|line| !line.ends_with(" changes:")))
        .collect();
    format!("{}\n{}", said.join("\n"), scene.state())
        .replace(scene.sandbox.root().as_str(), "[SANDBOX]")
}
