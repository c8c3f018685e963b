//! The Nix files of this repository: all can be parsed, and the flake's outputs evaluate against a
//! stand-in for nixpkgs (`nix/stand-in.nix`). That the package builds is seen where there is a
//! nixpkgs: by `nix flake check`.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use testkit::{RealNix, Sandbox};

fn root() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask has a parent").to_owned()
}

fn nix_files(folder: &Utf8Path, found: &mut Vec<String>) {
    for entry in folder.read_dir_utf8().expect("the folder can be read").flatten() {
        let path = entry.path();
        if entry.file_type().expect("its type").is_dir() {
            if !matches!(entry.file_name(), "target" | ".git") {
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
        serde_json::json!([
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
    assert_eq!(flake["checks"]["x86_64-linux"], serde_json::json!(["package", "suite"]));
    assert_eq!(flake["checks"]["aarch64-darwin"], serde_json::json!(["package"]));
    assert_eq!(flake["version"], env!("CARGO_PKG_VERSION"));
    let install = flake["install"]["x86_64-linux"].as_str().expect("a script");
    assert!(install.contains("xtask dist --prefix \"$out\""), "{install}");
}

#[test]
fn the_modules_change_nothing_until_they_are_enabled() {
    let flake = evaluated();
    for module in ["nixos", "home"] {
        assert_eq!(flake[module]["off"], serde_json::json!({}), "{module}");
    }
    assert_eq!(flake["nixos"]["on"]["environment"]["systemPackages"][0], "/stand-in/studio");
    assert_eq!(flake["home"]["on"]["xdg"]["configFile"], serde_json::json!({}));
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
