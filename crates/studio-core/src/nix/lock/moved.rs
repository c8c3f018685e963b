//! Which inputs of a flake are locked to something else than before, and where on the web what lies between is shown.
//!
//! Only inputs of the flake itself: those of others come along with them. Not here: reading the two locks.

use super::{FlakeInput, LockFile};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// An input that is locked to something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedInput {
    /// Its name in `flake.nix`.
    pub name: String,
    /// What it was; nothing for one that is new.
    pub old: Option<FlakeInput>,
    /// What it is; nothing for one that is gone.
    pub new: Option<FlakeInput>,
    /// A page that shows the commits between, where the forge has one.
    pub link: Option<String>,
}

impl LockFile {
    /// The inputs that differ between two locks, by name; a flake without a lock has no inputs.
    pub fn moved(old: Option<&LockFile>, new: Option<&LockFile>) -> Vec<MovedInput> {
        let locked = |lock: Option<&LockFile>, name: &str| -> Option<Value> {
            let lock = lock?;
            lock.node(lock.key(name)?)?.get("locked").cloned()
        };
        let inputs = |lock: Option<&LockFile>| lock.map(LockFile::inputs).unwrap_or_default();
        let (before, after) = (inputs(old), inputs(new));
        let names: BTreeSet<&String> =
            before.iter().chain(&after).map(|input| &input.name).collect();
        let of = |inputs: &[FlakeInput], name: &str| {
            inputs.iter().find(|input| input.name == name).cloned()
        };
        let mut moved = vec![];
        for name in names {
            let (was, is) = (locked(old, name), locked(new, name));
            if was == is {
                continue;
            }
            let link = was.zip(is).and_then(|(was, is)| link(&was, &is));
            let (old, new) = (of(&before, name), of(&after, name));
            moved.push(MovedInput { name: name.clone(), old, new, link });
        }
        moved
    }
}

/// Who hosts repositories, by how it shows what lies between two commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forge {
    /// GitHub, and those that do as it does: Forgejo, Gitea.
    GitHub,
    GitLab,
    /// It has a list of commits down from one, and none between two.
    SourceHut,
}

/// A page for what lies between two locked commits of one repository.
fn link(old: &Value, new: &Value) -> Option<String> {
    let (from, to) = (repository(old)?, repository(new)?);
    let rev = |locked: &Value| locked.get("rev").and_then(Value::as_str).map(str::to_owned);
    let (old, new) = (rev(old)?, rev(new)?);
    if from != to || old == new {
        return None;
    }
    let (forge, address) = to;
    let page = match forge {
        Forge::GitHub => format!("https://{address}/compare/{old}...{new}"),
        Forge::GitLab => format!("https://{address}/-/compare/{old}...{new}"),
        Forge::SourceHut => format!("https://{address}/log/{new}"),
    };
    // What has other characters is no address of these forges, and would not survive a terminal.
    page.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte))
        .then_some(page)
}

/// The forge of a locked input, and the address of its repository there: `github.com/NixOS/nixpkgs`.
fn repository(locked: &Value) -> Option<(Forge, String)> {
    let text = |field: &str| locked.get(field).and_then(Value::as_str);
    let (forge, host) = match text("type")? {
        "github" => (Forge::GitHub, "github.com"),
        "gitlab" => (Forge::GitLab, "gitlab.com"),
        "sourcehut" => (Forge::SourceHut, "git.sr.ht"),
        "git" => return of_url(text("url")?),
        _ => return None,
    };
    let host = text("host").unwrap_or(host);
    // A group in GitLab has its slashes written out.
    let owner = text("owner")?.replace("%2F", "/").replace("%2f", "/");
    Some((forge, format!("{host}/{owner}/{}", text("repo")?)))
}

/// The same of the address by which git fetches.
fn of_url(url: &str) -> Option<(Forge, String)> {
    let rest = ["https://", "ssh://git@"].iter().find_map(|start| url.strip_prefix(start))?;
    let address = rest.trim_end_matches('/').trim_end_matches(".git");
    let forge = match address.split('/').next()? {
        "github.com" | "codeberg.org" => Forge::GitHub,
        "gitlab.com" => Forge::GitLab,
        "git.sr.ht" => Forge::SourceHut,
        _ => return None,
    };
    Some((forge, address.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lock whose inputs are these.
    fn lock(inputs: &[(&str, &str)]) -> LockFile {
        let names: Vec<String> =
            inputs.iter().map(|(name, _)| format!("\"{name}\": \"{name}\"")).collect();
        let nodes: Vec<String> = inputs
            .iter()
            .map(|(name, locked)| format!("\"{name}\": {{ \"locked\": {{ {locked} }} }}"))
            .collect();
        let root = format!("\"root\": {{ \"inputs\": {{ {} }} }}", names.join(", "));
        let nodes = [vec![root], nodes].concat().join(", ");
        let text = format!("{{ \"nodes\": {{ {nodes} }}, \"root\": \"root\", \"version\": 7 }}");
        LockFile::parse(&text).expect("a lock")
    }

    fn moved(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<MovedInput> {
        LockFile::moved(Some(&lock(old)), Some(&lock(new)))
    }

    #[test]
    fn what_moved_came_and_went_is_told() {
        let at = |rev: &str, time: u32| {
            format!(
                r#""type": "github", "owner": "NixOS", "repo": "nixpkgs", "rev": "{rev}", "lastModified": {time}"#
            )
        };
        let (one, two) = (at("aaaa", 1), at("bbbb", 2));
        let path = |hash: &str| format!(r#""type": "path", "path": "/x", "narHash": "{hash}""#);
        let found = moved(
            &[("nixpkgs", &one), ("same", &one), ("gone", &two), ("here", &path("1"))],
            &[("nixpkgs", &two), ("same", &one), ("come", &one), ("here", &path("2"))],
        );
        let told: Vec<String> = found
            .iter()
            .map(|input| {
                let side = |side: &Option<FlakeInput>| {
                    side.as_ref().map_or("none".to_owned(), |at| {
                        format!("{} {:?} {:?}", at.source, at.rev, at.modified)
                    })
                };
                format!(
                    "{}: {} → {}, {:?}",
                    input.name,
                    side(&input.old),
                    side(&input.new),
                    input.link
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "come: none → github:NixOS/nixpkgs Some(\"aaaa\") Some(1), None",
                "gone: github:NixOS/nixpkgs Some(\"bbbb\") Some(2) → none, None",
                "here: /x None None → /x None None, None",
                "nixpkgs: github:NixOS/nixpkgs Some(\"aaaa\") Some(1) → github:NixOS/nixpkgs Some(\"bbbb\") Some(2), \
                 Some(\"https://github.com/NixOS/nixpkgs/compare/aaaa...bbbb\")",
            ]
        );
        assert_eq!(LockFile::moved(None, Some(&lock(&[("a", &one)]))).len(), 1);
        assert_eq!(LockFile::moved(Some(&lock(&[("a", &one)])), None).len(), 1);
        assert_eq!(LockFile::moved(None, None), []);
    }

    #[test]
    fn every_forge_has_a_page_of_its_own_and_nobody_else_has_one() {
        let link = |locked: &str| {
            let at = |rev: &str| format!("{locked}, \"rev\": \"{rev}\"");
            moved(&[("x", &at("aa"))], &[("x", &at("bb"))]).remove(0).link
        };
        for (locked, wanted) in [
            (
                r#""type": "github", "owner": "a", "repo": "b""#,
                "https://github.com/a/b/compare/aa...bb",
            ),
            (
                r#""type": "github", "owner": "a", "repo": "b", "host": "git.example.org""#,
                "https://git.example.org/a/b/compare/aa...bb",
            ),
            (
                r#""type": "gitlab", "owner": "a%2Fb", "repo": "c""#,
                "https://gitlab.com/a/b/c/-/compare/aa...bb",
            ),
            (r#""type": "sourcehut", "owner": "~a", "repo": "b""#, "https://git.sr.ht/~a/b/log/bb"),
            (
                r#""type": "git", "url": "https://github.com/a/b.git""#,
                "https://github.com/a/b/compare/aa...bb",
            ),
            (
                r#""type": "git", "url": "ssh://git@gitlab.com/a/b""#,
                "https://gitlab.com/a/b/-/compare/aa...bb",
            ),
            (
                r#""type": "git", "url": "https://codeberg.org/a/b/""#,
                "https://codeberg.org/a/b/compare/aa...bb",
            ),
        ] {
            assert_eq!(link(locked).as_deref(), Some(wanted), "{locked}");
        }
        for locked in [
            r#""type": "git", "url": "https://git.example.org/a/b""#,
            r#""type": "git", "url": "file:///a/b""#,
            r#""type": "tarball", "url": "https://github.com/a.tar.gz""#,
            r#""type": "github", "owner": "a\u001b[31m", "repo": "b""#,
            r#""type": "github", "owner": "a""#,
        ] {
            assert_eq!(link(locked), None, "{locked}");
        }
        // Another repository has nothing between.
        let (one, other) = (
            r#""type": "github", "owner": "a", "repo": "b", "rev": "aa""#,
            r#""type": "github", "owner": "a", "repo": "fork", "rev": "bb""#,
        );
        assert_eq!(moved(&[("x", one)], &[("x", other)]).remove(0).link, None);
    }
}
