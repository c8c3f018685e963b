//! The safe workflow for changing the switching tools, walked from end to end: a flake whose package is this toolkit,
//! changed and made permanent by itself. `docs/workflow.md` tells it to users.

mod world;

use camino::Utf8Path;
use world::World;

/// What `uuidgen` might have said.
const UUID: &str = "7d6cbf3a-30f5-4a5e-9f0e-6f3f6c1f9a54";

/// The changed `flake-switch`: it says who it is, and then does what the real one does.
const FLAKE_SWITCH: &str = "#!/bin/sh
echo 'this is toolkit 2' >&2
exec \"$(dirname \"$(readlink -f \"$0\")\")/.flake-switch-wrapped\" \"$@\"
";

/// A command that toolkit 1 does not have.
const MUTABLE_GREET: &str = "#!/bin/sh
echo 'hello from toolkit 2'
";

#[test]
fn changed_switching_tools_take_themselves_in_and_the_old_ones_stay_at_hand() {
    let mut world = World::new();

    // The machine gets toolkit 1 from one that was installed by hand, and uses that no more.
    let first = world.studio_named("first");
    world.run(&first, "flake-switch --yes").ok();
    world.log_in();
    let toolkit_1 = world.toolkit_on_path();
    world.assert_machine(&toolkit_1, &toolkit_1);

    // The old studio has the tools that made it, from the store.
    let old = world.studio_named("old");
    world.assert_tools(&old, &toolkit_1);
    let link = old.join(".git/studio/toolkit");
    assert_eq!(link.read_link_utf8().expect("a link"), toolkit_1);

    // In it the switching tools are changed, and tried by the old ones.
    world.write_program(old.join("toolkit/changes/flake-switch"), FLAKE_SWITCH);
    world.write_program(old.join("toolkit/changes/mutable-greet"), MUTABLE_GREET);
    let snapshot = world.snapshot(&old);
    world.assert_tools(&snapshot, &toolkit_1);
    let commit = world.sandbox.run(&snapshot, "git rev-parse HEAD").ok();
    world.run(&snapshot, "flake-test").ok();
    let toolkit_2 = world.toolkit_on_path();
    assert_ne!(toolkit_1, toolkit_2);
    world.assert_machine(&toolkit_2, &toolkit_1);

    // A new studio gets the new tools; the old one keeps the old ones, whatever is on PATH.
    let new = world.studio_named(UUID);
    world.assert_tools(&new, &toolkit_2);
    assert_eq!(world.sandbox.run(&new, "git mutable-greet").ok(), "hello from toolkit 2");
    assert_eq!(world.sandbox.run(&new, "git mutable greet").ok(), "hello from toolkit 2");
    assert!(announced(&world, &new));
    world.assert_tools(&old, &toolkit_1);
    let unknown = world.sandbox.run(&old, "git mutable-greet");
    assert!(unknown.fails(1).stderr.contains("not a git command"), "{unknown}");
    world.sandbox.run(&old, "git mutable greet").fails(2);
    assert!(!announced(&world, &old));
    assert!(!announced(&world, &snapshot));
    world.sandbox.write(old.join("notes"), "taken while toolkit 2 is on PATH\n");
    let later = world.snapshot(&old);
    world.assert_tools(&later, &toolkit_1);
    assert!(!announced(&world, &later));

    // The code comes over, and the new tools are asked what they think of themselves.
    assert!(!new.join("toolkit/changes/flake-switch").exists());
    world.sandbox.run(&new, &format!("git mutable-hydrate {commit}")).ok();
    assert_eq!(world.sandbox.read(new.join("toolkit/changes/flake-switch")), FLAKE_SWITCH);
    world.sandbox.run(&new, "git flake-check").ok();
    world.sandbox.run(&new, "git flake-build-vm --no-run").ok();
    world.run(&new, "flake-test").ok();
    world.assert_machine(&toolkit_2, &toolkit_1);

    // The same commit is the same snapshot, and that has the tools of the studio that took it first.
    let again = world.sandbox.run(&new, "git mutable-snapshot");
    assert_eq!(again.ok(), snapshot);
    assert!(again.stderr.contains("its commands are of `"), "{again}");
    assert!(again.stderr.contains(toolkit_1.as_str()), "{again}");
    world.assert_tools(&snapshot, &toolkit_1);

    // They make themselves permanent.
    let switched = world.run(&new, "flake-switch --yes");
    switched.ok();
    assert!(switched.stderr.contains("this is toolkit 2"), "{switched}");
    world.assert_machine(&toolkit_2, &toolkit_2);
    world.reboot();
    world.assert_machine(&toolkit_2, &toolkit_2);
    assert_eq!(world.toolkit_on_path(), toolkit_2);

    // And the old tools still take that back.
    let back = world.run(&old, "flake-rollback");
    back.ok();
    world.assert_machine(&toolkit_1, &toolkit_1);
    world.reboot();
    world.assert_machine(&toolkit_1, &toolkit_1);

    // Toolkit 1 stays for the old studio when no system needs it any more, and goes with it.
    world.run(&new, "flake-switch --yes").ok();
    world.assert_kept(&toolkit_1, &link);
    world.run(&old, "flake-generations").ok();
    assert_eq!(world.sandbox.run(&old, "git mutable-snapshot").ok(), later);
    // So does a snapshot, which may outlive its studio.
    world.sandbox.write(old.join("notes"), "the last ones\n");
    let last = world.snapshot(&old);
    world.sandbox.run("home", "studio --remove old").ok();
    world.sandbox.run("", "nix-store --gc").ok();
    assert!(!announced(&world, &last));
    world.collect();
    assert!(!toolkit_1.exists() && toolkit_2.exists());
}

/// Whether `git flake-switch` there is the changed one.
fn announced(world: &World, dir: &Utf8Path) -> bool {
    let asked = world.sandbox.run(dir, "git flake-switch -h");
    assert!(asked.ok().contains("Usage: git flake-switch"), "{asked}");
    asked.stderr.contains("this is toolkit 2")
}
