//! The door to the environment and to settings: the only module that reads variables and settings files.
//!
//! Every setting has one row in [`Key`]: a name in `studio.toml` or `config.toml`, an environment variable and a flag.
//! A flag beats the environment, which beats `studio.toml` (of the flake), which beats `config.toml` (of the user),
//! which beats the default. Not here: what the settings lead to.

mod duration;
mod environment;
mod file;
mod health;

pub use duration::{Age, BadAge, BadDuration, ConfirmWithin, Seconds};
pub use environment::Environment;
pub use file::remember;
pub use file::{Allowance, SettingsFile};

use crate::error::{Error, Exit, Result};
use crate::health::HealthCheck;
use camino::Utf8PathBuf;
use std::fmt;

/// A setting that is one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The flake's repository, a URL or a path.
    Upstream,
    /// The name of the reusable studio.
    Studio,
    /// The editor that `studio` opens it with.
    Editor,
    /// What is switched: `nixos`, `home`, `darwin` or `profile`.
    Target,
    /// The configuration of that target: host, home or package.
    Host,
    /// The program that gives privilege: `sudo`, `doas`, `run0` or `none`.
    Elevate,
    /// How long the user has to confirm what was activated: [`ConfirmWithin`].
    ConfirmWithin,
    /// How long one activation may take: [`Seconds`].
    ActivationLimit,
    /// How many of the last snapshots cleaning leaves alone.
    CleanKeep,
    /// How young a snapshot is that cleaning leaves alone: [`Age`].
    CleanYoungerThan,
}

/// What belongs to a setting besides its value.
pub struct Row {
    /// Its name in settings files and in `studio --show-config`; `TABLE.NAME` stands in a table.
    pub name: &'static str,
    /// Its environment variable.
    pub variable: &'static str,
    /// Its flag.
    pub flag: &'static str,
    /// Whether it may stand in the flake's `studio.toml`.
    pub in_flake: bool,
    /// Whether it may stand in the user's `config.toml`.
    pub in_user: bool,
    /// What its value is in a settings file, for an error about one that is not.
    pub wanted: &'static str,
    /// Whether it stands there as a number and not as a text.
    pub number: bool,
    /// Its value when nobody says anything.
    pub default: Option<&'static str>,
}

impl Key {
    /// All settings, in the order in which they are shown.
    pub const ALL: [Key; 10] = [
        Key::Upstream,
        Key::Studio,
        Key::Editor,
        Key::Target,
        Key::Host,
        Key::Elevate,
        Key::ConfirmWithin,
        Key::ActivationLimit,
        Key::CleanKeep,
        Key::CleanYoungerThan,
    ];

    /// The row of this setting.
    pub fn row(self) -> Row {
        let row = |name, variable, flag, in_flake, in_user, default| Row {
            name,
            variable,
            flag,
            in_flake,
            in_user,
            wanted: "a string",
            number: false,
            default,
        };
        let time = Row {
            wanted: "a length of time such as `\"60s\"`",
            ..row("", "", "", true, true, None)
        };
        match self {
            Key::Upstream => row("upstream", "STUDIO_UPSTREAM", "--upstream", false, true, None),
            Key::Studio => row("studio", "STUDIO_NAME", "NAME", false, true, Some("main")),
            Key::Editor => row("editor", "STUDIO_EDITOR", "--editor", false, true, None),
            Key::Target => row("target", "STUDIO_TARGET", "--target", true, true, Some("nixos")),
            Key::Host => row("host", "STUDIO_HOST", "--host", true, true, None),
            Key::Elevate => {
                row("elevate", "STUDIO_ELEVATE", "--elevate", false, true, Some("auto"))
            }
            Key::ConfirmWithin => Row {
                name: "confirm-within",
                variable: "STUDIO_CONFIRM_WITHIN",
                flag: "--confirm-within",
                ..time
            },
            Key::ActivationLimit => Row {
                name: "activation-limit",
                variable: "STUDIO_ACTIVATION_LIMIT",
                flag: "--activation-limit",
                default: Some("10m"),
                ..time
            },
            Key::CleanKeep => Row {
                wanted: "a number",
                number: true,
                ..row("clean.keep", "STUDIO_CLEAN_KEEP", "--keep", false, true, Some("20"))
            },
            Key::CleanYoungerThan => Row {
                name: "clean.younger-than",
                variable: "STUDIO_CLEAN_YOUNGER_THAN",
                flag: "--younger-than",
                wanted: "an age such as `\"14d\"`",
                in_flake: false,
                default: Some("14d"),
                ..time
            },
        }
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// A settings file.
    File(Utf8PathBuf),
    /// Something that was found out: the host name, the repository one stands in.
    Found(&'static str),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(flag) => write!(f, "{flag}"),
            Origin::Variable(name) => write!(f, "${name}"),
            Origin::File(path) => write!(f, "{path}"),
            Origin::Found(what) => f.write_str(what),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The value.
    pub text: String,
    /// Where it came from.
    pub origin: Origin,
}

/// The layers of settings that hold for one command.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    flags: Vec<(Key, String)>,
    variables: Vec<(Key, String)>,
    flake: Option<SettingsFile>,
    user: Option<SettingsFile>,
}

impl Settings {
    /// The settings of the user and the environment; the flake's come with [`Settings::with_flake`].
    pub fn load(env: &Environment) -> Result<Settings> {
        let variables = Key::ALL
            .iter()
            .filter_map(|key| Some((*key, env.get(key.row().variable)?.to_owned())))
            .collect();
        let user = SettingsFile::read(&env.user_settings(), |key| key.row().in_user)?;
        Ok(Settings { flags: vec![], variables, flake: None, user })
    }

    /// Adds what the command line says.
    pub fn with_flag(mut self, key: Key, value: Option<&str>) -> Settings {
        if let Some(value) = value {
            self.flags.push((key, value.to_owned()));
        }
        self
    }

    /// Adds the `studio.toml` of the flake whose top folder this is.
    pub fn with_flake(mut self, top: &camino::Utf8Path) -> Result<Settings> {
        self.flake = SettingsFile::read(&top.join("studio.toml"), |key| key.row().in_flake)?;
        Ok(self)
    }

    /// The `studio.toml`, if there is one.
    pub fn flake(&self) -> Option<&SettingsFile> {
        self.flake.as_ref()
    }

    /// What the flake allows in its snapshots, and what is allowed besides, in the way of `snapshot.allow`.
    pub fn allowance(&self, besides: &[String]) -> Allowance {
        let mut allowance =
            self.flake.as_ref().map(|file| file.allowance().clone()).unwrap_or_default();
        allowance.paths.extend_from_slice(besides);
        allowance
    }

    /// What must hold on a machine once it is switched: the `[[health]]` tables of the flake, and nobody else's.
    pub fn health(&self) -> &[HealthCheck] {
        self.flake.as_ref().map_or(&[], SettingsFile::health)
    }

    /// The value of a setting, if anything gives one.
    pub fn get(&self, key: Key) -> Option<Value> {
        let row = key.row();
        let of = |values: &[(Key, String)]| {
            values.iter().find(|(k, _)| *k == key).map(|(_, text)| text.clone())
        };
        if let Some(text) = of(&self.flags) {
            return Some(Value { text, origin: Origin::Flag(row.flag) });
        }
        if let Some(text) = of(&self.variables) {
            return Some(Value { text, origin: Origin::Variable(row.variable) });
        }
        for file in [&self.flake, &self.user].into_iter().flatten() {
            if let Some(text) = file.value(key) {
                return Some(Value {
                    text: text.to_owned(),
                    origin: Origin::File(file.path().to_owned()),
                });
            }
        }
        row.default.map(|text| Value { text: text.to_owned(), origin: Origin::Default })
    }

    /// The value of a setting, parsed by its type; a bad one is named with where it came from.
    pub fn parsed<T: std::str::FromStr>(&self, key: Key) -> Result<Option<T>>
    where
        T::Err: fmt::Display,
    {
        let Some(value) = self.get(key) else { return Ok(None) };
        value.text.parse().map(Some).map_err(|cause| {
            let name = key.row().name;
            Error::new(format!("the setting `{name}` has a value that it cannot have"))
                .because(cause)
                .because(format!("it comes from {}", value.origin))
                .exit(Exit::Usage)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_cannot_be_is_named_with_where_it_came_from() {
        let settings = Settings {
            variables: vec![(Key::ConfirmWithin, "later".to_owned())],
            ..Settings::default()
        };
        let error = settings.parsed::<ConfirmWithin>(Key::ConfirmWithin).expect_err("no duration");
        assert_eq!(error.message(), "the setting `confirm-within` has a value that it cannot have");
        assert_eq!(
            error.causes(),
            [
                "`later` is not a length of time such as `60s`, `5m` or `1h 30m`",
                "it comes from $STUDIO_CONFIRM_WITHIN"
            ]
        );
        assert_eq!(error.status(), Exit::Usage);
        let settings = settings.with_flag(Key::ConfirmWithin, Some("none"));
        let value = settings.parsed(Key::ConfirmWithin).expect("a flag beats a variable");
        assert_eq!(value, Some(ConfirmWithin::Never));
        let limit = Settings::default().parsed::<Seconds>(Key::ActivationLimit).expect("default");
        assert_eq!(limit.map(Seconds::get), Some(600));
    }
}
