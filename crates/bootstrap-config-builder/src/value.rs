//! What a key can hold, and how it is read: one type a kind, checked once. Not here: which key holds what.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A text that is not what a key wants.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("wanted {wanted}")]
pub struct Bad {
    /// What it wants, with its article.
    pub wanted: &'static str,
}

/// The kind of value that a key wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A text that may stand as a number in a file.
    Id,
    /// A path, taken as it is written.
    Path,
    /// A flake reference or a path.
    Reference,
    /// Yes or no.
    Switch,
    /// How many jobs run at once; 0 is one for each core.
    Jobs,
    /// [`DebugInfo`].
    DebugInfo,
    /// [`Channel`].
    Channel,
    /// [`Stage`].
    Stage,
    /// [`Target`].
    Target,
    /// [`System`].
    System,
    /// [`Version`].
    Version,
    /// [`Step`].
    Step,
}

impl Kind {
    /// What it wants, for errors and for the documents.
    pub fn wanted(self) -> &'static str {
        match self {
            Kind::Text => "a text",
            Kind::Id => "a text or a number",
            Kind::Path => "a path",
            Kind::Reference => "a flake reference or a path",
            Kind::Switch => "`true` or `false`",
            Kind::Jobs => "a number of jobs, 0 for one on each core",
            Kind::DebugInfo => "a level of debug information: 0, 1 or 2",
            Kind::Channel => {
                "a channel: `stable`, `beta`, `nightly`, `dev`, `auto-detect`, \
                 `nightly-2025-09-16` or a version such as `1.89.0`"
            }
            Kind::Stage => "a stage: 0, 1, 2 or 3",
            Kind::Target => "a target triple such as `aarch64-unknown-linux-gnu`",
            Kind::System => "a system such as `aarch64-linux`",
            Kind::Version => "a version of Rust such as `1.89.0` or `1.92.0-nightly`",
            Kind::Step => "the name of a step such as `step1-configure`",
        }
    }

    /// Reads a text; `None` is the empty one, which says that there is nothing.
    pub fn parse(self, text: &str) -> Result<Option<Value>, Bad> {
        let bad = Bad { wanted: self.wanted() };
        let checked = |value: Option<Value>| value.map(Some).ok_or(bad.clone());
        match self {
            Kind::Switch => checked(text.parse().ok().map(Value::Switch)),
            Kind::Jobs => checked(text.parse().ok().map(Value::Jobs)),
            Kind::DebugInfo => checked(text.parse().ok().map(Value::DebugInfo)),
            Kind::Channel => checked(text.parse().ok().map(Value::Channel)),
            // Nix has no text with a NUL in it.
            _ if text.contains('\0') => Err(Bad { wanted: "a text without NUL, for Nix has none" }),
            _ if text.is_empty() => Ok(None),
            Kind::Text | Kind::Id | Kind::Path | Kind::Reference => {
                Ok(Some(Value::Text(text.to_owned())))
            }
            Kind::Stage => checked(text.parse().ok().map(Value::Stage)),
            Kind::Target => checked(text.parse().ok().map(Value::Target)),
            Kind::System => checked(text.parse().ok().map(Value::System)),
            Kind::Version => checked(text.parse().ok().map(Value::Version)),
            Kind::Step => checked(text.parse().ok().map(Value::Step)),
        }
    }

    /// Reads a value of a TOML file, where it must have its own type; stages and ids may be numbers there.
    pub fn of_toml(self, value: &toml_edit::Value) -> Result<Option<Value>, Bad> {
        let bad = || Bad { wanted: self.wanted() };
        match (self, value) {
            (Kind::Switch, toml_edit::Value::Boolean(on)) => Ok(Some(Value::Switch(*on.value()))),
            (
                Kind::Jobs | Kind::DebugInfo | Kind::Stage | Kind::Id,
                toml_edit::Value::Integer(number),
            ) => self.parse(&number.value().to_string()),
            (Kind::Switch | Kind::Jobs | Kind::DebugInfo, _) => Err(bad()),
            (_, toml_edit::Value::String(text)) => self.parse(text.value()),
            _ => Err(bad()),
        }
    }
}

/// A value that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Any text, path or reference.
    Text(String),
    /// Yes or no.
    Switch(bool),
    /// A number of jobs.
    Jobs(u32),
    /// How much debug information.
    DebugInfo(DebugInfo),
    /// Where toolchains come from.
    Channel(Channel),
    /// How far a compiler has built itself.
    Stage(Stage),
    /// For what is built.
    Target(Target),
    /// On what is built.
    System(System),
    /// A version of Rust.
    Version(Version),
    /// A step of a lattice.
    Step(Step),
}

impl Value {
    /// As it stands in the file.
    pub fn to_toml(&self) -> toml_edit::Value {
        match self {
            Value::Switch(on) => (*on).into(),
            Value::Jobs(number) => i64::from(*number).into(),
            Value::DebugInfo(level) => i64::from(*level as u8).into(),
            other => other.to_string().into(),
        }
    }

    /// As it stands in a report.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Switch(on) => (*on).into(),
            Value::Jobs(number) => (*number).into(),
            Value::DebugInfo(level) => (*level as u8).into(),
            other => other.to_string().into(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Switch(on) => on.fmt(f),
            Value::Jobs(number) => number.fmt(f),
            Value::DebugInfo(level) => (*level as u8).fmt(f),
            Value::Channel(Channel(text))
            | Value::Target(Target(text))
            | Value::System(System(text))
            | Value::Step(Step(text)) => f.write_str(text),
            Value::Stage(Stage(number)) => number.fmt(f),
            Value::Version(version) => version.fmt(f),
        }
    }
}

/// How much debug information is built in, as rustc's `-C debuginfo` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DebugInfo {
    /// None.
    None = 0,
    /// Line tables and little more.
    Limited = 1,
    /// All.
    Full = 2,
}

impl FromStr for DebugInfo {
    type Err = ();

    fn from_str(text: &str) -> Result<DebugInfo, ()> {
        match text {
            "0" => Ok(DebugInfo::None),
            "1" => Ok(DebugInfo::Limited),
            "2" => Ok(DebugInfo::Full),
            _ => Err(()),
        }
    }
}

/// Where toolchains come from: a channel of rustc's own bootstrap, of a day, or a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel(String);

impl FromStr for Channel {
    type Err = ();

    fn from_str(text: &str) -> Result<Channel, ()> {
        let day = |text: &str| {
            let parts: Vec<&str> = text.split('-').collect();
            let sizes: Vec<usize> = parts.iter().map(|part| part.len()).collect();
            sizes == [4, 2, 2] && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()))
        };
        let dated = |name| text.strip_prefix(name).is_some_and(day);
        let plain = ["stable", "beta", "nightly", "dev", "auto-detect"].contains(&text);
        // `1.89` is the newest patch of it.
        let version =
            text.parse::<Version>().is_ok() || format!("{text}.0").parse::<Version>().is_ok();
        (plain || dated("nightly-") || dated("beta-") || version)
            .then(|| Channel(text.to_owned()))
            .ok_or(())
    }
}

/// How many times the compiler that is used was built by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage(u8);

impl Stage {
    /// That of a compiler that was downloaded.
    pub const FIRST: Stage = Stage(0);

    /// As a folder of a lattice is called.
    pub fn folder(self) -> String {
        format!("stage{}", self.0)
    }
}

impl FromStr for Stage {
    type Err = ();

    fn from_str(text: &str) -> Result<Stage, ()> {
        let number = text.strip_prefix("stage").unwrap_or(text);
        match number {
            "0" | "1" | "2" | "3" => number.parse().map(Stage).map_err(|_| ()),
            _ => Err(()),
        }
    }
}

/// Parts of lower case letters, digits and a few signs, which are safe in any path.
fn parts(text: &str, at_least: usize) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'.';
    let part = |part: &str| !part.is_empty() && part.bytes().all(plain) && !part.starts_with('.');
    text.len() <= 200 && text.split('-').count() >= at_least && text.split('-').all(part)
}

/// A target triple, as `rustc --print target-list` has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(String);

impl FromStr for Target {
    type Err = ();

    fn from_str(text: &str) -> Result<Target, ()> {
        parts(text, 2).then(|| Target(text.to_owned())).ok_or(())
    }
}

/// A system in Nix's words: `x86_64-linux`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System(String);

impl System {
    /// The one that this program was built for, if Nix has a name for it that leaves no choice.
    pub fn of_this_machine() -> Option<System> {
        let os = match std::env::consts::OS {
            "macos" => "darwin",
            os @ ("linux" | "freebsd" | "netbsd" | "openbsd") => os,
            _ => return None,
        };
        let arch = match std::env::consts::ARCH {
            "x86" => "i686",
            arch @ ("x86_64" | "aarch64" | "riscv64" | "s390x" | "loongarch64") => arch,
            // The others are several to Nix: `armv6l` or `armv7l`, big or little end.
            _ => return None,
        };
        Some(System(format!("{arch}-{os}")))
    }
}

impl FromStr for System {
    type Err = ();

    fn from_str(text: &str) -> Result<System, ()> {
        let two = text.split('-').count() == 2;
        (two && parts(text, 2)).then(|| System(text.to_owned())).ok_or(())
    }
}

/// A version of Rust, ordered by age: `1.92.0-nightly` comes before `1.92.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    numbers: [u64; 3],
    before: Option<String>,
}

impl Version {
    /// The channel that a compiler of this version comes from.
    pub fn channel(&self) -> Channel {
        let name = match self.before.as_deref() {
            None => "stable",
            Some(before) if before.starts_with("beta") => "beta",
            Some("nightly") => "nightly",
            Some(_) => "dev",
        };
        Channel(name.to_owned())
    }
}

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Version, ()> {
        let (numbers, before) = match text.split_once('-') {
            Some((numbers, before)) if parts(before, 1) => (numbers, Some(before.to_owned())),
            Some(_) => return Err(()),
            None => (text, None),
        };
        let number = |part: &str| {
            let plain = part.bytes().all(|b| b.is_ascii_digit());
            let shortest = part == "0" || !part.starts_with('0');
            (plain && shortest).then(|| part.parse::<u64>().ok()).flatten().ok_or(())
        };
        let numbers: Vec<u64> = numbers.split('.').map(number).collect::<Result<_, ()>>()?;
        Ok(Version { numbers: numbers.try_into().map_err(|_| ())?, before })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        match &self.before {
            Some(before) => write!(f, "-{before}"),
            None => Ok(()),
        }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (&self.before, &other.before) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(own), Some(others)) => own.cmp(others),
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The name of a step of a lattice: one part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step(String);

impl FromStr for Step {
    type Err = ();

    fn from_str(text: &str) -> Result<Step, ()> {
        parts(text, 1).then(|| Step(text.to_owned())).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(kind: Kind, good: &[&str], bad: &[&str]) {
        for text in good {
            let value = kind.parse(text).unwrap_or_else(|_| panic!("{text:?} was refused"));
            let value = value.expect("not empty");
            // What is written is read again as the same.
            assert_eq!(kind.of_toml(&value.to_toml()).expect("read again"), Some(value));
        }
        for text in bad {
            assert!(kind.parse(text).is_err(), "{kind:?} took {text:?}");
        }
    }

    #[test]
    fn each_kind_takes_its_own() {
        takes(Kind::Switch, &["true", "false"], &["", "yes", "1", "True"]);
        takes(Kind::Jobs, &["0", "8", "4294967295"], &["", "-1", "4294967296", "all", "1.5"]);
        takes(Kind::DebugInfo, &["0", "1", "2"], &["", "3", "-1", "full"]);
        takes(Kind::Stage, &["0", "1", "2", "3", "stage0"], &["4", "stage", "x", "00"]);
        takes(
            Kind::Channel,
            &["stable", "beta", "nightly", "dev", "nightly-2025-09-16", "1.89", "1.89.0"],
            &["", "Stable", "nightly-", "nightly-2025-9-16", "nightly-xxxx-xx-xx", "1"],
        );
        takes(
            Kind::Target,
            &["aarch64-unknown-linux-gnu", "wasm32-wasip1", "thumbv8m.main-none-eabihf"],
            &["linux", "a/b-c", "../x-y", "-a", "a-", "a b-c", "a-.."],
        );
        takes(Kind::System, &["x86_64-linux", "aarch64-darwin"], &["linux", "a-b-c", "a/b-c"]);
        takes(
            Kind::Version,
            &["1.89.0", "1.92.0-nightly", "1.93.0-beta.2"],
            &["1", "1.89", "1.89.x", "01.2.3", "1.2.3-", "1.2.3-a/b", "1.2.3-..", "v1.2.3"],
        );
        takes(Kind::Step, &["step1-configure", "a"], &["..", "a/b", ".a", "-a", "a--b", "a\nb"]);
        takes(Kind::Text, &["a\"b\\c\n${x}"], &["a\0b"]);
        assert_eq!(Kind::Path.parse(""), Ok(None));
    }

    #[test]
    fn versions_are_ordered_by_age_and_tell_their_channel() {
        let version = |text: &str| text.parse::<Version>().expect("a version");
        assert!(version("1.9.0") < version("1.10.0"));
        assert!(version("1.92.0-nightly") < version("1.92.0"));
        let channels = ["1.92.0", "1.92.0-beta.3", "1.92.0-nightly", "1.92.0-dev"]
            .map(|text| version(text).channel().0);
        assert_eq!(channels, ["stable", "beta", "nightly", "dev"]);
    }
}
