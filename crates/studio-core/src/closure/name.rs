//! Names of packages taken apart, and versions compared, as Nix does: `builtins.parseDrvName`, `splitVersion` and
//! `compareVersions` of the Nix manual, which nixpkgs is written with. `tests/closure` asks a real Nix about the same texts.
//!
//! Not here: which packages are in a closure.

use std::cmp::Ordering;
use std::fmt;

/// The outputs that nixpkgs gives packages by convention (`multiple-outputs.sh` in its `setup-hooks`, and the manual's
/// chapter on them), other than `out`, which stands in no name.
const OUTPUTS: [&str; 11] = [
    "bin",
    "debug",
    "dev",
    "devdoc",
    "devman",
    "doc",
    "info",
    "lib",
    "man",
    "nativeRuntime",
    "static",
];

/// A name and a version, as in `curl-8.17.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackageName<'a> {
    /// What stands before the version.
    pub name: &'a str,
    /// The version, without the dash before it; empty where there is none.
    pub version: &'a str,
}

impl<'a> PackageName<'a> {
    /// Splits the name of a derivation: the version begins behind the first dash that no letter follows.
    pub fn parse(text: &'a str) -> PackageName<'a> {
        let bytes = text.as_bytes();
        let dash = (0..bytes.len().saturating_sub(1))
            .find(|at| bytes[*at] == b'-' && !bytes[at + 1].is_ascii_alphabetic());
        match dash {
            Some(at) => PackageName { name: &text[..at], version: &text[at + 1..] },
            None => PackageName { name: text, version: "" },
        }
    }

    /// Splits the name of a store path, which may have that of an output behind the version: `curl-8.17.0-bin`.
    ///
    /// `derivation` is the name of what it was built by, without `.drv`, where that is known: it says exactly what belongs
    /// to the version. Without it, only the outputs that packages have by convention are taken for such.
    pub fn of_store_path(name: &'a str, derivation: Option<&str>) -> PackageName<'a> {
        if let Some(derivation) = derivation
            && let Some(rest) = name.strip_prefix(derivation)
            && (rest.is_empty() || rest.starts_with('-'))
        {
            return PackageName::parse(&name[..derivation.len()]);
        }
        let whole = PackageName::parse(name);
        match whole.version.rsplit_once('-') {
            Some((version, output)) if OUTPUTS.contains(&output) => {
                PackageName { version, ..whole }
            }
            _ => whole,
        }
    }
}

/// The parts by which versions are compared: runs of digits, and runs of anything else between dots, dashes and digits.
pub fn split_version(version: &str) -> impl Iterator<Item = &str> {
    let mut rest = version;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(['.', '-']);
        let first = rest.chars().next()?;
        let end = match first.is_ascii_digit() {
            true => rest.find(|c: char| !c.is_ascii_digit()),
            false => rest.find(|c: char| c.is_ascii_digit() || c == '.' || c == '-'),
        };
        let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        Some(part)
    })
}

/// Which of two versions is the newer one, by Nix's rule; different texts may be equal versions (`1.0` and `1-0`).
pub fn compare_versions(one: &str, other: &str) -> Ordering {
    let (mut ones, mut others) = (split_version(one), split_version(other));
    loop {
        let (one, other) = (ones.next(), others.next());
        if one.is_none() && other.is_none() {
            return Ordering::Equal;
        }
        let order = compare_parts(one.unwrap_or_default(), other.unwrap_or_default());
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// `pre` is before all, even before the end of a version; then the end, then words, then numbers.
fn compare_parts(one: &str, other: &str) -> Ordering {
    // What is too large for Nix's numbers is a word to it.
    let number = |part: &str| part.parse::<i32>().ok();
    let rank = |part: &str| match part {
        "pre" => 0,
        "" => 1,
        _ if number(part).is_none() => 2,
        _ => 3,
    };
    rank(one).cmp(&rank(other)).then_with(|| match (number(one), number(other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => one.cmp(other),
    })
}

/// A version with an order: Nix's, and where two are equal by that, the one of their texts.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Version(String);

impl Version {
    /// Any text is a version.
    pub fn new(text: impl Into<String>) -> Version {
        Version(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which is the newer one by Nix's rule alone.
    pub fn compare(&self, other: &Version) -> Ordering {
        compare_versions(&self.0, &other.0)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(no version)" } else { &self.0 })
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        compare_versions(&self.0, &other.0).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_no_part_of_a_version() {
        let split = |name: &'static str, derivation| {
            let found = PackageName::of_store_path(name, derivation);
            (found.name, found.version)
        };
        // By what built it, exactly.
        assert_eq!(split("curl-8.17.0-bin", Some("curl-8.17.0")), ("curl", "8.17.0"));
        assert_eq!(split("tzdata-2025b-zone", Some("tzdata-2025b")), ("tzdata", "2025b"));
        assert_eq!(split("x-1.0-dev", Some("x-1.0-dev")), ("x", "1.0-dev"));
        assert_eq!(split("glibc-2.40-66", Some("glibc-2.40-66")), ("glibc", "2.40-66"));
        // Without that, by convention.
        assert_eq!(split("curl-8.17.0-bin", None), ("curl", "8.17.0"));
        assert_eq!(split("x-1.0-rc", None), ("x", "1.0-rc"));
        assert_eq!(split("hello-world", None), ("hello-world", ""));
        assert_eq!(split("system-path", None), ("system-path", ""));
        // What was built by something with another name is taken as it is.
        assert_eq!(split("source-1.0", Some("fetch")), ("source", "1.0"));
        assert_eq!(split("foobar-1", Some("foo")), ("foobar", "1"));
    }

    #[test]
    fn versions_have_a_total_order() {
        let mut versions: Vec<Version> =
            ["1.0", "1-0", "1.0pre", "", "pre", "1.0a", "1.0.1", "99999999999", "1"]
                .map(Version::new)
                .into();
        versions.sort();
        let shown: Vec<String> = versions.iter().map(ToString::to_string).collect();
        let wanted =
            ["pre", "(no version)", "99999999999", "1", "1.0pre", "1-0", "1.0", "1.0a", "1.0.1"];
        assert_eq!(shown, wanted);
    }
}
