//! What a repository somewhere says of its branches and tags, asked over one connection and without getting anything.

use super::{Repo, git};
use crate::error::{OrSay, Result};
use crate::process::Failure;
use camino::Utf8Path;
use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use std::collections::BTreeMap;

/// The branches and tags of a repository, as it says itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advertised {
    /// The branch that its HEAD is on, as a full ref name; `None` if that is not known.
    pub head: Option<String>,
    /// Whether its objects have names of another kind than ours, which nothing here can read.
    pub foreign: bool,
    refs: BTreeMap<BString, ObjectId>,
}

/// Asks the repository at `url` for its branches and tags; `dir` is where git runs.
pub fn advertised(dir: &Utf8Path, url: &str) -> Result<Advertised, Failure> {
    git(dir, ["ls-remote", "--quiet", "--symref", "--", url, "HEAD", "refs/heads/*", "refs/tags/*"])
        .env("GIT_TERMINAL_PROMPT", "0")
        .run()
        .map(|said| parse(&said.stdout))
}

fn parse(said: &[u8]) -> Advertised {
    let mut found = Advertised::default();
    for line in said.lines() {
        let Some((value, name)) = line.split_once_str("\t") else { continue };
        // A pattern matches the ends of names: `refs/remotes/origin/HEAD` comes, too.
        if let Some(target) = value.strip_prefix(b"ref: ") {
            if name == b"HEAD" {
                found.head = Some(target.to_str_lossy().into_owned());
            }
            continue;
        }
        found.foreign |= value.len() != gix::hash::Kind::Sha1.len_in_hex();
        let ours = name.starts_with(b"refs/heads/") || name.starts_with(b"refs/tags/");
        if ours
            && !name.ends_with(b"^{}")
            && let Ok(id) = ObjectId::from_hex(value)
        {
            found.refs.insert(name.into(), id);
        }
    }
    found
}

impl Advertised {
    /// Whether there is no branch.
    pub fn is_empty(&self) -> bool {
        !self.refs.keys().any(|name| name.starts_with(b"refs/heads/"))
    }

    /// Whether `repo` has exactly these branches and tags.
    pub fn is_what_is_in(&self, repo: &Repo) -> Result<bool> {
        let here = repo.branches_and_tags()?;
        Ok(here.len() == self.refs.len()
            && here.iter().all(|(name, found)| self.refs.get(name) == Some(&found.id)))
    }
}

/// What a ref names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The object itself.
    pub id: ObjectId,
    /// What an annotated tag leads to, where that is written down beside the ref.
    pub peeled: Option<ObjectId>,
}

impl Repo {
    /// All branches and tags by full name, not peeled.
    pub(super) fn branches_and_tags(&self) -> Result<BTreeMap<BString, Found>> {
        let words = || "the refs cannot be listed";
        let platform = self.gix.references().or_say(words)?;
        let mut all = BTreeMap::new();
        for prefix in ["refs/heads/", "refs/tags/"] {
            for reference in platform.prefixed(prefix).or_say(words)? {
                let reference = reference.or_say(words)?;
                if let Some(id) = reference.try_id() {
                    let found = Found { id: id.detach(), peeled: reference.inner.peeled };
                    all.insert(reference.name().as_bstr().to_owned(), found);
                }
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_head_branches_and_tags_count() {
        let id = "2a52b31a66f9ae3d5fd576d26ad8e2c92e02118f";
        let said = format!(
            "ref: refs/heads/main\tHEAD\n{id}\tHEAD\n{id}\trefs/heads/main\n\
             ref: refs/remotes/origin/x\trefs/remotes/origin/HEAD\n{id}\trefs/remotes/origin/HEAD\n\
             {id}\trefs/tags/v1\n{id}\trefs/tags/v1^{{}}\n"
        );
        let found = parse(said.as_bytes());
        assert_eq!(found.head.as_deref(), Some("refs/heads/main"));
        assert_eq!(found.refs.keys().collect::<Vec<_>>(), ["refs/heads/main", "refs/tags/v1"]);
        assert!(!found.foreign && !found.is_empty());
    }

    #[test]
    fn ids_of_sixty_four_digits_are_foreign() {
        let found = parse(format!("{}\trefs/heads/main\n", "ab".repeat(32)).as_bytes());
        assert!(found.foreign);
        assert!(parse(b"").is_empty());
    }
}
