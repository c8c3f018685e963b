//! How privilege is got: one call, with nothing but arguments, and no harm where it is refused.

use testkit::Sandbox;

const SYSTEM: &str = "0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-nixos-system-demo";

/// A sudo that writes down how it was called and refuses.
const SUDO: &str = "#!/bin/sh
echo call >> \"$HOME/calls\"
printf '%s\\n' \"$@\" > \"$HOME/arguments\"
echo 'Sorry, you may not do that.' >&2
exit 1
";

#[test]
fn root_is_asked_for_once_by_absolute_path_and_told_everything_by_arguments() {
    let mut sandbox = Sandbox::new();
    let store = sandbox.root().join("nix/store");
    for file in ["bin/switch-to-configuration", "nixos-version", "init", "sw/bin/sh"] {
        sandbox.write(store.join(SYSTEM).join(file), "");
    }
    sandbox.write(store.join(SYSTEM).join("supports-studio-root"), "");
    sandbox.write("bin/sudo", SUDO);
    for program in ["nix", "nix-env"] {
        sandbox.write(format!("bin/{program}"), "#!/bin/sh\nexit 1\n");
    }
    sandbox.set("NIX_STORE_DIR", &store);
    sandbox.set("LOCALE_ARCHIVE", "/archive");
    sandbox.set("SECRET", "of the user");
    sandbox.set("STUDIO_NIX", sandbox.root().join("bin/nix"));
    sandbox.set("STUDIO_ELEVATE", sandbox.root().join("bin/sudo"));
    // A user who owns the home folder and nothing else; the binaries are put where that user may read them.
    let script = format!(
        "profiles=machine/nix/var/nix/profiles
         mkdir -p $profiles
         ln -s {store}/{SYSTEM} $profiles/system-1-link
         ln -s system-1-link $profiles/system
         cp $(command -v flake-rollback) $(command -v flake-generations) $(command -v studio-activate) bin/
         chmod 755 . bin/*
         chmod -R a-w machine
         run=
         if [ $(id -u) = 0 ]; then
           chown -R 65534 home
           run='setpriv --reuid=65534 --regid=65534 --clear-groups'
         fi
         # Who only reads needs none.
         STUDIO_ELEVATE=no-such-program $run bin/flake-generations --host demo --root machine > home/listed
         $run bin/flake-rollback 1 --host demo --root machine"
    );
    let outcome = sandbox.sh(".", &script);
    let _ = sandbox.sh(".", "chmod -R u+w machine").ok();
    outcome.fails(1);
    assert!(outcome.stderr.contains("Sorry, you may not do that.\n"), "{outcome}");
    assert!(outcome.stderr.ends_with("hint: nothing was changed\n"), "{outcome}");
    assert_eq!(sandbox.read("home/calls"), "call\n");
    let listed = sandbox.read("home/listed");
    assert!(listed.ends_with("current\n"), "{listed}");

    let arguments = sandbox.read("home/arguments");
    let id = arguments.lines().find_map(|line| line.strip_prefix("--id=")).expect("an id");
    let shown = arguments.replace(sandbox.root().as_str(), "[SANDBOX]").replace(id, "ID");
    insta::assert_snapshot!(shown, @"
    --
    [SANDBOX]/bin/studio-activate
    rollback
    --id=ID
    --target=nixos
    --name=demo
    --root=[SANDBOX]/machine
    --generation=1
    --store-dir=[SANDBOX]/nix/store
    --nix-env=[SANDBOX]/bin/nix-env
    --answer=[SANDBOX]/home/.local/share/studio/transactions/ID
    --limit=600
    --keeper=session
    --env=NIX_STORE_DIR=[SANDBOX]/nix/store
    --env=LOCALE_ARCHIVE=/archive
    --accept-failed-units
    ");
}
