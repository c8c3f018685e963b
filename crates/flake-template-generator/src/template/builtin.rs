//! The templates that are built in, as they lie in `templates/`.

/// A name, and files by their paths.
type BuiltIn = (&'static str, &'static [(&'static str, &'static str)]);

macro_rules! templates {
    ($($name:literal: $($file:literal)*;)*) => {
        [$(($name, &[$(($file, include_str!(concat!("../../templates/", $name, "/", $file)))),*])),*]
    };
}

/// All of them, the one that is taken by default first.
pub fn all() -> [BuiltIn; 6] {
    templates! {
        "seed": "template.toml" "flake.nix";
        "devshell": "template.toml" "flake.nix";
        "rust": "template.toml" "flake.nix" "Cargo.toml" "Cargo.lock" "src/main.rs";
        "nixos": "template.toml" "flake.nix" "configuration.nix" "hardware-configuration.nix" "studio.toml";
        "home": "template.toml" "flake.nix" "home.nix" "studio.toml";
        "lxc": "template.toml" "flake.nix" "configuration.nix";
    }
}
