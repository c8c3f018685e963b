//! A folder takes the place of another in one step, and what belongs to others goes along.

use super::comparison::{Comparison, MARKS, mark};
use super::manifest::MANIFEST;
use super::tree::{Kind, Tree};
use crate::error::{Error, Result};
use crate::fs::{self, Draft, worktree};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where the old folder waits on a file system that cannot let two folders change places.
fn old_place(place: &Utf8Path) -> Utf8PathBuf {
    place.with_file_name(format!(".was-{}", place.file_name().unwrap_or_default()))
}

/// Clears what killed runs left beside the place. Whoever calls it has the folder above to himself.
pub(super) fn recover(place: &Utf8Path) -> Result<()> {
    let old = old_place(place);
    if old.symlink_metadata().is_ok() {
        if place.symlink_metadata().is_err() {
            fs::rename(&old, place)?;
        } else {
            rescue(&old, place)?;
            fs::remove_tree(&old)?;
        }
    }
    for (draft, _held) in fs::abandoned(place) {
        rescue(&draft, place)?;
        fs::remove_tree(&draft)?;
    }
    Ok(())
}

/// Of the folders that others left, the repository alone cannot be made again. It moves after the folders have changed
/// places, so a kill in between leaves it in the old one. A draft never has one.
fn rescue(old: &Utf8Path, place: &Utf8Path) -> Result<()> {
    let there = |folder: &Utf8Path| folder.join(".git").symlink_metadata().is_ok();
    if there(old) && !there(place) && place.is_dir() {
        fs::rename(&old.join(".git"), &place.join(".git"))?;
    }
    Ok(())
}

/// Makes the folder what `tree` says. The result is where that lies which was made by hand, if there was any.
pub(super) fn replace(
    place: &Utf8Path,
    tree: &Tree,
    comparison: &Comparison,
) -> Result<Option<Utf8PathBuf>> {
    let old = place.symlink_metadata().ok();
    if old.is_some() && fs::is_mount_point(place) {
        return Err(Error::new(format!("`{place}` is a mount point, and is replaced as a whole"))
            .hint("choose a folder in it"));
    }
    let mut draft = Draft::of(place)?;
    let folders = fill(draft.path(), place, tree, comparison)?;
    if let Some(old) = &old {
        let mode = std::os::unix::fs::PermissionsExt::mode(&old.permissions()) & 0o7777;
        fs::set_mode(draft.path().as_std_path(), mode)
            .map_err(|cause| fs::failed("set the permissions of", draft.path(), cause))?;
    }
    if old.is_none() {
        draft.publish()?;
        return sync_above(place).map(|()| None);
    }
    let kept = keep(place, comparison)?;
    let exchanged = draft.exchange().inspect_err(|_| {
        // Nothing went, so nothing needs keeping.
        let _ = kept.as_deref().map(fs::remove_tree);
    })?;
    let (old, draft) = if exchanged {
        (draft.path().to_owned(), Some(draft))
    } else {
        let old = old_place(place);
        fs::rename(place, &old)?;
        draft.publish()?;
        (old, None)
    };
    let stays =
        |path: &&String| folders.contains(Utf8Path::new(path).parent().unwrap_or("".into()));
    for path in comparison.found.left_folders.iter().filter(stays) {
        fs::rename(&old.join(path), &place.join(path))?;
    }
    sync_above(place)?;
    match draft {
        Some(draft) => drop(draft),
        None => fs::remove_tree(&old)?,
    }
    Ok(kept)
}

/// Writes the files of the tree into the new folder, or takes them over from the old one. The result is its folders.
fn fill<'a>(
    new: &Utf8Path,
    old: &Utf8Path,
    tree: &'a Tree,
    comparison: &Comparison,
) -> Result<BTreeSet<&'a Utf8Path>> {
    let mut folders = BTreeSet::from([Utf8Path::new("")]);
    let mut written = Vec::new();
    for (path, file) in tree.files() {
        let folder = Utf8Path::new(path.as_str()).parent().unwrap_or("".into());
        if !folders.contains(folder) {
            fs::create_dir_all(&new.join(folder))?;
            folders.extend(folder.ancestors());
        }
        let to = new.join(path.as_str());
        if comparison.same.contains(path) {
            fs::link_or_copy(&old.join(path.as_str()), &to)?;
        } else {
            let id = comparison.manifest.files.get(path).map_or("", |made| &made.id);
            write(&to, &file.bytes, file.kind, mark(id))?;
            written.push(to);
        }
    }
    let (text, is_there) = &comparison.list;
    let list = new.join(MANIFEST);
    if *is_there {
        fs::link_or_copy(&old.join(MANIFEST), &list)?;
    } else {
        write(&list, text.as_bytes(), Kind::Plain, 0)?;
        written.push(list);
    }
    for path in &comparison.found.left {
        if folders.contains(Utf8Path::new(path).parent().unwrap_or("".into())) {
            fs::link_or_copy(&old.join(path), &new.join(path))?;
        }
    }
    written.extend(folders.iter().map(|folder| new.join(folder)));
    fs::flush(new, written.iter().map(Utf8PathBuf::as_path))?;
    Ok(folders)
}

/// Writes one file, whose time ends in `mark`.
fn write(path: &Utf8Path, bytes: &[u8], kind: Kind, mark: i64) -> Result<()> {
    let write = || {
        worktree::new_file(path.as_std_path(), kind == Kind::Executable)?.write_all(bytes)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let whole = Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or_default());
        let marked = whole + Duration::from_nanos(mark.rem_euclid(MARKS).unsigned_abs());
        worktree::set_time(path.as_std_path(), UNIX_EPOCH + marked)
    };
    write().map_err(|cause| fs::failed("write", path, cause))
}

/// Gives what was made by hand a second name in a folder beside the place, before anything is replaced.
fn keep(place: &Utf8Path, comparison: &Comparison) -> Result<Option<Utf8PathBuf>> {
    if comparison.losses().next().is_none() {
        return Ok(None);
    }
    let name = place.file_name().unwrap_or_default();
    let kept = (1..)
        .map(|number| place.with_file_name(format!("{name}.kept-{number}")))
        .find(|path| path.symlink_metadata().is_err())
        .unwrap_or_default();
    let draft = Draft::of(&kept)?;
    for path in comparison.losses() {
        fs::link_or_copy(&place.join(path), &draft.path().join(path))?;
    }
    draft.publish()?;
    Ok(Some(kept))
}

/// What took its place is only on disk once the folder above is.
fn sync_above(place: &Utf8Path) -> Result<()> {
    let above = place.parent().unwrap_or(Utf8Path::new("/"));
    fs::flush(above, [].iter().copied())
}
