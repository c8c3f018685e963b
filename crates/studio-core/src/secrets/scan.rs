//! Going through the files of commits: folders that are known to hold nothing are passed over, files that nobody has
//! looked at are read on all cores.

use super::known::Known;
use super::{Finding, Role, findings};
use crate::error::Result;
use crate::git::{Inside, Repo, Tree, Witness};
use crate::home::Home;
use crate::names::CommitId;
use crate::pool::{BlobId, in_parallel};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// The largest file that is read, in bytes: people do not write larger ones.
const LARGEST: u64 = 1 << 20;

/// A commit whose files are looked at.
#[derive(Debug)]
pub struct Part<'a> {
    /// Where it is.
    pub repo: &'a Repo,
    /// The commit.
    pub commit: CommitId,
    /// The one before it, if it is new.
    pub before: Option<CommitId>,
    /// Where it lies from the top, with a slash at its end: empty, or that of a submodule.
    pub prefix: String,
}

/// A secret in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its file, from the top.
    pub path: String,
    /// What and where it is.
    pub finding: Finding,
    /// Whether a commit before had it, too.
    pub in_history: bool,
}

/// The secrets in the files of these commits.
pub fn look(home: &Home, parts: &[Part<'_>]) -> Result<Vec<Place>> {
    Search::begin(home, parts)?.finish()
}

/// A look at the files of commits: what is to be read is known, and files that others unpack meanwhile are looked at as
/// they pass by.
#[derive(Debug)]
pub struct Search<'a> {
    home: &'a Home,
    known: Known,
    listings: Vec<Listing<'a>>,
    unread: Unread,
}

/// The files that nobody has looked at.
#[derive(Debug, Default)]
struct Unread {
    files: HashMap<BlobId, Roles>,
    seen: Mutex<Vec<Read>>,
}

/// What was found in a file.
type Read = (Role, BlobId, Vec<Finding>);

/// The ways in which one content is read, by the names that it has.
#[derive(Clone, Copy, Debug, Default)]
struct Roles {
    nix: bool,
    any: bool,
}

impl Roles {
    fn all(self) -> impl Iterator<Item = Role> {
        let nix = self.nix.then_some(Role::Nix);
        nix.into_iter().chain(self.any.then_some(Role::Any))
    }
}

/// What there is in a commit, less the folders that are known to hold nothing.
#[derive(Debug)]
struct Listing<'a> {
    part: &'a Part<'a>,
    folders: Vec<Folder>,
    files: Vec<File>,
}

/// A folder that was gone through.
#[derive(Debug)]
struct Folder {
    tree: Tree,
    /// Places in the list of files, and in that of folders.
    files: Vec<usize>,
    folders: Vec<usize>,
}

#[derive(Debug)]
struct File {
    path: Vec<u8>,
    role: Role,
    id: BlobId,
}

impl Witness for Unread {
    fn see(&self, blob: &BlobId, content: &[u8]) {
        let Some(roles) = self.files.get(blob) else { return };
        let found = roles.all().map(|role| (role, *blob, found_in(role, content)));
        let found: Vec<Read> = found.collect();
        // Who died with it has left a whole list all the same.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
    }
}

impl<'a> Search<'a> {
    /// Finds out what is to be read.
    pub fn begin(home: &'a Home, parts: &'a [Part<'a>]) -> Result<Search<'a>> {
        let known = Known::load(home);
        let (mut listings, mut unread) = (vec![], Unread::default());
        for part in parts {
            let top = part.repo.tree_of(&part.commit)?;
            let (mut folders, mut files) = (vec![], vec![]);
            walk(part.repo, &known, top, b"", &mut folders, &mut files)?;
            for file in files.iter().filter(|file: &&File| known.of(file.role, &file.id).is_none())
            {
                let roles = unread.files.entry(file.id).or_default();
                match file.role {
                    Role::Nix => roles.nix = true,
                    Role::Any => roles.any = true,
                }
            }
            listings.push(Listing { part, folders, files });
        }
        Ok(Search { home, known, listings, unread })
    }

    /// To be shown files while they are unpacked.
    pub fn witness(&self) -> &dyn Witness {
        &self.unread
    }

    /// Reads what did not pass by, remembers what was found, and gives it.
    pub fn finish(self) -> Result<Vec<Place>> {
        let Search { home, mut known, listings, unread } = self;
        let seen = unread.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut done: HashSet<(Role, BlobId)> =
            seen.iter().map(|(role, id, _)| (*role, *id)).collect();
        for (role, id, found) in seen {
            known.learn(role, &id, found);
        }
        let mut places = vec![];
        for Listing { part, folders, files } in &listings {
            // In the order of their names, which is about that in which git packs them.
            let wanted = files.iter().map(|file| (file.role, file.id));
            let left: Vec<(Role, BlobId)> = wanted
                .filter(|file| unread.files.contains_key(&file.1) && done.insert(*file))
                .collect();
            for (role, id, found) in read(part.repo, &left)? {
                known.learn(role, &id, found);
            }
            places.extend(places_of(part, folders, files, &mut known)?);
        }
        known.keep(home);
        Ok(places)
    }
}

/// Where the files of a commit hold something, now that all of them were looked at.
fn places_of(
    part: &Part<'_>,
    folders: &[Folder],
    files: &[File],
    known: &mut Known,
) -> Result<Vec<Place>> {
    // Of those that were read just now the clean ones are not found yet, so what is asked is which are not.
    let dirty = |file: &File| known.of(file.role, &file.id).is_some_and(|found| !found.is_empty());
    // Folders come after those that are in them.
    let mut clean: Vec<bool> = vec![];
    for folder in folders {
        let files_are = !folder.files.iter().any(|file| dirty(&files[*file]));
        clean.push(files_are && folder.folders.iter().all(|below| clean[*below]));
    }
    let mut places = vec![];
    for file in files.iter().filter(|file| dirty(file)) {
        let before = before(part, file)?;
        for finding in known.of(file.role, &file.id).unwrap_or_default() {
            places.push(Place {
                path: format!("{}{}", part.prefix, String::from_utf8_lossy(&file.path)),
                finding: finding.clone(),
                in_history: before.has(finding),
            });
        }
    }
    for (folder, _) in folders.iter().zip(clean).filter(|(_, clean)| *clean) {
        known.learn_clean(folder.tree);
    }
    Ok(places)
}

/// Lists what is below a folder and not known to hold nothing; gives its place among the folders, if it has one.
fn walk(
    repo: &Repo,
    known: &Known,
    tree: Tree,
    prefix: &[u8],
    folders: &mut Vec<Folder>,
    files: &mut Vec<File>,
) -> Result<Option<usize>> {
    if known.is_clean(tree) {
        return Ok(None);
    }
    let mut folder = Folder { tree, files: vec![], folders: vec![] };
    for (name, inside) in repo.inside(tree)? {
        let path = [prefix, &name].concat();
        match inside {
            Inside::Link => {}
            Inside::Folder(below) => {
                let path = [&path[..], b"/"].concat();
                folder.folders.extend(walk(repo, known, below, &path, folders, files)?);
            }
            Inside::File(id) => {
                folder.files.push(files.len());
                files.push(File { role: Role::of(&name), path, id });
            }
        }
    }
    folders.push(folder);
    Ok(Some(folders.len() - 1))
}

/// Reads files and gives what is in them.
fn read(repo: &Repo, files: &[(Role, BlobId)]) -> Result<Vec<Read>> {
    if files.is_empty() {
        return Ok(vec![]);
    }
    let readers = repo.files();
    let parts = in_parallel(files, |part| {
        let reader = readers.here();
        let mut buffer = Vec::new();
        part.iter()
            .map(|(role, id)| {
                let found = match reader.read(id, LARGEST, &mut buffer)? {
                    Some(content) => found_in(*role, content),
                    None => vec![],
                };
                Ok((*role, *id, found))
            })
            .collect::<Result<Vec<_>>>()
    })?;
    Ok(parts.into_iter().flatten().collect())
}

/// What is in a file, if it is not too large to be looked at.
fn found_in(role: Role, content: &[u8]) -> Vec<Finding> {
    match content.len() as u64 <= LARGEST {
        true => findings(role, content),
        false => vec![],
    }
}

/// What the commit before had in a file of the same name.
fn before(part: &Part<'_>, file: &File) -> Result<Before> {
    let Some(commit) = &part.before else { return Ok(Before::Same) };
    // A name that is no UTF-8 is not looked up; it is only a word about the past.
    let Ok(path) = std::str::from_utf8(&file.path) else { return Ok(Before::Had(vec![])) };
    let old = part.repo.file_in(part.repo.tree_of(commit)?, path)?;
    Ok(Before::Had(old.map(|content| findings(file.role, &content)).unwrap_or_default()))
}

enum Before {
    /// The commit is not new, so it is history itself.
    Same,
    Had(Vec<Finding>),
}

impl Before {
    fn has(&self, finding: &Finding) -> bool {
        match self {
            Before::Same => true,
            Before::Had(old) => old.iter().any(|old| old.what == finding.what),
        }
    }
}
