//! Lattices on a real Nix.

mod building;
mod commands;
mod externals;
mod generated;
mod made;
mod names;
mod neighbours;
mod nixpkgs;
mod registry;
mod scripts;
