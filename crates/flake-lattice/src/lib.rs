//! `flake-lattice`: a Rust crate as small crates that build on each other.

pub mod digest;
pub mod emit;
pub mod graph;
pub mod item;
pub mod model;
pub mod package;
pub mod resolve;
pub mod source;
