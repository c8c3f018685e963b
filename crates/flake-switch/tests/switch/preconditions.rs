//! What is refused or decided before anything is activated: the machine is as it was, and nobody was asked for a password.

use camino::Utf8Path;
use insta::assert_snapshot;
use testkit::Outcome;
use testkit::{Scene, shown};

const SPARE: &str = "flake-switch --yes --host spare";

/// A scene whose machine runs `demo`.
fn with_demo_running() -> Scene {
    let scene = Scene::new();
    let good = scene.with_demo(r#"motd.text = "good";"#);
    scene.on_machine(&good, "flake-switch --yes").ok();
    scene
}

#[test]
fn a_configuration_of_another_machine_is_refused_unless_it_is_meant() {
    let scene = Scene::new();
    let good = scene.with_demo(r#"motd.text = "good";"#);
    scene.on_machine(&good, "flake-switch --yes").ok();
    let before = scene.state();
    let refused = scene.on_machine(&good, SPARE);
    assert_snapshot!(shown(refused.fails(1)), @r"
    error: host `spare` is not the machine under `[SANDBOX]/machine`, which is called `demo`
    hint: to switch it to its own configuration: `--host demo`
    hint: if it is to become `spare` from now on: `--other-host`
    [exit status: 1]
    ");
    let tested = scene.on_machine(&good, "flake-test --host spare");
    assert_eq!(shown(tested.fails(1)), shown(&refused));
    assert_eq!(scene.state(), before);
    // What gives the machine the name that it has is its own, whatever the flake calls it.
    let desk = scene.snapshot(
        "hosts/desk.nix",
        "{ imports = [ ../modules/motd.nix ]; networking.hostName = \"demo\"; motd.text = \"desk\"; }\n",
    );
    scene.on_machine(&desk, "flake-test --host desk").ok();
    assert_snapshot!(scene.state(), @"runs desk, profile system-1-link, boots nixos-generation-1.conf");
    let box_ = scene.snapshot(
        "hosts/desk.nix",
        "{ imports = [ ../modules/motd.nix ]; networking.hostName = \"box\"; motd.text = \"box\"; }\n",
    );
    assert_snapshot!(shown(scene.on_machine(&box_, "flake-test --host desk").fails(1)), @r"
    error: host `desk` is not the machine under `[SANDBOX]/machine`, which is called `demo`
      the configuration would call it `box`
    hint: to switch it to its own configuration: `--host demo`
    hint: if it is to become `desk` from now on: `--other-host`
    [exit status: 1]
    ");
    scene.on_machine(&good, &format!("{SPARE} --other-host")).ok();
    assert_snapshot!(scene.state(), @"runs this is the spare one., profile system-2-link, boots nixos-generation-2.conf");
    // It was `demo` before, and may be again.
    scene.on_machine(&good, "flake-switch --yes").ok();
    assert_snapshot!(scene.state(), @"runs good, profile system-3-link, boots nixos-generation-3.conf");
}

#[test]
fn a_machine_without_a_name_takes_any_configuration() {
    let scene = with_demo_running();
    let good = scene.with_demo(r#"motd.text = "good";"#);
    scene.sandbox.sh("machine/etc", "rm hostname").ok();
    scene.on_machine(&good, "flake-test --host spare").ok();
    assert_snapshot!(scene.state(), @"runs this is the spare one., profile system-1-link, boots nixos-generation-1.conf");
}

#[test]
fn a_system_for_another_kind_of_machine_is_refused() {
    let scene = with_demo_running();
    let before = scene.state();
    let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/personal");
    let toplevel = "lib/system/toplevel.nix";
    let text = std::fs::read_to_string(folder.join(toplevel)).expect("the example is there");
    let told = text.replace("pkgs.quote pkgs.hello.system", "pkgs.quote \"mips64el-linux\"");
    assert_ne!(told, text);
    let foreign = scene.snapshot(toplevel, &told);
    let outcome = scene.on_machine(&foreign, "flake-switch --yes");
    let told = shown(outcome.fails(1)).replace(std::env::consts::ARCH, "ARCH");
    assert_snapshot!(told, @r"
    error: `[SANDBOX]/nix/store/HASH-nixos-system-demo-26.05.example` is a system for `mips64el-linux`
      this machine is `ARCH-linux`, and cannot run its activation program
    hint: choose a host of this machine's kind: `--host NAME`
    [exit status: 1]
    ");
    assert_eq!(scene.state(), before);
}

#[test]
fn a_specialisation_must_be_there_and_changes_are_shown_against_it() {
    let scene = with_demo_running();
    let before = scene.state();
    let plain = scene.with_demo(r#"motd.text = "good";"#);
    let wanted = "flake-test --specialisation silnt";
    assert_snapshot!(shown(scene.on_machine(&plain, wanted).fails(1)), @r"
    error: host `demo` has no specialisation `silnt`
      it has none at all
    hint: leave `--specialisation` out
    [exit status: 1]
    ");
    let with = scene.with_demo(
        r#"motd.text = "good"; specialisation.silent.configuration.motd.text = "(silent)";
           specialisation.loud.configuration.motd.text = "LOUD";"#,
    );
    assert_snapshot!(shown(scene.on_machine(&with, wanted).fails(1)), @r"
    error: host `demo` has no specialisation `silnt`
      it has `loud` and `silent`
    hint: did you mean `--specialisation silent`?
    [exit status: 1]
    ");
    let bad = scene.on_machine(&with, "flake-test --specialisation ../x");
    bad.fails(2);
    assert!(bad.stderr.contains("`../x` cannot be the name of a "), "{bad}");
    assert_eq!(scene.state(), before);
    let shows = |line: &str| {
        let outcome = scene.on_machine(&with, line);
        outcome.stderr.contains("  units changed: `motd.service`\n")
    };
    assert!(shows("flake-test --specialisation silent"));
}

#[test]
fn a_new_kernel_takes_a_reboot_unless_it_may_follow() {
    let scene = with_demo_running();
    let booted = scene.machine().join("run/current-system").canonicalize_utf8().expect("runs");
    let new = scene.with_demo(r#"motd.text = "new"; system.nixos.version = "26.11.example";"#);
    let tried = scene.on_machine(&new, "flake-test");
    assert_snapshot!(shown(&tried), @r"
    host `demo` changes:
      packages: 1 up
        up  nixos-system-demo  26.05.example → 26.11.example
      their dependencies: 2 up
        up  initrd  26.05.example → 26.11.example
        up  kernel  26.05.example → 26.11.example
      closure size: 2 MiB in 21 paths
      units changed: `motd.service`
      kernel: 26.05.example → 26.11.example
      used from the next start on: `kernel` and `initrd`
      commits: 1
        COMMIT wip: hosts/demo.nix
      configuration: 1 file changed, 1 insertion(+), 1 deletion(-)
    `kernel` and `initrd` stay those that were started, as always in a test
    activating `nixos-system-demo-26.11.example` ...
    activating the configuration...
    setting up /etc...
    restarting the following units: motd.service
    `nixos-system-demo-26.11.example` is active until the next reboot
    ");
    // What was booted is at work, whatever was activated since.
    let link = format!("ln -s {booted} booted-system");
    scene.sandbox.sh("machine/run", &link).ok();
    let newer = scene.with_demo(r#"motd.text = "newer"; system.nixos.version = "26.11.example";"#);
    let switched = scene.on_machine(&newer, "flake-switch --yes");
    assert_snapshot!(shown(switched.fails(12)), @r"
    host `demo` changes:
      units changed: `motd.service`
      used from the next start on: `kernel` and `initrd`
      commits: 1
        COMMIT wip: hosts/demo.nix
      configuration: 1 file changed, 1 insertion(+), 1 deletion(-)
    it will be set for the next start, because the new `kernel` and `initrd` cannot be used before that
    hint: to activate now what can be: `--live`
    installing the boot entry ...
    host `demo` is at generation 2, `nixos-system-demo-26.11.example`
    reboot to finish
    [exit status: 12]
    ");
    assert_snapshot!(scene.state(), @"runs new, profile system-2-link, boots nixos-generation-2.conf");
    let live = scene.on_machine(&newer, "flake-switch --yes --live");
    assert_snapshot!(shown(&live), @r"
    host `demo` changes:
      units changed: `motd.service`
      used from the next start on: `kernel` and `initrd`
      commits: 1
        COMMIT wip: hosts/demo.nix
      configuration: 1 file changed, 1 insertion(+), 1 deletion(-)
    `kernel` and `initrd` follow at the next start
    activating `nixos-system-demo-26.11.example` ...
    activating the configuration...
    setting up /etc...
    restarting the following units: motd.service
    installing the boot entry ...
    host `demo` is at generation 2, `nixos-system-demo-26.11.example`
    ");
    assert_snapshot!(scene.state(), @"runs newer, profile system-2-link, boots nixos-generation-2.conf");
    // Now it is all there, so that there is nothing to set for the next start.
    assert_snapshot!(shown(&scene.on_machine(&newer, "flake-switch --yes")), @"host `demo` runs it already");
    let init = scene.with_demo(r#"faults.reboot = true;"#);
    scene.on_machine(&init, "flake-switch --yes --live").fails(12);
    scene.on_machine(&init, "flake-test").fails(1);
    let both = scene.on_machine(&init, "flake-switch --boot --live");
    both.fails(2);
}

/// Runs a command on the machine with a small file system at `place`.
fn with_small(scene: &Scene, dir: &Utf8Path, options: &str, place: &str, line: &str) -> Outcome {
    let place = scene.sandbox.root().join(place);
    let script = format!(
        "exec unshare --user --map-root-user --mount sh -eu -c '
         mount -t tmpfs -o {options} tmpfs {place}; exec {line} --root {}'",
        scene.machine()
    );
    scene.sandbox.sh(dir, &script)
}

/// Hides how much is free, which differs from machine to machine.
fn without_free(text: &str) -> String {
    let words = text.split(" are free").map(|part| match part.rsplit_once(" and ") {
        Some((before, _)) => format!("{before} and SIZE"),
        None => part.to_owned(),
    });
    let words: Vec<String> = words.collect();
    words.join(" are free")
}

#[test]
fn a_disk_with_too_little_room_is_told_before_anything_is_begun() {
    let scene = with_demo_running();
    let before = scene.state();
    let new = scene.with_demo(r#"motd.text = "new";"#);
    let full = with_small(&scene, &new, "size=32m", "nix", "flake-switch --yes");
    assert_snapshot!(without_free(&full.fails(1).to_string()), @r"
    ------- stderr -------
    error: there is too little space for the store
      64 MiB are needed, and SIZE are free in `[SANDBOX]/nix/store`
    hint: free some: `nix-collect-garbage`
    hint: old generations keep what they need: `git flake-generations` lists them, `nix-collect-garbage --delete-older-than 30d` removes them
    [exit status: 1]
    ");
    let few = with_small(&scene, &new, "size=1g,nr_inodes=500", "nix", "flake-test");
    assert!(
        few.fails(1).stderr.starts_with("error: there are too few inodes for the store\n"),
        "{few}"
    );
    let boot = with_small(&scene, &new, "size=512k", "machine/boot", "flake-switch --yes");
    assert_snapshot!(without_free(&shown(boot.fails(1))), @r"
    error: there is too little space on the boot partition `[SANDBOX]/machine/boot`
      the new kernel and initrd take 1 MiB, and SIZE are free
    hint: each generation keeps its own there: `git flake-generations` lists them
    hint: remove old ones, then try again: `nix-collect-garbage --delete-older-than 30d`
    [exit status: 1]
    ");
    assert_eq!(scene.state(), before);
    // A test does not write there.
    with_small(&scene, &new, "size=512k", "machine/boot", "flake-test").ok();
}

#[test]
fn a_build_that_would_fetch_more_than_there_is_room_for_is_not_begun() {
    let scene = Scene::new();
    let big = scene.snapshot(
        "hosts/demo.nix",
        "{ pkgs, ... }: {
           environment.systemPackages = [
             (pkgs.buildWith { allowSubstitutes = true; preferLocalBuild = false; } \"big\" ''
               mkdir -p $out/bin
               dd if=/dev/zero of=$out/bin/big bs=1M count=80 2> /dev/null
             '')
           ];
         }\n",
    );
    scene.on_machine(&big, "flake-switch --yes").ok();
    let before = scene.state();
    let script = "nix copy --to \"file://$PWD/cache?compression=none\" nix/store/*-big";
    scene.sandbox.sh("", script).ok();
    let script = format!(
        "exec unshare --user --map-root-user --mount sh -eu -c '
         mount -t tmpfs -o size=140m tmpfs nix
         export NIX_CONFIG=\"$NIX_CONFIG
           substituters = file://$PWD/cache
           require-sigs = false\"
         cd {big}; exec flake-switch --yes --root {}'",
        scene.machine()
    );
    let outcome = scene.sandbox.sh("", &script);
    assert_snapshot!(without_free(&shown(outcome.fails(1))), @r"
    error: there is too little space for what would be fetched into the store
      144 MiB are needed, and SIZE are free in `[SANDBOX]/nix/store`
    hint: free some: `nix-collect-garbage`
    hint: old generations keep what they need: `git flake-generations` lists them, `nix-collect-garbage --delete-older-than 30d` removes them
    [exit status: 1]
    ");
    assert_eq!(scene.state(), before);
}

/// The home of ada, with one file.
fn home(scene: &Scene, file: &str) -> String {
    format!(
        "{{ home.username = \"ada\"; home.homeDirectory = \"{}\"; home.file.\"{file}\".text = \"theirs\"; }}\n",
        scene.sandbox.home()
    )
}

#[test]
fn files_in_the_way_of_a_home_are_named_and_kept_if_that_is_wanted() {
    let scene = Scene::new();
    let line = "flake-switch --yes --target home --host ada";
    let snapshot = scene.snapshot("home/ada.nix", &home(&scene, "config/mine"));
    scene.sandbox.write("home/config/mine", "my own");
    assert_snapshot!(shown(scene.sandbox.run(&snapshot, line).fails(1)), @r"
    error: files of your own are in the way of home `ada`
      in `[SANDBOX]/home`: `config/mine`
    hint: have them kept under another name: `--backup`
    hint: or move them away
    [exit status: 1]
    ");
    assert_eq!(scene.sandbox.read("home/config/mine"), "my own");
    let records = scene.sandbox.studio_home().join("transactions");
    assert!(!records.exists(), "nothing was begun");
    let kept = scene.sandbox.run(&snapshot, &format!("{line} --backup"));
    kept.ok();
    let said = "files of your own are kept as `config/mine.before-20260102-030405`\n";
    assert!(kept.stderr.contains(said), "{kept}");
    assert_eq!(scene.sandbox.read("home/config/mine"), "theirs");
    assert_eq!(scene.sandbox.read("home/config/mine.before-20260102-030405"), "my own");

    let snapshot = scene.snapshot("home/ada.nix", &home(&scene, "link"));
    scene.sandbox.sh("home", "ln -s config link").ok();
    assert_snapshot!(shown(scene.sandbox.run(&snapshot, &format!("{line} --backup")).fails(1)), @r"
    error: files of your own are in the way of home `ada`
      in `[SANDBOX]/home`: `link`
      home-manager keeps files under another name, but no links
    hint: move them away, then try again
    [exit status: 1]
    ");
    let host = scene.on_machine(&snapshot, "flake-switch --yes --backup");
    assert_snapshot!(shown(host.fails(2)), @r"
    error: `--backup` is for homes, and host `demo` is none
    hint: leave it out, or choose a home: `--target home`
    [exit status: 2]
    ");
}

#[test]
fn who_is_far_away_is_asked_to_confirm_unless_they_say_otherwise() {
    let mut scene = Scene::new();
    // This home cannot be activated by ada, so that each run ends at once.
    let bob = home(&scene, "greeting").replace("\"ada\"", "\"bob\"");
    let snapshot = scene.snapshot("home/ada.nix", &bob);
    let good = scene.with_demo(r#"motd.text = "good";"#);
    let line = "flake-test --target home --host ada";
    let remote = "this session is remote: confirm within 60 s";
    let told = |scene: &Scene, line: &str| {
        let outcome = scene.sandbox.run(&snapshot, line);
        outcome.fails(1).stderr.contains(remote)
    };
    assert!(!told(&scene, line));
    scene.sandbox.set("SSH_CONNECTION", "192.0.2.1 1234 192.0.2.2 22");
    assert!(told(&scene, line));
    assert!(!told(&scene, &format!("{line} --confirm-within none")));
    assert!(!told(&scene, &format!("{line} --confirm-within 5m")));
    let elsewhere = scene.on_machine(&good, "flake-test");
    elsewhere.ok();
    assert!(!elsewhere.stderr.contains(remote), "{elsewhere}");
    scene.sandbox.set("STUDIO_CONFIRM_WITHIN", "0");
    assert!(!told(&scene, line));
    scene.sandbox.set("STUDIO_CONFIRM_WITHIN", "soon");
    assert_snapshot!(scene.sandbox.run(&snapshot, line).fails(2), @r"
    ------- stderr -------
    error: the setting `confirm-within` has a value that it cannot have
      `soon` is not a length of time such as `60s`, `5m` or `1h 30m`
      it comes from $STUDIO_CONFIRM_WITHIN
    [exit status: 2]
    ");
    let limit = "flake-switch --activation-limit 2d";
    assert_snapshot!(scene.on_machine(&good, &format!("{limit} --confirm-within 1m")).fails(2), @r"
    ------- stderr -------
    error: the setting `activation-limit` has a value that it cannot have
      `2d` is not a length of time such as `60s`, `5m` or `1h 30m`
      it comes from --activation-limit
    [exit status: 2]
    ");
}

#[test]
fn a_studio_toml_with_a_mistake_is_refused_before_anything_is_built() {
    let scene = with_demo_running();
    let before = scene.state();
    let studio = scene.sandbox.studio_home().join("studios/demo");
    let file = studio.join("studio.toml");
    for (text, told) in [
        (
            "confirm-wihtin = \"60s\"\n",
            "`[FILE]` has a setting `confirm-wihtin` that is not known\nhint: did you mean `confirm-within`?",
        ),
        (
            "activation-limit = 600\n",
            "`[FILE]`: `activation-limit` must be a length of time such as `\"60s\"`, but it is an integer",
        ),
        (
            "[[health]]\nname = \"ssh\"\ncomand = [\"true\"]\n",
            "`[FILE]` has a setting `health.comand` that is not known\nhint: did you mean `health.command`?",
        ),
        (
            "[[health]]\nname = \"ssh\"\ncommand = [\"true\"]\nretries = \"many\"\n",
            "`[FILE]`: `retries` of the health check `ssh` must be a whole number from 0 to 1000, but it is a string",
        ),
    ] {
        scene.sandbox.write(&file, format!("host = \"demo\"\n{text}"));
        let outcome = scene.on_machine(&studio, "flake-switch --yes");
        let said = outcome.fails(1).stderr.replace(file.as_str(), "[FILE]");
        assert_eq!(said, format!("error: {told}\n"));
    }
    // What can be read may still be a value that cannot be, which a snapshot does not mind.
    let snapshot = scene.snapshot("studio.toml", "host = \"demo\"\nconfirm-within = \"25h\"\n");
    let outcome = scene.on_machine(&snapshot, "flake-switch --yes");
    let said = outcome.fails(2).stderr.replace(snapshot.as_str(), "[SNAPSHOT]");
    assert_snapshot!(said, @r"
    error: the setting `confirm-within` has a value that it cannot have
      `25h` is not between 1 s and 24 h
      it comes from [SNAPSHOT]/studio.toml
    ");
    assert_eq!(scene.state(), before);
}
