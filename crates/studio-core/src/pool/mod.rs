//! The pool: read-only files named by what they hold, from which snapshots are put together by hard link.
//!
//! A file is there once for each blob and executable bit, however many snapshots have it; its time is one second after
//! the epoch, as in a Nix store, because all its names share it. What is taken from the pool was made by us and looks as
//! we left it ([`Ledger`]), or is hashed first; what is damaged is made again. Everything that links or unlinks files of
//! the pool holds its lock. Not here: which files a snapshot has (`git::checkout`), and where blobs come from ([`Blobs`]).

mod ledger;
mod sweep;

pub use ledger::Ledger;
pub use sweep::sweep;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs::{self, Copied, Folder, Lock, Stamp};
use crate::home::Home;
use camino::Utf8PathBuf;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The time of all files of the pool, in seconds since 1970.
pub const TIME: i64 = 1;

/// Below so many files for each, a second thread costs more than it saves.
const WORTH_A_THREAD: usize = 500;

/// The id of a blob, in bytes.
pub type BlobId = [u8; 20];

/// What a file of the pool is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The blob that it holds, byte for byte.
    pub blob: BlobId,
    /// Whether it is a program.
    pub executable: bool,
}

impl Key {
    /// The permissions of the file.
    pub fn mode(&self) -> u32 {
        if self.executable { 0o555 } else { 0o444 }
    }

    fn shard(&self) -> usize {
        usize::from(self.blob[0])
    }

    /// The rest of the id in hex, and an `x` for a program.
    fn name(&self) -> Name {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut name = Name { bytes: [b'x'; 39], len: 38 + usize::from(self.executable) };
        for (at, byte) in self.blob[1..].iter().enumerate() {
            name.bytes[2 * at] = HEX[usize::from(byte >> 4)];
            name.bytes[2 * at + 1] = HEX[usize::from(byte & 15)];
        }
        name
    }

    /// Whether a file can be the one of this key, as far as that is seen from outside.
    fn fits(&self, stamp: &Stamp) -> bool {
        stamp.is_file() && stamp.mode & 0o7777 == self.mode() && stamp.mtime == (TIME, 0)
    }
}

struct Name {
    bytes: [u8; 39],
    len: usize,
}

impl std::ops::Deref for Name {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Where the contents of blobs come from.
pub trait Blobs: Sync {
    /// What one thread reads with.
    type Reader<'a>: ReadBlob
    where
        Self: 'a;
    /// A reader for one thread.
    fn reader(&self) -> Self::Reader<'_>;
}

/// Reads and names blobs, however large they are.
pub trait ReadBlob {
    /// Writes the content of a blob to a file that is new.
    fn write(&mut self, blob: &BlobId, to: &mut File) -> Result<(), NotWritten>;
    /// The id of a blob with what a file holds; `None` if it cannot be read, or changes while it is.
    fn id_of(&self, file: File) -> Option<BlobId>;
}

/// Why the content of a blob was not written.
#[derive(Debug)]
pub enum NotWritten {
    /// It could not be got.
    Unknown(Error),
    /// The file could not be written.
    Io(io::Error),
}

impl From<io::Error> for NotWritten {
    fn from(cause: io::Error) -> NotWritten {
        NotWritten::Io(cause)
    }
}

/// How a file of the pool came to another place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// As another name of the same file.
    Linked,
    /// As a file of its own, because no link can lead there.
    Copied,
}

/// What was done to have files ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Provided {
    /// Files that were not there.
    pub made: usize,
    /// Files that were there, but not as they had to be.
    pub mended: usize,
}

/// The pool of a `STUDIO_HOME`, held for one piece of work.
#[derive(Debug)]
pub struct Pool {
    root: Utf8PathBuf,
    shards: Vec<Folder>,
    ledger: Ledger,
    /// Whether a file got another inode because it had as many names as it can have.
    renewed: AtomicBool,
    renewing: Mutex<()>,
    _lock: Lock,
}

/// What the pool's files looked like when they were last touched by us, read without holding the pool.
pub fn ledger(home: &Home) -> Ledger {
    fs::read(&home.pool().join("ledger")).map_or_else(|_| Ledger::default(), |b| Ledger::parse(&b))
}

/// What is seen of a pool without holding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// There is none yet.
    None,
    /// There is one, and so many files of it are known.
    Known(usize),
    /// There is one, and what was known of its files is damaged: they are read again when they are needed.
    Forgotten,
}

/// Looks at the pool without holding it.
///
/// # Errors
/// If it is there and cannot be read.
pub fn look(home: &Home) -> Result<Look> {
    let root = home.pool();
    if root.symlink_metadata().is_err() {
        return Ok(Look::None);
    }
    let opened = |path: Utf8PathBuf| {
        Folder::open(path.as_std_path()).map(drop).map_err(|cause| fs::failed("open", &path, cause))
    };
    opened(root.clone())?;
    for shard in 0..=255u8 {
        let shard = root.join(format!("{shard:02x}"));
        if shard.symlink_metadata().is_ok() {
            opened(shard)?;
        }
    }
    let path = root.join("ledger");
    if path.symlink_metadata().is_err() {
        return Ok(Look::Known(0));
    }
    let bytes = fs::read(&path)?;
    let ledger = Ledger::parse(&bytes);
    Ok(if ledger.to_bytes() == bytes { Look::Known(ledger.len()) } else { Look::Forgotten })
}

impl Pool {
    /// Takes the pool, waiting for whoever has it.
    pub fn take(cx: &Context, home: &Home) -> Result<Pool> {
        let lock = Lock::wait(&home.lock("pool"), &cx.command, &cx.ui)?;
        let root = home.pool();
        // A folder for each shard is open at once; some systems begin with a limit of 256 files.
        fs::allow_open_files(1024);
        let shards = (0..=255u8).map(|shard| open_shard(&root, shard)).collect::<Result<_>>()?;
        Ok(Pool {
            shards,
            ledger: ledger(home),
            root,
            renewed: AtomicBool::new(false),
            renewing: Mutex::new(()),
            _lock: lock,
        })
    }

    /// Has a file ready for each key: looks at those that are there, and makes the others from their blobs.
    pub fn provide(&self, keys: &[Key], blobs: &impl Blobs) -> Result<Provided> {
        let (made, mended) = (AtomicUsize::new(0), AtomicUsize::new(0));
        in_parallel(keys, |part| {
            let mut reader = None;
            for key in part {
                match self.stamp(key)? {
                    Some(stamp) if key.fits(&stamp) && self.ledger.knows(&stamp) => {}
                    found => {
                        let reader = reader.get_or_insert_with(|| blobs.reader());
                        if let Some(stamp) = found {
                            if self.holds(key, &stamp, reader) {
                                continue;
                            }
                            mended.fetch_add(1, Ordering::Relaxed);
                        } else {
                            made.fetch_add(1, Ordering::Relaxed);
                        }
                        self.write(key, reader, found.is_some())?;
                    }
                }
            }
            Ok(())
        })?;
        Ok(Provided { made: made.into_inner(), mended: mended.into_inner() })
    }

    /// Whether the file is there and sure to hold its blob, without reading it.
    pub fn trusts(&self, key: &Key) -> bool {
        let found = self.shards[key.shard()].stamp(&key.name()).ok().flatten();
        found.is_some_and(|stamp| key.fits(&stamp) && self.ledger.knows(&stamp))
    }

    /// Gives the file of a key, which is ready, a name in `folder`.
    pub fn link(&self, key: &Key, folder: &Folder, as_name: &[u8]) -> io::Result<Placed> {
        let (shard, name) = (&self.shards[key.shard()], key.name());
        match shard.link(&name, folder, as_name) {
            Ok(()) => return Ok(Placed::Linked),
            Err(cause) if cause.kind() == ErrorKind::TooManyLinks => {}
            Err(cause)
                if matches!(
                    cause.kind(),
                    ErrorKind::CrossesDevices
                        | ErrorKind::PermissionDenied
                        | ErrorKind::Unsupported
                ) =>
            {
                self.copy(key, folder, as_name, key.mode())?;
                return Ok(Placed::Copied);
            }
            Err(cause) => return Err(cause),
        }
        let _renewing = self.renewing.lock();
        if shard.link(&name, folder, as_name).is_ok() {
            return Ok(Placed::Linked);
        }
        // The file has as many names as it can have: those who have it keep it, and the pool goes on with a copy.
        let new = [&name[..], b".new"].concat();
        shard.remove(&new)?;
        shard.copy(&name, shard, &new, key.mode())?;
        shard.settle(&new, key.mode(), TIME)?;
        shard.rename(&new, &name)?;
        self.renewed.store(true, Ordering::Relaxed);
        shard.link(&name, folder, as_name).map(|()| Placed::Linked)
    }

    /// Makes a file of its own from the one of a key; it shares its blocks where the file system can.
    pub fn copy(
        &self,
        key: &Key,
        folder: &Folder,
        as_name: &[u8],
        mode: u32,
    ) -> io::Result<Copied> {
        self.shards[key.shard()].copy(&key.name(), folder, as_name, mode)
    }

    /// Whether any file got another inode since the pool was taken, so that not all names of a key lead to one file.
    pub fn renewed(&self) -> bool {
        self.renewed.load(Ordering::Relaxed)
    }

    /// What the files of these keys look like now, and learns it.
    pub fn settle(&mut self, keys: &[Key]) -> Result<Vec<Stamp>> {
        let stamps = in_parallel(keys, |part| {
            part.iter()
                .map(|key| {
                    self.stamp(key)?.ok_or_else(|| {
                        Error::new("a file of the pool was removed while it was used")
                            .hint("leave the folder `pool` alone, and try again")
                    })
                })
                .collect::<Result<Vec<Stamp>>>()
        })?;
        let stamps: Vec<Stamp> = stamps.into_iter().flatten().collect();
        self.learn(stamps.iter().copied());
        Ok(stamps)
    }

    /// Takes it that these files hold what they should, as they look now.
    pub fn learn(&mut self, stamps: impl IntoIterator<Item = Stamp>) {
        self.ledger.learn(stamps);
        self.keep_ledger();
    }

    /// Does something that removes names of these keys' files, and keeps what is known of them.
    pub fn around<T>(&mut self, keys: &[Key], act: impl FnOnce() -> Result<T>) -> Result<T> {
        let known: Vec<Key> = keys.iter().filter(|key| self.trusts(key)).copied().collect();
        let done = act();
        let stamps: Vec<Stamp> =
            known.iter().filter_map(|key| self.stamp(key).ok().flatten()).collect();
        self.learn(stamps);
        done
    }

    /// Drops the file of a key if it is this one: its names elsewhere stay, and the next who needs it gets a new one.
    pub fn disown(&self, key: &Key, ino: u64) -> Result<()> {
        if self.stamp(key)?.is_some_and(|stamp| stamp.ino == ino) {
            self.shards[key.shard()]
                .remove(&key.name())
                .map_err(|cause| fs::failed("remove", &self.path(key), cause))?;
        }
        Ok(())
    }

    fn stamp(&self, key: &Key) -> Result<Option<Stamp>> {
        self.shards[key.shard()]
            .stamp(&key.name())
            .map_err(|cause| fs::failed("look at", &self.path(key), cause))
    }

    /// Whether the file holds what it should, found out by reading it; then it gets its permissions and time back.
    ///
    /// `chmod -R u+w` on the way to `rm -r` of a snapshot reaches all others that have its files.
    fn holds(&self, key: &Key, stamp: &Stamp, reader: &impl ReadBlob) -> bool {
        let (shard, name) = (&self.shards[key.shard()], key.name());
        stamp.is_file()
            && shard.file(&name).is_ok_and(|file| reader.id_of(file) == Some(key.blob))
            && (key.fits(stamp) || shard.settle(&name, key.mode(), TIME).is_ok())
    }

    fn write(&self, key: &Key, reader: &mut impl ReadBlob, replace: bool) -> Result<()> {
        let (shard, name) = (&self.shards[key.shard()], key.name());
        let mut write = || -> Result<(), NotWritten> {
            // One that is not right may have names in snapshots; they keep it, and their own verification tells.
            if replace && let Err(cause) = shard.remove(&name) {
                // A folder by this name holds nothing that anybody put there for a reason.
                fs::remove_tree(&self.path(key)).map_err(|_| cause)?;
            }
            let mut file = shard.create(&name, key.mode())?;
            // The user's mask took bits off.
            rustix::fs::fchmod(&file, rustix::fs::Mode::from_raw_mode(key.mode() as _))
                .map_err(io::Error::from)?;
            reader.write(&key.blob, &mut file)?;
            Ok(fs::set_times(&file, TIME)?)
        };
        write().map_err(|cause| {
            // Of a full disk it is asked what it lacks before there is room again.
            let error = match cause {
                NotWritten::Unknown(error) => error,
                NotWritten::Io(cause) => fs::failed("write", &self.path(key), cause),
            };
            // What a kill leaves here is found by its absence in the ledger; a full disk is better off without it.
            let _ = shard.remove(&name);
            error
        })
    }

    fn path(&self, key: &Key) -> Utf8PathBuf {
        self.root
            .join(format!("{:02x}", key.blob[0]))
            .join(String::from_utf8_lossy(&key.name()).as_ref())
    }

    /// A full disk is no reason to stop here: what is not written down is hashed the next time.
    fn keep_ledger(&self) {
        let _ = fs::write_cache(&self.root.join("ledger"), &self.ledger.to_bytes());
    }
}

fn open_shard(root: &camino::Utf8Path, shard: u8) -> Result<Folder> {
    let path = root.join(format!("{shard:02x}"));
    match Folder::open(path.as_std_path()) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(&path)?;
            Folder::open(path.as_std_path())
        }
        other => other,
    }
    .map_err(|cause| fs::failed("open", &path, cause))
}

/// Does a piece of work on all items, each core on its part; what they give comes in order.
pub fn in_parallel<I: Sync, T: Send>(
    items: &[I],
    work: impl Fn(&[I]) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let most = 1 + items.len() / WORTH_A_THREAD;
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(most);
    if threads == 1 {
        return Ok(vec![work(items)?]);
    }
    std::thread::scope(|scope| {
        let workers: Vec<_> = items
            .chunks(items.len().div_ceil(threads))
            .map(|part| {
                let work = &work;
                scope.spawn(move || work(part))
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| Error::new("a thread died at its work"))?)
            .collect()
    })
}
