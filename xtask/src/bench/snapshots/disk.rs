//! What one more snapshot costs on disk when many are there: the blocks that everything below
//! `STUDIO_HOME` and the clone has, hard links counted once, before and after.

use super::ground::Ground;
use super::table::Compared;
use crate::bench::times::shell;
use crate::error::{Error, Result};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;

/// The snapshot that is measured; one file is changed before each.
pub const SNAPSHOTS: usize = 100;
/// The promise: the most of a worktree's disk.
const GOAL: f64 = 0.03;

/// Misses the promise by so much that a hundred of them would only fill the disk.
const HOPELESS: f64 = 5.0 * GOAL;

/// The last of [`SNAPSHOTS`] snapshots beside a worktree, and its number: it is the third if that
/// is [`HOPELESS`].
pub fn row(ground: &Ground) -> Result<(Compared, usize)> {
    eprintln!("measuring: disk of a snapshot ({})", ground.recipe.name());
    let home = ground.place.home();
    let (plain, tree) = (home.join("plain"), home.join("disk"));
    let worktree = growth(&[&plain, &tree], &[], || {
        shell(&ground.place, "cd ~/plain; git worktree add --quiet --detach ~/disk").map(drop)
    })?;
    // The first one fills the pool, if that is empty.
    snapshot(ground, 1)?;
    snapshot(ground, 2)?;
    let third = measured(ground, 3)?;
    if third as f64 > HOPELESS * worktree as f64 {
        return Ok((Compared::disk(3, third, worktree, GOAL), 3));
    }
    for number in 4..SNAPSHOTS {
        snapshot(ground, number)?;
    }
    let last = measured(ground, SNAPSHOTS)?;
    Ok((Compared::disk(SNAPSHOTS, last, worktree, GOAL), SNAPSHOTS))
}

/// One more snapshot, of one more change.
fn snapshot(ground: &Ground, number: usize) -> Result<()> {
    let file = ground.recipe.file(1000 + number);
    let line = format!(
        "cd \"$(cat ~/studio)\"; echo '# disk {number}' >> {file}; git mutable-snapshot --no-push"
    );
    shell(&ground.place, &line).map(drop)
}

/// The bytes by which one more snapshot makes everything larger: itself, the pool, the studio whose
/// commit it is, the mirror.
fn measured(ground: &Ground, number: usize) -> Result<u64> {
    let studios = ground.place.home().join("studios");
    // What is there is not touched by a new one. All it could share lies in the pool and in the
    // snapshot before it; to look through a hundred more would take minutes.
    let mut older = snapshots_by_time(&studios.join("snapshots"))?;
    older.pop();
    let older: Vec<&Utf8Path> = older.iter().map(Utf8PathBuf::as_path).collect();
    growth(&[&studios], &older, || snapshot(ground, number))
}

/// The folders of all snapshots, the newest last.
fn snapshots_by_time(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>> {
    let failed = || Error::io("read", folder);
    let mut all = Vec::new();
    for entry in folder.read_dir_utf8().map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let meta = entry.metadata().map_err(failed())?;
        all.push(((meta.ctime(), meta.ctime_nsec()), entry.into_path()));
    }
    all.sort();
    Ok(all.into_iter().map(|(_, path)| path).collect())
}

/// How many bytes more some folders take after some work, without what lies in those of `except`.
fn growth(
    folders: &[&Utf8Path],
    except: &[&Utf8Path],
    work: impl FnOnce() -> Result<()>,
) -> Result<u64> {
    let before = used(folders, except)?;
    work()?;
    Ok(used(folders, except)?.saturating_sub(before))
}

/// Bytes that the file system gave to all inodes below folders, folders too.
fn used(folders: &[&Utf8Path], except: &[&Utf8Path]) -> Result<u64> {
    let mut seen = HashSet::new();
    let mut left: Vec<Utf8PathBuf> = folders
        .iter()
        .filter(|folder| folder.exists())
        .map(|folder| (*folder).to_owned())
        .collect();
    let mut blocks = 0;
    while let Some(path) = left.pop() {
        let meta = path.symlink_metadata().map_err(Error::io("look at", &path))?;
        if seen.insert((meta.dev(), meta.ino())) {
            blocks += meta.blocks();
        }
        if meta.is_dir() && !except.contains(&path.as_path()) {
            let failed = || Error::io("read", &path);
            for entry in path.read_dir_utf8().map_err(failed())? {
                left.push(entry.map_err(failed())?.into_path());
            }
        }
    }
    // A unit of its own, whatever the file system's is.
    Ok(blocks * 512)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hard_link_costs_nothing_and_a_copy_costs_its_blocks() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        std::fs::write(folder.join("one"), vec![1; 100_000]).unwrap();
        let growth = |work: &dyn Fn()| {
            growth(&[folder], &[], || {
                work();
                Ok(())
            })
            .unwrap()
        };
        let linked =
            growth(&|| std::fs::hard_link(folder.join("one"), folder.join("two")).unwrap());
        assert_eq!(linked, 0);
        let copied = growth(&|| std::fs::write(folder.join("three"), vec![2; 100_000]).unwrap());
        assert!((100_000..140_000).contains(&copied), "{copied}");
    }
}
