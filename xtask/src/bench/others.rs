//! Programs of others, beside which ours are measured: built from their sources, as anybody would.

use crate::error::Result;
use crate::run;
use crate::workspace::Workspace;
use camino::Utf8PathBuf;

/// The program `name` of a package in this version; the first call builds it, which takes minutes.
pub fn program(
    workspace: &Workspace,
    package: &str,
    name: &str,
    version: &str,
) -> Result<Utf8PathBuf> {
    let folder = workspace.target.join(name);
    let program = folder.join("bin").join(name);
    if !program.exists() {
        let args = ["install", package, "--bin", name, "--locked", "--version", version];
        let args = [args.as_slice(), &["--root", folder.as_str()]].concat();
        // Not in our folder, whose settings for cargo are about our code.
        run::cargo_in(&workspace.target, &args, &[])?;
    }
    Ok(program)
}
