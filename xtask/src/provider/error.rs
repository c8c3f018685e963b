//! What can go wrong while getting a nix. Every message says what was wanted, what was found and
//! what to type next.

use camino::{Utf8Path, Utf8PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "wanted {wanted}, found {found}, and this machine has no apt to fetch it with\n\
         hint: install nix with the official installer (nixos.org, \"download\"), open a new shell and \
         run this again; flakes need not be switched on, that is done here"
    )]
    Nowhere { wanted: String, found: String },

    #[error(
        "wanted a nix version such as 2.34, found \"{found}\"\n\
         hint: say `--nix 2.26` or `--nix 2.34`"
    )]
    BadVersion { found: String },

    #[error(
        "wanted a package source of {distro} to fetch from, found none that is switched on in {looked}\n\
         hint: switch the distribution's own source on, or put a nix on PATH"
    )]
    NoSources { distro: String, looked: Utf8PathBuf },

    #[error(
        "wanted {wanted}, found {found}\n\
         hint: ask for one of these, or put the one that you want on PATH"
    )]
    NoSuite { wanted: String, found: String },

    #[error(
        "wanted {wanted}, found that the package index of {suite} cannot be fetched: {reason}\n\
         hint: connect to the network and run this again; once it is in the cache no network is needed"
    )]
    Offline { wanted: String, suite: String, reason: String },

    #[error(
        "wanted {what}, found that `{program}` {status}\n{tail}\n\
         hint: is the network there? everything made so far is gone again, run it once more"
    )]
    Tool { what: String, program: String, status: String, tail: String },

    #[error(
        "wanted {what} in the unpacked packages, found no such file\n\
         hint: the packages of this suite are laid out differently; ask for another version"
    )]
    Missing { what: String },

    #[error(
        "wanted the new nix to run, found: {found}\n\
         hint: this machine may be too old for it; ask for another version or put a nix on PATH"
    )]
    DoesNotRun { found: String },

    #[error(
        "wanted a static busybox, found that {path} is not one ({why})\n\
         hint: set STUDIO_TEST_BUSYBOX to a statically linked busybox"
    )]
    NotBusybox { path: Utf8PathBuf, why: String },

    #[error(
        "wanted a static busybox, found none on this machine and no way to fetch one: {tried}\n\
         hint: set STUDIO_TEST_BUSYBOX to a statically linked busybox"
    )]
    NoBusybox { tried: String },

    #[error(
        "wanted to {what} {path}, found: {source}\nhint: check that the folder is there, writable and not full"
    )]
    Io { what: &'static str, path: Utf8PathBuf, source: std::io::Error },
}

impl Error {
    pub(super) fn nowhere(label: &str, on_path: Option<String>) -> Self {
        Self::Nowhere {
            wanted: format!("nix {label}"),
            found: on_path
                .map_or_else(|| "none on PATH".to_owned(), |v| format!("nix {v} on PATH")),
        }
    }

    /// For `map_err`: what was being done to which path.
    pub(super) fn io(what: &'static str, path: &Utf8Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}

/// Runs a program to its end and gives what it printed; its last lines are kept for the error.
pub(super) fn run(
    what: &str,
    expression: &duct::Expression,
    program: &str,
) -> Result<String, Error> {
    let failed = |status: String, tail: String| Error::Tool {
        what: what.to_owned(),
        program: program.to_owned(),
        status,
        tail,
    };
    let output = expression
        .stdin_null()
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .run()
        .map_err(|error| failed(format!("could not be started ({error})"), String::new()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let tail = lines[lines.len().saturating_sub(8)..].join("\n");
    Err(failed(format!("failed ({})", output.status), tail))
}
