//! Names that users give, validated once: a value of these types is safe as a path segment and as part of a git ref.
//!
//! Not here: looking anything up. A valid [`StudioName`] may name a studio that does not exist.

use std::fmt;

/// Why a text cannot be a name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{shown}` cannot be the name of a {what}: {why}")]
pub struct BadName {
    what: &'static str,
    shown: String,
    why: &'static str,
}

impl From<BadName> for crate::Error {
    fn from(bad: BadName) -> Self {
        crate::Error::new(bad.to_string())
            .hint("use letters, digits, `-`, `_` and `.`, for example `try-new-kernel`")
            .exit(crate::Exit::Usage)
    }
}

/// The longest name, in bytes: a file name may have 255, and `.tmp-NAME-PID` must fit as well.
const LONGEST: usize = 200;

/// What is wrong with `text` as one path segment and one ref component, or `None`.
///
/// The rules are those of `git check-ref-format` for one component, and those of file systems, whichever is stricter.
fn fault(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.len() > LONGEST {
        return Some("it is longer than 200 bytes");
    }
    if text.starts_with('-') {
        return Some("it starts with a dash, as options do");
    }
    if text.starts_with('.') {
        return Some("it starts with a dot");
    }
    if text.contains(['/', '\\']) {
        return Some("it contains a path separator");
    }
    if text.contains("..") {
        return Some("it contains `..`");
    }
    if text.chars().any(char::is_control) {
        return Some("it contains a control character");
    }
    if text.chars().any(char::is_whitespace) {
        return Some("it contains white space");
    }
    if text.contains([
        '~', '^', ':', '?', '*', '[', '"', '\'', '`', '$', '|', '&', ';', '<', '>', '(', ')',
    ]) {
        return Some("it contains a character that git or a shell reads as something else");
    }
    if text.ends_with(".lock") || text.ends_with('.') {
        return Some("git refuses names that end in `.` or `.lock`");
    }
    if text.contains("@{") || text == "@" {
        return Some("git reads `@` as HEAD");
    }
    None
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Takes `text` as a name, or says what is wrong with it.
            pub fn new(text: &str) -> Result<Self, BadName> {
                match fault(text) {
                    None => Ok(Self(text.to_owned())),
                    Some(why) => Err(BadName { what: $what, shown: text.escape_debug().take(60).collect(), why }),
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $type {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> {
                Self::new(&text)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0
            }
        }

        impl std::str::FromStr for $type {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                Self::new(text)
            }
        }
    };
}

name!(
    /// The name of a studio: a folder under `studios/`.
    StudioName,
    "studio"
);
name!(
    /// The name of a configuration in the flake: a host, a home or a package.
    ConfigName,
    "configuration"
);
name!(
    /// The name of a flake input whose source is a submodule at `inputs/NAME`.
    InputName,
    "input"
);

name!(
    /// One part of the name of a branch, between two slashes.
    BranchPart,
    "branch"
);

/// A full git object id of a commit, in lower-case hex.
///
/// It is also the name of the snapshot made of that commit: the commit id is derived from the whole content
/// (files, modes, submodule commits), so one commit is one snapshot.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct CommitId(String);

/// Not a full object id.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a full commit id")]
pub struct BadCommitId(String);

impl CommitId {
    /// Takes 40 (SHA-1) or 64 (SHA-256) hex digits.
    pub fn new(text: &str) -> Result<Self, BadCommitId> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if matches!(text.len(), 40 | 64) && text.bytes().all(hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadCommitId(text.escape_debug().take(80).collect()))
        }
    }

    /// All digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for people.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for CommitId {
    type Error = BadCommitId;
    fn try_from(text: String) -> Result<Self, BadCommitId> {
        CommitId::new(&text)
    }
}

impl From<CommitId> for String {
    fn from(id: CommitId) -> String {
        id.0
    }
}

/// The candidate that is most like `wanted`, if one is like it at all: for "did you mean".
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|name| (strsim::jaro_winkler(wanted, name), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_leave_their_folder_or_confuse_git_are_refused() {
        for bad in [
            "", "..", "../x", "a/b", "a\\b", "-f", "--force", ".hidden", "a..b", "a\nb", "a\0b",
            "a b", "a~1", "x^", "a:b", "a?", "*", "a[", "x.lock", "x.", "@", "a@{1}", "$HOME",
            "`id`", "a;b",
        ] {
            assert!(StudioName::new(bad).is_err(), "{bad:?} was taken");
        }
        assert!(StudioName::new(&"x".repeat(300)).is_err());
    }

    #[test]
    fn names_that_people_use_are_taken() {
        for good in [
            "main",
            "try-kernel_6.12",
            "a",
            "box.example",
            "alice@host",
            "Büro",
            "1f0c9e2a-7b7c-4b53-9d2a",
        ] {
            assert_eq!(StudioName::new(good).expect(good).as_str(), good);
        }
    }

    #[test]
    fn the_nearest_name_is_found_only_when_it_is_near() {
        assert_eq!(nearest("dmeo", ["demo", "spare"]), Some("demo"));
        assert_eq!(nearest("zzz", ["demo", "spare"]), None);
    }
}
