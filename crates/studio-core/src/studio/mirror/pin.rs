//! Pins: refs in a mirror that keep the commits of snapshots, and of the submodules in them, when their studio is gone.
//!
//! A mirror is closed: whatever object it has, it has all that this reaches. Everything that writes to one keeps it so, at
//! any moment of a kill, because who pins trusts it and copies only what is missing. Not here: upstream's own refs.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs::{self, Lock};
use crate::git::{Copied, Repo};
use crate::names::CommitId;
use crate::studio::Studio;
use camino::Utf8Path;

/// From how many missing objects on a pack is the better way: somebody fetched in the studio by himself.
const MANY: usize = 2000;

/// The ref in the mirror that keeps the commit of a snapshot.
pub(crate) fn snapshot_ref(commit: &CommitId) -> String {
    format!("refs/studio/snapshots/{commit}")
}

/// The ref in the mirror that keeps the commit of a submodule in a snapshot.
pub(crate) fn input_ref(commit: &CommitId) -> String {
    format!("refs/studio/inputs/{commit}")
}

/// Keeps a commit of `repo` alive in the studio's mirror under `name`.
pub(crate) fn pin(
    cx: &Context,
    studio: &Studio,
    repo: &Repo,
    commit: &CommitId,
    name: &str,
) -> Result<()> {
    let mirror = Repo::open_bare(&studio.mirror)?;
    if mirror.ref_commit(name)?.as_ref() == Some(commit) {
        return Ok(());
    }
    let key = studio.mirror.file_name().unwrap_or_default();
    let lock = Lock::wait(&studio.home.lock(&format!("pin-{key}")), &cx.command, &cx.ui)?;
    mirror.finish_removal()?;
    match repo.copy_missing(commit, &mirror, MANY)? {
        Copied::All(_) => mirror.put_ref(name, commit),
        Copied::TooMany => {
            // It writes to the mirror for as long as it lives, also if we do not.
            let _shared = lock.shared_with_children();
            // Left by one that was killed: who holds the lock is the only one to make this ref.
            fs::remove_file(&studio.mirror.join(format!("{name}.lock")))?;
            repo.git(["push", "--quiet", "--no-verify"])
                .arg("--receive-pack=git -c receive.unpackLimit=1 receive-pack")
                .arg(&studio.mirror)
                .arg(format!("{commit}:{name}"))
                .run()
                .map(drop)
                .map_err(|cause| not_kept(&studio.mirror, commit, cause.output()))
        }
    }
}

fn not_kept(mirror: &Utf8Path, commit: &CommitId, cause: &str) -> Error {
    let error = Error::new(format!("the commit {} cannot be kept in `{mirror}`", commit.short()));
    fs::explain(error.because(cause), cause, mirror)
}
