//! Which files of a folder Nix sees: of a flake in a git repository it takes those alone that git knows of.
//!
//! Asked of the program `git`, whose word on what is ignored counts. Not here: what is done about it.

use super::git;
use crate::process::Failure;
use camino::Utf8Path;
use std::collections::BTreeSet;

/// What git says of some files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visible {
    /// They are in no repository, so everything is seen; or git cannot tell.
    NoRepository,
    /// Git knows all of them.
    All,
    /// Git does not know these, and would take them.
    Untracked(Vec<String>),
    /// Git does not know these, and ignores the first of them.
    Ignored(Vec<String>),
}

/// What git says of these files of `folder`, by their paths in it. The folder need not be there yet.
pub fn visible(folder: &Utf8Path, files: &[&str]) -> Visible {
    let Some(there) = folder.ancestors().find(|above| above.is_dir()) else {
        return Visible::NoRepository;
    };
    let Ok(below) = folder.strip_prefix(there) else { return Visible::NoRepository };
    let place = below.join("");
    let listed = git(there, ["ls-files", "-z", "--"]).arg(if below.as_str().is_empty() {
        "."
    } else {
        place.as_str()
    });
    let Ok(listed) = listed.run() else { return Visible::NoRepository };
    let listed: BTreeSet<&[u8]> = listed.stdout.split(|byte| *byte == 0).collect();
    let paths = files.iter().map(|file| (*file, below.join(file)));
    let unknown: Vec<_> =
        paths.filter(|(_, path)| !listed.contains(path.as_str().as_bytes())).collect();
    let Some((_, first)) = unknown.first() else { return Visible::All };
    let ignored = git(there, ["check-ignore", "--quiet", "--", first.as_str()]).run();
    let unknown = unknown.iter().map(|(file, _)| (*file).to_owned()).collect();
    match ignored {
        Ok(_) => Visible::Ignored(unknown),
        Err(Failure::Status { code: Some(1), .. }) => Visible::Untracked(unknown),
        Err(_) => Visible::NoRepository,
    }
}
