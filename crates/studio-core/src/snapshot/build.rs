//! The folder of a snapshot, made of what a repository has.

use super::Snapshot;
use crate::alias;
use crate::context::Context;
use crate::error::Result;
use crate::fs;
use crate::git::{Checkout, Repo, Seal, Witness};
use crate::home::Home;
use crate::names::CommitId;
use camino::{Utf8Path, Utf8PathBuf};

/// What a snapshot is made of.
pub(super) struct Source<'a> {
    /// Where the files come from.
    pub(super) repo: &'a Repo,
    /// Where its objects stay.
    pub(super) mirror: &'a Utf8Path,
    /// The folder of the programs that its commands are.
    pub(super) toolkit: Utf8PathBuf,
    /// Its upstream.
    pub(super) origin: Option<String>,
    /// Who sees what its files hold.
    pub(super) witness: Option<&'a dyn Witness>,
}

impl Source<'_> {
    /// Fills an empty folder beside the snapshot's place.
    pub(super) fn fill(
        &self,
        cx: &Context,
        home: &Home,
        commit: &CommitId,
        folder: &Utf8Path,
    ) -> Result<Seal> {
        let mut config = vec![
            ("studio.snapshot".to_owned(), commit.to_string()),
            ("studio.toolkit".to_owned(), self.toolkit.to_string()),
        ];
        if let Some(upstream) = &self.origin {
            // People and tools see where it came from.
            config.push(("remote.origin.url".to_owned(), upstream.clone()));
        }
        config.extend(alias::for_snapshot(&self.toolkit)?);
        let objects = self.mirror.join("objects");
        let checkout =
            Checkout { commit, folder, objects: &objects, config: &config, witness: self.witness };
        self.repo.seal(cx, home, &checkout)
    }
}

/// Keeps what a snapshot looks like, now that it is in its place; without it, the next verification reads all.
pub(super) fn keep_seal(snapshot: &Snapshot, mut seal: Seal) {
    if seal.moved(&snapshot.path).is_ok() {
        let _ = fs::write_cache(&snapshot.home.seal(&snapshot.id), &seal.to_bytes());
    }
}
