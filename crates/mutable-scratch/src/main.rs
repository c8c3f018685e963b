//! `git mutable-scratch`: see the library of this crate.

fn main() -> std::process::ExitCode {
    studio_core::cli::main::<mutable_scratch::Args>()
}
