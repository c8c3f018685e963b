//! The target that a lattice is for: its triple, and what `cfg` is on for it. A lattice is one of one target.

use crate::source::cfg::Cfg;
use camino::Utf8Path;
use studio_core::error::{Error, Result};
use studio_core::process::Program;

/// A target, and the compiler that was asked.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its triple.
    pub triple: String,
    /// What is on for it.
    pub cfg: Cfg,
    /// What `rustc -vV` says.
    pub toolchain: String,
}

impl Target {
    /// Asks `rustc` for the cfg of `triple`, or of the machine it runs on.
    pub fn ask(rustc: &str, folder: &Utf8Path, triple: Option<&str>) -> Result<Target> {
        let mut ask = Program::new(rustc, folder).args(["--print", "cfg"]);
        if let Some(triple) = triple {
            ask = ask.args(["--target", triple]);
        }
        let toolchain = toolchain(rustc, folder)?;
        let lines = ask.run()?.text();
        let host = toolchain.lines().find_map(|line| line.strip_prefix("host: "));
        let Some(triple) = triple.or(host) else {
            return Err(Error::new("`rustc -vV` does not say which machine it is for"));
        };
        // What `cargo check` compiles is the `dev` profile: `debug_assertions` is on by default.
        Ok(Target { triple: triple.to_owned(), cfg: Cfg::parse(&lines), toolchain })
    }
}

/// What `rustc -vV` says; it says nothing else when it is asked for that.
pub fn toolchain(rustc: &str, folder: &Utf8Path) -> Result<String> {
    Ok(Program::new(rustc, folder).arg("-vV").run()?.text())
}
