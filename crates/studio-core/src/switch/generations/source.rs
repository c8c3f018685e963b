//! Where the commits of a configuration can be read without a network: mirrors, which keep the commits of snapshots, and
//! the folders of snapshots.

use crate::git::Repo;
use crate::home::Home;
use crate::names::CommitId;

/// The repositories of a `STUDIO_HOME` that may have a commit.
pub(crate) struct Sources {
    home: Home,
    mirrors: Vec<Repo>,
}

impl Sources {
    /// Those below this home. One that cannot be opened is left out: what is read of it is a help, not a condition.
    pub fn of(home: Home) -> Sources {
        let entries = home.mirrors().read_dir_utf8().into_iter().flatten().flatten();
        let mirrors = entries
            .filter(|entry| !entry.file_name().starts_with('.'))
            .filter_map(|entry| Repo::open_bare(entry.path()).ok())
            .collect();
        Sources { home, mirrors }
    }

    /// Whether the folder of a snapshot is still there.
    pub fn has_snapshot(&self, id: &CommitId) -> bool {
        self.home.snapshot(id).is_dir()
    }

    /// The first line of a commit's message, if anybody has the commit.
    pub fn subject(&self, commit: &CommitId) -> Option<String> {
        // One mirror has the commits of all of its snapshots: opening it once is cheaper than opening each of them.
        let of_mirror = self.mirrors.iter().find_map(|repo| repo.subject(commit).ok());
        of_mirror
            .or_else(|| Repo::open(&self.home.snapshot(commit)).ok()?.subject(commit).ok())
            .filter(|subject| !subject.is_empty())
    }

    /// A repository that has both commits. Snapshots come first: their files say how they are to be compared
    /// (`.gitattributes`), which a bare repository does not read.
    pub fn with_both(self, one: &CommitId, other: &CommitId) -> Option<Repo> {
        let snapshots =
            [other, one].into_iter().filter_map(|id| Repo::open(&self.home.snapshot(id)).ok());
        let mut all = snapshots.chain(self.mirrors);
        all.find(|repo| repo.has(one) && repo.has(other))
    }

    /// Whether any of them has this commit.
    pub fn has(&self, commit: &CommitId) -> bool {
        self.has_snapshot(commit) || self.mirrors.iter().any(|repo| repo.has(commit))
    }
}
