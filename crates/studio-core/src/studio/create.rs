//! Making a studio: a clone of upstream whose objects come from the mirror by hard link.
//!
//! It is made beside its place and renamed into it, so that there is a whole studio or none.

use super::mirror::{Mirror, Upstream};
use super::work::scratch_name;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs::{self, Draft, Lock};
use crate::git::{self, Repo};
use crate::home::Home;
use crate::names::StudioName;
use crate::{alias, toolkit};
use camino::{Utf8Path, Utf8PathBuf};
use std::os::unix::fs::MetadataExt;

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
    let mirror = Mirror::of(cx, home, upstream)?;
    let draft = Draft::of(&path)?;
    let branch = fill(cx, home, name, upstream, &mirror, draft.path())?;
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
    folder: &Utf8Path,
) -> Result<String> {
    let mut clone = git::git(&home.studios(), ["clone", "--quiet", "--no-checkout", "--no-tags"]);
    // Across devices objects cannot be linked; the mirror is never pruned, so they can be borrowed.
    clone =
        clone.arg(if same_device(&mirror.path, &home.studios()) { "--local" } else { "--shared" });
    clone
        .args(["--branch", &mirror.base, "--"])
        .args([mirror.path.as_str(), folder.as_str()])
        .run()
        .map_err(|cause| failed(name, &cause))?;
    let repo = Repo::open(folder)?;
    let base = repo.resolve(&format!("refs/remotes/origin/{}", mirror.base)).ok_or_else(|| {
        Error::new(format!("the branch `{}` of `{upstream}` did not arrive", mirror.base))
    })?;
    let mut settings = vec![
        ("remote.origin.url".to_owned(), upstream.as_str().to_owned()),
        ("studio.name".to_owned(), name.to_string()),
        ("studio.mirror".to_owned(), mirror.key().to_owned()),
        ("studio.base".to_owned(), mirror.base.clone()),
        ("studio.toolkit".to_owned(), toolkit::folder()?.into_string()),
        // What the operation log keeps is not for `git log --decorate`.
        ("log.excludeDecoration".to_owned(), "refs/studio/*".to_owned()),
        ("gc.pruneExpire".to_owned(), "never".to_owned()),
        ("push.autoSetupRemote".to_owned(), "true".to_owned()),
    ];
    settings.extend(alias::for_studio(&toolkit::folder()?)?);
    repo.set_config(&settings)?;
    // Build results and direnv's cache are made by looking at a flake; they are nobody's work.
    fs::write_new(&folder.join(".git/info/exclude"), b"/result\n/result-*\n/.direnv/\n")?;
    // Tags come by their own refs, so that `git describe` and Nix's `self` agree with upstream.
    git::git(folder, ["fetch", "--quiet", "--no-auto-maintenance", "--no-write-fetch-head"])
        .arg(&mirror.path)
        .arg("+refs/tags/*:refs/tags/*")
        .run()
        .map_err(|cause| failed(name, &cause))?;
    let branch = scratch_name(&repo, name, &base, cx.env.now())?;
    repo.git(["switch", "--quiet", "--no-track", "--create", &branch, base.as_str()])
        .run()
        .map_err(|cause| failed(name, &cause))?;
    repo.git([
        "branch",
        "--quiet",
        "--set-upstream-to",
        &format!("origin/{}", mirror.base),
        &mirror.base,
    ])
    .run()
    .map_err(|cause| failed(name, &cause))?;
    super::inputs::update_submodules(cx, &repo, &mirror.path)?;
    Ok(branch)
}

fn failed(name: &StudioName, cause: &crate::process::Failure) -> Error {
    let error =
        Error::new(format!("the studio `{name}` could not be made")).because(cause.output());
    if cause.output().contains("No space left") {
        return error.hint("free some space on that disk and try again; nothing was changed");
    }
    error
}

fn same_device(one: &Utf8Path, other: &Utf8Path) -> bool {
    let device = |path: &Utf8Path| path.metadata().ok().map(|meta| meta.dev());
    device(one) == device(other)
}
