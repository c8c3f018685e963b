//! `flake-lattice`: a Rust crate as small crates that build on each other.

pub mod model;
