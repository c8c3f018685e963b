//! The built-in templates, evaluated by Nix. What stands in for nixpkgs notes what it is given.

use crate::sandbox;
use camino::Utf8Path;
use testkit::Sandbox;

/// Generates one, and lets Nix look at all of it, for every system.
#[track_caller]
fn checked(template: &str, more: &[&str]) -> Sandbox {
    let sandbox = sandbox();
    let words = ["flake-template-generator", "--output-dir", "out", "--template", template];
    sandbox.run_words("work", &[&words[..], more].concat()).ok();
    nix(&sandbox, &["flake", "check", "--no-build", "--all-systems"]);
    sandbox
}

/// Runs nix on the flake with the inputs that stand in.
#[track_caller]
fn nix(sandbox: &Sandbox, words: &[&str]) -> String {
    let tests = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let (nixpkgs, home_manager) =
        (format!("path:{tests}/nixpkgs"), format!("path:{tests}/home-manager"));
    let mut all = [&["nix"], words, &["--override-input", "nixpkgs", &nixpkgs]].concat();
    if sandbox.read("work/out/flake.nix").contains("home-manager = {") {
        all.extend(["--override-input", "home-manager", &home_manager]);
    }
    sandbox.run_words("work/out", &all).ok()
}

/// What a function makes of an attribute, as JSON.
#[track_caller]
fn eval(sandbox: &Sandbox, attribute: &str, apply: &str) -> String {
    nix(sandbox, &["eval", "--json", &format!(".#{attribute}"), "--apply", apply])
}

#[test]
fn devshell() {
    let sandbox = checked("devshell", &["--set", "packages=ripgrep python3Packages.requests"]);
    let names = eval(
        &sandbox,
        "devShells.aarch64-darwin.default",
        "shell: map (one: one.name) shell.given.packages",
    );
    assert_eq!(names, r#"["ripgrep","requests"]"#);
    assert_eq!(eval(&sandbox, "formatter", "all: builtins.attrNames all").matches("-").count(), 4);
}

#[test]
fn rust() {
    let sandbox = checked("rust", &["--set", "name=hello-1", "--system", "x86_64-linux"]);
    let made = eval(
        &sandbox,
        "packages.x86_64-linux.default",
        "package: { inherit (package.given) pname version meta; files = builtins.readDir package.given.src; }",
    );
    assert_eq!(
        made,
        r#"{"files":{"Cargo.lock":"regular","Cargo.toml":"regular","src":"directory"},"meta":{"mainProgram":"hello-1"},"pname":"hello-1","version":"0.1.0"}"#
    );
    // Cargo takes it as it is, with its lock file.
    let words =
        [env!("CARGO"), "metadata", "--offline", "--locked", "--no-deps", "--format-version", "1"];
    let cargo = sandbox.run_words("work/out", &words).ok();
    assert!(cargo.contains(r#""name":"hello-1""#), "{cargo}");
}

const KEY: &str = "ssh-ed25519 AAAAC3Nz+/= ada's \"key\"";

#[test]
fn nixos() {
    let key = format!("ssh_key={KEY}");
    let sandbox = checked(
        "nixos",
        &[
            "--set",
            "host_name=box-1",
            "--set",
            "user=ada.l",
            "--set",
            &key,
            "--system",
            "aarch64-linux",
            "--set",
            "state_version=24.11",
        ],
    );
    let host = eval(
        &sandbox,
        "nixosConfigurations.box-1.config",
        "config: { inherit (config) networking system users nixpkgs; drv = config.system.build.toplevel.system; packages = map (one: \
         one.name) config.environment.systemPackages; }",
    );
    let host: serde_json::Value = serde_json::from_str(&host).expect("JSON");
    assert_eq!(host["networking"]["hostName"], "box-1");
    assert_eq!(host["users"]["users"]["ada.l"]["openssh"]["authorizedKeys"]["keys"][0], KEY);
    assert_eq!(host["system"]["stateVersion"], "24.11");
    assert_eq!(host["drv"], "aarch64-linux");
    assert_eq!(host["packages"], serde_json::json!(["git"]));
    let settings = sandbox.read("work/out/studio.toml");
    assert!(settings.ends_with("\ntarget = \"nixos\"\nhost = \"box-1\"\n"), "{settings}");
}

#[test]
fn home() {
    let sandbox = checked("home", &["--set", "user=ada@box", "--system", "aarch64-darwin"]);
    let home = eval(
        &sandbox,
        "homeConfigurations.\"ada@box\"",
        "home: home.activationPackage.name + home.config.home.homeDirectory",
    );
    assert_eq!(home, r#""home-of-ada@box/Users/ada@box""#);
    let settings = sandbox.read("work/out/studio.toml");
    assert!(settings.ends_with("\ntarget = \"home\"\nhost = \"ada@box\"\n"), "{settings}");
}

#[test]
fn lxc() {
    let key = format!("ssh_key={KEY}");
    let sandbox = checked(
        "lxc",
        &["--set", "host_name=c1", "--set", "user=ada", "--set", &key, "--system", "x86_64-linux"],
    );
    let image =
        eval(&sandbox, "packages.x86_64-linux", "all: [ all.default.name all.metadata.name ]");
    assert_eq!(image, r#"["tarball","metadata"]"#);
    assert_eq!(
        eval(&sandbox, "nixosConfigurations.c1.config.boot", "boot: boot"),
        r#"{"isContainer":true}"#
    );
}
