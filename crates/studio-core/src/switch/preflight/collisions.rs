//! Files of the user's own that a home would put its links over. home-manager finds them too, but only once it is being
//! activated; here nothing has begun yet.
//!
//! The rules are home-manager's: a link that it made itself gives way, and so does a file with the same text or with
//! `force`. Not here: moving files, which home-manager does.

use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::fs;
use crate::store_path::StorePath;
use crate::switch::Site;
use crate::target::Kind;
use crate::ui;
use camino::{Utf8Path, Utf8PathBuf};

/// How many files a message names.
const MOST: usize = 20;

/// What stands where a link of the home is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    /// A file or a folder, which home-manager can keep under another name.
    Own,
    /// Something that it cannot keep: a link, or a file where a folder is needed.
    Stuck,
}

/// Refuses a home that would put links over files of the user's own, unless they are to be kept.
///
/// Returns the suffix with which they are kept if that is wanted.
pub fn files_in_the_way(
    cx: &Context,
    site: &Site,
    new: &StorePath,
    backup: bool,
) -> Result<Option<String>> {
    if site.target.kind != Kind::Home {
        return match backup {
            false => Ok(None),
            true => {
                Err(Error::new(format!("`--backup` is for homes, and {} is none", site.target))
                    .hint("leave it out, or choose a home: `--target home`")
                    .exit(Exit::Usage))
            }
        };
    }
    let suffix = if backup { Some(dated(cx.env.now())) } else { None };
    let set = suffix.as_deref().or_else(|| cx.env.get("HOME_MANAGER_BACKUP_EXT"));
    let Ok(files) = new.path().join("home-files").canonicalize_utf8() else { return Ok(suffix) };
    let forced = forced(new)?;
    let mut found = vec![];
    look(&files, Utf8Path::new(""), cx.env.home()?, &forced, &mut found)?;
    let names = |keep: &dyn Fn(Found) -> bool| -> Vec<&str> {
        found.iter().filter(|(_, what)| keep(*what)).map(|(path, _)| path.as_str()).collect()
    };
    let stuck = names(&|what| set.is_none() || what == Found::Stuck);
    if !stuck.is_empty() {
        let error = Error::new(format!("files of your own are in the way of {}", site.target))
            .because(format!("in `{}`: {}", cx.env.home()?, ui::names(&stuck, MOST)));
        let movable = names(&|what| what == Found::Own).len() == found.len();
        return Err(if movable {
            error.hint("have them kept under another name: `--backup`").hint("or move them away")
        } else {
            error
                .because("home-manager keeps files under another name, but no links")
                .hint("move them away, then try again")
        });
    }
    if let (Some(set), false) = (set, found.is_empty()) {
        let kept: Vec<String> = found.iter().map(|(path, _)| format!("{path}.{set}")).collect();
        cx.ui.step(format!("files of your own are kept as {}", ui::names(&kept, MOST)));
    }
    Ok(suffix)
}

/// `before-20260102-030405`, in UTC.
fn dated(now: i64) -> String {
    match jiff::Timestamp::from_second(now) {
        Ok(moment) => moment.strftime("before-%Y%m%d-%H%M%S").to_string(),
        Err(_) => format!("before-{now}"),
    }
}

/// Compares what is below `files` with the home, folder by folder.
fn look(
    files: &Utf8Path,
    below: &Utf8Path,
    home: &Utf8Path,
    forced: &[String],
    found: &mut Vec<(Utf8PathBuf, Found)>,
) -> Result<()> {
    let folder = files.join(below);
    let failed = |cause| fs::failed("read", &folder, cause);
    let mut entries =
        folder.read_dir_utf8().map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by(|a, b| a.file_name().cmp(b.file_name()));
    for entry in entries {
        let path = below.join(entry.file_name());
        let there = home.join(&path);
        if entry.file_type().map_err(failed)?.is_dir() {
            // Without the folder nothing in it can be in the way; in its place, something is.
            match there.metadata() {
                Ok(meta) if meta.is_dir() => look(files, &path, home, forced, found)?,
                Ok(_) => found.push((path, Found::Stuck)),
                Err(_) if there.is_symlink() => found.push((path, Found::Stuck)),
                Err(_) => {}
            }
        } else if !forced.iter().any(|start| path.as_str().starts_with(start))
            && let Some(what) = in_the_way(entry.path(), &there)
        {
            found.push((path, what));
        }
    }
    Ok(())
}

/// What is in the way of one link, if anything is.
fn in_the_way(new: &Utf8Path, there: &Utf8Path) -> Option<Found> {
    let link = there.symlink_metadata().ok()?.is_symlink();
    if link && there.read_link_utf8().is_ok_and(|target| made_by_home_manager(&target)) {
        return None;
    }
    let same_text = match (new.metadata(), there.metadata()) {
        (Ok(new_meta), Ok(meta)) if new_meta.is_file() && meta.is_file() => {
            new_meta.len() == meta.len() && fs::read(new).ok() == fs::read(there).ok()
        }
        _ => false,
    };
    match (same_text, link) {
        (true, _) => None,
        (false, true) => Some(Found::Stuck),
        (false, false) => Some(Found::Own),
    }
}

/// Whether a link leads to the files of some generation: `STORE/HASH-home-manager-files/…`.
fn made_by_home_manager(target: &Utf8Path) -> bool {
    let of_files = |path: &&Utf8Path| {
        path.file_name().is_some_and(|name| {
            name.ends_with("-home-manager-files") || name.ends_with("-home-files")
        })
    };
    let below = |path: &&Utf8Path| *path != target;
    target.ancestors().filter(below).filter(of_files).any(|path| StorePath::new(path).is_ok())
}

/// The starts of paths that home-manager was told to put its links over, whatever is there (`force`): they stand in the
/// script with which its activation program looks for collisions.
fn forced(home: &StorePath) -> Result<Vec<String>> {
    let program = fs::read_optional(&home.path().join("activate")).unwrap_or_default();
    let program = program.unwrap_or_default();
    let is_check = |word: &&str| word.starts_with('/') && word.ends_with("-check-link-targets.sh");
    let words = |c: char| c.is_whitespace() || "\"';()".contains(c);
    let Some(script) = program.split(words).find(is_check) else { return Ok(vec![]) };
    let text = fs::read_optional(Utf8Path::new(script))?.unwrap_or_default();
    Ok(forced_in(&text))
}

/// The paths in `forcedPaths=("$HOME"/.config/a "$HOME"/'b c')`.
fn forced_in(script: &str) -> Vec<String> {
    let list = script.split_once("forcedPaths=(").and_then(|(_, rest)| rest.split_once(")\n"));
    let items = list.map(|(items, _)| items.split("\"$HOME\"/").skip(1)).into_iter().flatten();
    items
        .map(|item| item.trim().trim_matches('\'').to_owned())
        .filter(|path| !path.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: &str = "nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-home-manager-files";

    #[test]
    fn what_is_the_users_own_is_in_the_way_and_what_home_manager_made_is_not() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = fs::utf8(dir.path()).expect("utf-8");
        let (files, home) = (dir.join(FILES), dir.join("home"));
        let write = |path: Utf8PathBuf, text: &str| {
            fs::create_dir_all(path.parent().expect("parent")).expect("mkdir");
            fs::write_new(&path, text.as_bytes()).expect("write");
        };
        for name in ["a/new", "a/own", "a/same", "a/forced", "file/x", "foreign", "ours", "gone"] {
            write(files.join(name), "1");
        }
        for (name, text) in [("a/own", "2"), ("a/same", "1"), ("a/forced", "2"), ("file", "")] {
            write(home.join(name), text);
        }
        let link = |target: &Utf8Path, name: &str| {
            fs::symlink_atomic(target, &home.join(name)).expect("link");
        };
        link(&home.join("a/own"), "foreign");
        link(&dir.join(FILES).join("older"), "ours");
        link("/nowhere".into(), "gone");
        let mut found = vec![];
        look(&files, "".into(), &home, &["a/for".to_owned()], &mut found).expect("looked");
        let found: Vec<(&str, Found)> =
            found.iter().map(|(path, what)| (path.as_str(), *what)).collect();
        use Found::{Own, Stuck};
        assert_eq!(found, [("a/own", Own), ("file", Stuck), ("foreign", Stuck), ("gone", Stuck)]);
    }

    #[test]
    fn forced_paths_are_read_from_the_script() {
        assert_eq!(forced_in("forcedPaths=()\n"), Vec::<String>::new());
        assert_eq!(
            forced_in("x\nforcedPaths=(\"$HOME\"/.config/a \"$HOME\"/'b c')\n\nnewGen=1\n"),
            [".config/a", "b c"]
        );
        assert_eq!(forced_in("no such line"), Vec::<String>::new());
    }

    #[test]
    fn the_suffix_has_the_moment_in_it() {
        assert_eq!(dated(1_767_323_045), "before-20260102-030405");
    }
}
