//! What can be switched, as one table: which attribute of the flake it is, and which profile holds its generations.
//!
//! Not here: how a target is activated (`activation`), or in which order things are done (`switch`).

use crate::error::{Error, Exit};
use crate::names::ConfigName;
use std::fmt;
use std::str::FromStr;

/// A kind of thing that is switched.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A NixOS system.
    Nixos,
    /// A home of home-manager.
    Home,
    /// A nix-darwin system.
    Darwin,
    /// Any package, in a profile of the user.
    Profile,
}

impl Kind {
    /// All kinds, in the order in which they are named to users.
    pub const ALL: [Kind; 4] = [Kind::Nixos, Kind::Home, Kind::Darwin, Kind::Profile];

    /// The word for it in settings and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Nixos => "nixos",
            Kind::Home => "home",
            Kind::Darwin => "darwin",
            Kind::Profile => "profile",
        }
    }

    /// What a configuration of this kind is called.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Nixos | Kind::Darwin => "host",
            Kind::Home => "home",
            Kind::Profile => "package",
        }
    }

    /// The attribute of the flake whose names are the configurations.
    pub fn set(self, system: &str) -> String {
        match self {
            Kind::Nixos => "nixosConfigurations".to_owned(),
            Kind::Home => "homeConfigurations".to_owned(),
            Kind::Darwin => "darwinConfigurations".to_owned(),
            Kind::Profile => format!("packages.{system}"),
        }
    }

    /// The attribute of what is built; the name is always quoted, because host names may have dots.
    pub fn attribute(self, name: &ConfigName, system: &str) -> String {
        let set = self.set(system);
        match self {
            Kind::Nixos => format!("{set}.\"{name}\".config.system.build.toplevel"),
            Kind::Home => format!("{set}.\"{name}\".activationPackage"),
            Kind::Darwin => format!("{set}.\"{name}\".system"),
            Kind::Profile => format!("{set}.\"{name}\""),
        }
    }

    /// Whether activating it needs root.
    pub fn privileged(self) -> bool {
        matches!(self, Kind::Nixos | Kind::Darwin)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Not a kind of target.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a target: `nixos`, `home`, `darwin` and `profile` are")]
pub struct BadKind(String);

impl From<BadKind> for Error {
    fn from(bad: BadKind) -> Error {
        Error::new(bad.to_string()).exit(Exit::Usage)
    }
}

impl FromStr for Kind {
    type Err = BadKind;
    fn from_str(text: &str) -> Result<Kind, BadKind> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.word() == text)
            .ok_or_else(|| BadKind(text.escape_debug().collect()))
    }
}

/// One configuration of one kind: what a command works on.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Target {
    /// Its kind.
    pub kind: Kind,
    /// Its name in the flake.
    pub name: ConfigName,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind.noun(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_the_ones_that_nix_tools_use_and_names_are_quoted() {
        let name = ConfigName::new("box.example").expect("name");
        let attribute = |kind: Kind| kind.attribute(&name, "x86_64-linux");
        assert_eq!(
            attribute(Kind::Nixos),
            "nixosConfigurations.\"box.example\".config.system.build.toplevel"
        );
        assert_eq!(attribute(Kind::Home), "homeConfigurations.\"box.example\".activationPackage");
        assert_eq!(attribute(Kind::Darwin), "darwinConfigurations.\"box.example\".system");
        assert_eq!(attribute(Kind::Profile), "packages.x86_64-linux.\"box.example\"");
    }

    #[test]
    fn words_come_back() {
        for kind in Kind::ALL {
            assert_eq!(kind.word().parse::<Kind>().expect("word"), kind);
        }
        assert!("nix".parse::<Kind>().is_err());
    }
}
