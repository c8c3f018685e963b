//! `jj`, whose workspaces and working copy do some of the same work: what ours is shown beside,
//! built from its sources as anybody would.

use crate::error::Result;
use crate::run;
use crate::workspace::Workspace;
use camino::Utf8PathBuf;

/// The versions that are compared with; the command lines are theirs.
const VERSION: &str = "~0.45";

/// The folder of the program; built by the first call.
pub fn folder(workspace: &Workspace) -> Result<Utf8PathBuf> {
    let root = workspace.target.join("jj");
    if !root.join("bin/jj").exists() {
        let args = ["install", "jj-cli", "--bin", "jj", "--locked", "--version", VERSION];
        let args = [args.as_slice(), &["--root", root.as_str()]].concat();
        // Not in our folder, whose settings for cargo are about our code.
        run::cargo_in(&workspace.target, &args, &[])?;
    }
    Ok(root.join("bin"))
}
