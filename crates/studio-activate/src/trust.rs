//! What is asked of programs and store paths before root runs them.

use camino::Utf8Path;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use studio_core::activation::verify;
use studio_core::store_path::StorePath;
use studio_core::switch::Call;
use studio_core::{Error, Result};

/// Says whether `path` may be run: a program, and, for root, one that nobody else can change.
pub fn program(path: &Utf8Path) -> Result<()> {
    let refuse = |why: String| {
        Err(Error::new(format!("`{path}` is not run"))
            .because(why)
            .hint("install nix so that it is found, or look at who may write there"))
    };
    let real = match path.canonicalize_utf8() {
        Ok(real) => real,
        Err(cause) => return refuse(cause.to_string()),
    };
    let meta = match real.metadata() {
        Ok(meta) => meta,
        Err(cause) => return refuse(cause.to_string()),
    };
    if !meta.is_file() || meta.permissions().mode() & 0o111 == 0 {
        return refuse("it is not a program".to_owned());
    }
    if rustix::process::geteuid().is_root() && meta.mode() & 0o022 != 0 {
        return refuse(format!("others than its owner may write to `{real}`"));
    }
    Ok(())
}

/// Says whether root may act upon a record: what is in it decides what is run.
pub fn record(path: &Utf8Path) -> Result<()> {
    let Ok(meta) = path.symlink_metadata() else { return Ok(()) };
    let ours = meta.uid() == rustix::process::geteuid().as_raw() && meta.mode() & 0o022 == 0;
    if ours && meta.is_file() {
        return Ok(());
    }
    Err(Error::new(format!("the transaction `{path}` is not acted upon"))
        .because("it is not a file that only this user may write")
        .hint(format!("look at it, and move it away if nobody needs it: `ls -l {path}`")))
}

/// Says whether `path` may be put in place by this call.
pub fn toplevel(call: &Call, path: &StorePath) -> Result<()> {
    if path.store() != call.store_dir {
        return Err(Error::new(format!("`{path}` does not lie in the store `{}`", call.store_dir))
            .hint("build and switch with the same nix and the same `NIX_STORE_DIR`"));
    }
    verify(call.target.kind, path, &call.place.root)
}
