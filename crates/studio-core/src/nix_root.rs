//! The toolkit that a studio was made with stays: where it lies in a Nix store, the studio holds a GC root on it.

use crate::alias;
use crate::context::Context;
use crate::error::Result;
use crate::fs;
use crate::process::Program;
use crate::store_path::StorePath;
use camino::{Utf8Path, Utf8PathBuf};

/// Keeps the toolkit of this process from Nix's garbage collector for as long as `studio` exists.
///
/// The root is a link in the studio's `.git`; when the studio is removed, Nix finds its end and forgets it.
pub fn keep_toolkit(cx: &Context, studio: &Utf8Path) -> Result<()> {
    let toolkit = alias::toolkit()?;
    let store_path = toolkit.ancestors().find_map(|path| StorePath::new(path).ok());
    let Some(store_path) = store_path else { return Ok(()) };
    let link: Utf8PathBuf = studio.join(".git/studio/toolkit");
    fs::create_dir_all(&studio.join(".git/studio"))?;
    let nix_store =
        cx.env.get("STUDIO_NIX").map(|nix| Utf8Path::new(nix).with_file_name("nix-store"));
    let program = nix_store.map_or_else(|| "nix-store".to_owned(), Utf8PathBuf::into_string);
    let kept = Program::new(program, studio)
        .args(["--realise", store_path.path().as_str(), "--add-root", link.as_str()])
        .run();
    if let Err(cause) = kept {
        cx.ui.warn(format!(
            "this toolkit may be collected by nix while the studio still needs it: no GC root could be made\n{cause}"
        ));
    }
    Ok(())
}
