//! A folder of generated files: written as a whole, recognised again, never over what somebody did in it by hand.
//!
//! A tool makes a [`Tree`] of files in memory, and [`write()`] puts it in its place. The folder is made beside that and
//! takes it in one step, so that a kill or a full disk leaves the old folder or the new one. A list in it says what was
//! generated. By that list the next run knows
//!
//! - what is as it should be: files that do not change keep their inode and their times, and where nothing changes
//!   nothing is touched, nor read;
//! - what was done by hand: then [`write()`] refuses, naming the files, unless it is told to replace
//!   [anything](Overwrite::Anything). What it replaces then is kept in a folder beside the place.
//!
//! What other programs leave in such a folder (`flake.lock`, `result`, `target`, `.git`) is nobody's edit, and stays.
//!
//! ```no_run
//! # fn main() -> studio_core::Result<()> {
//! use studio_core::generated::{Kind, Overwrite, Tree, compare, write};
//!
//! let mut tree = Tree::new();
//! tree.add("flake.nix", "{ outputs = _: { }; }\n", Kind::Plain)?;
//! let place = "generated/example".into();
//! for change in compare(place, &tree, "some-tool")?.changes() {
//!     eprintln!("{change}");
//! }
//! let written = write(place, &tree, "some-tool", Overwrite::OnlyGenerated)?;
//! assert!(write(place, &tree, "some-tool", Overwrite::OnlyGenerated)?.changes.is_empty());
//! # Ok(()) }
//! ```
//!
//! Not here: what is generated, and whether it is any good.

mod comparison;
mod manifest;
mod replace;
mod tree;

pub use comparison::{ByHand, Change, Comparison, How, What};
pub use manifest::MANIFEST;
pub use tree::{BadPath, File, Kind, Tree, TreePath};

use crate::error::{Error, OrSay, Result};
use crate::fs;
use camino::{Utf8Path, Utf8PathBuf};

/// What may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// What the same tool generated, and nobody touched since.
    OnlyGenerated,
    /// Whatever is in the folder; what the tool did not generate is kept beside it.
    Anything,
}

/// What [`write()`] did.
#[derive(Debug)]
pub struct Written {
    /// What is other than before; empty where nothing was touched.
    pub changes: Vec<Change>,
    /// Where that is which was made by hand and had to go, if there was any.
    pub kept: Option<Utf8PathBuf>,
}

impl From<BadPath> for Error {
    fn from(bad: BadPath) -> Error {
        Error::new(bad.to_string())
    }
}

/// What [`write()`] would do, without doing it.
///
/// `place` is the folder, `tool` the command that fills it: folders of other tools are not its own.
///
/// # Errors
/// If there is something else than a folder, or it cannot be read.
pub fn compare(place: &Utf8Path, tree: &Tree, tool: &str) -> Result<Comparison> {
    Comparison::of(&located(place)?, tree, tool)
}

/// Makes the folder `place` what `tree` says, for the command `tool`. Folders above it are made.
///
/// Two of these at once on one place take turns.
///
/// # Errors
/// If there is something else than a folder; if [`Overwrite`] does not allow what would have to be replaced, which is
/// then named; if it cannot be written. Then everything is as it was.
pub fn write(place: &Utf8Path, tree: &Tree, tool: &str, overwrite: Overwrite) -> Result<Written> {
    write_if(place, tree, tool, overwrite, || Ok(()))
}

/// As [`write()`], once `approve` has looked at what is to be written. It is not asked where nothing would change: what
/// takes its time is done there, such as asking another program.
///
/// # Errors
/// As [`write()`], and what `approve` says.
pub fn write_if(
    place: &Utf8Path,
    tree: &Tree,
    tool: &str,
    overwrite: Overwrite,
    approve: impl FnOnce() -> Result<()>,
) -> Result<Written> {
    let place = located(place)?;
    let folder = place.parent().unwrap_or(Utf8Path::new("/"));
    let made: Vec<&Utf8Path> = folder.ancestors().take_while(|above| !above.exists()).collect();
    fs::create_dir_all(folder)?;
    let work = || {
        let _turn = fs::wait_for(folder)?;
        replace::recover(&place)?;
        let comparison = Comparison::of(&place, tree, tool)?;
        if comparison.is_current() {
            return Ok(Written { changes: vec![], kept: None });
        }
        if overwrite == Overwrite::OnlyGenerated {
            comparison.allows()?;
        }
        approve()?;
        let kept = replace::replace(&place, tree, &comparison)?;
        Ok(Written { changes: comparison.into_changes(), kept })
    };
    // Where nothing came of it, the folders above are as they were, too.
    work().inspect_err(|_| made.into_iter().for_each(fs::remove_if_empty))
}

/// The place by a path that has a folder above it and a name of its own.
fn located(place: &Utf8Path) -> Result<Utf8PathBuf> {
    let absolute = camino::absolute_utf8(place).or_say(|| format!("`{place}` is no path"))?;
    match absolute.file_name() {
        Some(_) => Ok(absolute),
        // `x/..` has no name, but what it leads to has.
        None => {
            absolute.canonicalize_utf8().ok().filter(|real| real.file_name().is_some()).ok_or_else(
                || {
                    Error::new(format!("`{place}` is no folder that can be generated"))
                        .hint("give a folder with a name, as in `generated/seed`")
                },
            )
        }
    }
}

#[cfg(test)]
mod tests;
