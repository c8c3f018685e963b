//! `jj`, whose workspaces and working copy do some of the same work: what ours is shown beside.

use super::others;
use crate::error::Result;
use crate::workspace::Workspace;
use camino::Utf8PathBuf;

/// The versions that are compared with; the command lines are theirs.
const VERSION: &str = "~0.45";

/// The folder of the program; built by the first call.
pub fn folder(workspace: &Workspace) -> Result<Utf8PathBuf> {
    let program = others::program(workspace, "jj-cli", "jj", VERSION)?;
    Ok(program.parent().map(Into::into).unwrap_or_default())
}
