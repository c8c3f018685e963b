//! The example flake works with the Nix that the tests run with; everything else that is tested
//! stands on this.

use testkit::{RealNix, Sandbox};

fn sandbox() -> (Sandbox, testkit::PersonalFlake) {
    let nix = RealNix::find();
    let sandbox = Sandbox::new().with_nix(&nix);
    let flake = sandbox.personal_flake(&nix);
    (sandbox, flake)
}

#[test]
fn it_is_locked_and_all_its_checks_pass() {
    let (sandbox, flake) = sandbox();
    sandbox
        .run("", &format!("git clone --quiet --recurse-submodules {} flake", flake.upstream))
        .ok();
    sandbox.run("flake", "nix flake check").ok();
    assert_eq!(sandbox.run("flake", "git status --short").ok(), "");
}

#[test]
fn its_system_can_be_switched_to_in_a_folder() {
    let (sandbox, flake) = sandbox();
    let attribute = "nixosConfigurations.\"demo\".config.system.build.toplevel";
    let build =
        format!("nix build --print-out-paths --no-link git+file://{}#{attribute}", flake.upstream);
    let system = sandbox.run("", &build).ok();
    let outcome = sandbox.sh(
        "",
        &format!(
            "mkdir machine; STUDIO_ROOT=$PWD/machine {system}/bin/switch-to-configuration test"
        ),
    );
    outcome.ok();
    assert!(sandbox.read("machine/etc/motd").starts_with("welcome"));
    assert!(!sandbox.root().join("machine/boot").exists(), "`test` writes no boot entry");
}

#[test]
fn the_store_of_the_machine_is_not_touched() {
    let (sandbox, _) = sandbox();
    let path = sandbox.run("", "nix eval --raw --expr builtins.storeDir").ok();
    assert!(path.starts_with(sandbox.root().as_str()), "{path}");
}
