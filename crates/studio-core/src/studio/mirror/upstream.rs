//! What the user calls upstream, where that is said, and the name of its mirror.

use crate::config::{Key, Origin, Settings};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::git::Repo;
use crate::home::Home;
use crate::studio::Place;
use crate::{fs, git};
use camino::{Utf8Path, Utf8PathBuf};

/// The user's flake repository: a URL, or the absolute path of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream(pub(super) String);

impl Upstream {
    /// Takes a URL as it is and makes a path absolute. `base` is where relative paths start.
    pub fn new(text: &str, base: &Utf8Path) -> Result<Upstream> {
        if text.starts_with('-') || text.chars().any(char::is_control) {
            return Err(Error::new(format!("`{}` cannot be an upstream", text.escape_debug()))
                .hint("give a URL that `git clone` takes, or the path of a repository"));
        }
        if is_url(text) {
            return Ok(Upstream(text.to_owned()));
        }
        let path = base.join(text);
        let path = path.canonicalize_utf8().map_err(|cause| {
            Error::new(format!("the upstream `{text}` is not there"))
                .because(fs::plain(&cause))
                .hint("give a URL that `git clone` takes, or the path of a repository")
        })?;
        Ok(Upstream(path.into_string()))
    }

    /// The upstream that the settings name, or else that of the place one stands in, and where it was found; `None` if
    /// nothing says where it is.
    pub fn find(cx: &Context, settings: &Settings) -> Result<Option<(Upstream, Origin)>> {
        if let Some(value) = settings.get(Key::Upstream) {
            return Ok(Some((Upstream::new(&value.text, cx.env.cwd())?, value.origin)));
        }
        // In a studio or a snapshot it is theirs; in any other repository it is that repository.
        let place = Place::here(cx).ok().and_then(|place| match place {
            Place::Studio(studio) => studio.repo.config("remote.origin.url"),
            Place::Snapshot(snapshot) => {
                Repo::open(snapshot.path()).ok()?.config("remote.origin.url")
            }
        });
        if let Some(url) = place {
            let upstream = Upstream::new(&url, cx.env.cwd())?;
            return Ok(Some((upstream, Origin::Found("the place you stand in"))));
        }
        let Ok(repo) = Repo::here(cx) else { return Ok(None) };
        let upstream = Upstream::new(repo.top().as_str(), cx.env.cwd())?;
        Ok(Some((upstream, Origin::Found("the repository you stand in"))))
    }

    /// As `git clone` takes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where its mirror is, or would be.
    pub fn mirror(&self, home: &Home) -> Utf8PathBuf {
        home.mirrors().join(self.key())
    }

    /// The name of its mirror: readable, and unique by a digest of the whole.
    pub(super) fn key(&self) -> String {
        let last =
            self.0.trim_end_matches(['/', '\\']).rsplit(['/', ':']).next().unwrap_or_default();
        let readable: String = last
            .trim_end_matches(".git")
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            .take(40)
            .collect();
        format!(
            "{}-{}",
            if readable.is_empty() { "flake" } else { &readable },
            &git::digest(self.0.as_bytes())[..12]
        )
    }
}

impl std::fmt::Display for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// `scheme://…`, or git's short form of ssh: `user@host:path`, a colon before the first slash.
fn is_url(text: &str) -> bool {
    text.contains("://")
        || text.find(':').is_some_and(|colon| !text[..colon].contains('/') && colon > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_told_from_paths() {
        for url in
            ["https://example.org/a", "ssh://git@h/p", "git@example.org:me/flake.git", "file:///x"]
        {
            assert!(is_url(url), "{url}");
        }
        for path in ["/a/b", "a/b:c", ".", "../x", ":x"] {
            assert!(!is_url(path), "{path}");
        }
    }

    #[test]
    fn a_key_is_a_safe_name() {
        let key = |text: &str| Upstream(text.to_owned()).key();
        assert!(key("git@example.org:me/my-flake.git").starts_with("my-flake-"));
        assert!(key("/home/ada/..").starts_with("flake-"));
        assert_ne!(key("/a/nixos"), key("/b/nixos"));
    }
}
