//! The Nix files of this repository: all can be parsed, and the flake's outputs evaluate against a
//! stand-in for nixpkgs (`nix/stand-in.nix`). That the package builds is seen where there is a
//! nixpkgs: by `nix flake check`. The unit of the module is run by a real systemd.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use testkit::{RealNix, Sandbox, Systemd};

fn root() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask has a parent").to_owned()
}

fn nix_files(folder: &Utf8Path, found: &mut Vec<String>) {
    for entry in folder.read_dir_utf8().expect("the folder can be read").flatten() {
        let path = entry.path();
        if entry.file_type().expect("its type").is_dir() {
            // A template is no Nix before it is filled; the generator's own tests look at that.
            if !matches!(entry.file_name(), "target" | ".git" | "templates") {
                nix_files(path, found);
            }
        } else if path.extension() == Some("nix") {
            found.push(path.to_string());
        }
    }
}

#[test]
fn every_nix_file_can_be_parsed() {
    let sandbox = Sandbox::new().with_nix(&RealNix::find());
    let mut files = Vec::new();
    nix_files(&root(), &mut files);
    assert!(files.len() > 10, "{files:?}");
    let mut words = vec!["nix-instantiate", "--parse"];
    words.extend(files.iter().map(String::as_str));
    sandbox.run_words("", &words).ok();
}

/// What `nix/stand-in.nix` gives.
fn evaluated() -> Value {
    let sandbox = Sandbox::new().with_nix(&RealNix::find());
    let file = root().join("nix/stand-in.nix");
    let words = ["nix-instantiate", "--eval", "--strict", "--json", file.as_str()];
    let text = sandbox.run_words("", &words).ok();
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn the_flake_gives_what_is_promised_on_four_systems() {
    let flake = evaluated();
    let keys = |value: &Value| -> Vec<String> {
        value.as_object().expect("an attribute set").keys().cloned().collect()
    };
    assert_eq!(
        flake["outputs"],
        json!([
            "checks",
            "devShells",
            "formatter",
            "homeModules",
            "nixosModules",
            "overlays",
            "packages"
        ])
    );
    let systems = ["aarch64-darwin", "aarch64-linux", "x86_64-darwin", "x86_64-linux"];
    assert_eq!(keys(&flake["install"]), systems);
    assert_eq!(flake["checks"]["x86_64-linux"], json!(["package", "suite"]));
    assert_eq!(flake["checks"]["aarch64-darwin"], json!(["package"]));
    assert_eq!(flake["skipped"], json!(["--skip=systemd_"]));
    assert_eq!(flake["version"], env!("CARGO_PKG_VERSION"));
    let install = flake["install"]["x86_64-linux"].as_str().expect("a script");
    assert!(install.contains("xtask dist --prefix \"$out\""), "{install}");
}

#[test]
fn the_modules_change_nothing_until_they_are_enabled() {
    let flake = evaluated();
    for module in ["nixos", "home"] {
        assert_eq!(flake[module]["off"], json!({}), "{module}");
    }
    assert_eq!(flake["nixos"]["on"]["environment"]["systemPackages"][0], "/stand-in/studio");
    assert_eq!(flake["home"]["on"]["xdg"]["configFile"], json!({}));
    let full = &flake["home"]["full"];
    for path in [
        &full["programs"]["git"]["includes"][0]["path"],
        &flake["nixos"]["on"]["programs"]["git"]["config"][0]["include"]["path"],
    ] {
        assert_eq!(path, "/stand-in/studio/share/studio/aliases.gitconfig");
    }
    let source = full["xdg"]["configFile"]["studio/config.toml"]["source"].as_str();
    assert!(source.is_some_and(|path| path.ends_with("-studio-config.toml")), "{source:?}");
}

#[test]
fn what_was_interrupted_is_seen_to_at_the_next_start() {
    let flake = evaluated();
    let system = &flake["nixos"]["on"]["systemd"]["services"]["studio-recover"];
    assert_eq!(system["wantedBy"], json!(["multi-user.target"]));
    assert_eq!(system["after"], json!(["local-fs.target", "nix-daemon.socket"]));
    assert_eq!(system["restartIfChanged"], false);
    assert_eq!(
        system["serviceConfig"],
        json!({
            "Type": "oneshot",
            "RemainAfterExit": false,
            "ExecStart": "/stand-in/studio/bin/studio-activate recover --root /",
        })
    );
    let user = &flake["home"]["on"]["systemd"]["user"]["services"]["studio-recover"];
    assert_eq!(user["Install"]["WantedBy"], json!(["default.target"]));
    assert_eq!(user["Service"]["Type"], "oneshot");
    assert_eq!(user["Service"]["ExecStart"], "/stand-in/studio/bin/studio-activate recover --user");
    // home-manager refuses units on a machine without systemd.
    assert_eq!(flake["home"]["mac"]["systemd"]["user"]["services"], json!({}));
}

/// A real systemd takes the unit as it is, but for the program, which tells its words; and it starts by itself.
#[test]
fn systemd_runs_the_unit_of_the_module_at_every_start() {
    let flake = evaluated();
    let unit = &flake["nixos"]["on"]["systemd"]["services"]["studio-recover"];
    let sandbox = Sandbox::new();
    let program = sandbox.root().join("studio-activate");
    sandbox.write(&program, format!("#!/bin/sh\necho \"$@\" >> {}/calls\n", sandbox.root()));
    sandbox.run("", "chmod +x studio-activate").ok();
    let list = |value: &Value| -> String {
        let names = value.as_array().expect("a list").iter();
        names.map(|name| name.as_str().expect("a name")).collect::<Vec<_>>().join(" ")
    };
    // What NixOS makes of the attributes.
    let mut text = format!("[Unit]\nAfter={}\n[Service]\n", list(&unit["after"]));
    for (name, value) in unit["serviceConfig"].as_object().expect("settings") {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text += &format!("{name}={value}\n");
    }
    let text = text.replace("/stand-in/studio/bin/studio-activate", program.as_str());
    sandbox.write("systemd/units/studio-recover.service", text);
    let wants = format!("systemd/units/{}.wants", list(&unit["wantedBy"]));
    let link = format!("mkdir -p {wants} && ln -s ../studio-recover.service {wants}");
    sandbox.sh("", &link).ok();
    for start in 1..=2 {
        let systemd = Systemd::start(&sandbox);
        assert_eq!(sandbox.read("calls"), "recover --root /\n".repeat(start));
        assert_eq!(systemd.run("", "systemctl is-system-running").ok(), "running");
        assert_eq!(systemd.state("studio-recover"), "inactive");
        let loaded =
            systemd.run("", "systemctl show --property=LoadError,After studio-recover").ok();
        assert!(
            loaded.contains("nix-daemon.socket") && !loaded.contains("LoadError=org"),
            "{loaded}"
        );
    }
}
