//! A sealed checkout: exactly one commit in a folder of its own, read-only, with a small `.git` of its own.
//!
//! The order matters: files get their modes and times, then the index records them, then folders are closed. An index
//! written before a `chmod` would have another ctime, and every `git status` in the folder would read all files again.
//! Not here: the name of the folder, and the rename that puts it in its place.

use super::{Repo, commit_id, id};
use crate::error::{Error, OrSay, Result};
use crate::fs;
use crate::names::CommitId;
use camino::Utf8Path;
use gix::index::entry::{Mode, Stat};
use std::sync::atomic::AtomicBool;

/// What a sealed checkout is made of.
#[derive(Clone, Debug)]
pub struct Checkout<'a> {
    /// The commit.
    pub commit: &'a CommitId,
    /// The folder: absent or empty.
    pub folder: &'a Utf8Path,
    /// Where objects are linked from.
    pub objects: &'a Utf8Path,
    /// Whether `objects` outlives the folder, so that it may be borrowed from where it cannot be linked.
    pub objects_stay: bool,
    /// What its git configuration says besides what every sealed checkout has: name and value.
    pub config: &'a [(String, String)],
}

/// In every sealed checkout: nothing runs, nothing is cleaned, nothing is written by looking at it.
const CONFIG: &str = "[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = false
\thooksPath = /dev/null
\tfsmonitor = false
\tuntrackedCache = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[advice]
\tdetachedHead = false
";

impl Repo {
    /// Makes a sealed checkout of a commit of this repository, submodules included where they are at hand.
    pub fn seal(&self, what: &Checkout<'_>) -> Result<()> {
        self.fill(what)?;
        close(what.folder.as_std_path()).map_err(|cause| fs::failed("seal", what.folder, cause))
    }

    fn fill(&self, what: &Checkout<'_>) -> Result<()> {
        let dot_git = what.folder.join(".git");
        fs::create_dir_all(&dot_git.join("refs/heads"))?;
        fs::create_dir_all(&dot_git.join("refs/tags"))?;
        link_objects(what, &dot_git.join("objects"))?;
        fs::write_new(&dot_git.join("HEAD"), format!("{}\n", what.commit).as_bytes())?;
        let mut config = CONFIG.to_owned();
        for (name, value) in what.config {
            config.push_str(&setting(name, value)?);
        }
        fs::write_new(&dot_git.join("config"), config.as_bytes())?;

        let tree = self.tree_of(what.commit)?;
        let time = self.commit_time(what.commit)?;
        let mut index = self.gix.index_from_tree(&tree.0).or_say(|| "the tree cannot be read")?;
        let mut options = self
            .gix
            .checkout_options(gix::worktree::stack::state::attributes::Source::IdMapping)
            .or_say(|| "the checkout cannot be set up")?;
        options.destination_is_initially_empty = true;
        let outcome = gix::worktree::state::checkout(
            &mut index,
            what.folder.as_std_path(),
            self.gix.objects.clone().into_arc().or_say(|| "the objects cannot be shared")?,
            &gix::progress::Discard,
            &gix::progress::Discard,
            &AtomicBool::new(false),
            options,
        )
        .map_err(|cause| checkout_failed(what, &cause.to_string()))?;
        if let Some(collision) = outcome.collisions.first() {
            return Err(checkout_failed(
                what,
                &format!("`{}` stands in the way of another file", collision.path),
            )
            .hint("two names differ only in case, and this file system does not tell them apart"));
        }
        if let Some(record) = outcome.errors.first() {
            return Err(checkout_failed(what, &format!("`{}`: {}", record.path, record.error)));
        }
        for submodule in self.links_in(tree)? {
            self.fill_submodule(what, &submodule)?;
        }
        let folder = what.folder.as_std_path();
        let (entries, paths) = index.entries_mut_and_pathbacking();
        for entry in entries {
            let path = folder.join(super::path_of(entry.path_in(paths)));
            settle(&path, entry, time).map_err(|cause| fs::failed("seal", what.folder, cause))?;
        }
        let mut bytes = Vec::new();
        index
            .write_to(&mut bytes, gix::index::write::Options::default())
            .map_err(|cause| checkout_failed(what, &cause.to_string()))?;
        let index_file = dot_git.join("index");
        fs::write_new(&index_file, &bytes)?;
        // git takes a file as young as the index for possibly changed since, and reads it again at every look.
        touch(index_file.as_std_path(), time + 2)
            .map_err(|cause| fs::failed("seal", what.folder, cause))
    }

    fn fill_submodule(&self, what: &Checkout<'_>, submodule: &super::Submodule) -> Result<()> {
        let Some(repo) = self.open_submodule(&submodule.path)? else {
            return Err(Error::new(format!(
                "the submodule `{}` is not checked out",
                submodule.path
            ))
            .hint("get it: `git submodule update --init --recursive`"));
        };
        if !repo.has(&submodule.commit) {
            return Err(Error::new(format!(
                "the submodule `{}` does not have its commit {}",
                submodule.path,
                submodule.commit.short()
            ))
            .hint(format!(
                "get it: `git -C {} fetch --all`, or record another one",
                submodule.path
            )));
        }
        repo.fill(&Checkout {
            commit: &submodule.commit,
            folder: &what.folder.join(&submodule.path),
            objects: &repo.objects_dir(),
            // The objects of a submodule go with the studio.
            objects_stay: false,
            config: &[],
        })
    }
}

fn checkout_failed(what: &Checkout<'_>, cause: &str) -> Error {
    let error = Error::new(format!("the files of {} could not be written", what.commit.short()))
        .because(cause);
    if cause.contains("No space left") {
        return error.hint("free some space on that disk and try again; nothing was changed");
    }
    error
}

/// Gives a file its final mode and time, and records what the index compares.
fn settle(path: &std::path::Path, entry: &mut gix::index::Entry, time: i64) -> std::io::Result<()> {
    match entry.mode {
        Mode::FILE => fs::set_mode(path, 0o444)?,
        Mode::FILE_EXECUTABLE => fs::set_mode(path, 0o555)?,
        // The link to a submodule's commit is a folder; it has no time of its own in the index.
        Mode::COMMIT => return Ok(()),
        _ => {}
    }
    touch(path, time)?;
    let meta = gix::index::fs::Metadata::from_path_no_follow(path)?;
    entry.stat = Stat::from_fs(&meta).map_err(std::io::Error::other)?;
    Ok(())
}

/// Sets the times of a file or link to a moment in seconds since 1970.
fn touch(path: &std::path::Path, seconds: i64) -> std::io::Result<()> {
    use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
    let moment = Timespec { tv_sec: seconds, tv_nsec: 0 };
    let times = Timestamps { last_access: moment, last_modification: moment };
    Ok(utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Closes folders from the inside out; files below `.git` lose their write bits too.
fn close(folder: &std::path::Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            close(&entry.path())?;
        } else if kind.is_file() {
            use std::os::unix::fs::MetadataExt;
            let mode = entry.metadata()?.mode();
            if mode & 0o222 != 0 {
                fs::set_mode(&entry.path(), mode & 0o555)?;
            }
        }
    }
    fs::set_mode(folder, 0o555)
}

fn link_objects(what: &Checkout<'_>, to: &Utf8Path) -> Result<()> {
    let unfinished = |name: &str| name.starts_with("tmp_") || name == "maintenance.lock";
    let borrow = |from: &Utf8Path| {
        fs::create_dir_all(&to.join("info"))?;
        fs::write_new(&to.join("info/alternates"), format!("{from}\n").as_bytes())
    };
    if fs::hard_link_tree(what.objects, to, &unfinished)? {
        // What the source itself borrows is named relative to it.
        let alternates = what.objects.join("info/alternates");
        if let Some(text) = fs::read_optional(&alternates)? {
            let absolute: Vec<String> =
                text.lines().map(|line| what.objects.join(line).to_string()).collect();
            fs::remove_file(&to.join("info/alternates"))?;
            fs::write_new(
                &to.join("info/alternates"),
                format!("{}\n", absolute.join("\n")).as_bytes(),
            )?;
        }
        return Ok(());
    }
    fs::remove_tree(to)?;
    if what.objects_stay {
        borrow(what.objects)
    } else {
        fs::copy_tree(what.objects, to, &unfinished)
    }
}

/// One line of git configuration, written as git itself would.
fn setting(name: &str, value: &str) -> Result<String> {
    let (section, key) =
        name.rsplit_once('.').ok_or_else(|| Error::new(format!("`{name}` is no git setting")))?;
    let header = match section.split_once('.') {
        Some((section, sub)) => {
            format!("[{section} \"{}\"]", sub.replace('\\', "\\\\").replace('"', "\\\""))
        }
        None => format!("[{section}]"),
    };
    let value =
        value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t");
    Ok(format!("{header}\n\t{key} = \"{value}\"\n"))
}

impl Repo {
    /// The commit that HEAD of a sealed checkout names, if the folder is one.
    pub fn sealed_commit(&self) -> Option<CommitId> {
        self.gix.head_id().ok().map(commit_id).filter(|commit| self.gix.has_object(id(commit)))
    }
}

#[cfg(test)]
mod tests {
    use super::setting;

    #[test]
    fn settings_are_written_so_that_git_reads_them_back() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = crate::fs::utf8(dir.path()).expect("utf-8").join("config");
        for (name, value) in [
            ("alias.x", "!'/a b/c' \"$@\" # not a comment; \\ \t"),
            ("remote.origin.url", "https://example.org/a;b#c"),
            ("core.y", " spaces "),
        ] {
            crate::fs::write_new(&path, setting(name, value).expect("setting").as_bytes())
                .expect("write");
            let said = super::super::git(
                &crate::fs::utf8(dir.path()).expect("utf-8"),
                ["config", "--file", "config", "--get", name],
            )
            .run()
            .expect("git reads it");
            assert_eq!(said.text(), value);
        }
    }
}
