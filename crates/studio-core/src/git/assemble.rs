//! Putting the files of a tree into a folder, byte for byte as git's own checkout does, on all cores.
//!
//! A file that git would write as it lies in the tree comes from the pool: as a link into a snapshot, as a clone into a
//! studio. What git converts (filters, line endings, `$Id$`, encodings) is written by git itself, and is a file of its own.
//! Not here: `.git`, submodules, and closing the folders (`checkout`).

use super::blob::{self, Content};
use super::{Repo, Tree, path_of};
use crate::context::Context;
use crate::error::{Error, OrSay, Result};
use crate::fs::{self, Copied, Folder, Stamp};
use crate::home::Home;
use crate::pool::{self, BlobId, Blobs, Key, NotWritten, Placed, Pool, ReadBlob, in_parallel};
use camino::Utf8Path;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::index::entry::{Mode, Stat};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};

/// Sees the content of blobs on its way into the pool, so that who wants to look at files need not unpack them again.
///
/// It sees nothing of files that are there already, that git converts, or that are too large to be held as a whole.
pub trait Witness: Sync + std::fmt::Debug {
    /// Sees one; called by all threads.
    fn see(&self, blob: &BlobId, content: &[u8]);
}

/// For whom the files are.
pub(super) enum Style<'a> {
    /// Nobody writes them: links to the pool of this `STUDIO_HOME`.
    Sealed(&'a Context, &'a Home, Option<&'a dyn Witness>),
    /// Somebody will: files of their own, which share blocks with the pool where the file system can do that, with this
    /// time in seconds since 1970. git reads every file again that is as young as its index.
    Writable(Option<&'a Pool>, i64),
}

/// What a folder holds now.
pub(super) struct Assembled {
    /// The index of it, with what each file looks like.
    pub(super) index: gix::index::File,
    /// Every folder, from the top down; the first is the top itself, with no name.
    pub(super) folders: Vec<BString>,
}

/// How an entry comes into the folder.
#[derive(Clone, Copy)]
enum Route {
    /// As it lies in the tree; the number is that of its key.
    Pooled(usize),
    /// As git converts it.
    Converted,
    /// A symbolic link.
    Symlink,
    /// A folder, for a submodule.
    Submodule,
}

struct Plan {
    routes: Vec<Route>,
    keys: Vec<Key>,
}

impl Repo {
    /// Puts the files of `tree` into `folder`, which is there and empty but for `.git`.
    pub(super) fn assemble(
        &self,
        tree: Tree,
        folder: &Utf8Path,
        style: Style<'_>,
    ) -> Result<Assembled> {
        let mut index = self.gix.index_from_tree(&tree.0).or_say(|| "the tree cannot be read")?;
        let plan = self.routes(&index)?;
        let folders = folders_of(&index);
        for name in &folders[1..] {
            let path = folder.as_std_path().join(path_of(name.as_bstr()));
            std::fs::create_dir(&path)
                .map_err(|cause| in_the_way(folder, name.as_bstr(), cause))?;
        }
        self.convert(&index, &plan, tree, folder)?;
        let objects = gix::Repository::clone(&self.gix).into_sync();
        let stamps = match style {
            Style::Writable(pool, time) => {
                let work = Work { objects: &objects, index: &index, plan: &plan, folder };
                work.place(&|job| job.write(pool, time))?
            }
            Style::Sealed(cx, home, witness) => {
                let mut pool = Pool::take(cx, home)?;
                pool.provide(&plan.keys, &Objects { repo: &objects, witness })?;
                let work = Work { objects: &objects, index: &index, plan: &plan, folder };
                let mut stamps = work.place(&|job| job.seal(&pool))?;
                let settled = pool.settle(&plan.keys)?;
                let renewed = pool.renewed();
                for (stamp, route) in stamps.iter_mut().zip(&plan.routes) {
                    if let (None, Route::Pooled(key), false) = (&stamp, route, renewed) {
                        *stamp = Some(settled[*key]);
                    }
                }
                if renewed { work.look_again(stamps)? } else { stamps }
            }
        };
        for (entry, stamp) in index.entries_mut().iter_mut().zip(stamps) {
            if let Some(stamp) = stamp {
                entry.stat = stat_of(&stamp);
            }
        }
        Ok(Assembled { index, folders })
    }

    /// Has git write the files that it converts: those that are in the tree and not in the index that it is given.
    fn convert(
        &self,
        index: &gix::index::File,
        plan: &Plan,
        tree: Tree,
        folder: &Utf8Path,
    ) -> Result<()> {
        let is_converted = |number: usize| matches!(plan.routes[number], Route::Converted);
        if !(0..plan.routes.len()).any(is_converted) {
            return Ok(());
        }
        let mut others = index.clone();
        others.remove_entries(|number, _, _| is_converted(number));
        let failed = || "the files that git converts could not be written";
        let mut bytes = Vec::new();
        others.write_to(&mut bytes, gix::index::write::Options::default()).or_say(failed)?;
        let file = folder.join(".git/index-of-others");
        fs::write_new(&file, &bytes)?;
        self.git(["read-tree", "-m", "-u", &tree.to_string()])
            .env("GIT_DIR", self.git_dir().as_str())
            .env("GIT_WORK_TREE", folder.as_str())
            .env("GIT_INDEX_FILE", file.as_str())
            .run()
            .or_say(failed)?;
        fs::remove_file(&file)
    }

    /// Decides for each entry how it comes into the folder.
    fn routes(&self, index: &gix::index::State) -> Result<Plan> {
        let mut conversion = self.conversion(index)?;
        let mut numbers: HashMap<Key, usize> = HashMap::with_capacity(index.entries().len());
        let mut plan = Plan { routes: Vec::with_capacity(index.entries().len()), keys: vec![] };
        for entry in index.entries() {
            let executable = match entry.mode {
                Mode::FILE => false,
                Mode::FILE_EXECUTABLE => true,
                Mode::SYMLINK => {
                    plan.routes.push(Route::Symlink);
                    continue;
                }
                _ => {
                    plan.routes.push(Route::Submodule);
                    continue;
                }
            };
            if conversion.may_change(entry.path(index), entry.mode)? {
                plan.routes.push(Route::Converted);
                continue;
            }
            let blob: BlobId =
                entry.id.as_slice().try_into().map_err(|_| {
                    Error::new("only repositories with SHA-1 objects are supported")
                })?;
            let key = Key { blob, executable };
            let number = *numbers.entry(key).or_insert_with(|| {
                plan.keys.push(key);
                plan.keys.len() - 1
            });
            plan.routes.push(Route::Pooled(number));
        }
        Ok(plan)
    }
}

/// The folders that the entries lie in, each after the one that it lies in; the top first.
pub(super) fn folders_of(index: &gix::index::State) -> Vec<BString> {
    let mut folders = vec![BString::default()];
    let mut open: Vec<usize> = vec![];
    for entry in index.entries() {
        let path = entry.path(index);
        // The parent of a submodule, but not the submodule: its folder is the top of another checkout.
        let parent = path.rfind_byte(b'/').map_or(&b""[..], |at| &path[..at]);
        let holds = |folder: &BString| {
            parent.strip_prefix(&folder[..]).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
        };
        while open.last().is_some_and(|last| !holds(&folders[*last])) {
            open.pop();
        }
        let mut from = open.last().map_or(0, |last| folders[*last].len() + 1);
        while from < parent.len() {
            let end = parent[from..].find_byte(b'/').map_or(parent.len(), |at| from + at);
            folders.push(parent[..end].into());
            open.push(folders.len() - 1);
            from = end + 1;
        }
    }
    folders
}

/// What the files of a sealed checkout are in the pool, submodules included; nothing of what cannot be read.
pub fn pool_keys(top: &Utf8Path) -> Vec<Key> {
    let mut keys = Vec::new();
    let options = gix::index::decode::Options::default();
    let path = top.join(".git/index");
    let Ok(index) = gix::index::File::at(path.as_std_path(), gix::hash::Kind::Sha1, true, options)
    else {
        return keys;
    };
    for entry in index.entries() {
        let executable = match entry.mode {
            Mode::FILE => false,
            Mode::FILE_EXECUTABLE => true,
            Mode::COMMIT => {
                let inner = top.join(entry.path(&index).to_str_lossy().as_ref());
                keys.extend(pool_keys(&inner));
                continue;
            }
            _ => continue,
        };
        keys.extend(entry.id.as_slice().try_into().ok().map(|blob| Key { blob, executable }));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// What all threads share.
struct Work<'a> {
    objects: &'a gix::ThreadSafeRepository,
    index: &'a gix::index::State,
    plan: &'a Plan,
    folder: &'a Utf8Path,
}

/// One entry at hand.
struct Job<'a, 'repo> {
    plan: &'a Plan,
    route: Route,
    id: gix::ObjectId,
    mode: Mode,
    path: &'a BStr,
    name: &'a [u8],
    folder: &'a Folder,
    top: &'a Utf8Path,
    tools: &'a mut Tools<'repo>,
}

/// What a thread keeps from one file to the next.
struct Tools<'repo> {
    repo: &'repo gix::Repository,
    large: u64,
    scratch: Vec<u8>,
    target: Vec<u8>,
    shares_blocks: &'repo AtomicBool,
}

impl Work<'_> {
    /// Does something with each entry, its folder opened; gives what each file looks like, where that is known.
    fn place(
        &self,
        act: &(dyn Fn(&mut Job<'_, '_>) -> Result<Option<Stamp>> + Sync),
    ) -> Result<Vec<Option<Stamp>>> {
        let numbers: Vec<usize> = (0..self.index.entries().len()).collect();
        let shares_blocks = AtomicBool::new(true);
        let parts = in_parallel(&numbers, |part| {
            let repo = self.objects.to_thread_local();
            let mut tools = Tools {
                repo: &repo,
                large: blob::large(&repo),
                scratch: vec![],
                target: vec![],
                shares_blocks: &shares_blocks,
            };
            let mut open: Option<(&[u8], Folder)> = None;
            let mut stamps = Vec::with_capacity(part.len());
            for number in part {
                let entry = &self.index.entries()[*number];
                let path = entry.path(self.index);
                let (parent, name): (&[u8], &[u8]) = match path.rfind_byte(b'/') {
                    Some(at) => (&path[..at], &path[at + 1..]),
                    None => (&b""[..], path),
                };
                let folder = match &open {
                    Some((name, folder)) if *name == parent => folder,
                    _ => {
                        let path = self.folder.as_std_path().join(path_of(parent.as_bstr()));
                        let folder = Folder::open(&path)
                            .map_err(|cause| in_the_way(self.folder, parent.as_bstr(), cause))?;
                        &open.insert((parent, folder)).1
                    }
                };
                let (plan, route) = (self.plan, self.plan.routes[*number]);
                let (id, mode) = (entry.id, entry.mode);
                let tools = &mut tools;
                stamps.push(act(&mut Job {
                    plan,
                    route,
                    id,
                    mode,
                    path,
                    name,
                    folder,
                    top: self.folder,
                    tools,
                })?);
            }
            Ok(stamps)
        })?;
        Ok(parts.into_iter().flatten().collect())
    }

    /// Looks at every file of the pool by its name here, because not all names of one key lead to one file.
    fn look_again(&self, stamps: Vec<Option<Stamp>>) -> Result<Vec<Option<Stamp>>> {
        let looked = self.place(&|job| match job.route {
            Route::Pooled(_) => job.look(),
            _ => Ok(None),
        })?;
        Ok(stamps.into_iter().zip(looked).map(|(own, looked)| own.or(looked)).collect())
    }
}

impl Job<'_, '_> {
    /// For a snapshot. The stamp of a link to the pool is not known before all links are made.
    fn seal(&mut self, pool: &Pool) -> Result<Option<Stamp>> {
        match self.route {
            Route::Pooled(key) => {
                let key = self.plan.keys[key];
                let placed = pool.link(&key, self.folder, self.name);
                match placed.map_err(|cause| self.failed(cause))? {
                    Placed::Linked => Ok(None),
                    Placed::Copied => {
                        self.finish(key.mode())?;
                        self.look()
                    }
                }
            }
            Route::Converted => {
                let mode = if self.mode == Mode::FILE_EXECUTABLE { 0o555 } else { 0o444 };
                self.finish(mode)?;
                self.look()
            }
            Route::Symlink => {
                self.symlink()?;
                let set = self.folder.set_time(self.name, pool::TIME);
                set.map_err(|cause| self.failed(cause))?;
                self.look()
            }
            Route::Submodule => self.make_folder(),
        }
    }

    /// For a studio.
    fn write(&mut self, pool: Option<&Pool>, time: i64) -> Result<Option<Stamp>> {
        // The kernel takes the user's mask off.
        let mode = if self.mode == Mode::FILE_EXECUTABLE { 0o777 } else { 0o666 };
        match self.route {
            Route::Pooled(key) => {
                let key = self.plan.keys[key];
                if !self.clone_from(pool, &key, mode)? {
                    self.fill(mode, time)?;
                    return self.look();
                }
            }
            Route::Converted => {}
            Route::Symlink => self.symlink()?,
            Route::Submodule => return self.make_folder(),
        }
        self.folder.set_time(self.name, time).map_err(|cause| self.failed(cause))?;
        self.look()
    }

    /// A clone of the pool's file, where the pool has it and the file system can clone.
    fn clone_from(&self, pool: Option<&Pool>, key: &Key, mode: u32) -> Result<bool> {
        let shares = &self.tools.shares_blocks;
        let Some(pool) = pool.filter(|pool| shares.load(Ordering::Relaxed) && pool.trusts(key))
        else {
            return Ok(false);
        };
        match pool.copy(key, self.folder, self.name, mode) {
            Ok(Copied::Cloned) => {}
            // Bytes that have to be written come from git as fast.
            Ok(Copied::Written) => shares.store(false, Ordering::Relaxed),
            Err(cause) => return Err(self.failed(cause)),
        }
        Ok(true)
    }

    /// Writes the file from its blob.
    fn fill(&mut self, mode: u32, time: i64) -> Result<()> {
        let mut file = self.folder.create(self.name, mode).map_err(|cause| self.failed(cause))?;
        let tools = &mut *self.tools;
        let content = blob::content(tools.repo, self.id, tools.large, &mut tools.scratch)?;
        let filled = content.write_to(&mut file).and_then(|()| fs::set_times(&file, time));
        filled.map_err(|cause| self.failed(cause))
    }

    fn symlink(&mut self) -> Result<()> {
        let tools = &mut *self.tools;
        let content = blob::content(tools.repo, self.id, tools.large, &mut tools.scratch)?;
        let made = content
            .whole(&mut tools.target)
            .and_then(|()| self.folder.symlink(&tools.target, self.name));
        made.map_err(|cause| self.failed(cause))
    }

    fn make_folder(&self) -> Result<Option<Stamp>> {
        self.folder.make(self.name).map_err(|cause| self.failed(cause))?;
        Ok(None)
    }

    /// Gives a file of its own the mode and time that a file of the pool has.
    fn finish(&self, mode: u32) -> Result<()> {
        self.folder.settle(self.name, mode, pool::TIME).map_err(|cause| self.failed(cause))
    }

    fn look(&self) -> Result<Option<Stamp>> {
        self.folder.stamp(self.name).map_err(|cause| self.failed(cause))
    }

    fn failed(&self, cause: io::Error) -> Error {
        if cause.kind() == ErrorKind::AlreadyExists {
            return collision(self.path);
        }
        let error = Error::new(format!("`{}` could not be written", self.path));
        match fs::remedy(self.top, &cause) {
            Some(remedy) => error.because(fs::plain(&cause)).hint(remedy),
            None => error.because(fs::plain(&cause)),
        }
    }
}

fn in_the_way(folder: &Utf8Path, name: &BStr, cause: io::Error) -> Error {
    if cause.kind() == ErrorKind::AlreadyExists {
        return collision(name);
    }
    fs::failed("make the folder", &folder.join(name.to_str_lossy().as_ref()), cause)
}

fn collision(name: &BStr) -> Error {
    Error::new(format!("`{name}` stands in the way of another file"))
        .hint("two names differ only in case, and this file system does not tell them apart")
}

/// As git keeps it: the low halves of what is longer.
#[expect(clippy::cast_possible_truncation, reason = "git's index has 32 bits for each")]
fn stat_of(stamp: &Stamp) -> Stat {
    let time = |(seconds, nanoseconds): (i64, u32)| gix::index::entry::stat::Time {
        secs: seconds as u32,
        nsecs: nanoseconds,
    };
    Stat {
        mtime: time(stamp.mtime),
        ctime: time(stamp.ctime),
        dev: stamp.dev as u32,
        ino: stamp.ino as u32,
        uid: stamp.uid,
        gid: stamp.gid,
        size: stamp.size as u32,
    }
}

/// The blobs of a repository, for the pool.
struct Objects<'a> {
    repo: &'a gix::ThreadSafeRepository,
    witness: Option<&'a dyn Witness>,
}

/// One thread's view of them.
struct Reader<'a> {
    repo: gix::Repository,
    large: u64,
    scratch: Vec<u8>,
    witness: Option<&'a dyn Witness>,
}

impl Blobs for Objects<'_> {
    type Reader<'r>
        = Reader<'r>
    where
        Self: 'r;
    fn reader(&self) -> Reader<'_> {
        let repo = self.repo.to_thread_local();
        Reader { large: blob::large(&repo), repo, scratch: vec![], witness: self.witness }
    }
}

impl ReadBlob for Reader<'_> {
    fn write(&mut self, blob: &BlobId, to: &mut File) -> Result<(), NotWritten> {
        let id = gix::ObjectId::Sha1(*blob);
        let content = blob::content(&self.repo, id, self.large, &mut self.scratch);
        let content = content.map_err(NotWritten::Unknown)?;
        if let (Some(witness), Content::Whole(bytes)) = (self.witness, &content) {
            witness.see(blob, bytes);
        }
        Ok(content.write_to(to)?)
    }

    fn id_of(&self, file: File) -> Option<BlobId> {
        let size = file.metadata().ok()?.len();
        match blob::id_of_stream(file, size).ok()? {
            gix::ObjectId::Sha1(id) => Some(id),
            _ => None,
        }
    }
}
