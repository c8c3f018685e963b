//! A Nix profile as files: its generations are the links `NAME-N-link` beside it. Reading only; `nix-env` writes.

use crate::error::{Error, Result};
use crate::store_path::StorePath;
use crate::{fs, ui};
use camino::{Utf8Path, Utf8PathBuf};

/// A profile.
#[derive(Clone, Debug)]
pub struct Profile {
    link: Utf8PathBuf,
}

/// One numbered link of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Its number.
    pub number: u64,
    /// What it points at, if that is a store path.
    pub path: Option<StorePath>,
    /// When the link was made, in seconds since 1970.
    pub made: i64,
}

impl Profile {
    /// The profile whose link this is; it need not exist yet.
    pub fn at(link: &Utf8Path) -> Profile {
        Profile { link: link.to_owned() }
    }

    /// The link itself.
    pub fn link(&self) -> &Utf8Path {
        &self.link
    }

    /// Its name, which is the first part of the names of its generations.
    fn name(&self) -> &str {
        self.link.file_name().unwrap_or_default()
    }

    /// All generations, lowest number first.
    pub fn generations(&self) -> Result<Vec<Generation>> {
        let Some(folder) = self.link.parent() else { return Ok(vec![]) };
        let entries = match folder.read_dir_utf8() {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
            Err(cause) => return Err(fs::failed("read", folder, cause)),
        };
        let mut generations: Vec<Generation> = entries
            .flatten()
            .filter_map(|entry| {
                let number = self.number_of(entry.file_name())?;
                // The age of a generation is the age of its link: what it points at has the times of the store.
                let made = entry.path().symlink_metadata().ok()?;
                Some(Generation {
                    number,
                    path: linked_store_path(entry.path()),
                    made: std::os::unix::fs::MetadataExt::mtime(&made),
                })
            })
            .collect();
        generations.sort_by_key(|generation| generation.number);
        Ok(generations)
    }

    /// The number of the generation that the profile is at.
    pub fn current(&self) -> Option<u64> {
        self.number_of(self.link.read_link_utf8().ok()?.file_name()?)
    }

    /// What the profile is at.
    pub fn path(&self) -> Option<StorePath> {
        linked_store_path(&self.link)
    }

    /// The generation with this number, or an error that says which ones there are.
    pub fn generation(&self, number: u64) -> Result<Generation> {
        let mut generations = self.generations()?;
        if let Some(at) = generations.iter().position(|generation| generation.number == number) {
            return Ok(generations.swap_remove(at));
        }
        let error = Error::new(format!("there is no generation {number} of `{}`", self.link));
        if generations.is_empty() {
            return Err(error.hint("there is none at all yet: `git flake-switch` makes the first"));
        }
        let numbers: Vec<String> =
            generations.iter().rev().map(|generation| generation.number.to_string()).collect();
        Err(error.hint(format!("there are, newest first: {}", ui::names(&numbers, 30))))
    }

    fn number_of(&self, file_name: &str) -> Option<u64> {
        file_name.strip_prefix(self.name())?.strip_prefix('-')?.strip_suffix("-link")?.parse().ok()
    }
}

/// The store path that a link leads to, over other links if need be; `None` if it leads elsewhere or nowhere.
///
/// What it leads to need not exist: a machine under another root may use another store.
pub fn linked_store_path(link: &Utf8Path) -> Option<StorePath> {
    let mut at = link.to_owned();
    // The kernel follows 40; a profile has two.
    for _ in 0..40 {
        let target = at.read_link_utf8().ok()?;
        at = at.parent()?.join(target);
        if let Ok(path) = StorePath::new(at.clone()) {
            return Some(path);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "/nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-a";

    #[test]
    fn generations_are_read_from_links_and_other_files_are_not_taken_for_them() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = fs::utf8(dir.path()).expect("utf-8");
        let link = |name: &str, target: &str| {
            fs::symlink_atomic(Utf8Path::new(target), &dir.join(name)).expect("link");
        };
        link("system-2-link", A);
        link("system-10-link", "/somewhere/else");
        link("system", "system-2-link");
        link("system-x-link", A);
        link("system-profiles", A);
        link("other-3-link", A);
        let profile = Profile::at(&dir.join("system"));
        let numbers: Vec<u64> =
            profile.generations().expect("read").iter().map(|g| g.number).collect();
        assert_eq!(numbers, [2, 10]);
        assert_eq!(profile.current(), Some(2));
        assert_eq!(profile.path().expect("path").path(), A);
        assert_eq!(profile.generation(10).expect("there").path, None);
        let error = profile.generation(3).expect_err("not there");
        assert_eq!(error.hints(), ["there are, newest first: `10` and `2`"]);
    }

    #[test]
    fn a_link_in_a_circle_leads_nowhere() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = fs::utf8(dir.path()).expect("utf-8");
        fs::symlink_atomic(Utf8Path::new("b"), &dir.join("a")).expect("link");
        fs::symlink_atomic(Utf8Path::new("a"), &dir.join("b")).expect("link");
        assert_eq!(linked_store_path(&dir.join("a")), None);
    }
}
