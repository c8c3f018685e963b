//! Making a studio: a clone of upstream whose objects come from the mirror by hard link, or are borrowed from it across
//! devices.
//!
//! It is made beside its place and renamed into it, so that there is a whole studio or none.

use super::mirror::{Mirror, Upstream};
use super::work::scratch_name;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs::{self, Draft, Lock};
use crate::git::{Founding, FoundingFailed, Head, Move, Repo, Target};
use crate::home::Home;
use crate::names::{CommitId, StudioName};
use crate::pool::Pool;
use crate::{alias, toolkit};
use camino::{Utf8Path, Utf8PathBuf};

/// A studio that was made.
#[derive(Clone, Debug)]
pub struct Created {
    /// Its folder.
    pub path: Utf8PathBuf,
    /// The scratch branch that is checked out.
    pub branch: String,
}

/// Makes the studio `name` from upstream's main branch.
pub fn create(
    cx: &Context,
    home: &Home,
    name: &StudioName,
    upstream: &Upstream,
) -> Result<Created> {
    let path = home.studio(name);
    fs::create_dir_all(&home.studios())?;
    let _lock = Lock::wait(&home.lock(&format!("studio-{name}")), &cx.command, &cx.ui)?;
    fs::sweep(&home.studios());
    if path.symlink_metadata().is_ok() {
        return Err(Error::new(format!("there is a studio `{name}` already, at `{path}`")).hint(format!(
            "go there: `cd {path}`; or take another name: `studio NAME`; or remove it: `studio --remove {name}`"
        )));
    }
    let (mirror, lock) = Mirror::of(cx, home, upstream)?;
    let draft = Draft::of(&path)?;
    let branch = fill(cx, home, name, upstream, &mirror, lock, draft.path())
        .map_err(|error| fs::tell_inodes(error, draft.path()))?;
    draft.publish()?;
    // Only now, because the root's link must name the place where the studio stays.
    toolkit::keep(cx, &toolkit::folder()?, &path.join(".git/studio/toolkit"));
    Ok(Created { path, branch })
}

fn fill(
    cx: &Context,
    home: &Home,
    name: &StudioName,
    upstream: &Upstream,
    mirror: &Mirror,
    lock: Lock,
    folder: &Utf8Path,
) -> Result<String> {
    let (repo, base) = Repo::found(&Founding {
        folder,
        from: &mirror.path,
        origin: upstream.as_str(),
        branch: &mirror.base,
        now: cx.env.now(),
    })
    .map_err(|cause| match cause {
        FoundingFailed::Git(cause) => failed(name, folder, &cause),
        FoundingFailed::Other(cause) => cause,
    })?;
    // It has all that it needs of the mirror.
    drop(lock);
    let mut settings = repo.clone_settings(upstream.as_str(), &mirror.base);
    settings.extend([
        ("studio.name".to_owned(), name.to_string()),
        ("studio.mirror".to_owned(), mirror.key().to_owned()),
        ("studio.base".to_owned(), mirror.base.clone()),
        ("studio.toolkit".to_owned(), toolkit::folder()?.into_string()),
        // What the operation log keeps is not for `git log --decorate`.
        ("log.excludeDecoration".to_owned(), "refs/studio/*".to_owned()),
        ("gc.pruneExpire".to_owned(), "never".to_owned()),
        ("push.autoSetupRemote".to_owned(), "true".to_owned()),
    ]);
    settings.extend(alias::for_studio(&toolkit::folder()?)?);
    repo.set_config(&settings)?;
    // Build results and direnv's cache are made by looking at a flake; they are nobody's work.
    let info = folder.join(".git/info");
    fs::create_dir_all(&info)?;
    fs::write_new(&info.join("exclude"), b"/result\n/result-*\n/.direnv/\n")?;
    let branch = scratch_name(&repo, name, &base, cx.env.now())?;
    cx.ui.at_work("writing the files of the studio", |_| {
        check_out(cx, home, &repo, (&mirror.base, &branch), &base)
    })?;
    super::inputs::update_submodules(cx, &repo, &mirror.path)?;
    Ok(branch)
}

/// Puts the files of `base` in place, on the new branch, as if it were checked out from another.
fn check_out(
    cx: &Context,
    home: &Home,
    repo: &Repo,
    (from, branch): (&str, &str),
    base: &CommitId,
) -> Result<()> {
    let name = format!("refs/heads/{branch}");
    let who = repo.identity(cx.env.now());
    let moves = [
        Move { name: name.clone(), from: None, to: Target::Commit(base.clone()) },
        Move { name: "HEAD".into(), from: None, to: Target::Ref(name) },
    ];
    repo.move_refs(&who, &format!("studio: made from {}", base.short()), &moves)?;
    let log = repo.git_dir().join("logs");
    if log.join("refs").is_dir() {
        // So that `git switch -` leads to where git itself would have come from.
        fs::append(&log.join("HEAD"))?;
        let at = |branch: &str| Head { branch: Some(branch.to_owned()), commit: base.clone() };
        repo.log_checkout(&who, &at(from), &at(branch))?;
    }
    // Without blocks to share, the pool has nothing that git has not.
    let pool = if fs::shares_blocks(&repo.git_dir()) && home.pool().is_dir() {
        Some(Pool::take(cx, home)?)
    } else {
        None
    };
    repo.check_out(base, pool.as_ref())?;
    drop(pool);
    // As git calls it after a clone: from nothing.
    let nothing = CommitId::new(&"0".repeat(base.as_str().len()))
        .map_err(|cause| Error::new(cause.to_string()))?;
    if let Err(cause) = repo.run_checkout_hook(&nothing, base) {
        cx.ui.warn(format!("the hook `post-checkout` failed\n{}", cause.causes().join("\n")));
    }
    Ok(())
}

fn failed(name: &StudioName, folder: &Utf8Path, cause: &crate::process::Failure) -> Error {
    let error = Error::new(format!("the studio `{name}` could not be made"));
    fs::explain(error.because(cause.output()), cause.output(), folder)
}
