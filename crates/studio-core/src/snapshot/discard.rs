//! Removing a snapshot's folder, so that the others still look untouched.

use crate::context::Context;
use crate::error::Result;
use crate::fs;
use crate::git::pool_keys;
use crate::home::Home;
use crate::names::CommitId;
use crate::pool::Pool;

/// Removes the folder of a snapshot, which need not be there any more, and what is known of its looks.
///
/// The files of the pool that it has in common with others change their ctime by that, which the pool is told.
pub fn discard(cx: &Context, home: &Home, id: &CommitId) -> Result<()> {
    let path = home.snapshot(id);
    if path.symlink_metadata().is_ok() {
        let keys = pool_keys(&path);
        let mut pool = Pool::take(cx, home)?;
        pool.around(&keys, || fs::discard(&path))?;
    }
    let seal = home.seal(id);
    fs::remove_file(&camino::Utf8PathBuf::from(format!("{seal}.new")))?;
    fs::remove_file(&seal)
}
