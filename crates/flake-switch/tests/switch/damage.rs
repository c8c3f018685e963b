//! A snapshot with a file that the pool has damaged: nothing is activated from it, and git makes it right again.

use camino::{Utf8Path, Utf8PathBuf};
use testkit::{Outcome, Scene, shown};

/// Flips a bit of `hosts/demo.nix` where all snapshots that have it share it; size, time and mode stay.
fn flip(scene: &Scene, snapshot: &Utf8Path) {
    let id = scene.sandbox.run(snapshot, "git rev-parse HEAD:hosts/demo.nix").ok();
    let file = scene.sandbox.studio_home().join("pool").join(&id[..2]).join(&id[2..]);
    let script = r#"
        was=$(stat -c %y "$0"); chmod u+w "$0"
        byte=$(dd if="$0" bs=1 skip=4 count=1 status=none | od -An -tu1)
        printf "\\$(printf %o $((byte ^ 1)))" | dd of="$0" bs=1 seek=4 conv=notrunc status=none
        chmod 444 "$0"; touch -d "$was" "$0""#;
    scene.sandbox.run_words("", &["sh", "-euc", script, file.as_str()]).ok();
}

/// Has what is known of the snapshot's looks say that the file always looked as it does now: as with bits that changed
/// beneath the file system, there is nothing to see from outside.
fn hide(scene: &Scene, snapshot: &Utf8Path) {
    let script = r#"
        at=$(git ls-files | grep -n '^hosts/demo.nix$' | cut -d: -f1)
        look=$(stat -c '%i %Z %.9Z %s' hosts/demo.nix | sed 's/^\([0-9]*\) \([0-9]*\) [0-9]*\.0*\([0-9][0-9]*\) /\1,\2,\3,/')
        # The last one is that of the top, after those of submodules.
        sed -i "s/\(.*\)\"files\":{}/\1\"files\":{\"$((at - 1))\":[$look]}/" "$0"
        grep -q "$look" "$0""#;
    let id = snapshot.file_name().expect("an id");
    let seal = scene.sandbox.studio_home().join("cache/seals").join(id);
    scene.sandbox.run_words(snapshot, &["sh", "-euc", script, seal.as_str()]).ok();
}

/// A machine that runs one snapshot, and another snapshot with the same file damaged.
fn damaged() -> (Scene, Utf8PathBuf) {
    let scene = Scene::new();
    let good = scene.with_demo(r#"motd.text = "good";"#);
    scene.on_machine(&good, "flake-switch --yes").ok();
    let next = scene.snapshot("note", "another file\n");
    flip(&scene, &next);
    (scene, next)
}

#[track_caller]
fn is_refused(scene: &Scene, snapshot: &Utf8Path, outcome: &Outcome) {
    let short = &snapshot.file_name().expect("an id")[..12];
    assert_eq!(
        shown(outcome.fails(1)),
        format!(
            "error: the snapshot {short} is not what its name says: 1 difference
  changed: hosts/demo.nix
hint: make it again from git: `studio --repair {short}`
[exit status: 1]
"
        )
    );
    assert_eq!(scene.state(), "runs good, profile system-1-link, boots nixos-generation-1.conf");
}

#[track_caller]
fn is_repaired(scene: &Scene, snapshot: &Utf8Path) {
    let short = &snapshot.file_name().expect("an id")[..12];
    scene.sandbox.run("", &format!("studio --repair {short}")).ok();
    scene.on_machine(snapshot, "flake-test --verify=full").ok();
    scene.on_machine(snapshot, "flake-switch --yes --verify=full").ok();
}

#[test]
fn by_its_looks_alone_it_is_refused() {
    let (scene, next) = damaged();
    for line in ["flake-test", "flake-switch --yes", "flake-switch --yes --verify=full"] {
        is_refused(&scene, &next, &scene.on_machine(&next, line));
    }
    is_repaired(&scene, &next);
}

#[test]
fn what_no_look_shows_is_refused_where_all_is_read() {
    let (scene, next) = damaged();
    hide(&scene, &next);
    let id = next.file_name().expect("an id");
    let quick = scene.sandbox.run("", &format!("studio -v --verify {id}"));
    quick.ok();
    assert!(quick.stderr.contains("looks as it did when it was sealed"), "{quick}");
    for line in ["flake-test --verify=full", "flake-switch --yes --verify=full"] {
        is_refused(&scene, &next, &scene.on_machine(&next, line));
    }
    is_repaired(&scene, &next);
}
