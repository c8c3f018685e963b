//! The Rust compiler that the offline builder uses: found on this machine, written down beside the lattice.

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use studio_core::cli::Context;
use studio_core::error::{Error, OrSay, Result};
use studio_core::process::Program;

/// The file in the folder of the lattice that says which compiler builds it. It is the only one there that depends on the
/// machine.
pub const TOOLCHAIN_FILE: &str = "toolchain.json";

/// A Rust compiler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolchain {
    /// The program itself, absolute; never a proxy that chooses one by the environment.
    pub rustc: Utf8PathBuf,
    /// What it says of its version, so that another one at the same place rebuilds.
    pub version: String,
    /// The target that it compiles for by default.
    pub host: String,
    /// The C compiler that links programs: tests, build scripts, macros that the compiler runs. There may be none.
    pub linker: Option<Utf8PathBuf>,
    /// cargo, absolute, which builds the crates from outside. There may be none.
    #[serde(default)]
    pub cargo: Option<Utf8PathBuf>,
}

impl Toolchain {
    /// The compiler `rustc`, or else the one that the environment (`RUSTC`, PATH) means.
    ///
    /// # Errors
    /// If there is none, or it does not say what it is.
    pub fn find(cx: &Context, rustc: Option<&Utf8Path>) -> Result<Toolchain> {
        let asked = match rustc {
            Some(path) => path.as_str(),
            None => cx.env.get("RUSTC").unwrap_or("rustc"),
        };
        let ask = |program: &str, question: &[&str]| -> Result<String> {
            let said = Program::new(program, cx.env.cwd()).args(question).run();
            let said = said.map_err(|failure| {
                Error::from(failure).hint("give the Rust compiler to build with: `--rustc PATH`")
            })?;
            Ok(said.text())
        };
        // What is on PATH may be rustup's proxy, which a build without a home folder cannot use.
        let sysroot = ask(asked, &["--print", "sysroot"])?;
        let bin = Utf8PathBuf::from(sysroot).join("bin");
        let inner = |name: &str| Some(bin.join(name)).filter(|path| path.is_file());
        let program = inner("rustc").unwrap_or_else(|| cx.env.cwd().join(asked));
        let said = ask(program.as_str(), &["-vV"])?;
        let cargo = inner("cargo").or_else(|| on_path(cx, "cargo"));
        Ok(Toolchain { linker: on_path(cx, "cc"), cargo, ..Toolchain::parse(program, &said)? })
    }

    /// From what `rustc -vV` says.
    fn parse(rustc: Utf8PathBuf, said: &str) -> Result<Toolchain> {
        let version = said.lines().next().and_then(|line| line.strip_prefix("rustc "));
        let host = said.lines().find_map(|line| line.strip_prefix("host: "));
        match (version, host) {
            (Some(version), Some(host)) => Ok(Toolchain {
                rustc,
                version: version.to_owned(),
                host: host.to_owned(),
                linker: None,
                cargo: None,
            }),
            _ => Err(Error::new(format!("`{rustc} -vV` did not say which compiler it is"))
                .because(said)
                .hint("give the Rust compiler to build with: `--rustc PATH`")),
        }
    }

    /// Its file.
    pub(super) fn to_json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self);
        Ok(text.or_say(|| "the toolchain cannot be written down")? + "\n")
    }

    /// The first folder above it that only its owner may enter: users who build for a daemon of Nix do not reach it then.
    pub fn closed_folder(&self) -> Option<Utf8PathBuf> {
        use std::os::unix::fs::PermissionsExt;
        let mut above: Vec<&Utf8Path> = self.rustc.ancestors().skip(1).collect();
        above.reverse();
        let closed = |folder: &&&Utf8Path| {
            folder.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o001 == 0)
        };
        above.iter().find(closed).map(|folder| (*folder).to_owned())
    }
}

/// A program on PATH.
fn on_path(cx: &Context, name: &str) -> Option<Utf8PathBuf> {
    let folders = cx.env.get("PATH")?.split(':').filter(|folder| folder.starts_with('/'));
    folders.map(|folder| Utf8Path::new(folder).join(name)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_says_its_version_and_its_host() {
        let said =
            "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\n";
        let found = Toolchain::parse("/x/bin/rustc".into(), said).expect("a compiler");
        assert_eq!(found.version, "1.95.0 (59807616e 2026-04-14)");
        assert_eq!(found.host, "x86_64-unknown-linux-gnu");
        let error = Toolchain::parse("/x/bin/rustc".into(), "hello").expect_err("none");
        assert_eq!(error.message(), "`/x/bin/rustc -vV` did not say which compiler it is");
    }
}
