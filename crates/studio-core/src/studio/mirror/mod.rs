//! Mirrors: one bare repository for each upstream, from which studios get their objects by hard link, and which keeps
//! the commits of snapshots when their studio is gone.
//!
//! `refs/heads` and `refs/tags` are upstream's; `refs/studio/snapshots/ID` and `refs/studio/inputs/ID` pin commits of
//! ours. git itself is kept from cleaning a mirror: snapshots, and studios on another device, borrow from it.

mod compact;
mod pin;
mod upstream;

pub use compact::{compact, unpin};
pub(crate) use pin::{input_ref, pin, snapshot_ref};
pub use upstream::Upstream;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs::{self, Draft, Lock};
use crate::git::{self, Advertised, Depth, Repo};
use crate::home::Home;
use crate::process::{Failure, Program, Said};
use crate::studio::Studio;
use camino::{Utf8Path, Utf8PathBuf};

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
    ///
    /// While the lock lives, nothing leaves the mirror: whoever copies from it holds it.
    pub fn of(cx: &Context, home: &Home, upstream: &Upstream) -> Result<(Mirror, Lock)> {
        fs::create_dir_all(&home.mirrors())?;
        let path = home.mirrors().join(upstream.key());
        let lock =
            Lock::wait(&home.lock(&format!("mirror-{}", upstream.key())), &cx.command, &cx.ui)?;
        fs::sweep(&home.mirrors());
        if path.is_dir() {
            // Left by a fetch that was killed; what pins commits has a lock of its own.
            git::remove_stale_locks(&path, Depth::Here)?;
            fs::remove_file(&path.join("packed-refs.new"))?;
            git::remove_stale_locks(&path.join("refs/heads"), Depth::Below)?;
            git::remove_stale_locks(&path.join("refs/tags"), Depth::Below)?;
            compact::finish(cx, home, &upstream.key())?;
            renew(cx, &path, upstream)?;
            compact::tidy(cx, home, &upstream.key())?;
        } else {
            cx.ui.step(format!("getting `{upstream}` ..."));
            make(cx, &path, upstream)?;
        }
        let base = base(&Repo::open_bare(&path)?, upstream)?;
        Ok((Mirror { path, base }, lock))
    }

    /// The mirror as it is, looked at without a lock and without asking upstream; `None` if there is none yet.
    ///
    /// # Errors
    /// If no studio could be made of it.
    pub fn look(home: &Home, upstream: &Upstream) -> Result<Option<Mirror>> {
        let path = upstream.mirror(home);
        if !path.is_dir() {
            return Ok(None);
        }
        let base = base(&Repo::open_bare(&path)?, upstream)?;
        Ok(Some(Mirror { path, base }))
    }

    /// The name under `mirrors/`.
    pub fn key(&self) -> &str {
        self.path.file_name().unwrap_or_default()
    }
}

fn make(cx: &Context, path: &Utf8Path, upstream: &Upstream) -> Result<()> {
    let parent = path.parent().unwrap_or(path);
    let advertised =
        git::advertised(parent, upstream.as_str()).map_err(|cause| not_got(upstream, &cause))?;
    refuse_foreign(&advertised, upstream)?;
    if advertised.is_empty() {
        return Err(no_commit(upstream));
    }
    let draft = Draft::of(path)?;
    // By its transport also from a folder: one pack of what its refs reach, whatever else lies there or is borrowed.
    // No hooks from a template: nobody works in a mirror.
    let clone = git::git(parent, ["clone", "--quiet", "--bare", "--no-local", "--template="])
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_DEFAULT_REF_FORMAT", "files");
    let places = ["--", upstream.as_str(), draft.path().as_str()];
    watched(cx, &format!("getting `{upstream}`"), clone, &places).map_err(|cause| {
        let error = Error::new(not_got_message(upstream)).because(cause.output());
        let explained = fs::explain(error, cause.output(), draft.path());
        if explained.hints().is_empty() { not_got(upstream, &cause) } else { explained }
    })?;
    refuse_shallow(draft.path(), upstream)?;
    settle(draft.path())?;
    // What is no flake leaves no mirror.
    base(&Repo::open_bare(draft.path())?, upstream)?;
    draft.publish()
}

/// Words for an upstream that git cannot get.
fn not_got(upstream: &Upstream, cause: &Failure) -> Error {
    let output = cause.output();
    let found = if output.is_empty() { cause.to_string() } else { output.to_owned() };
    let error = Error::new(not_got_message(upstream)).because(found);
    if output.contains("from promisor remote") {
        return error
            .hint("it is a partial clone, which does not have all of its files; give the repository that it was cloned from: `studio --upstream URL`");
    }
    error.hint(format!("try `git ls-remote {upstream}`; if that fails too, git says why"))
}

fn not_got_message(upstream: &Upstream) -> String {
    format!("the upstream `{upstream}` cannot be got")
}

fn refuse_foreign(advertised: &Advertised, upstream: &Upstream) -> Result<()> {
    if !advertised.foreign {
        return Ok(());
    }
    Err(Error::new(format!(
        "the upstream `{upstream}` has SHA-256 objects, and Nix reads only SHA-1"
    ))
    .hint("give a repository with SHA-1 objects; `git init --object-format=sha1` makes a new one"))
}

fn refuse_shallow(mirror: &Utf8Path, upstream: &Upstream) -> Result<()> {
    if !mirror.join("shallow").exists() {
        return Ok(());
    }
    Err(Error::new(format!(
        "the upstream `{upstream}` is a shallow clone: its history is cut short, which Nix refuses"
    ))
    .hint("get the rest of it: `git fetch --unshallow` there; or give the repository that it was cloned from: `studio --upstream URL`"))
}

fn no_commit(upstream: &Upstream) -> Error {
    Error::new(format!("the upstream `{upstream}` has no commit yet"))
        .hint("commit a `flake.nix` there first: `git add flake.nix && git commit`")
}

/// Makes the mirror of a studio again if somebody removed it; the pins of other studios' snapshots are gone with it.
pub(super) fn restore(cx: &Context, studio: &Studio) -> Result<()> {
    if studio.mirror.is_dir() {
        return Ok(());
    }
    let url = studio.repo.config("remote.origin.url").unwrap_or_default();
    cx.ui.warn(format!("the mirror `{}` is gone and is made again", studio.mirror));
    let _lock = Lock::wait(&studio.home.lock("mirror-again"), &cx.command, &cx.ui)?;
    make(cx, &studio.mirror, &Upstream(url))
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

/// Brings a mirror up to date, over one connection if upstream has nothing new.
fn renew(cx: &Context, path: &Utf8Path, upstream: &Upstream) -> Result<()> {
    let unreachable = |cause: &Failure| {
        cx.ui.warn(format!(
            "`{upstream}` cannot be reached, so its last known state is used\n{}",
            cause.output()
        ));
    };
    let advertised = match git::advertised(path, upstream.as_str()) {
        Ok(advertised) => advertised,
        Err(cause) => {
            unreachable(&cause);
            return Ok(());
        }
    };
    refuse_foreign(&advertised, upstream)?;
    let mirror = Repo::open_bare(path)?;
    if !advertised.is_what_is_in(&mirror)? {
        if let Err(cause) = fetch(cx, path, upstream) {
            unreachable(&cause);
            return Ok(());
        }
        // A fetch writes each ref as a file, and thousands of them would be read one by one at every look. It is no
        // reason to stop if that cannot be.
        let _ = git::git(path, ["pack-refs", "--all"]).run();
    }
    // Which branch is the main one may have changed; not knowing it is no reason to stop.
    if let Some(head) = &advertised.head
        && mirror.head_branch()?.as_deref() != head.strip_prefix("refs/heads/")
    {
        git::git(path, ["symbolic-ref", "HEAD", head]).run()?;
    }
    Ok(())
}

fn fetch(cx: &Context, path: &Utf8Path, upstream: &Upstream) -> Result<(), Failure> {
    let fetch = git::git(path, ["fetch", "--quiet", "--prune", "--no-tags", "--force"])
        .args(["--no-auto-maintenance", "--no-write-fetch-head"])
        // What we pinned is not upstream's: telling of each snapshot would take longer with every one.
        .arg("--negotiation-tip=refs/heads/*")
        .env("GIT_TERMINAL_PROMPT", "0");
    // Tags by name, too, so that those go which upstream has no more.
    let what = ["origin", "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
    watched(cx, &format!("getting what is new in `{upstream}`"), fetch, &what).map(drop)
}

/// Runs a git that transfers something; where somebody looks, what it says of its progress is seen.
fn watched(cx: &Context, what: &str, git: Program, rest: &[&str]) -> Result<Said, Failure> {
    if !cx.ui.is_watched() {
        return git.args(rest).run();
    }
    let git = git.arg("--progress").args(rest);
    cx.ui.at_work(what, |far| git.run_with_progress(&mut |said| far(said)))
}

/// The main branch, which must have a commit with a `flake.nix`.
fn base(mirror: &Repo, upstream: &Upstream) -> Result<String> {
    let unknown = || format!("the main branch of `{upstream}` is not known");
    let mut branch = mirror.head_branch()?.ok_or_else(|| {
        Error::new(unknown()).because("its HEAD is on no branch").hint(
            "put it on one there: `git switch main`, or `git symbolic-ref HEAD refs/heads/main`",
        )
    })?;
    let commit = |branch: &str| mirror.ref_commit(&format!("refs/heads/{branch}"));
    let mut tip = commit(&branch)?;
    if tip.is_none() {
        // A HEAD that leads nowhere: an empty repository, or one whose main branch is called otherwise.
        branch = match mirror.branches()?.as_slice() {
            [] => return Err(no_commit(upstream)),
            [only] => only.clone(),
            several => {
                return Err(Error::new(format!(
                    "the upstream `{upstream}` has no branch `{branch}`, which its HEAD names"
                ))
                .hint(format!("it has {}; point its HEAD at one", crate::ui::names(several, 6))));
            }
        };
        tip = commit(&branch)?;
    }
    let tip = tip.ok_or_else(|| Error::new(unknown()))?;
    if !mirror.has_path(mirror.tree_of(&tip)?, "flake.nix")? {
        return Err(Error::new(format!(
            "the upstream `{upstream}` has no `flake.nix` at the top of `{branch}`"
        ))
        .hint("give the repository of your flake: `studio --upstream URL`"));
    }
    Ok(branch)
}
