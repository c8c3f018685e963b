//! `flake-lattice`: see the library of this crate.

fn main() {}
