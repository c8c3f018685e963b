//! A failure in words for the person who typed `cargo xtask`: what failed, and what to type next.

use crate::provider;
use camino::Utf8Path;

/// The result of every verb.
pub type Result<T> = std::result::Result<T, Error>;

/// One text, hints included; a verb has nobody who would branch on it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

impl Error {
    /// `message` is lower case, without a final period.
    pub fn new(message: impl Into<String>) -> Error {
        Error(message.into())
    }

    /// Adds what to type next.
    pub fn hint(self, hint: impl AsRef<str>) -> Error {
        Error(format!("{}\nhint: {}", self.0, hint.as_ref()))
    }

    /// For `map_err`: what was being done to which path.
    pub fn io(what: &str, path: &Utf8Path) -> impl FnOnce(std::io::Error) -> Error {
        move |cause| Error(format!("cannot {what} `{path}`: {cause}"))
    }
}

impl From<provider::Error> for Error {
    fn from(error: provider::Error) -> Error {
        Error(error.to_string())
    }
}
