//! Where things lie below `STUDIO_HOME`. Paths only: nothing here reads or writes.

use crate::names::{CommitId, StudioName};
use camino::{Utf8Path, Utf8PathBuf};

/// The folder `STUDIO_HOME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: Utf8PathBuf,
}

impl Home {
    /// `root` is absolute.
    pub fn at(root: Utf8PathBuf) -> Home {
        Home { root }
    }

    /// The folder itself.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// All studios.
    pub fn studios(&self) -> Utf8PathBuf {
        self.root.join("studios")
    }

    /// One studio.
    pub fn studio(&self, name: &StudioName) -> Utf8PathBuf {
        self.studios().join(name.as_str())
    }

    /// All snapshots.
    pub fn snapshots(&self) -> Utf8PathBuf {
        self.root.join("snapshots")
    }

    /// One snapshot.
    pub fn snapshot(&self, id: &CommitId) -> Utf8PathBuf {
        self.snapshots().join(id.as_str())
    }

    /// Read-only files, named by what they hold, that snapshots have in common.
    pub fn pool(&self) -> Utf8PathBuf {
        self.root.join("pool")
    }

    /// What a snapshot looked like when it was sealed: a cache, for a look instead of a reading.
    pub fn seal(&self, id: &CommitId) -> Utf8PathBuf {
        self.cache().join("seals").join(id.as_str())
    }

    /// The mirrors of upstreams: bare repositories from which studios are made.
    pub fn mirrors(&self) -> Utf8PathBuf {
        self.root.join("mirrors")
    }

    /// What was found out about a snapshot: one JSON file a verdict.
    pub fn verdicts(&self, id: &CommitId) -> Utf8PathBuf {
        self.root.join("verdicts").join(id.as_str())
    }

    /// Links that keep what was built of a snapshot from Nix's garbage collector.
    pub fn roots(&self, id: &CommitId) -> Utf8PathBuf {
        self.root.join("roots").join(id.as_str())
    }

    /// Disk images and temporary folders of the VMs of a snapshot.
    pub fn vm(&self, id: &CommitId) -> Utf8PathBuf {
        self.root.join("vms").join(id.as_str())
    }

    /// One JSON file for each attempt to switch.
    pub fn transactions(&self) -> Utf8PathBuf {
        self.root.join("transactions")
    }

    /// The whole output of long jobs.
    pub fn logs(&self) -> Utf8PathBuf {
        self.root.join("logs")
    }

    /// What can be found out again at any time: removing it costs time and nothing else.
    pub fn cache(&self) -> Utf8PathBuf {
        self.root.join("cache")
    }

    /// Which files and folders of git hold no secret, as far as they were looked at: a cache.
    pub fn secrets(&self) -> Utf8PathBuf {
        self.cache().join("secrets")
    }

    /// One file for each snapshot that the user wants to keep.
    pub fn pins(&self) -> Utf8PathBuf {
        self.root.join("pins")
    }

    /// The pin of one snapshot.
    pub fn pin(&self, id: &CommitId) -> Utf8PathBuf {
        self.pins().join(id.as_str())
    }

    /// All locks that belong to no single studio.
    pub fn locks(&self) -> Utf8PathBuf {
        self.root.join("locks")
    }

    /// A lock that belongs to no single studio.
    pub fn lock(&self, name: &str) -> Utf8PathBuf {
        self.locks().join(name)
    }
}

impl From<&Utf8Path> for Home {
    fn from(root: &Utf8Path) -> Home {
        Home::at(root.to_owned())
    }
}
