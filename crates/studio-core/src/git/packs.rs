//! The object folder of a bare repository of ours: what lies in it, and putting many files of it into few.
//!
//! `git repack -d` and `git prune` refuse to work in a repository that is marked precious, and that is wanted: nobody but
//! us knows who borrows from it. So git only writes the new pack, of the objects that it is told, and what that replaces
//! is removed here. What is removed was written down before, so that a kill removes all of it in the end or nothing: with
//! half of it gone, an object could be there without all that it reaches.
//!
//! Not here: who may be at work meanwhile.

use super::{Repo, git};
use crate::error::{Error, OrSay, Result};
use crate::fs;
use camino::{Utf8Path, Utf8PathBuf};
use gix::ObjectId;
use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;

/// The list of what is about to be removed, in the repository's folder.
const REMOVAL: &str = "studio-removal";

/// What lies in an object folder.
#[derive(Debug, Default)]
pub struct Stock {
    loose: Vec<ObjectId>,
    packs: Vec<Pack>,
}

#[derive(Debug)]
struct Pack {
    /// Without its extension.
    path: Utf8PathBuf,
    objects: Vec<ObjectId>,
    /// Whether somebody marked it as one that stays.
    stays: bool,
}

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// How many objects were put into one pack.
    pub packed: usize,
    /// How many went, because nothing reaches them any more.
    pub dropped: usize,
    /// Bytes that the disk has back.
    pub freed: u64,
}

impl Stock {
    /// How many objects are files of their own.
    pub fn loose(&self) -> usize {
        self.loose.len()
    }

    /// How many packs there are.
    pub fn packs(&self) -> usize {
        self.packs.len()
    }
}

impl Repo {
    /// Removes what a removal that was killed had begun to remove. Who writes here, or trusts that whatever is here has
    /// all that it reaches, does this first.
    pub fn finish_removal(&self) -> Result<()> {
        let list = self.common_dir().join(REMOVAL);
        let Some(text) = fs::read_optional(&list)? else { return Ok(()) };
        let objects = self.objects_dir();
        for line in text.lines() {
            let file = objects.join(line);
            fs::remove_file(&file)?;
            if let Some(folder) = file.parent() {
                fs::remove_if_empty(folder);
            }
        }
        fs::remove_file(&list)
    }

    /// Whether a removal was killed and is to be finished.
    pub fn has_unfinished_removal(&self) -> bool {
        self.common_dir().join(REMOVAL).exists()
    }

    /// Whether there are so many objects in files of their own that listing them takes time; a guess by a sample.
    pub fn has_many_loose(&self) -> bool {
        // Ids are spread evenly over 256 folders.
        let sample = self.objects_dir().join("17").read_dir_utf8();
        sample.is_ok_and(|sample| sample.count() > 8)
    }

    /// Looks at what lies in the object folder.
    pub fn stock(&self) -> Result<Stock> {
        let objects = self.objects_dir();
        let mut stock = Stock::default();
        for entry in entries(&objects)? {
            let folder = entry.file_name();
            if folder.len() != 2 || !folder.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                continue;
            }
            for file in entries(entry.path())? {
                let hex = format!("{folder}{}", file.file_name());
                stock.loose.extend(ObjectId::from_hex(hex.as_bytes()));
            }
        }
        for entry in entries(&objects.join("pack"))? {
            if entry.path().extension() != Some("idx") {
                continue;
            }
            let path = entry.path().with_extension("");
            let index = gix::odb::pack::index::File::at(entry.path(), gix::hash::Kind::Sha1)
                .or_say(|| format!("`{}` cannot be read", entry.path()))?;
            let marked = |kind: &str| path.with_extension(kind).exists();
            stock.packs.push(Pack {
                objects: index.iter().map(|entry| entry.oid).collect(),
                stays: marked("keep") || marked("promisor"),
                path,
            });
        }
        Ok(stock)
    }

    /// All objects that refs reach, or these commits, as far as they are here.
    pub fn reachable(&self, commits: &[crate::names::CommitId]) -> Result<HashSet<ObjectId>> {
        let mut roots = String::new();
        for commit in commits.iter().filter(|commit| self.has(commit)) {
            roots.push_str(commit.as_str());
            roots.push('\n');
        }
        let said = self
            .git(["rev-list", "--objects", "--no-object-names", "--all", "--stdin"])
            .stdin(roots)
            .run()?;
        let ids = said.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        ids.map(|hex| ObjectId::from_hex(hex).or_say(|| "git listed something that is no object"))
            .collect()
    }

    /// Puts small packs and all loose objects into one pack; what is not in `wanted` goes, if that is given.
    ///
    /// Nothing else writes or links objects here meanwhile. Who reads may go on: the new pack is there before anything
    /// goes, and git and gix look again for what they do not find where it was.
    pub fn compact(&self, stock: Stock, wanted: Option<&HashSet<ObjectId>>) -> Result<Compacted> {
        let unwanted = |id: &ObjectId| wanted.is_some_and(|wanted| !wanted.contains(id));
        let dirty = |pack: &Pack| pack.objects.iter().any(unwanted);
        // What a pack that stays may lead to is not known, so nothing can go.
        if wanted.is_some() && stock.packs.iter().any(|pack| pack.stays && dirty(pack)) {
            return self.compact(stock, None);
        }
        let Stock { loose, packs } = stock;
        let mut packs: Vec<Pack> = packs.into_iter().filter(|pack| !pack.stays).collect();
        packs.sort_by_key(|pack| pack.objects.len());
        // A pack is left alone if it has at least twice of what all smaller ones have together: so each object is written
        // again only a few times in its life, however often this happens.
        let mut smaller = loose.len();
        let mut small = 0;
        for (at, pack) in packs.iter().enumerate() {
            if pack.objects.len() < 2 * smaller {
                small = at + 1;
            }
            smaller += pack.objects.len();
        }
        let replaced: Vec<&Pack> = packs
            .iter()
            .enumerate()
            .filter(|(at, pack)| *at < small || dirty(pack))
            .map(|(_, pack)| pack)
            .collect();
        if loose.is_empty() && replaced.len() < 2 && !replaced.iter().any(|pack| dirty(pack)) {
            return Ok(Compacted::default());
        }
        let mut all: HashSet<ObjectId> = loose.iter().copied().collect();
        all.extend(replaced.iter().flat_map(|pack| &pack.objects).copied());
        let before = all.len();
        all.retain(|id| !unwanted(id));
        let names = self.write_pack(&all)?;
        let mut goes: Vec<String> = replaced
            .iter()
            .filter(|pack| !names.iter().any(|name| pack.path.file_name() == Some(name)))
            .flat_map(|pack| files_of(&pack.path))
            .collect();
        goes.extend(loose.iter().map(|id| {
            let hex = id.to_string();
            format!("{}/{}", &hex[..2], &hex[2..])
        }));
        // They speak of packs and commits that may be gone; git does without them.
        goes.extend(["pack/multi-pack-index", "info/commit-graph"].map(str::to_owned));
        let objects = self.objects_dir();
        let freed: u64 = goes.iter().map(|file| freed_by(&objects.join(file))).sum();
        let taken: u64 = names
            .iter()
            .flat_map(|name| files_of(&objects.join("pack").join(name)))
            .map(|file| freed_by(&objects.join(file)))
            .sum();
        fs::write_atomic(&self.common_dir().join(REMOVAL), (goes.join("\n") + "\n").as_bytes())?;
        self.finish_removal()?;
        Ok(Compacted {
            packed: all.len(),
            dropped: before - all.len(),
            freed: freed.saturating_sub(taken),
        })
    }

    /// Removes what gits that were killed left half-written.
    pub fn sweep_objects(&self) -> Result<()> {
        let objects = self.objects_dir();
        for folder in [objects.join("pack"), objects] {
            for entry in entries(&folder)? {
                let name = entry.file_name();
                if name.starts_with("tmp_") || name.starts_with(".tmp") {
                    fs::remove_tree(entry.path())?;
                }
            }
        }
        Ok(())
    }

    /// Has git write a pack of exactly these objects; the names of what it wrote, without extension.
    fn write_pack(&self, ids: &HashSet<ObjectId>) -> Result<Vec<String>> {
        if ids.is_empty() {
            return Ok(vec![]);
        }
        let mut list = String::with_capacity(ids.len() * 41);
        for id in ids {
            list.push_str(&format!("{id}\n"));
        }
        let objects = self.objects_dir();
        let said = git(self.top(), ["-c", "pack.packSizeLimit=0", "pack-objects", "--quiet"])
            .args(["--delta-base-offset", objects.join("pack/pack").as_str()])
            .stdin(list)
            .run()
            .map_err(|cause| {
                let error = Error::new(format!("the objects of `{objects}` cannot be packed"))
                    .because(cause.output());
                if cause.output().contains("No space left") {
                    return error.hint("free some space on that disk first: packing needs some");
                }
                error
            })?;
        Ok(said.text().lines().map(|hash| format!("pack-{hash}")).collect())
    }
}

fn entries(folder: &Utf8Path) -> Result<Vec<camino::Utf8DirEntry>> {
    let listed = folder.read_dir_utf8().and_then(Iterator::collect);
    listed.map_err(|cause| fs::failed("read", folder, cause))
}

/// The files of a pack from the object folder on, the index first: without it git does not see the rest.
fn files_of(pack: &Utf8Path) -> Vec<String> {
    let name = pack.file_name().unwrap_or_default();
    ["idx", "rev", "bitmap", "mtimes", "pack"]
        .into_iter()
        .filter(|kind| pack.with_extension(kind).exists())
        .map(|kind| format!("pack/{name}.{kind}"))
        .collect()
}

/// What the disk has back when a file loses this name; nothing if it has others, in studios.
fn freed_by(file: &Utf8Path) -> u64 {
    match file.symlink_metadata() {
        Ok(meta) if meta.nlink() == 1 => meta.blocks() * 512,
        _ => 0,
    }
}
