//! The path of one object in a Nix store, validated: what is handed to a privileged program is one of these.
//!
//! The form is Nix's own (`StorePath` in Nix's libstore): `STORE/HASH-NAME`, where HASH is 32 digits of Nix's base 32 and
//! NAME is 1 to 211 characters out of `A-Za-z0-9+-._?=`. The store is `/nix/store` unless `NIX_STORE_DIR` says otherwise.

use camino::{Utf8Path, Utf8PathBuf};
use std::fmt;

/// A path directly below the store.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct StorePath(Utf8PathBuf);

/// Not the path of an object in a store.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{path}` is not a path in a Nix store: {why}")]
pub struct BadStorePath {
    path: String,
    why: &'static str,
}

impl From<BadStorePath> for crate::Error {
    fn from(bad: BadStorePath) -> Self {
        crate::Error::new(bad.to_string())
    }
}

impl StorePath {
    /// Takes `path` if it has the form of a store path; whether it exists is another question.
    pub fn new(path: impl Into<Utf8PathBuf>) -> Result<StorePath, BadStorePath> {
        let path = path.into();
        match fault(&path) {
            None => Ok(StorePath(path)),
            Some(why) => {
                Err(BadStorePath { path: path.as_str().escape_debug().take(200).collect(), why })
            }
        }
    }

    /// The path.
    pub fn path(&self) -> &Utf8Path {
        &self.0
    }

    /// The store that it lies in.
    pub fn store(&self) -> &Utf8Path {
        self.0.parent().unwrap_or(Utf8Path::new("/nix/store"))
    }

    /// The name behind the hash: `nixos-system-demo-25.05`.
    pub fn name(&self) -> &str {
        self.0.file_name().and_then(|name| name.get(33..)).unwrap_or_default()
    }
}

impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl TryFrom<String> for StorePath {
    type Error = BadStorePath;
    fn try_from(text: String) -> Result<Self, BadStorePath> {
        StorePath::new(text)
    }
}

impl From<StorePath> for String {
    fn from(path: StorePath) -> String {
        path.0.into_string()
    }
}

fn fault(path: &Utf8Path) -> Option<&'static str> {
    if !path.is_absolute() {
        return Some("it is not absolute");
    }
    if path.components().any(|part| part.as_str() == "..") {
        return Some("it contains `..`");
    }
    if path.parent().and_then(Utf8Path::file_name) != Some("store") {
        return Some("it does not lie directly below a folder called `store`");
    }
    let (hash, name) = path.file_name().and_then(|name| name.split_once('-')).unwrap_or_default();
    if hash.len() != 32
        || !hash.bytes().all(|byte| b"0123456789abcdfghijklmnpqrsvwxyz".contains(&byte))
    {
        return Some("its name does not begin with 32 digits of a hash and a dash");
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._?=".contains(&byte);
    if name.is_empty() || name.len() > 211 || !name.bytes().all(allowed) {
        return Some("its name has characters that Nix does not allow");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "/nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-nixos-system-demo-25.05";

    #[test]
    fn a_store_path_is_taken_apart() {
        let path = StorePath::new(GOOD).expect("good");
        assert_eq!(path.name(), "nixos-system-demo-25.05");
        assert_eq!(path.store(), "/nix/store");
    }

    #[test]
    fn what_is_no_store_path_is_refused() {
        for bad in [
            "nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-x",
            "/nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-x/bin",
            "/nix/store/../store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-x",
            "/nix/store/short-x",
            "/nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2",
            "/nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-a b",
            "/nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-a;reboot",
            "/nix/store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-x",
        ] {
            assert!(StorePath::new(bad).is_err(), "{bad} was taken");
        }
    }
}
