//! `bootstrap-config-generator`: see the library of this crate.

fn main() -> std::process::ExitCode {
    studio_core::cli::main::<bootstrap_config_builder::Args>()
}
