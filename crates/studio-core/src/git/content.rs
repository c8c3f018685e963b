//! Whether files hold what entries of the index say, for those whose stat does not tell. Files are only read.

use super::blob::id_of_file;
use super::{Any, Repo, path_of};
use crate::error::{Error, OrSay, Result};
use gix::bstr::BStr;
use gix::index::entry::{Mode, Stat};
use gix::index::{Entry, State, fs::Metadata};
use std::io::ErrorKind;

/// How often a file that changes while it is read is read again.
pub(super) const TRIES: usize = 4;

/// How many files a core should have before another one is worth starting a thread for.
const FILES_PER_THREAD: usize = 50;

/// What lies where an entry of the index says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// The same content, mode and kind; and what its stat is.
    Same(Stat),
    /// Something else, or nothing.
    Other,
}

impl Repo {
    /// What lies at each of the entries of `index` at these positions, in their order.
    pub(super) fn contents(&self, index: &State, which: &[usize]) -> Result<Vec<Content>> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.min(1 + which.len() / FILES_PER_THREAD);
        if threads == 1 {
            return contents_of(&self.gix, &self.top, index, which);
        }
        let (shared, top) = (gix::Repository::clone(&self.gix).into_sync(), &self.top);
        let parts = std::thread::scope(|scope| {
            let workers: Vec<_> = which
                .chunks(which.len().div_ceil(threads))
                .map(|part| {
                    let shared = &shared;
                    scope.spawn(move || contents_of(&shared.to_thread_local(), top, index, part))
                })
                .collect();
            workers
                .into_iter()
                .map(|worker| {
                    worker.join().map_err(|_| Error::new("a thread that read files died"))?
                })
                .collect::<Result<Vec<_>>>()
        })?;
        Ok(parts.into_iter().flatten().collect())
    }
}

fn contents_of(
    repo: &gix::Repository,
    top: &camino::Utf8Path,
    index: &State,
    which: &[usize],
) -> Result<Vec<Content>> {
    if which.is_empty() {
        return Ok(vec![]);
    }
    let (mut pipeline, _) =
        repo.filter_pipeline(None).or_say(|| "git's filters cannot be set up")?;
    which
        .iter()
        .map(|at| {
            let entry = &index.entries()[*at];
            let path = entry.path(index);
            content(repo, &mut pipeline, top, index, entry, path)
                .or_say(|| format!("`{path}` cannot be read"))
        })
        .collect()
}

fn content(
    repo: &gix::Repository,
    pipeline: &mut gix::filter::Pipeline<'_>,
    top: &camino::Utf8Path,
    index: &State,
    entry: &Entry,
    path: &BStr,
) -> Any<Content> {
    let file = top.as_std_path().join(path_of(path));
    for _ in 0..TRIES {
        let meta = match Metadata::from_path_no_follow(&file) {
            Ok(meta) => meta,
            Err(cause)
                if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(Content::Other);
            }
            Err(cause) => return Err(cause.into()),
        };
        let kind = if meta.is_symlink() {
            Mode::SYMLINK
        } else if meta.is_executable() {
            Mode::FILE_EXECUTABLE
        } else if meta.is_file() {
            Mode::FILE
        } else {
            return Ok(Content::Other);
        };
        if kind != entry.mode {
            return Ok(Content::Other);
        }
        let before = Stat::from_fs(&meta)?;
        // Another size is another content, as git has it. It records 0 where it does not know.
        let size_known = entry.stat.size != 0 || entry.id.is_empty_blob();
        if size_known && entry.stat.size != before.size {
            return Ok(Content::Other);
        }
        let id = if meta.is_symlink() {
            let target = gix::path::into_bstr(std::fs::read_link(&file)?)?.into_owned();
            gix::objs::compute_hash(repo.object_hash(), gix::objs::Kind::Blob, &target)?
        } else {
            let open = std::fs::File::open(&file)?;
            match id_of_file(pipeline, index, path, open, meta.len()) {
                Ok(id) => id,
                // It became shorter or longer, and is looked at once more.
                Err(_) if changed(&file, before) => continue,
                Err(cause) => return Err(cause),
            }
        };
        if !changed(&file, before) {
            return Ok(if id == entry.id { Content::Same(before) } else { Content::Other });
        }
    }
    // It keeps changing, so it is not what it was.
    Ok(Content::Other)
}

/// Whether a file looks otherwise by now.
fn changed(file: &std::path::Path, before: Stat) -> bool {
    let meta = Metadata::from_path_no_follow(file).ok();
    meta.and_then(|meta| Stat::from_fs(&meta).ok()) != Some(before)
}
