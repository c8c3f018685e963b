//! A sealed checkout: exactly one commit in a folder of its own, read-only, with a small `.git` of its own.
//!
//! The order matters: files get their modes and times, then the index records them, then folders are closed, and what all
//! of it looks like then is the [`Seal`]. Objects are borrowed from a repository that never lets go of them: links to
//! each would grow with history. Not here: how files are put in place (`assemble`), the name of the folder, and the
//! rename that puts it there.

use super::Repo;
use super::assemble::{Style, Witness};
use super::sealed::{Part, Seal};
use crate::context::Context;
use crate::error::{Error, OrSay, Result};
use crate::fs::{self, Folder};
use crate::home::Home;
use crate::names::CommitId;
use crate::pool::{Pool, in_parallel};
use camino::{Utf8Path, Utf8PathBuf};

/// What a sealed checkout is made of.
#[derive(Clone, Debug)]
pub struct Checkout<'a> {
    /// The commit.
    pub commit: &'a CommitId,
    /// The folder: there, and empty.
    pub folder: &'a Utf8Path,
    /// The folder of objects from which it borrows, in `STUDIO_HOME/mirrors/KEY`; it has all that the commit reaches.
    pub objects: &'a Utf8Path,
    /// What its git configuration says besides what every sealed checkout has: name and value.
    pub config: &'a [(String, String)],
    /// Who sees what its files hold.
    pub witness: Option<&'a dyn Witness>,
}

/// In every sealed checkout: nothing runs, nothing is cleaned, nothing is written by looking at it.
///
/// Nor is ctime looked at: links that others make to the same files change it, and git and Nix would read all of them again
/// each time they look, and as root write the index anew, which is part of what is sealed.
const CONFIG: &str = "[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = false
\ttrustctime = false
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
    pub fn seal(&self, cx: &Context, home: &Home, what: &Checkout<'_>) -> Result<Seal> {
        let mut seal = Seal::default();
        self.fill((cx, home), what, "", &mut seal)?;
        Ok(seal)
    }

    fn fill(
        &self,
        (cx, home): (&Context, &Home),
        what: &Checkout<'_>,
        path: &str,
        seal: &mut Seal,
    ) -> Result<()> {
        let dot_git = what.folder.join(".git");
        fs::create_dir_all(&dot_git.join("refs/heads"))?;
        fs::create_dir_all(&dot_git.join("refs/tags"))?;
        borrow(what.objects, &dot_git.join("objects"))?;
        fs::write_new(&dot_git.join("HEAD"), format!("{}\n", what.commit).as_bytes())?;
        let mut config = CONFIG.to_owned();
        for (name, value) in what.config {
            config.push_str(&setting(name, value)?);
        }
        fs::write_new(&dot_git.join("config"), config.as_bytes())?;

        let tree = self.tree_of(what.commit)?;
        let failed = || format!("the files of {} could not be written", what.commit.short());
        let assembled = self
            .assemble(tree, what.folder, Style::Sealed(cx, home, what.witness))
            .map_err(|cause| cause.within(failed()))?;
        for submodule in self.links_among(&assembled.index) {
            self.fill_submodule((cx, home), what, path, &submodule, seal)?;
        }
        let bytes = self.index_with_trees(&assembled.index, tree).or_say(failed)?;
        let index = dot_git.join("index");
        fs::write_new(&index, &bytes)?;
        let closing = |cause| fs::failed("seal", what.folder, cause);
        close(dot_git.as_std_path()).map_err(closing)?;
        let folders = in_parallel(&assembled.folders, |part| {
            part.iter()
                .map(|name| {
                    let path = what.folder.as_std_path().join(super::path_of(name.as_ref()));
                    Folder::open(&path).and_then(|folder| folder.close(0o555)).map_err(closing)
                })
                .collect::<Result<Vec<_>>>()
        })?;
        let index = fs::Stamp::of(index.as_std_path()).map_err(closing)?;
        seal.add(Part::new(path, &index, folders.iter().flatten()));
        Ok(())
    }

    /// Puts the files of a commit into the work tree, which has none yet, and the index that goes with them.
    ///
    /// HEAD stays where it is.
    pub fn check_out(&self, commit: &CommitId, pool: Option<&Pool>) -> Result<()> {
        let tree = self.tree_of(commit)?;
        let failed = || format!("the files of {} could not be written", commit.short());
        let assembled = self
            .assemble(tree, &self.top, Style::Writable(pool, self.commit_time(commit)?))
            .map_err(|cause| cause.within(failed()))?;
        let bytes = self.index_with_trees(&assembled.index, tree).or_say(failed)?;
        fs::write_new(&self.git_dir().join("index"), &bytes)
    }

    fn fill_submodule(
        &self,
        at: (&Context, &Home),
        what: &Checkout<'_>,
        above: &str,
        submodule: &super::Submodule,
        seal: &mut Seal,
    ) -> Result<()> {
        // A mirror has the commits of submodules, too.
        let own;
        let repo = if self.has(&submodule.commit) {
            self
        } else {
            own = self.open_submodule(&submodule.path)?.ok_or_else(|| {
                Error::new(format!("the submodule `{}` is not checked out", submodule.path))
                    .hint("get it: `git submodule update --init --recursive`")
            })?;
            &own
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
        let path = format!("{above}{}", submodule.path);
        let folder = what.folder.join(&submodule.path);
        let inner = Checkout {
            commit: &submodule.commit,
            folder: &folder,
            objects: what.objects,
            config: &[],
            witness: what.witness,
        };
        repo.fill(at, &inner, &format!("{path}/"), seal)
    }
}

/// Closes folders from the inside out; files lose their write bits too.
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

/// Makes a folder of objects that has none of its own and finds them all in `from`.
fn borrow(from: &Utf8Path, objects: &Utf8Path) -> Result<()> {
    fs::create_dir_all(&objects.join("info"))?;
    fs::create_dir_all(&objects.join("pack"))?;
    let alternates = format!("{}\n", way(objects, from)?);
    fs::write_new(&objects.join("info/alternates"), alternates.as_bytes())
}

/// The way from one folder to another: relative where both lie in one `STUDIO_HOME`, so that it can be moved as a whole.
fn way(from: &Utf8Path, to: &Utf8Path) -> Result<Utf8PathBuf> {
    let real = |path: &Utf8Path| {
        path.canonicalize_utf8().map_err(|cause| fs::failed("look for", path, cause))
    };
    let (from, to) = (real(from)?, real(to)?);
    // STUDIO_HOME/mirrors/KEY/objects
    let home = to.ancestors().nth(3).unwrap_or(&to);
    let (Ok(down), Ok(up)) = (to.strip_prefix(home), from.strip_prefix(home)) else {
        return Ok(to);
    };
    let mut way = Utf8PathBuf::new();
    up.components().for_each(|_| way.push(".."));
    way.push(down);
    Ok(way)
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
