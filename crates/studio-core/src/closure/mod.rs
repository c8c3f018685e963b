//! What differs between two closures, in packages: added, removed, newer and older, and how large all of it is.
//!
//! Nix's database is read where it lies, because that takes a fraction of the time; where it cannot be ([`database::Unread`]
//! says why) the programs of Nix are asked, which always works. What was read is the same value ([`Graph`]) either way,
//! and is compared without asking anybody ([`Packages`]). Not here: what else differs between two systems (`switch`).

pub mod database;
mod graph;
mod lines;
mod name;
mod packages;

pub use database::Unread;
pub use graph::{Closure, Graph, Node};
pub use name::{PackageName, Version, compare_versions, split_version};
pub use packages::{Change, PackageChange, Packages};

use crate::config::Environment;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::nix::Nix;
use crate::store_path::StorePath;
use camino::{Utf8Path, Utf8PathBuf};

/// Where Nix has its state unless `NIX_STATE_DIR` says otherwise.
const STATE: &str = "/nix/var/nix";

/// A store whose closures can be compared.
#[derive(Debug)]
pub struct Closures {
    /// The folder of its database, if that is one of this machine.
    database: Option<Utf8PathBuf>,
    nix: Result<Nix>,
}

/// What a comparison found.
#[derive(Debug)]
pub struct Compared {
    /// The difference.
    pub packages: Packages,
    /// Why the database was not read, if it was not.
    pub detour: Option<String>,
}

impl Closures {
    /// The store that nix is told by `--store`, or its own default. Starts and opens nothing.
    pub fn of(cx: &Context, store: Option<&str>) -> Closures {
        Closures {
            database: database(&cx.env, store),
            nix: Nix::find(cx).map(|nix| nix.with_store(store)),
        }
    }

    /// Compares what two store paths need; both must be in the store.
    pub fn compare(self, old: &StorePath, new: &StorePath) -> Result<Compared> {
        let (graph, detour) = self.read(&[old, new])?;
        Ok(Compared { packages: Packages::between(&graph, old, new), detour })
    }

    /// The sizes of these with all that they need, in bytes and in their order, as the database says. All must be in the
    /// store. Nix is not asked.
    pub fn sizes(&self, paths: &[&StorePath]) -> Result<Vec<u64>, Unread> {
        let graph = self.read_database(paths)?;
        Ok(paths
            .iter()
            .map(|path| graph.size(&graph.needed_by(path.path().as_str())).bytes)
            .collect())
    }

    fn read_database(&self, roots: &[&StorePath]) -> Result<Graph, Unread> {
        let folder = self.database.as_ref().ok_or(Unread::Elsewhere)?;
        database::read(folder, roots)
    }

    fn read(self, roots: &[&StorePath]) -> Result<(Graph, Option<String>)> {
        let unread = match self.read_database(roots) {
            Ok(graph) => return Ok((graph, None)),
            Err(unread) => unread.to_string(),
        };
        let asked = self.nix.and_then(|nix| nix.registered(roots));
        let registered = asked.map_err(|error: Error| {
            // nix says last what it is about; without a word of its own, ours is as good.
            let said = error.causes().last().and_then(|cause| cause.lines().last());
            let said = said.unwrap_or(error.message()).to_owned();
            Error::new(format!(
                "nix does not know ({said}), and its database was not read ({unread})"
            ))
        })?;
        Ok((Graph::of(registered), Some(unread)))
    }
}

/// The folder of the database of a store, where its address says that without a doubt: `--store`, else `NIX_REMOTE`, in the
/// words of Nix's manual on store types.
fn database(env: &Environment, store: Option<&str>) -> Option<Utf8PathBuf> {
    match store.or(env.get("NIX_REMOTE")).unwrap_or("auto") {
        // A daemon has the database of this machine.
        "auto" | "daemon" | "local" => {
            Some(Utf8Path::new(env.get("NIX_STATE_DIR").unwrap_or(STATE)).join("db"))
        }
        // A store below another root has all of its state there, whatever the variables say.
        root if root.starts_with('/') && !root.contains('?') => {
            Some(Utf8PathBuf::from(format!("{}{STATE}/db", root.trim_end_matches('/'))))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_looked_for_where_nix_has_it_and_nowhere_else() {
        let of = |variables: &[(&str, &str)], store| {
            database(&Environment::of(variables), store).map(Utf8PathBuf::into_string)
        };
        let usual = Some("/nix/var/nix/db".to_owned());
        assert_eq!(of(&[], None), usual);
        assert_eq!(of(&[("NIX_REMOTE", "daemon")], None), usual);
        assert_eq!(of(&[("NIX_REMOTE", "ssh-ng://host")], None), None);
        assert_eq!(of(&[("NIX_REMOTE", "ssh-ng://host")], Some("local")), usual);
        let elsewhere = [("NIX_STATE_DIR", "/x/state")];
        assert_eq!(of(&elsewhere, None), Some("/x/state/db".to_owned()));
        assert_eq!(of(&elsewhere, Some("/mnt/")), Some("/mnt/nix/var/nix/db".to_owned()));
        for store in
            ["/mnt?read-only=true", "local?root=/mnt", "unix:///run/x", "https://cache", "mnt"]
        {
            assert_eq!(of(&[], Some(store)), None, "{store}");
        }
    }
}
