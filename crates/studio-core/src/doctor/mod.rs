//! What of a machine would be in the way of these commands, found out before one of them does.
//!
//! A check is a small function that looks at one thing and gives a [`Finding`]: what is there, and what to type where
//! it is not as it should be. It calls what the commands themselves call, so that it cannot say other than they do.
//! Nothing is changed, nothing is evaluated, no server is asked; what may not be looked at is said to be so. The checks
//! run side by side, because some of them wait for a program. Not here: how findings are shown.

mod machine;
mod places;
mod programs;

use crate::config::{Key, Settings};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::home::Home;
use crate::nix::Nix;
use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use std::sync::OnceLock;

/// How something stands, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Fine,
    /// The commands work, but not all that one may want does; or it could not be looked at.
    Look,
    /// Some command will fail for it.
    Broken,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The name of the check, one word.
    pub check: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found, in one line.
    pub found: String,
    /// Why, outermost first; each may have several lines.
    pub why: Vec<String>,
    /// How to mend it: what to type, in words.
    pub mend: Vec<String>,
}

/// What a check gives; its name is put in front of it.
struct Found {
    state: State,
    error: Error,
}

impl Found {
    fn fine(what: impl Into<String>) -> Found {
        Found { state: State::Fine, error: Error::new(what) }
    }

    fn look(what: impl Into<String>) -> Found {
        Found { state: State::Look, error: Error::new(what) }
    }

    /// The words of a command that would fail for it.
    fn broken(error: Error) -> Found {
        Found { state: State::Broken, error }
    }

    /// Adds why.
    fn because(self, why: impl std::fmt::Display) -> Found {
        Found { error: self.error.because(why), ..self }
    }

    /// Adds how to mend it.
    fn mend(self, how: impl Into<String>) -> Found {
        Found { error: self.error.hint(how), ..self }
    }
}

impl From<Error> for Found {
    fn from(error: Error) -> Found {
        Found::broken(error)
    }
}

/// What all checks look at.
struct Patient<'a> {
    cx: &'a Context,
    home: Result<Home>,
    /// The settings that hold here: those of the flake the user stands in, too.
    settings: Result<Settings>,
    /// The root folder of the machine.
    root: Utf8PathBuf,
    nix: OnceLock<Result<Nix>>,
}

/// One check: a name, and the function. What it gives as an error is broken.
type Check = (&'static str, fn(&Patient) -> Result<Found, Found>);

/// All of them, in the order in which they are told: what others depend on comes first.
const CHECKS: [Check; 16] = [
    ("home", places::home),
    ("settings", places::settings),
    ("git", programs::git),
    ("identity", programs::identity),
    ("nix", programs::nix),
    ("flakes", programs::flakes),
    ("store", programs::store),
    ("space", places::space),
    ("editor", programs::editor),
    ("target", machine::target),
    ("elevation", machine::elevation),
    ("upstream", places::upstream),
    ("studios", places::studios),
    ("pool", places::pool),
    ("switches", machine::switches),
    ("boot", machine::boot),
];

/// Looks at everything. `root` is the root folder of the machine, `flags` what the command line says of settings.
pub fn examine(cx: &Context, root: &Utf8Path, flags: &[(Key, &str)]) -> Vec<Finding> {
    examine_some(cx, root, flags, &CHECKS.map(|(name, _)| name))
}

/// Looks at what has one of these names.
pub fn examine_some(
    cx: &Context,
    root: &Utf8Path,
    flags: &[(Key, &str)],
    names: &[&str],
) -> Vec<Finding> {
    let patient = Patient {
        cx,
        home: cx.home(),
        settings: settings(cx, flags),
        root: root.to_owned(),
        nix: OnceLock::new(),
    };
    std::thread::scope(|scope| {
        let checks: Vec<_> = CHECKS
            .iter()
            .filter(|(name, _)| names.contains(name))
            .map(|(name, check)| (name, scope.spawn(|| check(&patient))))
            .collect();
        checks
            .into_iter()
            .map(|(name, check)| {
                let found = check.join().unwrap_or_else(|_| {
                    Err(Found::broken(Error::new("the check itself came to grief")))
                });
                finding(name, found.unwrap_or_else(|found| found))
            })
            .collect()
    })
}

fn finding(check: &'static str, found: Found) -> Finding {
    Finding {
        check,
        state: found.state,
        found: found.error.message().to_owned(),
        why: found.error.causes().to_vec(),
        mend: found.error.hints().to_vec(),
    }
}

/// The settings that hold where the user stands.
fn settings(cx: &Context, flags: &[(Key, &str)]) -> Result<Settings> {
    let settings = Settings::load(&cx.env)?;
    let settings = flags.iter().fold(settings, |all, (key, text)| all.with_flag(*key, Some(text)));
    match cx.env.cwd().ancestors().find(|folder| folder.join("flake.nix").is_file()) {
        Some(top) => settings.with_flake(top),
        None => Ok(settings),
    }
}

impl Patient<'_> {
    /// A Nix that can be used; asked once, whichever check asks first.
    fn nix(&self) -> Result<&Nix, &Error> {
        let find = || {
            let nix = Nix::find(self.cx)?;
            nix.version()?;
            Ok(nix)
        };
        self.nix.get_or_init(find).as_ref()
    }

    /// The `STUDIO_HOME`. Where it is not known, the check `home` says why.
    fn home(&self) -> Result<&Home, Found> {
        self.home.as_ref().map_err(|_| Found::look("not looked at: there is no home, see `home`"))
    }

    /// The settings. Where they cannot be read, the check `settings` says why.
    fn settings(&self) -> Result<&Settings, Found> {
        let unknown = "not looked at: the settings cannot be read, see `settings`";
        self.settings.as_ref().map_err(|_| Found::look(unknown))
    }
}

/// The words of an error that one keeps and shows somewhere else.
fn told_again(error: &Error) -> Error {
    let again = Error::new(error.message());
    let again = error.causes().iter().fold(again, Error::because);
    error.hints().iter().fold(again, |again, hint| again.hint(hint))
}
