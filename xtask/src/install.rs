//! `cargo xtask install` and `uninstall`: the toolkit for one user, where no package is to be had.
//!
//! What is installed is what `dist` lays out. A list of it lies beside it, written before the first file is, by which a
//! later `install` replaces its own files and no others, and `uninstall` takes back exactly them. Not here: what a release
//! consists of.

use crate::dist::{self, ALIASES, Item};
use crate::error::{Error, Result};
use crate::run;
use crate::workspace::{Profile, Workspace};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;

/// Where the list lies, below the prefix. Not in `share/studio`, which is a `STUDIO_HOME` below `~/.local`.
const LIST: &str = "lib/studio/installed";

/// The words that begin the lines of the list.
const FILE: &str = "file";
const FOLDER: &str = "folder";
const INCLUDE: &str = "include";

/// Install the toolkit for yourself: programs, man pages, completions, git aliases
#[derive(clap::Args)]
pub struct Install {
    #[command(flatten)]
    place: Place,
    /// Take the programs from this folder instead of building them
    #[arg(long, value_name = "DIR")]
    from: Option<Utf8PathBuf>,
}

/// Take back what `install` did, and nothing else
#[derive(clap::Args)]
pub struct Uninstall {
    #[command(flatten)]
    place: Place,
}

#[derive(clap::Args)]
struct Place {
    /// Where it is installed; ~/.local by default
    #[arg(long, value_name = "DIR")]
    prefix: Option<Utf8PathBuf>,
}

impl Place {
    fn prefix(&self) -> Result<Utf8PathBuf> {
        if let Some(prefix) = &self.prefix {
            return camino::absolute_utf8(prefix).map_err(Error::io("find the folder", prefix));
        }
        let home = std::env::var("HOME").unwrap_or_default();
        let home = Utf8Path::new(&home);
        if !home.is_absolute() || !home.is_dir() {
            return Err(Error::new(format!("your home folder `{home}` is not there"))
                .hint("set `HOME`, or say where: `--prefix DIR`"));
        }
        Ok(home.join(".local"))
    }
}

impl Install {
    /// Installs, or brings up to date what was installed before.
    pub fn run(&self, workspace: &Workspace) -> Result<()> {
        let prefix = self.place.prefix()?;
        let from = match &self.from {
            Some(from) => from.clone(),
            None => workspace.build(Profile::Release)?,
        };
        let items = dist::items(workspace, &prefix, &from)?;
        let before = List::read(&prefix)?.unwrap_or_default();
        refuse_others(&prefix, &items, &before)?;
        // All that is or may be ours from here on; without its look, a file is taken for ours whatever it looks like.
        let mut list = before.clone();
        for item in &items {
            list.files.insert(item.path.clone(), None);
            list.note_folders(&prefix, &item.path);
        }
        list.note_folders(&prefix, LIST.into());
        list.write(&prefix)?;
        for item in &items {
            item.put(&prefix)?;
        }
        let new: BTreeSet<&Utf8PathBuf> = items.iter().map(|item| &item.path).collect();
        for (path, look) in before.files.iter().filter(|(path, _)| !new.contains(path)) {
            remove(&prefix, path, look.as_ref())?;
            list.files.remove(path);
        }
        for item in &items {
            list.files.insert(item.path.clone(), Look::of(&prefix.join(&item.path)));
        }
        list.write(&prefix)?;
        eprintln!("installed {} programs in {prefix}", workspace.programs.len());
        let file = prefix.join(ALIASES);
        if !includes()?.iter().any(|path| path == file.as_str()) {
            // Noted before it is done: what is noted and not there is nothing to take back.
            list.include = Include::Ours;
            list.write(&prefix)?;
            git(&["config", "--global", "--add", "include.path", file.as_str()]).map_err(|error| {
                Error::new(format!("your git configuration could not be changed: {error}")).hint(
                    format!("the rest is installed; add this to it by hand:\n[include]\n\tpath = {file}"),
                )
            })?;
            eprintln!("added {file} to your git configuration, for `git flake-check` and its like");
        }
        advise(&prefix);
        Ok(())
    }
}

impl Uninstall {
    /// Removes what the list names, and the list.
    pub fn run(&self) -> Result<()> {
        let prefix = self.place.prefix()?;
        let Some(list) = List::read(&prefix)? else {
            return Err(Error::new(format!("nothing was installed in {prefix} by `install`"))
                .hint("if it was elsewhere: `cargo xtask uninstall --prefix DIR`"));
        };
        let file = prefix.join(ALIASES);
        if list.include == Include::Ours && includes()?.iter().any(|path| path == file.as_str()) {
            let unset = ["config", "--global", "--fixed-value", "--unset-all", "include.path"];
            git(&[&unset[..], &[file.as_str()]].concat()).map_err(|error| {
                Error::new(format!("your git configuration could not be changed: {error}")).hint(
                    format!("nothing was removed; take {file} out of it by hand, then try again"),
                )
            })?;
        }
        let mut removed = 0;
        for (path, look) in &list.files {
            removed += usize::from(remove(&prefix, path, look.as_ref())?);
        }
        let path = prefix.join(LIST);
        let _ = std::fs::remove_file(dist::draft(&path));
        std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        // Deepest first; those in which something else lies now stay.
        for folder in list.folders.iter().rev() {
            let _ = std::fs::remove_dir(prefix.join(folder));
        }
        eprintln!("removed {removed} files from {prefix}");
        Ok(())
    }
}

/// Refuses to replace what `install` did not put there, or what somebody changed since.
fn refuse_others(prefix: &Utf8Path, items: &[Item], before: &List) -> Result<()> {
    let ours =
        |item: &&Item| match (before.files.get(&item.path), Look::of(&prefix.join(&item.path))) {
            (_, None) | (Some(None), _) => true,
            (Some(Some(look)), Some(found)) => *look == found,
            (None, Some(_)) => false,
        };
    let others: Vec<String> = items
        .iter()
        .filter(|item| !ours(item))
        .map(|item| prefix.join(&item.path).into_string())
        .collect();
    match others.first() {
        None => Ok(()),
        Some(first) => Err(Error::new(format!(
            "this was not put there by `install`, or was changed since:\n{}",
            others.join("\n")
        ))
        .hint(format!(
            "nothing was changed; move it away, or choose another `--prefix`: mv {first} /tmp"
        ))),
    }
}

/// Removes a file, unless somebody changed it since; whether it is gone by that.
fn remove(prefix: &Utf8Path, path: &Utf8Path, look: Option<&Look>) -> Result<bool> {
    let path = prefix.join(path);
    // Of one that was killed.
    let _ = std::fs::remove_file(dist::draft(&path));
    let found = Look::of(&path);
    if found.is_none() {
        return Ok(false);
    }
    if look.is_some() && look != found.as_ref() {
        eprintln!("{path} was changed since, and stays");
        return Ok(false);
    }
    std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
    Ok(true)
}

/// What a file looks like from outside: its size in bytes, and when it was written, in nanoseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    size: u64,
    written: i128,
}

impl Look {
    /// That of a file; a link is not followed.
    fn of(path: &Utf8Path) -> Option<Look> {
        let meta = path.symlink_metadata().ok()?;
        let written = i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec());
        Some(Look { size: meta.len(), written })
    }
}

/// Whether the alias file is named in the user's git configuration, and by whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Include {
    /// Not by `install`.
    #[default]
    NotOurs,
    /// By `install`.
    Ours,
}

/// What was installed.
#[derive(Clone, Debug, Default)]
struct List {
    /// The files, below the prefix, and what they looked like; that is not known while they are being put there.
    files: BTreeMap<Utf8PathBuf, Option<Look>>,
    /// The folders that were not there before.
    folders: BTreeSet<Utf8PathBuf>,
    include: Include,
}

impl List {
    /// The list of a prefix; `None` if nothing was installed there.
    fn read(prefix: &Utf8Path) -> Result<Option<List>> {
        let path = prefix.join(LIST);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(Error::io("read", &path)(cause)),
        };
        let mut list = List::default();
        for (number, line) in text.lines().enumerate() {
            list.take(line).ok_or_else(|| {
                Error::new(format!("{path}, line {}: `{line}` is not understood", number + 1))
                    .hint("it is not removed by guessing; use the version that installed it")
            })?;
        }
        Ok(Some(list))
    }

    /// Takes a line: `file SIZE WRITTEN PATH`, `folder PATH` or `include`; `-` stands for what is not known.
    fn take(&mut self, line: &str) -> Option<()> {
        // Nothing outside of the prefix is ever ours.
        let below = |path: &str| {
            let path = Utf8PathBuf::from(path);
            let plain = |part| matches!(part, camino::Utf8Component::Normal(_));
            path.components().all(plain).then_some(path)
        };
        match line.split_once(' ') {
            None if line == INCLUDE => self.include = Include::Ours,
            Some((FOLDER, path)) => _ = self.folders.insert(below(path)?),
            Some((FILE, rest)) => {
                let mut parts = rest.splitn(3, ' ');
                let look = match (parts.next()?, parts.next()?) {
                    ("-", "-") => None,
                    (size, written) => {
                        Some(Look { size: size.parse().ok()?, written: written.parse().ok()? })
                    }
                };
                self.files.insert(below(parts.next()?)?, look);
            }
            _ => return None,
        }
        Some(())
    }

    fn write(&self, prefix: &Utf8Path) -> Result<()> {
        let mut text = String::new();
        for (path, look) in &self.files {
            text.push_str(&match look {
                Some(Look { size, written }) => format!("{FILE} {size} {written} {path}\n"),
                None => format!("{FILE} - - {path}\n"),
            });
        }
        for path in &self.folders {
            text.push_str(&format!("{FOLDER} {path}\n"));
        }
        if self.include == Include::Ours {
            text.push_str(&format!("{INCLUDE}\n"));
        }
        dist::write(prefix, LIST, text)
    }

    /// Notes the folders of a file that are not there yet; the prefix is the empty path.
    fn note_folders(&mut self, prefix: &Utf8Path, file: &Utf8Path) {
        let above = file.ancestors().skip(1).filter(|folder| !prefix.join(folder).exists());
        self.folders.extend(above.map(Utf8Path::to_owned));
    }
}

/// The files that the user's git configuration includes.
fn includes() -> Result<Vec<String>> {
    let asked = duct::cmd!("git", "config", "--global", "--get-all", "include.path");
    let output = asked.stdin_null().stdout_capture().stderr_capture().unchecked().run();
    let output = output.map_err(|cause| Error::new(format!("cannot run git: {cause}")))?;
    match output.status.code() {
        Some(0) => {
            let text = String::from_utf8_lossy(&output.stdout);
            Ok(text.lines().map(str::to_owned).collect())
        }
        // There is none (git-config(1)).
        Some(1) => Ok(vec![]),
        _ => Err(Error::new(format!(
            "your git configuration cannot be read\n{}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        ))),
    }
}

fn git(args: &[&str]) -> Result<()> {
    run::read(&duct::cmd("git", args), &format!("git {}", args.join(" "))).map(drop)
}

/// Says what is left to do where the shell does not look into the prefix.
fn advise(prefix: &Utf8Path) {
    let bin = prefix.join("bin");
    let path = std::env::var("PATH").unwrap_or_default();
    if !path.split(':').any(|folder| folder == bin.as_str()) {
        eprintln!("hint: put the programs on PATH: export PATH=\"{bin}:$PATH\"");
    }
    eprintln!("hint: is all there that they need? {}", bin.join("studio --doctor"));
}
