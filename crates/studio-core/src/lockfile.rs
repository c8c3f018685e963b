//! The entries of `flake.lock` whose source is a submodule: brought to the submodule's commit, and only they.
//!
//! How an entry is made is Nix's matter ([`crate::nix::lock`]); here is only which entries, and from which state of the
//! flake.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::git::{Repo, Tree};
use crate::names::{CommitId, InputName};
use crate::nix::{Nix, git_file_ref};

/// A flake input whose submodule is at another commit than HEAD records.
#[derive(Clone, Debug)]
pub struct Moved {
    /// Its name in `flake.nix`, which is the name of its folder below `inputs/`.
    pub name: String,
    /// Its folder, from the top of the repository.
    pub path: String,
    /// The commit that it is at now.
    pub commit: CommitId,
}

/// The new `flake.lock` for `tree`, if the inputs that moved change it.
///
/// Nix reads the flake from a commit that nothing names, so the work tree may be as dirty as it is.
pub fn refresh(
    cx: &Context,
    repo: &Repo,
    tree: Tree,
    head: &CommitId,
    moved: &[Moved],
) -> Result<Option<Vec<u8>>> {
    if moved.is_empty() {
        return Ok(None);
    }
    let Some(bytes) = repo.file_in(tree, "flake.lock")? else { return Ok(None) };
    let old = String::from_utf8(bytes).map_err(|_| {
        Error::new("`flake.lock` is not text").hint("make it anew: `nix flake lock`")
    })?;
    let nix = Nix::find(cx)?;
    let who = repo.identity(cx.env.now());
    let mut lock = old.clone();
    for input in moved {
        let name = InputName::new(&input.name)?;
        let tree = repo.tree_with_file(tree, "flake.lock", lock.as_bytes())?;
        let message = "a candidate that only nix reads";
        let candidate = repo.write_commit(&who, message, tree, std::slice::from_ref(head))?;
        let flake = git_file_ref(repo.top(), &format!("ref=HEAD&rev={candidate}"));
        let folder = repo.top().join(&input.path);
        if let Some(new) = nix.lock_input(cx, &flake, &name, &folder, &input.commit, &lock)? {
            cx.ui.step(format!("`flake.lock`: input `{name}` is at {}", input.commit.short()));
            lock = new;
        }
    }
    Ok((lock != old).then(|| lock.into_bytes()))
}
