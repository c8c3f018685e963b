//! Machines without the example: a hundred generations, a nix that is not there, files that are damaged.

use camino::Utf8PathBuf;
use testkit::Sandbox;

/// A nix that writes down how it was called, and says that every closure has 1000 bytes.
const NIX: &str = "#!/bin/sh
echo \"$*\" >> \"$HOME/calls\"
[ \"$1\" != --version ] || { echo 'nix (Nix) 2.34.0'; exit; }
for arg; do
  case $arg in /*) printf '%s\\t1000\\n' \"$arg\" ;; esac
done
";

/// A machine with so many generations, the last of which is current and runs.
fn machine(sandbox: &mut Sandbox, generations: usize) -> Utf8PathBuf {
    let store = sandbox.root().join("nix/store");
    let machine = sandbox.root().join("machine");
    let profiles = machine.join("nix/var/nix/profiles");
    let mut script = format!("mkdir -p {store} {profiles} {machine}/run\n");
    for number in 1..=generations {
        let path = format!("{store}/{number:0>32}-nixos-system-demo-26.05");
        let revision = format!("{number:012x}{}", "0".repeat(28));
        script.push_str(&format!(
            "mkdir -p {path}/kernel-modules/lib/modules/6.12.{number}
             echo '{{\"configurationRevision\": \"{revision}\"}}' > {path}/nixos-version.json
             ln -s {path} {profiles}/system-{number}-link
             touch -h -d @1767323045 {profiles}/system-{number}-link
             ln -sfn system-{number}-link {profiles}/system
             ln -sfn {path} {machine}/run/current-system\n"
        ));
    }
    sandbox.sh(".", &script).ok();
    sandbox.write("bin/nix", NIX);
    sandbox.sh(".", "chmod +x bin/nix").ok();
    sandbox.set("NIX_STORE_DIR", &store);
    sandbox.set("STUDIO_NIX", sandbox.root().join("bin/nix"));
    machine
}

#[test]
fn nix_is_asked_once_for_all_sizes_and_never_again() {
    let mut sandbox = Sandbox::new();
    machine(&mut sandbox, 100);
    let first = sandbox.run("", "flake-generations --root machine");
    assert_eq!(first.stderr, "asking nix for the sizes of 100 generations ...\n");
    let calls = sandbox.read("home/calls");
    assert_eq!(calls.lines().count(), 2, "its version, and all sizes at once: {calls}");

    let second = sandbox.run("", "flake-generations --root machine");
    assert_eq!(second.ok(), first.ok());
    assert_eq!(second.stderr, "");
    assert_eq!(sandbox.read("home/calls"), calls);
    assert_eq!(second.ok().lines().count(), 101);

    // What is damaged is found out again.
    sandbox.write(sandbox.studio_home().join("cache/closure-sizes.json"), "{ \"half");
    assert_eq!(sandbox.run("", "flake-generations --root machine").ok(), first.ok());
    assert_eq!(sandbox.read("home/calls").lines().count(), 4);
}

#[test]
fn without_nix_the_list_is_complete_but_for_the_sizes() {
    let mut sandbox = Sandbox::new();
    machine(&mut sandbox, 2);
    sandbox.write("bin/nix", "#!/bin/sh\necho 'error: the store is locked' >&2\nexit 1\n");
    let listed = sandbox.run("", "flake-generations --root machine");
    assert_eq!(listed.stderr, "");
    insta::assert_snapshot!(listed.ok(), @r"
    gen  made              commit        subject  kernel  health  size  state
      2  2026-01-02 03:04  000000000002  -        6.12.2  -          -  current, running
      1  2026-01-02 03:04  000000000001  -        6.12.1  -          -
    ");
    let told = sandbox.run("", "flake-generations --root machine -v");
    assert_eq!(told.ok(), listed.ok());
    insta::assert_snapshot!(told.stderr, @r"
    nix's database was not read: there is no `/nix/var/nix/db/schema`
    the size of 2 generations is not known: `nix --version` failed with exit status 1
    ");
    sandbox.set("STUDIO_NIX", "no-such-nix");
    assert_eq!(sandbox.run("", "flake-generations --root machine").ok(), listed.ok());
}

#[test]
fn what_was_deleted_by_others_is_listed_as_gone() {
    let mut sandbox = Sandbox::new();
    let machine = machine(&mut sandbox, 3);
    let script = format!(
        "rm -r nix/store/*2-nixos-system-demo-26.05
         rm {machine}/nix/var/nix/profiles/system-1-link
         ln -s /somewhere/else {machine}/nix/var/nix/profiles/system-4-link
         touch -h -d @1767323045 {machine}/nix/var/nix/profiles/system-4-link"
    );
    sandbox.sh(".", &script).ok();
    insta::assert_snapshot!(sandbox.run("", "flake-generations --root machine").ok(), @r"
    gen  made              commit        subject  kernel  health    size  state
      4  2026-01-02 03:04  -             (gone)   -       -            -
      3  2026-01-02 03:04  000000000003  -        6.12.3  -       1000 B  current, running
      2  2026-01-02 03:04  -             (gone)   -       -            -
    ");
}

#[test]
fn nothing_at_all_is_an_empty_list() {
    let sandbox = Sandbox::new();
    let none = sandbox.run("", "flake-generations --root machine --host demo");
    insta::assert_snapshot!(none, @r"
    ------- stderr -------
    host `demo` has no generation yet
    ");
    assert_eq!(sandbox.run("", "flake-generations --root machine --host demo --json").ok(), "[]");
}
