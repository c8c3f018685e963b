//! `git mutable-log`: what came of snapshots, and how long a long log takes; the operations that it lists are tested with
//! the commands that do them.

use insta::assert_snapshot;
use testkit::{Sandbox, Scene};

#[test]
fn an_empty_log_is_said() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    assert_snapshot!(sandbox.run(&studio, "git mutable-log"), @"
    ------- stderr -------
    nothing was done in this studio yet
    ");
}

#[test]
fn what_came_of_a_snapshot_is_on_its_line() {
    let scene = Scene::new();
    let sandbox = &scene.sandbox;
    let one = scene.with_demo(r#"motd.text = "one";"#);
    scene.on_machine(&one, "flake-switch --yes").ok();
    let two = scene.with_demo(r#"motd.text = "two";"#);
    scene.on_machine(&two, "flake-test").ok();
    let bad = scene.with_demo("syntax error");
    sandbox.run(&bad, "flake-check").fails(1);
    sandbox.run(scene.studio(), "git mutable-undo").ok();
    let log = scene.on_machine(scene.studio(), "git mutable-log");
    let lines: Vec<String> = log
        .ok()
        .lines()
        .map(|line| {
            let (_, rest) = line.split_at(30);
            let (summary, came) = rest.split_once("  (").expect("a state");
            format!("{summary} {}", came.split_once(")").expect("closed").1)
        })
        .collect();
    assert_snapshot!(lines.join("\n"), @"
    undo: snapshot of hosts/demo.nix 
    snapshot of hosts/demo.nix   [check failed]
    snapshot of hosts/demo.nix   [build passed, test passed]
    snapshot of hosts/demo.nix   [check passed, build passed, generation 1]
    ");
    let script = format!(
        "git mutable-log --root {} --json |
           grep -E '^    \"|^        \"(kind|outcome|generation|target|subject)\"' | sed 's/[0-9a-f]\\{{40\\}}/ID/'",
        scene.machine()
    );
    assert_snapshot!(sandbox.sh(scene.studio(), &script).ok(), @r#"
    "id": "ID",
    "operation": {
    "verdicts": [],
    "test": null,
    "generations": []
    "id": "ID",
    "operation": {
    "verdicts": [
        "kind": "check",
        "outcome": "failed",
    "test": null,
    "generations": []
    "id": "ID",
    "operation": {
    "verdicts": [
        "kind": "build",
        "subject": "nixos-demo",
        "outcome": "passed",
    "test": "passed",
    "generations": []
    "id": "ID",
    "operation": {
    "verdicts": [
        "kind": "check",
        "outcome": "passed",
        "kind": "build",
        "subject": "nixos-demo",
        "outcome": "passed",
    "test": null,
    "generations": [
        "generation": 1,
        "target": "nixos"
    "#);
}
