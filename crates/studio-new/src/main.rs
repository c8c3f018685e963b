//! `studio`: see the library of this crate.

fn main() -> std::process::ExitCode {
    studio_core::cli::main::<studio_new::Args>()
}
