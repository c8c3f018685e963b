//! `flake-template-generator`, with a real Nix and a real git.

mod bad;
mod faults;
mod folder;
mod fuzz;
mod integrate;
mod seed;
mod templates;

use testkit::{RealNix, Sandbox};

/// A sandbox with a Nix, and a config at `work/config.toml`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new().with_nix(&RealNix::find());
    sandbox.write("work/config.toml", "[nix]\nnixpkgs_path = \"\"\n");
    sandbox
}

/// A sandbox in which there is no Nix.
fn sandbox_without_nix() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("work/config.toml", "[nix]\nnixpkgs_path = \"\"\n");
    sandbox
}

/// The command as a seed of a config has it.
const SEED: &str = "flake-template-generator --config-path config.toml --output-dir out";
