//! `nix build` of this repository, for real: its flake and its package, compiled by Nix in a store of the test's own, and
//! the safe workflow walked with the programs from there.
//!
//! It takes minutes, so `cargo xtask ci` has a step for it. Not here: changing the toolkit by itself, which is what
//! `crates/flake-switch/tests/self_hosting` walks.

#![expect(clippy::disallowed_methods, reason = "tests set the scene themselves")]

mod place;

use camino::{Utf8Path, Utf8PathBuf};
use place::{PROJECT, Place, root};
use testkit::NOW;

#[test]
fn the_flake_is_one_for_nix_and_so_are_its_templates() {
    let place = Place::new();
    let checked = place.nix("flake check --no-build --all-systems");
    checked.ok();
    assert!(!checked.stderr.contains("warning: unknown"), "{checked}");
    templates_are_flakes(&place);
}

#[test]
#[ignore = "it takes minutes: `cargo xtask ci --only nix-build`"]
fn the_package_is_built_by_nix_and_used_from_the_store() {
    let mut place = Place::new();
    let package = Utf8PathBuf::from(place.nix("build --print-out-paths").ok());
    assert_eq!(place.project().join("result").canonicalize_utf8().expect("a link"), package);
    it_is_what_is_laid_out(&place, &package);
    nothing_is_built_again(&place, &package);
    apps_are_programs(&place, &package);
    its_tools_are_used(&mut place, &package);
}

/// What `cargo xtask dist` makes of the programs, and nothing else; nor does it need anything else.
fn it_is_what_is_laid_out(place: &Place, package: &Utf8Path) {
    let sandbox = &place.sandbox;
    let mut dist = sandbox.command(env!("CARGO_BIN_EXE_xtask"), "");
    // Cargo's own path: a toolchain manager would look for itself in the home of the sandbox.
    dist.env("CARGO", env!("CARGO"));
    dist.args(["dist", "--prefix", "expected", "--from", package.join("bin").as_str()]);
    dist.assert().success();
    // The aliases name the place.
    let expected = sandbox.root().join("expected");
    let aliases = "share/studio/aliases.gitconfig";
    let text = sandbox.read(expected.join(aliases));
    assert!(text.contains(expected.as_str()), "{text}");
    sandbox.write(expected.join(aliases), text.replace(expected.as_str(), package.as_str()));
    let words = ["diff", "-r", "--no-dereference", "expected", package.as_str()];
    assert_eq!(sandbox.run_words("", &words).ok(), "");
    let programs = sandbox.sh(package, "find bin -type f -perm 555 | wc -l; ls bin | wc -l").ok();
    let (executable, all) = programs.split_once('\n').expect("two numbers");
    assert_eq!(executable, all);
    let closure = place.nix("path-info --recursive .#studio").ok();
    assert_eq!(closure, package.as_str());
}

/// Neither by a second call, nor for a change to what is no part of the programs.
fn nothing_is_built_again(place: &Place, package: &Utf8Path) {
    let derivation = || place.nix("path-info --derivation .#studio").ok();
    let before = derivation();
    let commit = |script: &str| {
        place.sandbox.sh("project", &format!("{script}; git commit -qam change")).ok();
    };
    commit("echo more >>README.md");
    commit("echo more >>docs/workflow.md");
    assert_eq!(derivation(), before);
    let again = place.nix("build --print-out-paths -L");
    assert_eq!(again.ok(), package.as_str());
    assert!(!again.stderr.contains("building"), "{again}");
    commit("echo '// more' >>crates/studio-core/src/lib.rs");
    assert_ne!(derivation(), before);
    commit("git checkout -q HEAD^ -- crates");
    assert_eq!(derivation(), before);
}

/// What a template gives is a flake that evaluates, and settings that are understood. The nixpkgs in it is a stand-in.
fn templates_are_flakes(place: &Place) {
    let sandbox = &place.sandbox;
    let inputs = root().join("crates/flake-template-generator/tests");
    for (template, target, host) in
        [("default", "nixos", "machine"), ("nixos", "nixos", "machine"), ("home", "home", "me")]
    {
        let folder = format!("new/{template}");
        sandbox.sh("", &format!("mkdir -p {folder}; git init -q {folder}")).ok();
        let line = format!("nix flake init --template git+file://{}#{template}", place.project());
        let outcome = sandbox.run(&folder, &line);
        outcome.ok();
        assert!(outcome.stderr.contains("makes a studio of it"), "{outcome}");
        let mut check =
            format!("nix flake check --no-build --override-input nixpkgs path:{inputs}/nixpkgs");
        if target == "home" {
            check += &format!(" --override-input home-manager path:{inputs}/home-manager");
        }
        sandbox.sh(&folder, "git add --all && git commit -qm new").ok();
        sandbox.run(&folder, &check).ok();
        let script = "export STUDIO_HOME=$PWD/../$1-studios
             cd \"$(studio try --upstream \"$PWD\")\"
             studio --show-config";
        let settings = sandbox.run_words(&folder, &["sh", "-euc", script, "sh", template]).ok();
        let value = |name: &str| {
            let line = settings.lines().find_map(|line| line.strip_prefix(name));
            line.expect("a setting").split_whitespace().next().expect("a value").to_owned()
        };
        assert_eq!((value("target"), value("host")), (target.to_owned(), host.to_owned()));
    }
}

/// An app is a program of the package.
fn apps_are_programs(place: &Place, package: &Utf8Path) {
    let line = format!("eval --raw .#apps.{}-linux --apply", std::env::consts::ARCH);
    let apply = "apps: toString (map (name: apps.${name}.program) (builtins.attrNames apps))";
    let words = [&["nix"][..], &line.split(' ').collect::<Vec<_>>(), &[apply]].concat();
    let programs = place.sandbox.run_words(PROJECT, &words).ok();
    assert!(programs.split(' ').count() > 15, "{programs}");
    for program in programs.split(' ') {
        assert!(Utf8Path::new(program).starts_with(package) && Utf8Path::new(program).is_file());
    }
    let version = place.nix("run .#mutable-log -- --version").ok();
    assert_eq!(version, format!("mutable-log {}", env!("CARGO_PKG_VERSION")));
    assert!(place.nix("run . -- --version").ok().starts_with("studio "));
}

/// From a first studio to a machine that has the toolkit from the flake of this project, and until nobody needs it.
fn its_tools_are_used(place: &mut Place, package: &Utf8Path) {
    place.add_toolkit_to_the_machine();
    place.search(&place.project().join("result/bin"));
    let studio = place.studio("first");
    place.assert_tools(&studio, package);
    let link = studio.join(".git/studio/toolkit");
    assert_eq!(link.read_link_utf8().expect("a link"), package);

    // What was built goes, and with it the tools on PATH. The studio has its own.
    place.sandbox.sh(PROJECT, "rm result").ok();
    place.collect();
    let roots = place.sandbox.run("", &format!("nix-store --query --roots {package}")).ok();
    assert_eq!(roots, format!("{link} -> {package}"));
    place
        .sandbox
        .write(studio.join("hosts/laptop.nix"), "{ imports = [ ../modules/motd.nix ]; }\n");
    let snapshot: Utf8PathBuf = place.sandbox.run(&studio, "git mutable-snapshot").ok().into();
    place.assert_tools(&snapshot, package);
    let checked = place.sandbox.run(&studio, "git flake-check");
    checked.ok();
    assert!(checked.stderr.contains("all checks passed"), "{checked}");

    // The machine takes the toolkit in, and makes studios with it.
    let line = format!("git flake-switch --yes --root {}", place.machine());
    place.sandbox.run(&snapshot, &line).ok();
    place.search(&place.machine().join("run/current-system/sw/bin"));
    let found = place.sandbox.sh("", "readlink -f \"$(command -v studio)\"").ok();
    assert_eq!(found, package.join("bin/studio"));
    let second = place.studio("second");
    place.assert_tools(&second, package);
    let line = format!("git flake-generations --root {}", place.machine());
    let generations = place.sandbox.run(&second, &line).ok();
    assert!(generations.contains("current, running"), "{generations}");

    // It stays for as long as a studio or a snapshot does.
    let studio = package.join("bin/studio");
    place.sandbox.sh("", "chmod -R u+w machine; rm -r machine").ok();
    place.sandbox.run("", &format!("{studio} --remove first")).ok();
    place.collect();
    assert!(package.exists());
    place.sandbox.run("", &format!("{studio} --remove second")).ok();
    place.collect();
    assert!(package.exists());
    // As if it had been taken a day before.
    place.sandbox.sh("", &format!("touch -d @{} {snapshot}", NOW - 24 * 60 * 60)).ok();
    let line = format!("{studio} --clean --yes --keep 0 --younger-than 1h");
    place.sandbox.run("", &line).ok();
    assert!(!snapshot.exists());
    place.collect();
    assert!(!package.exists());
}
