//! Mirrors: one bare repository for each upstream, from which studios get their objects by hard link, and which keeps
//! the commits of snapshots when their studio is gone.
//!
//! `refs/heads` and `refs/tags` are upstream's; `refs/studio/snapshots/ID` and `refs/studio/inputs/ID` pin commits of
//! ours. A mirror is never pruned: a studio on another device borrows from it.

mod pin;

pub(crate) use pin::{input_ref, pin, snapshot_ref};

use crate::context::Context;
use crate::error::{Error, OrSay, Result};
use crate::fs::{self, Draft, Lock};
use crate::git::{self, Depth};
use crate::home::Home;
use crate::studio::Studio;
use camino::{Utf8Path, Utf8PathBuf};

/// The user's flake repository: a URL, or the absolute path of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream(String);

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

    /// As `git clone` takes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of its mirror: readable, and unique by a digest of the whole.
    fn key(&self) -> String {
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

/// A mirror in its place.
#[derive(Clone, Debug)]
pub struct Mirror {
    /// Its folder.
    pub path: Utf8PathBuf,
    /// The branch that upstream's HEAD names.
    pub base: String,
}

impl Mirror {
    /// Makes the mirror of `upstream`, or brings it up to date; an unreachable upstream is a warning when there is one.
    pub fn of(cx: &Context, home: &Home, upstream: &Upstream) -> Result<Mirror> {
        fs::create_dir_all(&home.mirrors())?;
        let path = home.mirrors().join(upstream.key());
        let _lock =
            Lock::wait(&home.lock(&format!("mirror-{}", upstream.key())), &cx.command, &cx.ui)?;
        fs::sweep(&home.mirrors());
        if path.is_dir() {
            // Left by a fetch that was killed; what pins commits has a lock of its own.
            git::remove_stale_locks(&path, Depth::Here)?;
            git::remove_stale_locks(&path.join("refs/heads"), Depth::Below)?;
            git::remove_stale_locks(&path.join("refs/tags"), Depth::Below)?;
            if let Err(cause) = fetch(&path) {
                cx.ui.warn(format!(
                    "`{upstream}` cannot be reached, so its last known state is used\n{cause}"
                ));
            }
        } else {
            cx.ui.step(format!("getting `{upstream}` ..."));
            make(&path, upstream)?;
        }
        let base = base(&path, upstream)?;
        Ok(Mirror { path, base })
    }

    /// The name under `mirrors/`.
    pub fn key(&self) -> &str {
        self.path.file_name().unwrap_or_default()
    }
}

fn make(path: &Utf8Path, upstream: &Upstream) -> Result<()> {
    let parent = path.parent().unwrap_or(path);
    let draft = Draft::of(path)?;
    // No hooks from a template: nobody works in a mirror.
    git::git(parent, ["clone", "--quiet", "--bare", "--no-hardlinks", "--template=", "--"])
        .args([upstream.as_str(), draft.path().as_str()])
        .env("GIT_TERMINAL_PROMPT", "0")
        .run()
        .map_err(|cause| {
            let error = Error::new(format!("the upstream `{upstream}` cannot be got"))
                .because(cause.output());
            if cause.output().contains("No space left") {
                return error
                    .hint("free some space on that disk and try again; nothing was changed");
            }
            error.hint(format!("try `git ls-remote {upstream}`; if that fails too, git says why"))
        })?;
    settle(draft.path())?;
    // What is no flake leaves no mirror.
    base(draft.path(), upstream)?;
    draft.publish()
}

/// Makes the mirror of a studio again if somebody removed it; the pins of other studios' snapshots are gone with it.
pub(super) fn restore(cx: &Context, studio: &Studio) -> Result<()> {
    if studio.mirror.is_dir() {
        return Ok(());
    }
    let url = studio.repo.config("remote.origin.url").unwrap_or_default();
    cx.ui.warn(format!("the mirror `{}` is gone and is made again", studio.mirror));
    let _lock = Lock::wait(&studio.home.lock("mirror-again"), &cx.command, &cx.ui)?;
    make(&studio.mirror, &Upstream(url))
}

/// Settings of a mirror: it takes upstream's branches as they are, is never cleaned, and takes any commit from studios.
fn settle(path: &Utf8Path) -> Result<()> {
    for (name, value) in [
        ("remote.origin.fetch", "+refs/heads/*:refs/heads/*"),
        ("gc.auto", "0"),
        ("gc.pruneExpire", "never"),
        ("maintenance.auto", "false"),
        ("receive.autogc", "false"),
        // What arrives stays the pack that it came as: an unpacking that is killed leaves commits without their trees.
        ("receive.unpackLimit", "1"),
        ("fetch.unpackLimit", "1"),
        ("receive.denyCurrentBranch", "ignore"),
        ("core.logAllRefUpdates", "false"),
        // `git prune` and `git repack -d` refuse: studios on other devices borrow objects from here.
        ("core.repositoryFormatVersion", "1"),
        ("extensions.preciousObjects", "true"),
    ] {
        git::git(path, ["config", name, value]).run()?;
    }
    Ok(())
}

fn fetch(path: &Utf8Path) -> Result<(), String> {
    let run = |args: &[&str]| git::git(path, args).env("GIT_TERMINAL_PROMPT", "0").run();
    run(&[
        "-c",
        "fetch.unpackLimit=1",
        "fetch",
        "--quiet",
        "--prune",
        "--tags",
        "--force",
        "--no-auto-maintenance",
        "--no-write-fetch-head",
        "origin",
        "+refs/heads/*:refs/heads/*",
    ])
    .map_err(|cause| cause.output().to_owned())?;
    // Which branch is the main one may have changed; not knowing it is no reason to stop.
    if let Ok(said) = run(&["ls-remote", "--symref", "origin", "HEAD"])
        && let Some(head) = said
            .text()
            .lines()
            .find_map(|line| line.strip_prefix("ref: ")?.split('\t').next().map(str::to_owned))
    {
        let _ = run(&["symbolic-ref", "HEAD", &head]);
    }
    Ok(())
}

/// The main branch, which must have a commit with a `flake.nix`.
fn base(path: &Utf8Path, upstream: &Upstream) -> Result<String> {
    let run = |args: &[&str]| git::git(path, args).run();
    let head = run(&["symbolic-ref", "--short", "HEAD"])
        .or_say(|| format!("the main branch of `{upstream}` is not known"))?;
    let mut branch = head.text();
    if run(&["rev-parse", "--verify", "--quiet", &format!("refs/heads/{branch}")]).is_err() {
        // A HEAD that leads nowhere: an empty repository, or one whose main branch is called otherwise.
        let branches = run(&["for-each-ref", "--format=%(refname:short)", "refs/heads"])?.text();
        branch = match branches.lines().collect::<Vec<_>>().as_slice() {
            [] => {
                return Err(Error::new(format!("the upstream `{upstream}` has no commit yet"))
                    .hint("commit a `flake.nix` there first: `git add flake.nix && git commit`"));
            }
            [only] => (*only).to_owned(),
            several => {
                return Err(Error::new(format!(
                    "the upstream `{upstream}` has no branch `{branch}`, which its HEAD names"
                ))
                .hint(format!("it has {}; point its HEAD at one", crate::ui::names(several, 6))));
            }
        };
    }
    if run(&["cat-file", "-e", &format!("refs/heads/{branch}:flake.nix")]).is_err() {
        return Err(Error::new(format!(
            "the upstream `{upstream}` has no `flake.nix` at the top of `{branch}`"
        ))
        .hint("give the repository of your flake: `studio --upstream URL`"));
    }
    Ok(branch)
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
