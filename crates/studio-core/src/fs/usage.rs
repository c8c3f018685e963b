//! How much room removing files and folders would free. Reading only.
//!
//! A file with several names is there until the last of them goes, so names are counted against the links that the file
//! system knows of, and what each file takes are the blocks that it has, not its length.

use camino::Utf8Path;
use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};
use std::fs::Metadata;
use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::Path;

/// A file or folder by device and number.
type Inode = (u64, u64);

/// What was added so far. What cannot be read is not counted.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// How many names of each go.
    going: HashMap<Inode, u64>,
    known: HashMap<Inode, Facts>,
    followers: HashSet<Inode>,
}

/// What the file system says of a file.
#[derive(Clone, Copy, Debug)]
struct Facts {
    links: u64,
    bytes: u64,
    folder: bool,
}

impl Usage {
    /// Nothing yet.
    pub fn new() -> Usage {
        Usage::default()
    }

    /// Adds a file, or a folder with everything in it, as something that goes.
    pub fn add(&mut self, path: &Utf8Path) {
        let Ok(meta) = path.symlink_metadata() else { return };
        self.count((meta.dev(), meta.ino()), || Some(meta.clone()));
        if meta.is_dir() {
            self.add_folder(path.as_std_path(), meta.dev());
        }
    }

    fn add_folder(&mut self, folder: &Path, device: u64) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            self.count((device, entry.ino()), || entry.metadata().ok());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.add_folder(&entry.path(), device);
            }
        }
    }

    /// Listing a folder tells the number of each file. Only a file that is not known yet is looked at: of a thousand
    /// snapshots that share their files most are.
    fn count(&mut self, inode: Inode, look: impl FnOnce() -> Option<Metadata>) {
        if let Entry::Vacant(unknown) = self.known.entry(inode) {
            let Some(meta) = look() else { return };
            let (links, bytes, folder) = (meta.nlink(), meta.blocks() * 512, meta.is_dir());
            unknown.insert(Facts { links, bytes, folder });
        }
        *self.going.entry(inode).or_default() += 1;
    }

    /// Says that the files in this folder go as soon as nobody else has them: one of their names counts as going.
    pub fn follows(&mut self, folder: &Utf8Path) {
        let Ok(meta) = folder.metadata() else { return };
        self.follows_folder(folder.as_std_path(), meta.dev());
    }

    fn follows_folder(&mut self, folder: &Path, device: u64) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => self.follows_folder(&entry.path(), device),
                _ => _ = self.followers.insert((device, entry.ino())),
            }
        }
    }

    /// The bytes that are free once all of it is gone.
    pub fn freed(&self) -> u64 {
        let mut bytes = 0;
        for (inode, names) in &self.going {
            let Some(facts) = self.known.get(inode) else { continue };
            let names = names + u64::from(self.followers.contains(inode));
            // The links of a folder are those from the folders in it.
            if facts.folder || names >= facts.links {
                bytes += facts.bytes;
            }
        }
        bytes
    }

    /// What would be freed if this folder went alone.
    pub fn freed_by(&mut self, folder: &Utf8Path) -> u64 {
        let others = std::mem::take(&mut self.going);
        self.add(folder);
        let bytes = self.freed();
        self.going = others;
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::{create_dir_all, utf8, write_new};

    #[test]
    fn a_file_is_freed_when_its_last_name_goes() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = utf8(dir.path()).expect("utf-8");
        let block = vec![1; 8192];
        for folder in ["one", "two", "pool"] {
            create_dir_all(&dir.join(folder)).expect("mkdir");
        }
        write_new(&dir.join("pool/shared"), &block).expect("write");
        write_new(&dir.join("one/own"), &block).expect("write");
        let link = |to: &str| std::fs::hard_link(dir.join("pool/shared"), dir.join(to));
        link("one/shared").expect("link");
        link("one/again").expect("link");
        link("two/shared").expect("link");
        let bytes = |file: &str| dir.join(file).metadata().expect("stat").blocks() * 512;
        let (own, shared) = (bytes("one/own"), bytes("pool/shared"));
        assert!(own > 0 && shared > 0);
        let folders = |names: &[&str]| names.iter().map(|name| bytes(name)).sum::<u64>();

        let mut going = Usage::new();
        going.add(&dir.join("one"));
        assert_eq!(going.freed(), folders(&["one"]) + own);
        going.follows(&dir.join("pool"));
        assert_eq!(going.freed(), folders(&["one"]) + own, "the other folder has it still");
        assert_eq!(going.freed_by(&dir.join("two")), folders(&["two"]));
        going.add(&dir.join("two"));
        assert_eq!(going.freed(), folders(&["one", "two"]) + own + shared);
        going.add(&dir.join("nowhere"));
        assert_eq!(going.freed(), folders(&["one", "two"]) + own + shared);
    }
}
