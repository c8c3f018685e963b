//! The toolkit itself: which folder its running programs lie in, and that they stay there while somebody names them.
//!
//! Studios and snapshots name programs by absolute path; where that path lies in a Nix store, a GC root of theirs keeps
//! it. Not here: the aliases that name them ([`crate::alias`]).

use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs;
use crate::nix::Nix;
use crate::store_path::StorePath;
use camino::{Utf8Path, Utf8PathBuf};

/// The folder of the running program, with links resolved: in a Nix store, the package itself.
pub fn folder() -> Result<Utf8PathBuf> {
    let program = std::env::current_exe()
        .and_then(|path| path.canonicalize())
        .map_err(|cause| Error::new("the folder of this program cannot be found").because(cause))?;
    let program = fs::utf8(&program)?;
    Ok(program.parent().unwrap_or(Utf8Path::new("/")).to_owned())
}

/// Keeps a toolkit from Nix's garbage collector for as long as `link` exists; nothing to do for one outside of a store.
///
/// When the link goes, with the studio or the snapshot that it belongs to, Nix finds its end and forgets it.
pub fn keep(cx: &Context, toolkit: &Utf8Path, link: &Utf8Path) {
    let Some(path) = toolkit.ancestors().find_map(|path| StorePath::new(path).ok()) else { return };
    if let Err(cause) = Nix::find(cx).and_then(|nix| nix.add_root(&path, link)) {
        cx.ui.warn(format!("nix may collect `{path}` while its programs are still needed"));
        cx.ui.warn(cause);
    }
}
