//! Without a target: what ran before, whatever happened to numbers, links and the store meanwhile.

use crate::{back, shows, switch, switched, told};

#[test]
fn back_is_what_ran_before_and_not_the_number_before() {
    let scene = switched(&["one", "two", "three"]);
    let home = scene.sandbox.home();
    scene.on_machine(&home, "flake-rollback 1").ok();
    // What is tried first and then made permanent left generation 1, not generation 3.
    let four = scene.with_demo(r#"motd.text = "four";"#);
    scene.on_machine(&four, "flake-test").ok();
    scene.on_machine(&four, "flake-switch --yes").ok();
    shows!(scene.state(), @"runs four, profile system-4-link, boots nixos-generation-4.conf");
    shows!(told(&scene, &back(&scene)), @r"
    host `demo` goes to generation 1, `nixos-system-demo-26.05.example`
    runs one, profile system-1-link, boots nixos-generation-1.conf
    ");
    shows!(told(&scene, &back(&scene)), @r"
    error: there is no generation of `[SANDBOX]/machine/nix/var/nix/profiles/system` to go back to
      there are, newest first: `4`, `3` and `2`
    hint: name one of them: `git flake-rollback N`
    [exit status: 1]
    runs one, profile system-1-link, boots nixos-generation-1.conf
    ");
}

#[test]
fn a_system_that_was_there_twice_does_not_make_it_go_to_and_fro() {
    let scene = switched(&["one", "two", "one"]);
    shows!(scene.state(), @"runs one, profile system-3-link, boots nixos-generation-3.conf");
    shows!(told(&scene, &back(&scene)), @r"
    host `demo` goes to generation 2, `nixos-system-demo-26.05.example`
    runs two, profile system-2-link, boots nixos-generation-2.conf
    ");
    shows!(told(&scene, &back(&scene)), @r"
    host `demo` goes to generation 1, `nixos-system-demo-26.05.example`
    runs one, profile system-1-link, boots nixos-generation-1.conf
    ");
    shows!(told(&scene, &back(&scene)), @r"
    error: there is no generation of `[SANDBOX]/machine/nix/var/nix/profiles/system` to go back to
      there are, newest first: `3` and `2`
    hint: name one of them: `git flake-rollback N`
    [exit status: 1]
    runs one, profile system-1-link, boots nixos-generation-1.conf
    ");
    // Forward by number, and from there back to what ran before it was made.
    scene.on_machine(scene.sandbox.home(), "flake-rollback 3").ok();
    shows!(told(&scene, &back(&scene)), @r"
    host `demo` goes to generation 2, `nixos-system-demo-26.05.example`
    runs two, profile system-2-link, boots nixos-generation-2.conf
    ");
}

#[test]
fn after_the_first_switch_ever_there_is_nothing_before() {
    let scene = switched(&[]);
    shows!(back(&scene).to_string(), @r"
    ------- stderr -------
    error: there is no generation of `[SANDBOX]/machine/nix/var/nix/profiles/system` to go back to
    hint: there is none at all yet: `git flake-switch` makes the first
    [exit status: 1]
    ");
    switch(&scene, "one");
    shows!(back(&scene).to_string(), @r"
    ------- stderr -------
    error: there is no generation of `[SANDBOX]/machine/nix/var/nix/profiles/system` to go back to
      generation 1 is the only one that is there
    hint: to something else: `cd SNAPSHOT && git flake-switch`
    [exit status: 1]
    ");
    shows!(scene.state(), @"runs one, profile system-1-link, boots nixos-generation-1.conf");
}

#[test]
fn what_runs_is_switched_to_again_and_back_is_still_the_one_before() {
    let scene = switched(&["one", "two", "two"]);
    let two = scene.with_demo(r#"motd.text = "two";"#);
    scene.on_machine(&two, "flake-switch --yes --boot").fails(12);
    shows!(scene.state(), @"runs two, profile system-2-link, boots nixos-generation-2.conf");
    shows!(told(&scene, &back(&scene)), @r"
    host `demo` goes to generation 1, `nixos-system-demo-26.05.example`
    runs one, profile system-1-link, boots nixos-generation-1.conf
    ");
}

#[test]
fn a_generation_that_others_deleted_is_passed_by() {
    let scene = switched(&["one", "two", "three"]);
    let profiles = scene.machine().join("nix/var/nix/profiles");
    scene.sandbox.sh(&profiles, "rm system-2-link").ok();
    shows!(told(&scene, &back(&scene)), @r"
    warning: what ran before, `[SANDBOX]/nix/store/[HASH]-nixos-system-demo-26.05.example`, is gone, so the way leads further back
    host `demo` goes to generation 1, `nixos-system-demo-26.05.example`
    runs one, profile system-1-link, boots nixos-generation-1.conf
    ");

    // The link of the current one is gone as well: the records know what it was.
    let scene = switched(&["one", "two", "three"]);
    let profiles = scene.machine().join("nix/var/nix/profiles");
    scene.sandbox.sh(&profiles, "rm system-3-link").ok();
    shows!(told(&scene, &back(&scene)), @r"
    host `demo` goes to generation 2, `nixos-system-demo-26.05.example`
    runs two, profile system-2-link, boots nixos-generation-2.conf
    ");
}

#[test]
fn a_generation_whose_system_was_deleted_is_passed_by_and_refused_by_number() {
    let scene = switched(&["one", "two", "three"]);
    let home = scene.sandbox.home();
    let profiles = scene.machine().join("nix/var/nix/profiles");
    let remove = |number: u32| {
        let script = format!(
            "chmod -R u+w $(readlink system-{number}-link) && rm -r $(readlink system-{number}-link)"
        );
        scene.sandbox.sh(&profiles, &script).ok();
    };
    remove(2);
    shows!(scene.on_machine(&home, "flake-rollback 2").to_string(), @r"
    ------- stderr -------
    error: generation 2 leads nowhere: what it held was deleted
    hint: choose another one: `git flake-generations` lists them
    hint: or build it again: `cd [SANDBOX]/home/.local/share/studio/snapshots/[COMMIT] && git flake-switch`
    [exit status: 1]
    ");
    shows!(told(&scene, &back(&scene)), @r"
    warning: what ran before, `[SANDBOX]/nix/store/[HASH]-nixos-system-demo-26.05.example`, is gone, so the way leads further back
    host `demo` goes to generation 1, `nixos-system-demo-26.05.example`
    runs one, profile system-1-link, boots nixos-generation-1.conf
    ");
    scene.on_machine(&home, "flake-rollback 3").ok();
    remove(1);
    shows!(back(&scene).to_string(), @r"
    ------- stderr -------
    error: there is no generation of `[SANDBOX]/machine/nix/var/nix/profiles/system` to go back to
      what ran before, `[SANDBOX]/nix/store/[HASH]-nixos-system-demo-26.05.example`, is gone
      generation 3 is the only one that is there
    hint: to something else: `cd SNAPSHOT && git flake-switch`
    [exit status: 1]
    ");
}

#[test]
fn what_was_interrupted_or_could_not_be_put_back_is_left_for_what_ran_before_it() {
    let scene = switched(&["one", "two"]);
    let three = scene.with_demo(r#"motd.text = "three";"#);
    let records = scene.machine().join("var/lib/studio/transactions");
    let half = |phase: &str| {
        scene.on_machine(&three, "flake-test").ok();
        // It ended half-way: what runs may be named as the old one already.
        let script = format!(
            "file=$(grep -l '\"phase\": \"tested\"' *.json)
             sed -i 's/\"phase\": .*/\"phase\": \"{phase}\",/' $file
             ln -sfn $(readlink -f ../../../../nix/var/nix/profiles/system) ../../../../run/current-system"
        );
        scene.sandbox.sh(&records, &script).ok();
        told(&scene, &back(&scene))
    };
    shows!(half("testing"), @"
    warning: an earlier `git flake-test` (nixos-system-demo-26.05.example) was interrupted while the new one was being activated
    warning: it was interrupted before it was made permanent
    host `demo` goes to generation 2, `nixos-system-demo-26.05.example`
    putting generation 2 back ...
    activating the configuration...
    setting up /etc...
    generation 2 runs again
    activating `nixos-system-demo-26.05.example` ...
    activating the configuration...
    setting up /etc...
    switching profile from version 2 to 2
    installing the boot entry ...
    host `demo` is at generation 2, `nixos-system-demo-26.05.example`
    runs two, profile system-2-link, boots nixos-generation-2.conf
    ");
    shows!(half("revert-failed"), @r"
    host `demo` goes to generation 2, `nixos-system-demo-26.05.example`
    activating `nixos-system-demo-26.05.example` ...
    activating the configuration...
    setting up /etc...
    switching profile from version 2 to 2
    installing the boot entry ...
    host `demo` is at generation 2, `nixos-system-demo-26.05.example`
    runs two, profile system-2-link, boots nixos-generation-2.conf
    ");
    shows!(told(&scene, &back(&scene)), @r"
    host `demo` goes to generation 1, `nixos-system-demo-26.05.example`
    runs one, profile system-1-link, boots nixos-generation-1.conf
    ");
}
