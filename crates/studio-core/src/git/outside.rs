//! Git itself, outside of any repository: its version, who the user is to it, and a repository where there was none.
//!
//! Not here: repositories that studios are ([`super::Founding`]).

use super::{STAND_IN, git};
use crate::error::{Error, Result};
use crate::fs::{self, Draft};
use crate::process::Failure;
use camino::{Utf8Path, Utf8PathBuf};
use std::fmt;

/// The version from which on all that is called here is there: `git hook run` came last (release notes of git 2.36).
pub const OLDEST: Version = Version(2, 36);

/// A version of git: `2.47`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u32, u32);

impl Version {
    /// Reads what `git --version` says: `git version 2.39.5 (Apple Git-154)`.
    fn parse(said: &str) -> Option<Version> {
        let text = said.trim().strip_prefix("git version ")?;
        let (major, rest) = text.split_once('.')?;
        let minor = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        Some(Version(major.parse().ok()?, minor.parse().ok()?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// The version of the git on PATH; `dir` is where it runs.
pub fn version(dir: &Utf8Path) -> Result<Version> {
    let said = git(dir, ["--version"]).run().map_err(unusable)?.text();
    Version::parse(&said).ok_or_else(|| {
        Error::new("`git --version` did not say a version of git")
            .because(said)
            .hint("put a git on PATH")
    })
}

/// Who the user is to git in `dir`, as `NAME <ADDRESS>`; `None` if nothing says so, which is when commits get a stand-in
/// ([`super::Identity`]). What git would make up from the names of the user and the machine does not count.
///
/// # Errors
/// If git's configuration cannot be read.
pub fn configured_identity(dir: &Utf8Path) -> Result<Option<String>> {
    let asked = git(dir, ["-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT"]).run();
    match asked {
        // `NAME <ADDRESS> SECONDS ZONE`
        Ok(said) => {
            let text = said.text();
            Ok(Some(text.split_once("> ").map_or(text.clone(), |(who, _)| format!("{who}>"))))
        }
        Err(Failure::Status { output, .. }) if output.contains("auto-detection is disabled") => {
            Ok(None)
        }
        Err(failure) => Err(unusable(failure)),
    }
}

/// Whatever it is asked, git reads its configuration first.
fn unusable(failure: Failure) -> Error {
    match failure {
        Failure::Status { output, .. } => Error::new("git cannot read its configuration")
            .because(output)
            .hint("mend that file; `git config --global --edit` opens your own"),
        other => other.into(),
    }
}

/// The top of the repository that a folder lies in, if it lies in one.
pub fn top_of(folder: &Utf8Path) -> Result<Option<Utf8PathBuf>> {
    match git(folder, ["rev-parse", "--show-toplevel"]).run() {
        Ok(said) => Ok(Some(said.text().into())),
        Err(Failure::Status { output, .. }) if output.contains("not a git repository") => Ok(None),
        // One that is there and is refused, such as somebody else's.
        Err(Failure::Status { output, .. }) => {
            Err(Error::new(format!("git does not look into `{folder}`")).because(output))
        }
        Err(failure) => Err(failure.into()),
    }
}

/// Sets values in the user's own configuration of git; `dir` is where git runs.
pub fn configure_user(dir: &Utf8Path, settings: &[(&str, &str)]) -> Result<()> {
    for (name, value) in settings {
        git(dir, ["config", "--global", name, value]).run().map_err(|failure| match failure {
            Failure::Status { output, .. } => {
                Error::new(format!("`{name}` could not be set in your git configuration"))
                    .because(output)
                    .hint("look at which file it is: `git config --global --list --show-origin`")
                    .hint("or leave it: without a name, commits say `studio`")
            }
            other => other.into(),
        })?;
    }
    Ok(())
}

/// Makes a git repository of a folder: `.git` with all that is in it (and not ignored) as the first commit, there as a
/// whole or not at all.
pub fn begin(folder: &Utf8Path, message: &str) -> Result<()> {
    let place = folder.join(".git");
    if place.symlink_metadata().is_ok() {
        return Err(Error::new(format!("`{folder}` is a git repository already")));
    }
    for (draft, _held) in fs::abandoned(&place) {
        // It must not get into the commit.
        fs::remove_tree(&draft)?;
    }
    let draft = Draft::of(&place)?;
    let name = draft.path().file_name().unwrap_or_default();
    // Nix reads only SHA-1, whatever the user's default is.
    git(draft.path(), ["init", "--quiet", "--object-format=sha1"])
        .env("GIT_DEFAULT_REF_FORMAT", "files")
        .run()?;
    let new = draft.path().join(".git");
    let here = |args: &[&str]| {
        let of = [format!("--git-dir={new}"), format!("--work-tree={folder}")];
        git(folder, of).args(args)
    };
    let not_the_draft = format!(":(exclude,top){name}");
    let run = |args: &[&str]| {
        here(args).run().map_err(|failure| match failure {
            Failure::Status { output, .. } => {
                Error::new(format!("`{folder}` could not be made a git repository"))
                    .because(output)
                    .hint("nothing was changed")
            }
            other => other.into(),
        })
    };
    run(&["add", "--all", "--", ".", &not_the_draft])?;
    let unsigned = ["commit", "--quiet", "--no-verify", "--no-gpg-sign", "--message", message];
    match configured_identity(folder)? {
        Some(_) => run(&unsigned)?,
        None => {
            let (name, email) =
                (format!("user.name={}", STAND_IN.0), format!("user.email={}", STAND_IN.1));
            run(&[&["-c", &name, "-c", &email], &unsigned[..]].concat())?
        }
    };
    fs::rename(&new, &place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_whoever_built_it() {
        let shown = |said: &str| Version::parse(said).map(|version| version.to_string());
        assert_eq!(shown("git version 2.47.3").as_deref(), Some("2.47"));
        assert_eq!(shown("git version 2.39.5 (Apple Git-154)").as_deref(), Some("2.39"));
        assert_eq!(shown("git version 3.0-rc1").as_deref(), Some("3.0"));
        assert_eq!(shown("hub version 2"), None);
        assert!(Version(2, 9) < OLDEST && Version(2, 36) >= OLDEST && Version(3, 0) > OLDEST);
    }
}
