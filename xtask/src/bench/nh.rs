//! `nh`, which many use to build and switch: what a build of ours is measured against, built from
//! its sources as anybody would.

use crate::error::Result;
use crate::run;
use crate::workspace::Workspace;
use camino::Utf8PathBuf;

/// The versions that are compared with.
const VERSION: &str = "~4.4";

/// The program; built by the first call.
pub fn program(workspace: &Workspace) -> Result<Utf8PathBuf> {
    let folder = workspace.target.join("nh");
    let program = folder.join("bin/nh");
    if !program.exists() {
        let args = ["install", "nh", "--locked", "--version", VERSION, "--root", folder.as_str()];
        // Not in our folder, whose settings for cargo are about our code.
        run::cargo_in(&workspace.target, &args, &[])?;
    }
    Ok(program)
}
