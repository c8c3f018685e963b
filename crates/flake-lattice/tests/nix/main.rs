//! Lattices on a real Nix.

mod building;
mod made;
