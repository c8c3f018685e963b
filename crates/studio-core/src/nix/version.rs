//! The version of a Nix, read from `nix --version`. Nix, Lix and Determinate Nix each say it in their own way.

use std::fmt;

/// The oldest version that has everything that is called here.
pub const OLDEST: (u32, u32) = (2, 18);

/// A version, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    flavour: Flavour,
    major: u32,
    minor: u32,
    text: String,
}

/// Whose Nix it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// The Nix of nixos.org.
    Nix,
    /// Lix, which branched off at 2.18 and counts on from 2.90.
    Lix,
    /// Determinate Nix, which says the version of Nix that it contains.
    Determinate,
}

impl Version {
    /// Reads the first line that looks like a version: `nix (Nix) 2.26.3`.
    pub fn parse(said: &str) -> Option<Version> {
        said.lines().find_map(|line| {
            let inner = line.trim().strip_prefix("nix ")?;
            let text = inner.rsplit(' ').next()?;
            let (major, rest) = text.split_once('.')?;
            let minor = rest.split(|c: char| !c.is_ascii_digit()).next()?;
            let flavour = match inner {
                _ if inner.starts_with("(Lix") => Flavour::Lix,
                _ if inner.starts_with("(Determinate") => Flavour::Determinate,
                _ => Flavour::Nix,
            };
            Some(Version {
                flavour,
                major: major.parse().ok()?,
                minor: minor.parse().ok()?,
                text: text.to_owned(),
            })
        })
    }

    /// Whether this toolkit works with it.
    pub fn supported(&self) -> bool {
        (self.major, self.minor) >= OLDEST
    }

    /// Whether it has `nix store info`, which was `nix store ping` before 2.19. Lix counts on from a version with it.
    pub(super) fn says_store_info(&self) -> bool {
        (self.major, self.minor) >= (2, 19)
    }

    /// Whether its git fetcher knows `exportIgnore`. Those before it always heed `export-ignore`, as `git archive` does.
    pub fn has_export_ignore(&self) -> bool {
        self.flavour != Flavour::Lix && (self.major, self.minor) >= (2, 20)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.flavour {
            Flavour::Nix => f.write_str(&self.text),
            Flavour::Lix => write!(f, "Lix {}", self.text),
            Flavour::Determinate => write!(f, "Determinate {}", self.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flavour_is_read() {
        let shown = |said: &str| Version::parse(said).map(|version| version.to_string());
        assert_eq!(shown("nix (Nix) 2.26.3\n").as_deref(), Some("2.26.3"));
        assert_eq!(shown("nix (Lix, like Nix) 2.93.0").as_deref(), Some("Lix 2.93.0"));
        assert_eq!(
            shown("nix (Determinate Nix 3.6.2) 2.29.0").as_deref(),
            Some("Determinate 2.29.0")
        );
        assert_eq!(
            shown("warning: unknown setting\nnix (Nix) 2.19pre20230911_abc").as_deref(),
            Some("2.19pre20230911_abc")
        );
        assert_eq!(shown("busybox 1.2"), None);
        assert_eq!(shown("nix"), None);
    }

    #[test]
    fn what_is_too_old_is_told_from_what_is_not() {
        let supported = |said: &str| Version::parse(said).expect("version").supported();
        assert!(!supported("nix (Nix) 2.8.0"));
        assert!(!supported("nix (Nix) 2.17.1"));
        assert!(supported("nix (Nix) 2.18.0"));
        assert!(supported("nix (Nix) 3.0"));
        assert!(supported("nix (Lix, like Nix) 2.90.0-rc1"));
    }

    #[test]
    fn the_store_is_asked_by_the_name_that_the_version_has() {
        let info = |said: &str| Version::parse(said).expect("version").says_store_info();
        assert!(!info("nix (Nix) 2.18.9"));
        assert!(info("nix (Nix) 2.19.0"));
        assert!(info("nix (Lix, like Nix) 2.90.0"));
    }
}
