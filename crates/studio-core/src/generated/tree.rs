//! The files that a folder is to have, in memory, under names that can only lie in it.

use super::manifest::MANIFEST;
use crate::git;
use std::collections::BTreeMap;
use std::fmt;

/// The longest name of a file or folder, in bytes; most file systems have no longer ones.
const LONGEST_NAME: usize = 255;

/// A path inside a generated folder: relative, with `/` between its names, and no name that leads out of the folder or
/// that git keeps for itself.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct TreePath(String);

/// Not a path that a file of a generated folder can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{shown}` cannot be generated: {why}")]
pub struct BadPath {
    shown: String,
    why: &'static str,
}

impl BadPath {
    fn new(path: &str, why: &'static str) -> BadPath {
        BadPath { shown: path.escape_debug().take(80).collect(), why }
    }
}

impl TreePath {
    /// Takes `path`, or says what is wrong with it.
    pub fn new(path: &str) -> Result<TreePath, BadPath> {
        let fault = match path {
            "" => Some("the path is empty"),
            MANIFEST => Some("that is the name of the list of generated files"),
            _ => path.split('/').find_map(fault_of_name),
        };
        match fault {
            None => Ok(TreePath(path.to_owned())),
            Some(why) => Err(BadPath::new(path, why)),
        }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn fault_of_name(name: &str) -> Option<&'static str> {
    match name {
        "" => Some("a name in the path is empty, or the path is absolute"),
        "." | ".." => Some("`.` and `..` lead out of the folder or nowhere"),
        _ if name.eq_ignore_ascii_case(".git") => Some("git keeps `.git` for itself"),
        _ if name.len() > LONGEST_NAME => Some("a name in the path is longer than 255 bytes"),
        _ if name.chars().any(char::is_control) => Some("it contains a control character"),
        _ => None,
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for TreePath {
    type Error = BadPath;
    fn try_from(path: String) -> Result<TreePath, BadPath> {
        TreePath::new(&path)
    }
}

impl From<TreePath> for String {
    fn from(path: TreePath) -> String {
        path.0
    }
}

/// Whether a file can be started as a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It is read only.
    #[default]
    Plain,
    /// It is a program.
    Executable,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its content.
    pub bytes: Vec<u8>,
    /// What it is.
    pub kind: Kind,
}

impl File {
    /// The id that git has for this content.
    pub(super) fn id(&self) -> String {
        git::digest(&self.bytes)
    }
}

/// The files that a folder is to have; folders are there as far as files lie in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<TreePath, File>,
}

impl Tree {
    /// No file yet.
    pub fn new() -> Tree {
        Tree::default()
    }

    /// Adds a file.
    ///
    /// # Errors
    /// If the path is none that a file in the folder can have, or is taken: by a file, or as a folder of other files.
    pub fn add(
        &mut self,
        path: &str,
        bytes: impl Into<Vec<u8>>,
        kind: Kind,
    ) -> Result<(), BadPath> {
        let path = TreePath::new(path)?;
        if self.files.contains_key(&path) {
            return Err(BadPath::new(path.as_str(), "it is there already"));
        }
        let above = path.as_str().match_indices('/').map(|(end, _)| &path.as_str()[..end]);
        let mut above = above.map(|folder| TreePath(folder.to_owned()));
        if above.any(|folder| self.files.contains_key(&folder)) {
            return Err(BadPath::new(path.as_str(), "a file has the name of one of its folders"));
        }
        let below = TreePath(format!("{path}/"));
        let next = self.files.range(below.clone()..).next();
        if next.is_some_and(|(file, _)| file.as_str().starts_with(below.as_str())) {
            return Err(BadPath::new(path.as_str(), "a folder has this name"));
        }
        self.files.insert(path, File { bytes: bytes.into(), kind });
        Ok(())
    }

    /// The files by path, in the order of their bytes.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&TreePath, &File)> {
        self.files.iter()
    }

    /// One file.
    pub fn get(&self, path: &TreePath) -> Option<&File> {
        self.files.get(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_can_leave_the_folder_or_stand_in_the_way_of_another() {
        let mut tree = Tree::new();
        let long = "x".repeat(256);
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            ".git/config",
            "a/.GIT",
            "a\nb",
            "a\0b",
            ".generated.json",
            &long,
        ] {
            assert!(tree.add(bad, "", Kind::Plain).is_err(), "{bad:?} was taken");
        }
        for good in
            ["flake.nix", "src/lib.rs", "src/ä b", "a.generated.json", "src/.generated.json"]
        {
            tree.add(good, "", Kind::Plain).expect(good);
        }
        for taken in ["flake.nix", "flake.nix/x", "src"] {
            assert!(tree.add(taken, "", Kind::Plain).is_err(), "{taken:?} was taken twice");
        }
        // `src-` sorts between `src` and `src/`.
        tree.add("src-", "", Kind::Plain).expect("another name");
        assert!(tree.add("src", "", Kind::Plain).is_err());
    }
}
