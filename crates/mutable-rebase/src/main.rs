//! `git mutable-rebase`: see the library of this crate.

fn main() -> std::process::ExitCode {
    studio_core::cli::main::<mutable_rebase::Args>()
}
