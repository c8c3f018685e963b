//! `flake-lattice`: see the library of this crate.

fn main() -> std::process::ExitCode {
    studio_core::cli::main::<flake_lattice::Args>()
}
