//! What a shell completes: the options of a command, which clap knows, and the names that exist on this machine, which the
//! command looks up when it is asked.
//!
//! A shell asks by starting the command itself with [`VARIABLE`] set, so what it offers is never older than the program.
//! Not here: which argument takes which names; that stands at the argument.

mod names;
mod script;

pub use names::{elevations, generations, hosts, kinds, revisions, snapshots, studios};
pub use script::{Shell, script};

use clap_complete::env::{Bash, CompleteEnv, Fish, Shells, Zsh};

/// By this variable a shell says that it wants to complete a line, and which shell it is.
pub const VARIABLE: &str = "STUDIO_COMPLETE";

/// Answers a shell that asks for completions; `None` if nobody does.
#[expect(clippy::disallowed_methods, reason = "this runs before the environment is read")]
pub fn answer(describe: fn() -> clap::Command) -> Option<clap::error::Result<()>> {
    std::env::var_os(VARIABLE)?;
    // Nobody wants to read a warning in the middle of a line.
    if let Ok(nowhere) = std::fs::File::options().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stderr(nowhere);
    }
    let env = CompleteEnv::with_factory(describe).var(VARIABLE);
    let here = std::env::current_dir().ok();
    match env
        .shells(Shells(&[&Bash, &Fish, &Zsh]))
        .try_complete(std::env::args_os(), here.as_deref())
    {
        Ok(true) => Some(Ok(())),
        Ok(false) => None,
        Err(error) => Some(Err(error)),
    }
}
