//! Which distribution this is, and in which of its suites to look for which nix.

use std::fs;

use super::{Version, Wanted};

/// Debian and ubuntu have apt and carry nix; others bring their own nix or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distro {
    Debian,
    Ubuntu,
}

impl Distro {
    pub fn name(self) -> &'static str {
        match self {
            Self::Debian => "debian",
            Self::Ubuntu => "ubuntu",
        }
    }

    /// The component that has nix-bin, patchelf and busybox-static, and all that they need.
    pub fn components(self) -> &'static str {
        match self {
            Self::Debian => "main",
            Self::Ubuntu => "main universe",
        }
    }
}

/// A suite and the nix in it, if it is known and will not change.
struct Suite {
    distro: Distro,
    name: &'static str,
    nix: Option<Version>,
    /// It is not released yet: its index may be past the date until which it is valid.
    moving: bool,
}

/// In the order in which to look when nothing else decides: newest release first.
const SUITES: &[Suite] = &[
    Suite { distro: Distro::Debian, name: "trixie", nix: Some(Version(2, 26)), moving: false },
    Suite { distro: Distro::Debian, name: "forky", nix: Some(Version(2, 34)), moving: true },
    Suite { distro: Distro::Debian, name: "sid", nix: None, moving: true },
    Suite { distro: Distro::Ubuntu, name: "resolute", nix: None, moving: false },
    Suite { distro: Distro::Ubuntu, name: "questing", nix: None, moving: false },
    Suite { distro: Distro::Ubuntu, name: "noble", nix: Some(Version(2, 18)), moving: false },
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub distro: Distro,
    /// `bookworm`; empty on a machine that does not say.
    pub codename: String,
}

impl Release {
    pub fn of_this_machine() -> Option<Self> {
        let has_apt = ["/usr/bin/apt-get", "/bin/apt-get"]
            .iter()
            .any(|path| fs::exists(path).unwrap_or(false));
        let text = fs::read_to_string("/etc/os-release").ok()?;
        has_apt.then(|| Self::parse(&text))?
    }

    /// Reads os-release; a derivative that names the suite it stands on counts as that.
    fn parse(os_release: &str) -> Option<Self> {
        let value = |key: &str| {
            os_release.lines().find_map(|line| {
                let (found, value) = line.split_once('=')?;
                (found.trim() == key).then(|| value.trim().trim_matches(['"', '\'']).to_owned())
            })
        };
        let id = value("ID")?;
        let like = value("ID_LIKE").unwrap_or_default();
        let is = |name: &str| id == name || like.split_whitespace().any(|word| word == name);
        let (distro, codename) = if is("ubuntu") {
            (Distro::Ubuntu, value("UBUNTU_CODENAME").or_else(|| value("VERSION_CODENAME")))
        } else if is("debian") {
            (Distro::Debian, value("DEBIAN_CODENAME").or_else(|| value("VERSION_CODENAME")))
        } else {
            return None;
        };
        Some(Self { distro, codename: codename.unwrap_or_default() })
    }

    /// On ubuntu the machine's own nix will do when it is new enough.
    pub fn prefers_own(&self) -> bool {
        self.distro == Distro::Ubuntu
    }

    /// The suites to ask for `wanted`, most promising first.
    pub fn suites(&self, wanted: &Wanted) -> Vec<String> {
        let ours = || SUITES.iter().filter(|suite| suite.distro == self.distro);
        let exact = match wanted {
            Wanted::Version(version) => Version::parse(version),
            Wanted::Default => None,
        };
        let known =
            ours().filter(|suite| exact.is_some() && suite.nix == exact).map(|suite| suite.name);
        let own = Some(self.codename.as_str()).filter(|name| !name.is_empty());
        let mut suites: Vec<String> = Vec::new();
        for name in known.chain(own).chain(ours().map(|suite| suite.name)) {
            if !suites.iter().any(|there| there == name) {
                suites.push(name.to_owned());
            }
        }
        suites
    }
}

pub fn is_moving(suite: &str) -> bool {
    SUITES.iter().any(|known| known.name == suite && known.moving)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_os_release() {
        let debian = Release::parse("ID=debian\nVERSION_CODENAME=bookworm\n").expect("debian");
        assert_eq!((debian.distro, debian.codename.as_str()), (Distro::Debian, "bookworm"));
        let mint = "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n";
        let mint = Release::parse(mint).expect("mint");
        assert_eq!((mint.distro, mint.codename.as_str()), (Distro::Ubuntu, "noble"));
        assert_eq!(Release::parse("ID=fedora\n"), None);
        assert_eq!(Release::parse(""), None);
    }

    #[test]
    fn looks_where_it_is_known_first() {
        let debian = Release { distro: Distro::Debian, codename: "bookworm".into() };
        assert_eq!(
            debian.suites(&Wanted::Version("2.34".into())),
            ["forky", "bookworm", "trixie", "sid"]
        );
        let ubuntu = Release { distro: Distro::Ubuntu, codename: "jammy".into() };
        assert_eq!(ubuntu.suites(&Wanted::Default), ["jammy", "resolute", "questing", "noble"]);
    }
}
