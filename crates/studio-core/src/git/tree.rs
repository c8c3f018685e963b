//! Reading a tree folder by folder, and the files in it: for whoever goes through all of a commit without checking it out.

use super::transfer::look_at;
use super::{Repo, Tree};
use crate::error::{Error, OrSay, Result};
use crate::pool::BlobId;
use camino::Utf8Path;

/// What stands under a name in a folder of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// Another folder.
    Folder(Tree),
    /// A file, executable or not.
    File(BlobId),
    /// A symbolic link or a submodule.
    Link,
}

/// What one thread reads files of git with.
pub struct Files {
    repo: gix::Repository,
}

/// Makes a [`Files`] for each thread that wants one.
pub struct ManyFiles(gix::ThreadSafeRepository);

impl ManyFiles {
    /// For the thread that asks.
    pub fn here(&self) -> Files {
        Files { repo: self.0.to_thread_local() }
    }
}

impl Files {
    /// The content of a file, which is read into `buffer`; `None` if it has more than `most` bytes, and is not read.
    pub fn read<'a>(
        &self,
        blob: &BlobId,
        most: u64,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        use gix::prelude::FindExt;
        let id = gix::ObjectId::Sha1(*blob);
        let header = self.repo.find_header(id).map_err(|cause| self.not_read(id, &cause))?;
        if header.size() > most {
            return Ok(None);
        }
        let blob = self.repo.objects.find_blob(&id, buffer);
        Ok(Some(blob.map_err(|cause| self.not_read(id, &cause))?.data))
    }

    fn not_read(&self, id: gix::ObjectId, cause: &dyn std::fmt::Display) -> Error {
        let top = self.repo.workdir().unwrap_or(self.repo.git_dir()).to_string_lossy();
        Error::new(format!("the object {id} of `{top}` cannot be read"))
            .because(cause)
            .hint(look_at(Utf8Path::new(&*top)))
    }
}

impl Tree {
    /// Its id as bytes.
    pub fn bytes(&self) -> BlobId {
        match self.0 {
            gix::ObjectId::Sha1(id) => id,
            // There are no others: see the features of gix.
            _ => BlobId::default(),
        }
    }
}

impl Repo {
    /// What is in one folder of a tree, with the names, in git's order.
    pub fn inside(&self, tree: Tree) -> Result<Vec<(Vec<u8>, Inside)>> {
        let found = self.gix.find_tree(tree.0).or_say(|| format!("the tree {tree} is not here"))?;
        found
            .iter()
            .map(|entry| {
                let entry = entry.or_say(|| format!("the tree {tree} cannot be read"))?;
                let inside = match entry.object_id() {
                    id if entry.mode().is_tree() => Inside::Folder(Tree(id)),
                    gix::ObjectId::Sha1(id) if entry.mode().is_blob() => Inside::File(id),
                    _ => Inside::Link,
                };
                Ok((entry.filename().to_vec(), inside))
            })
            .collect()
    }

    /// Readers of files for several threads.
    pub fn files(&self) -> ManyFiles {
        ManyFiles(gix::Repository::clone(&self.gix).into_sync())
    }
}
