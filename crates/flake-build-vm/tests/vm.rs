//! `git flake-build-vm` on a real Nix, with a script in the place of the VM.

use insta::assert_snapshot;
use testkit::{NOW, RealNix, Sandbox, filters};

fn scene() -> (Sandbox, camino::Utf8PathBuf) {
    let nix = RealNix::find();
    let sandbox = Sandbox::new().with_nix(&nix);
    let snapshot = sandbox.small_snapshot(&nix, &[("studio.toml", "host = \"demo\"\n")]);
    (sandbox, snapshot)
}

macro_rules! shows {
    ($outcome:expr, @$expected:literal) => {
        insta::with_settings!({ filters => filters() }, {
            assert_snapshot!($outcome.to_string(), @$expected);
        });
    };
}

#[test]
fn the_disk_stays_until_a_fresh_one_is_asked_for() {
    let (mut sandbox, snapshot) = scene();
    shows!(sandbox.run(&snapshot, "flake-build-vm"), @"
    [SANDBOX]/nix/store/[HASH]-nixos-vm/bin/run-demo-vm
    ------- stderr -------
    host `demo`: evaluating ...
    host `demo`: building ...
    host `demo`: built in [TIME]
    starting `run-demo-vm`
    a new disk
    disk: [SANDBOX]/home/.local/share/studio/vms/[COMMIT]/demo/disk.qcow2
    the VM ended well
    ");
    sandbox.set("STUDIO_NOW", (NOW + 3600).to_string());
    shows!(sandbox.run(&snapshot, "flake-build-vm"), @"
    [SANDBOX]/nix/store/[HASH]-nixos-vm/bin/run-demo-vm
    ------- stderr -------
    host `demo`: built 1 hour ago
    starting `run-demo-vm`
    runs so far: 1
    disk: [SANDBOX]/home/.local/share/studio/vms/[COMMIT]/demo/disk.qcow2
    the VM ended well
    ");
    shows!(sandbox.run(&snapshot, "flake-build-vm --fresh"), @"
    [SANDBOX]/nix/store/[HASH]-nixos-vm/bin/run-demo-vm
    ------- stderr -------
    host `demo`: built 1 hour ago
    the disk of earlier runs is gone
    starting `run-demo-vm`
    a new disk
    disk: [SANDBOX]/home/.local/share/studio/vms/[COMMIT]/demo/disk.qcow2
    the VM ended well
    ");
    shows!(sandbox.run(&snapshot, "flake-build-vm -q --with-bootloader"), @"
    [SANDBOX]/nix/store/[HASH]-nixos-vm-with-bootloader/bin/run-demo-vm
    ------- stderr -------
    a new disk
    disk: [SANDBOX]/home/.local/share/studio/vms/[COMMIT]/demo-with-bootloader/disk.qcow2
    ");
}

#[test]
fn what_is_built_starts_no_program_and_what_is_gone_is_built_again() {
    let (mut sandbox, snapshot) = scene();
    let runner = sandbox.run(&snapshot, "flake-build-vm --no-run").ok();
    let nix = sandbox.sh(".", "command -v nix").ok();
    sandbox.write(
        "bin/nix",
        format!("#!/bin/sh\necho \"$3\" >> \"$HOME/calls\"\nexec {nix} \"$@\"\n"),
    );
    sandbox.sh(".", "chmod +x bin/nix").ok();
    sandbox.set("STUDIO_NIX", sandbox.root().join("bin/nix"));
    assert_eq!(sandbox.run(&snapshot, "flake-build-vm --no-run").ok(), runner);
    assert!(!sandbox.home().join("calls").exists(), "nix was started");
    // Without its link the result may be collected at any time.
    sandbox.sh(sandbox.studio_home(), "rm roots/*/*").ok();
    assert_eq!(sandbox.run(&snapshot, "flake-build-vm --no-run").ok(), runner);
    // The version is asked while the evaluation runs, so either may come first.
    let calls = sandbox.read("home/calls");
    let mut calls: Vec<&str> = calls.lines().collect();
    assert_eq!(calls.pop(), Some("build"));
    calls.sort_unstable();
    assert_eq!(calls, ["", "eval"]);
    // The link is a root: the garbage collector leaves the result alone.
    sandbox.run(&snapshot, "nix-store --gc").ok();
    assert!(camino::Utf8Path::new(&runner).exists());
}

#[test]
fn an_unknown_host_is_told_from_one_that_is_broken() {
    let (sandbox, snapshot) = scene();
    shows!(sandbox.run(&snapshot, "flake-build-vm --host dmeo").fails(1), @"
    ------- stderr -------
    host `dmeo`: evaluating ...
    error: the flake has no host `dmeo`
      it has `box.example` and `demo`
    hint: did you mean `--host demo`?
    [exit status: 1]
    ");
    let broken = sandbox.run(&snapshot, "flake-build-vm --host box.example");
    assert!(broken.fails(1).stderr.contains("the box is broken"), "{broken}");
    let error = broken.stderr.lines().find(|line| line.starts_with("error: ")).expect("an error");
    assert_snapshot!(error, @r#"error: `nixosConfigurations."box.example".config.system.build.vm` could not be evaluated"#);
}

#[test]
fn a_vm_that_fails_is_a_failure() {
    let (mut sandbox, snapshot) = scene();
    sandbox.set("VM_EXIT", "7");
    shows!(sandbox.run(&snapshot, "flake-build-vm -q").fails(1), @"
    ------- stderr -------
    a new disk
    disk: [SANDBOX]/home/.local/share/studio/vms/[COMMIT]/demo/disk.qcow2
    error: the VM ended with exit status 7
    hint: if its disk is at fault, throw it away: `git flake-build-vm --fresh`
    [exit status: 1]
    ");
    let record = sandbox.sh(sandbox.studio_home(), "cat verdicts/*/vm-*.json").ok();
    assert!(record.contains("\"failed\""), "{record}");
}

#[test]
fn a_bad_host_name_is_a_wrong_command_line() {
    let (sandbox, snapshot) = scene();
    shows!(sandbox.run(&snapshot, "flake-build-vm --host ../x").fails(2), @"
    ------- stderr -------
    error: the setting `host` has a value that it cannot have
      `../x` cannot be the name of a configuration: it starts with a dot
      it comes from --host
    [exit status: 2]
    ");
}
