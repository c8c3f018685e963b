//! Whether a sealed checkout still looks as it did when it was sealed, without reading its files.
//!
//! A [`Seal`] is what the file system said of its index and of each of its folders; what it said of the files is in the
//! index. Nobody can set a ctime, so a folder with the same one has the same names with the same inodes, and a file with
//! the same one the same bytes. Links that the pool gets or loses change the ctime of files as well; the pool's ledger
//! knows of those. Whatever looks otherwise, for whatever reason, must be read. Not here: reading (`verify`).

use super::assemble::folders_of;
use super::{Repo, path_of};
use crate::error::{OrSay, Result};
use crate::fs::{Folder, Stamp};
use crate::names::CommitId;
use crate::pool::{Ledger, in_parallel};
use camino::Utf8Path;
use gix::bstr::ByteSlice;
use gix::index::entry::Mode;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The version of the format; others are as good as none.
const FORMAT: u32 = 1;

/// What a sealed checkout looked like, submodules included.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seal {
    format: u32,
    parts: Vec<Part>,
}

impl Default for Seal {
    fn default() -> Seal {
        Seal { format: FORMAT, parts: vec![] }
    }
}

/// What tells a file or folder from itself after somebody touched it: inode, ctime, size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Look(u64, i64, u32, u64);

impl From<&Stamp> for Look {
    fn from(stamp: &Stamp) -> Look {
        Look(stamp.ino, stamp.ctime.0, stamp.ctime.1, stamp.size)
    }
}

/// One checkout: the top, or a submodule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part {
    /// From the top, with a slash at its end; empty for the top itself.
    path: String,
    /// Its index.
    index: Look,
    /// Its folders, in the order in which the index leads to them.
    folders: Vec<Look>,
    /// Files that were found right although the index tells otherwise, by their place in it.
    files: HashMap<usize, Look>,
}

impl Part {
    /// `folders` are in the order of [`folders_of`].
    pub(super) fn new<'a>(
        path: &str,
        index: &Stamp,
        folders: impl Iterator<Item = &'a Stamp>,
    ) -> Part {
        let folders = folders.map(Look::from).collect();
        Part { path: path.to_owned(), index: index.into(), folders, files: HashMap::new() }
    }
}

impl Seal {
    pub(super) fn add(&mut self, part: Part) {
        self.parts.push(part);
    }

    /// What a file holds that was written by [`Seal::to_bytes`]; `None` if it is damaged or from another version.
    pub fn parse(bytes: &[u8]) -> Option<Seal> {
        serde_json::from_slice(bytes).ok().filter(|seal: &Seal| seal.format == FORMAT)
    }

    /// For a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Takes the top as it looks now: the rename that put it in its place has touched it, and nothing else.
    pub fn moved(&mut self, top: &Utf8Path) -> std::io::Result<()> {
        let stamp = Stamp::of(top.as_std_path())?;
        for part in self.parts.iter_mut().filter(|part| part.path.is_empty()) {
            if let Some(folder) = part.folders.first_mut() {
                *folder = (&stamp).into();
            }
        }
        Ok(())
    }
}

/// Whether everything below `top` looks as it did.
pub fn looks_sealed(top: &Utf8Path, seal: &Seal, ledger: &Ledger) -> Result<bool> {
    if !seal.parts.iter().any(|part| part.path.is_empty()) {
        return Ok(false);
    }
    for part in &seal.parts {
        if !part_looks_sealed(&top.join(&part.path), part, ledger)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn part_looks_sealed(top: &Utf8Path, part: &Part, ledger: &Ledger) -> Result<bool> {
    let index = top.join(".git/index");
    let same = |found: std::io::Result<Stamp>, look: &Look| {
        found.is_ok_and(|stamp| Look::from(&stamp) == *look)
    };
    if !same(Stamp::of(index.as_std_path()), &part.index) {
        return Ok(false);
    }
    let index = read_index(&index)?;
    let folders = folders_of(&index);
    if folders.len() != part.folders.len() {
        return Ok(false);
    }
    let numbers: Vec<usize> = (0..folders.len()).collect();
    let parts = in_parallel(&numbers, |numbers| {
        Ok(numbers.iter().all(|number| {
            let path = top.as_std_path().join(path_of(folders[*number].as_bstr()));
            same(Stamp::of(&path), &part.folders[*number])
        }))
    })?;
    if !parts.into_iter().all(|all| all) {
        return Ok(false);
    }
    let looked = each_file(top, &index, |number, entry, stamp| {
        is_as_recorded(entry, &stamp)
            && (has_recorded_ctime(entry, &stamp)
                || part.files.get(&number) == Some(&Look::from(&stamp))
                || ledger.knows(&stamp))
    })?;
    Ok(looked.into_iter().all(|(_, right)| right))
}

/// Asks something of each file, with its place in the index; a file that is not there is answered by `false`.
fn each_file<T: Send + Default>(
    top: &Utf8Path,
    index: &gix::index::State,
    ask: impl Fn(usize, &gix::index::Entry, Stamp) -> T + Sync,
) -> Result<Vec<(usize, T)>> {
    let numbers: Vec<usize> = (0..index.entries().len()).collect();
    let parts = in_parallel(&numbers, |numbers| {
        let mut open: Option<(&[u8], Option<Folder>)> = None;
        let mut answers = Vec::with_capacity(numbers.len());
        for number in numbers {
            let entry = &index.entries()[*number];
            if entry.mode == Mode::COMMIT {
                continue;
            }
            let path: &[u8] = entry.path(index);
            let (parent, name) = match path.rfind_byte(b'/') {
                Some(at) => (&path[..at], &path[at + 1..]),
                None => (&b""[..], path),
            };
            if open.as_ref().is_none_or(|(name, _)| *name != parent) {
                let path = top.as_std_path().join(path_of(parent.as_bstr()));
                open = Some((parent, Folder::open(&path).ok()));
            }
            let folder = open.as_ref().and_then(|(_, folder)| folder.as_ref());
            let stamp = folder.and_then(|folder| folder.stamp(name).ok().flatten());
            answers
                .push((*number, stamp.map(|stamp| ask(*number, entry, stamp)).unwrap_or_default()));
        }
        Ok(answers)
    })?;
    Ok(parts.into_iter().flatten().collect())
}

/// Whether a file is what the index recorded, but for its ctime.
#[expect(clippy::cast_possible_truncation, reason = "git's index has 32 bits for each")]
fn is_as_recorded(entry: &gix::index::Entry, stamp: &Stamp) -> bool {
    let kind = match entry.mode {
        Mode::SYMLINK => stamp.is_symlink(),
        Mode::FILE_EXECUTABLE => stamp.is_file() && stamp.mode & 0o7777 == 0o555,
        _ => stamp.is_file() && stamp.mode & 0o7777 == 0o444,
    };
    kind && entry.stat.ino == stamp.ino as u32
        && entry.stat.size == stamp.size as u32
        && entry.stat.mtime.secs == stamp.mtime.0 as u32
        && entry.stat.mtime.nsecs == stamp.mtime.1
}

#[expect(clippy::cast_possible_truncation, reason = "git's index has 32 bits for each")]
fn has_recorded_ctime(entry: &gix::index::Entry, stamp: &Stamp) -> bool {
    (entry.stat.ctime.secs, entry.stat.ctime.nsecs) == (stamp.ctime.0 as u32, stamp.ctime.1)
}

fn read_index(path: &Utf8Path) -> Result<gix::index::File> {
    let options = gix::index::decode::Options::default();
    gix::index::File::at(path.as_std_path(), gix::hash::Kind::Sha1, true, options)
        .or_say(|| format!("the index `{path}` cannot be read"))
}

impl Repo {
    /// A seal of a checkout as it looks now, to count if reading it afterwards finds it right.
    ///
    /// `None` if its index is not that of `commit`: then there is no telling by looks.
    pub fn seal_now(&self, commit: &CommitId, path: &str) -> Result<Option<Seal>> {
        let mut seal = Seal::default();
        Ok(self.add_seal(commit, path, &mut seal)?.then_some(seal))
    }

    fn add_seal(&self, commit: &CommitId, path: &str, seal: &mut Seal) -> Result<bool> {
        let top = self.top();
        let file = top.join(".git/index");
        let Ok(look) = Stamp::of(file.as_std_path()) else { return Ok(false) };
        let Ok(index) = read_index(&file) else { return Ok(false) };
        let tree = self.tree_of(commit)?;
        let expected = self.gix.index_from_tree(&tree.0).or_say(|| "the tree cannot be read")?;
        let row = |index: &gix::index::State, entry: &gix::index::Entry| {
            (entry.path(index).to_owned(), entry.id, entry.mode)
        };
        let same = index.entries().len() == expected.entries().len()
            && std::iter::zip(index.entries(), expected.entries())
                .all(|(one, other)| row(&index, one) == row(&expected, other));
        if !same {
            return Ok(false);
        }
        let mut folders = Vec::new();
        for name in folders_of(&index) {
            match Stamp::of(&top.as_std_path().join(path_of(name.as_bstr()))) {
                Ok(stamp) => folders.push(stamp),
                Err(_) => return Ok(false),
            }
        }
        let mut part = Part::new(path, &look, folders.iter());
        let looked = each_file(top, &index, |_, entry, stamp| {
            // By links that came and went since, files have other ctimes than the index says.
            (is_as_recorded(entry, &stamp), Some(stamp).filter(|it| !has_recorded_ctime(entry, it)))
        })?;
        for (number, (right, stamp)) in looked {
            if !right {
                return Ok(false);
            }
            part.files.extend(stamp.map(|stamp| (number, Look::from(&stamp))));
        }
        seal.add(part);
        for submodule in self.links_among(&index) {
            // Reading says of what is missing that it is, and of everything else that is wrong, too.
            let Some(inner) = self.open_submodule(&submodule.path)? else { return Ok(false) };
            let path = format!("{path}{}/", submodule.path);
            if !inner.add_seal(&submodule.commit, &path, seal)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
