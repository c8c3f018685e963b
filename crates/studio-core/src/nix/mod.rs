//! The door to Nix: the only module that names the program `nix` and its relatives.
//!
//! Finding Nix starts nothing: its version is asked when the first job is given to it, so that work which turns out to
//! be done already costs no process. Jobs run in a fixed folder with absolute references, because what nix makes of a
//! relative one depends on where it stands. Not here: what is built and when (`build`, `check`).

pub mod diagnosis;
mod expression;
mod failure;
pub mod literal;
pub mod lock;
mod missing;
mod operation;
mod progress;
mod registration;
mod standing;
pub mod syntax;
mod version;

pub use expression::Expression;
pub use failure::{Blame, Refusal};
pub use operation::{CommandLine, Derivation, Log, Rooted};
pub use registration::Registered;
pub use standing::{Flakes, StoreInfo};
pub use version::Version;

use crate::config::Environment;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs;
use crate::process::Program;
use camino::{Utf8Path, Utf8PathBuf};
use std::sync::OnceLock;

/// What every call may use, whatever `nix.conf` says.
const FEATURES: [&str; 2] = ["--extra-experimental-features", "nix-command flakes"];

/// Where jobs run; there is nothing relative about it.
const FOLDER: &str = "/";

/// The Nix of this machine.
#[derive(Debug)]
pub struct Nix {
    program: Utf8PathBuf,
    store: Utf8PathBuf,
    /// What `--store` is given, if not nix's own default.
    which: Option<String>,
    system: String,
    version: OnceLock<Version>,
}

impl Nix {
    /// Finds the program: `STUDIO_NIX`, or `nix` on PATH. Starts nothing.
    pub fn find(cx: &Context) -> Result<Nix> {
        let env = &cx.env;
        let program = match env.get("STUDIO_NIX") {
            Some(wanted) if wanted.contains('/') => {
                let path = env.cwd().join(wanted);
                if !fs::is_program(&path) {
                    return Err(Error::new(format!("`STUDIO_NIX` names no program: `{path}`"))
                        .hint("set it to the `nix` to use, or unset it"));
                }
                path
            }
            Some(wanted) => env.find_program(wanted).ok_or_else(|| missing(wanted))?,
            None => env.find_program("nix").ok_or_else(|| missing("nix"))?,
        };
        Ok(Nix {
            program,
            store: env.get("NIX_STORE_DIR").unwrap_or("/nix/store").into(),
            which: None,
            system: system(env),
            version: OnceLock::new(),
        })
    }

    /// The same Nix on another of its stores: what it is told by `--store`.
    pub fn with_store(self, which: Option<&str>) -> Nix {
        Nix { which: which.map(str::to_owned), ..self }
    }

    /// The version; asked once.
    pub fn version(&self) -> Result<&Version> {
        if let Some(version) = self.version.get() {
            return Ok(version);
        }
        let said = Program::new(&self.program, FOLDER.into()).arg("--version").run()?;
        let version = Version::parse(&said.text()).ok_or_else(|| {
            Error::new(format!("`{} --version` did not say a version of Nix", self.program))
                .because(said.text())
                .hint("put a Nix on PATH, or set `STUDIO_NIX` to one")
        })?;
        if !version.supported() {
            let (major, minor) = version::OLDEST;
            return Err(Error::new(format!(
                "Nix {major}.{minor} or newer is wanted, but `{}` is {version}",
                self.program
            ))
            .hint("upgrade it: `nix upgrade-nix`, or by the package manager that it came from")
            .hint("or set `STUDIO_NIX` to a newer one"));
        }
        Ok(self.version.get_or_init(|| version))
    }

    /// The program itself.
    pub fn program(&self) -> &Utf8Path {
        &self.program
    }

    /// The folder of all that Nix built.
    pub fn store(&self) -> &Utf8Path {
        &self.store
    }

    /// The kind of machine that this is, in Nix's words: `x86_64-linux`.
    pub fn system(&self) -> &str {
        &self.system
    }

    /// The absolute path of a relative of `nix`, such as `nix-env`, for programs that have no PATH.
    pub fn relative(&self, name: &str) -> Result<Utf8PathBuf> {
        // A profile may have `nix` alone, as a link to a folder that has them all.
        let real = self.program.canonicalize_utf8().ok();
        [Some(&self.program), real.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(|program| Some(program.parent()?.join(name)))
            .find(|path| fs::is_program(path))
            .ok_or_else(|| {
                Error::new(format!("there is no `{name}` beside `{}`", self.program))
                    .hint("set `STUDIO_NIX` to the `nix` of a whole installation")
            })
    }

    /// The option that names the store, where it is not the default one.
    fn store_option(&self) -> Vec<&str> {
        self.which.iter().flat_map(|which| ["--store", which.as_str()]).collect()
    }

    /// `nix VERB` as every call has it.
    fn verb(&self, verb: &[&str]) -> Result<Program> {
        self.version()?;
        Ok(self.verb_unasked(verb))
    }

    /// The same without asking for the version first, which costs a process.
    fn verb_unasked(&self, verb: &[&str]) -> Program {
        let colour = [("NO_COLOR", "1"), ("TERM", "dumb")];
        let program = Program::new(&self.program, FOLDER.into()).args(FEATURES);
        let program = program.args(self.store_option()).args(verb);
        // What it says is shown line by line and kept in a file: cursor movements would spoil both.
        colour.iter().fold(program, |program, (name, value)| program.env(name, value))
    }
}

fn missing(name: &str) -> Error {
    Error::new(format!("`{name}` was not found on PATH"))
        .hint("install Nix: https://nixos.org/download")
        .hint("if it is installed, open a new terminal, or set `STUDIO_NIX` to the program")
}

/// Nix's name for this machine; `STUDIO_SYSTEM` says otherwise.
fn system(env: &Environment) -> String {
    env.get("STUDIO_SYSTEM").map_or_else(native_system, str::to_owned)
}

/// Nix's name for the kind of machine that this program was compiled for: `x86_64-linux`.
pub fn native_system() -> String {
    let arch = match std::env::consts::ARCH {
        "x86" => "i686",
        "arm" => "armv7l",
        "powerpc64" if cfg!(target_endian = "little") => "powerpc64le",
        "loongarch64" => "loongarch64",
        other => other,
    };
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    format!("{arch}-{os}")
}

/// An attribute path as the fragment of a flake reference: nix decodes `%` in it, and stops at few other characters.
fn fragment(attribute: &str) -> String {
    encode(attribute, b"-._\"'^@+")
}

/// `git+file` reference to the repository at `path`, which may have any characters; `query` stands behind the `?`.
pub fn git_file_ref(path: &Utf8Path, query: &str) -> String {
    format!("git+file://{}?{query}", encode(path.as_str(), b"/-._~"))
}

fn encode(text: &str, plain: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_survive_any_character() {
        assert_eq!(
            git_file_ref("/a b/ä#c?".into(), "rev=1"),
            "git+file:///a%20b/%C3%A4%23c%3F?rev=1"
        );
        assert_eq!(fragment("x.\"box.example\".y"), "x.\"box.example\".y");
        assert_eq!(fragment("x.\"50%#\""), "x.\"50%25%23\"");
    }
}
