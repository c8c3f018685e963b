//! What the process was started with: variables, current folder, clock. Read once, passed on as a value.

use crate::error::{Error, Result};
use crate::fs;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;

/// A picture of the environment; tests make their own.
#[derive(Clone, Debug)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    cwd: Utf8PathBuf,
}

impl Environment {
    /// Reads the variables and the current folder of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn capture() -> Result<Environment> {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let cwd = std::env::current_dir().map_err(|cause| {
            Error::new("the current folder cannot be read")
                .because(cause)
                .hint("it may have been removed; go to another one: `cd ~`")
        })?;
        Ok(Environment { variables, cwd: fs::utf8(&cwd)? })
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The folder in which the user is.
    pub fn cwd(&self) -> &Utf8Path {
        &self.cwd
    }

    /// The folder in which the user was when git ran us as an alias from the top of the work tree; relative to it.
    pub fn prefix(&self) -> &str {
        self.get("GIT_PREFIX").unwrap_or_default()
    }

    /// A program on PATH.
    pub fn find_program(&self, name: &str) -> Option<Utf8PathBuf> {
        self.get("PATH")?
            .split(':')
            .filter(|folder| !folder.is_empty())
            .map(|folder| self.cwd.join(folder).join(name))
            .find(|path| fs::is_program(path))
    }

    /// `$HOME`.
    pub fn home(&self) -> Result<&Utf8Path> {
        let home = self.get("HOME").map(Utf8Path::new).filter(|home| home.is_absolute());
        home.ok_or_else(|| {
            Error::new("`HOME` is not set to an absolute path")
                .hint("set it: `export HOME=/home/you`")
        })
    }

    /// The folder of an XDG variable, or its default below the home folder.
    fn xdg(&self, variable: &str, below_home: &str) -> Result<Utf8PathBuf> {
        match self.get(variable).map(Utf8Path::new).filter(|path| path.is_absolute()) {
            Some(path) => Ok(path.to_owned()),
            None => Ok(self.home()?.join(below_home)),
        }
    }

    /// `STUDIO_HOME`: where studios, snapshots and records lie.
    pub fn studio_home(&self) -> Result<Utf8PathBuf> {
        let home = match self.get("STUDIO_HOME") {
            Some(path) => self.cwd.join(path),
            None => self.xdg("XDG_DATA_HOME", ".local/share")?.join("studio"),
        };
        // Paths from here are printed for `cd "$(…)"`, which drops trailing line breaks, and stand in git's alternates.
        if home.as_str().contains('\n') {
            return Err(Error::new(format!("`STUDIO_HOME` contains a line break: {home:?}"))
                .hint("use a folder without one"));
        }
        Ok(home)
    }

    /// `STUDIO_HOME` for who is about to make something in it: a home folder that is not there is not made on the way.
    pub fn studio_home_to_fill(&self) -> Result<Utf8PathBuf> {
        let studio_home = self.studio_home()?;
        match self.home() {
            Ok(home) if studio_home.starts_with(home) && !home.is_dir() => {
                Err(Error::new(format!("your home folder `{home}` is not there"))
                    .hint("set `HOME` to the one that is: `export HOME=/home/you`")
                    .hint("or keep studios somewhere else: `export STUDIO_HOME=/some/folder`"))
            }
            _ => Ok(studio_home),
        }
    }

    /// `$XDG_CONFIG_HOME`, where programs keep a user's settings.
    pub fn config_home(&self) -> Result<Utf8PathBuf> {
        self.xdg("XDG_CONFIG_HOME", ".config")
    }

    /// The user's settings file.
    pub fn user_settings(&self) -> Utf8PathBuf {
        match self.config_home() {
            Ok(folder) => folder.join("studio/config.toml"),
            // Without a home there are no settings of the user.
            Err(_) => Utf8PathBuf::from("/nonexistent/studio/config.toml"),
        }
    }

    /// `$XDG_STATE_HOME`, where Nix keeps a user's profiles.
    pub fn state_home(&self) -> Result<Utf8PathBuf> {
        self.xdg("XDG_STATE_HOME", ".local/state")
    }

    /// `$XDG_CACHE_HOME`, for what can be made again.
    pub fn cache_home(&self) -> Result<Utf8PathBuf> {
        self.xdg("XDG_CACHE_HOME", ".cache")
    }

    /// A folder that is gone after a reboot, if the system gives the user one.
    pub fn runtime_dir(&self) -> Option<&Utf8Path> {
        self.get("XDG_RUNTIME_DIR").map(Utf8Path::new).filter(|path| path.is_absolute())
    }

    /// Whether colours are not wanted.
    pub fn no_color(&self) -> bool {
        self.get("NO_COLOR").is_some() || self.get("TERM") == Some("dumb")
    }

    /// Seconds since 1970. `STUDIO_NOW` sets the clock, so that what is made can be made again to the letter.
    pub fn now(&self) -> i64 {
        match self.get("STUDIO_NOW").and_then(|text| text.parse().ok()) {
            Some(now) => now,
            None => jiff::Timestamp::now().as_second(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Environment {
        pub(crate) fn of(variables: &[(&str, &str)]) -> Environment {
            let variables =
                variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            Environment { variables, cwd: "/here".into() }
        }
    }

    #[test]
    fn studio_home_is_where_the_most_specific_variable_says() {
        let home =
            |variables: &[(&str, &str)]| Environment::of(variables).studio_home().expect("home");
        assert_eq!(home(&[("HOME", "/u")]), "/u/.local/share/studio");
        assert_eq!(home(&[("HOME", "/u"), ("XDG_DATA_HOME", "/d")]), "/d/studio");
        assert_eq!(
            home(&[("HOME", "/u"), ("XDG_DATA_HOME", "relative")]),
            "/u/.local/share/studio"
        );
        assert_eq!(home(&[("HOME", "/u"), ("STUDIO_HOME", "s")]), "/here/s");
        assert!(Environment::of(&[("STUDIO_HOME", "/a\nb")]).studio_home().is_err());
        assert!(Environment::of(&[]).studio_home().is_err());
    }
}
