//! Lattices on a real Nix.

mod building;
mod commands;
mod generated;
mod made;
