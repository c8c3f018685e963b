//! `nh`, which many use to build and switch: what a build of ours is measured against.

use super::others;
use crate::error::Result;
use crate::workspace::Workspace;
use camino::Utf8PathBuf;

/// The versions that are compared with.
const VERSION: &str = "~4.4";

/// The program; built by the first call.
pub fn program(workspace: &Workspace) -> Result<Utf8PathBuf> {
    others::program(workspace, "nh", "nh", VERSION)
}
