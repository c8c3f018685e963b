//! Privilege is got early, once, and for one program: shown by a user who may not write to the machine, and a `sudo` of
//! their own that lets them.

use testkit::{Outcome, Scene};

/// Lets the user do everything, and writes down what.
const SUDO: &str = "#!/bin/sh\nshift\necho \"${1##*/} $2\" >> \"$HOME/calls\"\nexec \"$@\"\n";

/// What `sudo` says to a wrong password.
const REFUSES: &str = "#!/bin/sh\necho 'sudo: 3 incorrect password attempts' >&2\nexit 1\n";

fn scene() -> Scene {
    let scene = Scene::new();
    let good = scene.with_demo(r#"motd.text = "good";"#);
    scene.on_machine(&good, "flake-switch --yes").ok();
    scene.sandbox.write("bin/sudo", SUDO);
    scene.sandbox.write("bin/refuses", REFUSES);
    scene.sandbox.sh(".", "chmod 755 bin/*; chmod a-w machine").ok();
    scene
}

/// Runs a command as a user who is not root and owns everything but the right to write into the machine's top folder.
fn as_user(scene: &Scene, dir: &camino::Utf8Path, line: &str) -> Outcome {
    let root = scene.sandbox.root();
    let line = format!("unshare --user --map-user=1000 {line} --root {root}/machine");
    scene.sandbox.run(dir, &line)
}

fn position(outcome: &Outcome, text: &str) -> usize {
    outcome.stderr.find(text).unwrap_or_else(|| panic!("nobody said `{text}`: {outcome}"))
}

#[test]
fn the_password_is_asked_for_before_the_build_and_only_once() {
    let scene = scene();
    let next = scene.with_demo(r#"motd.text = "next";"#);
    let sudo = format!("--elevate {}/bin/sudo", scene.sandbox.root());
    let outcome = as_user(&scene, &next, &format!("flake-switch --yes {sudo}"));
    outcome.ok();
    assert!(
        position(&outcome, "activation needs root: `sudo`") < position(&outcome, "syntax of"),
        "{outcome}"
    );
    assert_eq!(scene.sandbox.read("home/calls"), "studio-activate wait\n");
    assert!(scene.state().starts_with("runs next, profile system-2-link"), "{}", scene.state());

    // What is built already is shown before anybody is asked.
    scene.sandbox.sh("home", "rm calls").ok();
    as_user(&scene, &next, &format!("flake-rollback {sudo}")).ok();
    let again = as_user(&scene, &next, &format!("flake-switch --yes {sudo}"));
    again.ok();
    assert!(position(&again, "changes:") < position(&again, "activation needs root"), "{again}");
    let calls = scene.sandbox.read("home/calls");
    assert_eq!(calls, "studio-activate rollback\nstudio-activate switch\n");

    // What runs already needs nobody's password.
    let silent = as_user(&scene, &next, &format!("flake-switch --yes {sudo}"));
    silent.ok();
    assert!(!silent.stderr.contains("needs root"), "{silent}");
    scene.sandbox.sh(".", "chmod u+w machine").ok();
}

#[test]
fn a_refusal_comes_before_the_build_and_changes_nothing() {
    let scene = scene();
    let before = scene.state();
    let next = scene.with_demo(r#"motd.text = "next";"#);
    let line = format!("flake-switch --yes --elevate {}/bin/refuses", scene.sandbox.root());
    let outcome = as_user(&scene, &next, &line);
    outcome.fails(1);
    let said = outcome.stderr.split_once("activation needs root").expect("it asked").1;
    insta::assert_snapshot!(said.replace(scene.sandbox.root().as_str(), "[SANDBOX]"), @"
    : `refuses`
    sudo: 3 incorrect password attempts
    error: `refuses` did not give the privilege of root
      it failed with exit status 1
      nothing was built and nothing was changed
    hint: choose another way: `--elevate sudo`, `doas` or `run0`
    hint: or run the whole command as root
    ");
    assert_eq!(scene.state(), before);
    scene.sandbox.sh(".", "chmod u+w machine").ok();
}
