//! The binary; see the library for what it does.

use std::process::ExitCode;

fn main() -> ExitCode {
    studio_core::cli::main::<flake_rollback::Args>()
}
