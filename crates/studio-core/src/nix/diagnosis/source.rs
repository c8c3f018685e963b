//! The user's own flake: which of the places that Nix names are in it, and what stands there.
//!
//! Nix names files of a flake as it read them: in a copy in the store, or below the reference of the flake. A name
//! alone does not tell whose `flake.nix` it is, so a copy counts only if it is the same flake, and where the store cannot be
//! read, if the line that Nix shows stands there. Not here: what is wrong at a place.

use super::complaint::{Complaint, Named};
use crate::nix::encode;
use camino::{Utf8Path, Utf8PathBuf};
use std::fmt;

/// The flake that Nix was asked about.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    folder: &'a Utf8Path,
}

/// A place in the flake, as its user knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, relative to the flake.
    pub file: String,
    /// Its line, from 1, if that is known.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "`{}:{line}`", self.file),
            None => write!(f, "`{}`", self.file),
        }
    }
}

/// A path that Nix names, seen from the flake.
enum Belongs {
    /// It is this path in the flake.
    Surely(String),
    /// It is this path in some source, which cannot be looked at.
    Perhaps(String),
}

impl<'a> Source<'a> {
    /// The flake in a folder: a snapshot, or a studio.
    pub fn new(folder: &'a Utf8Path) -> Source<'a> {
        Source { folder }
    }

    /// Its folder.
    pub fn folder(&self) -> &Utf8Path {
        self.folder
    }

    /// The path in the flake that Nix means, whether or not there is something.
    pub fn path(&self, named: &str) -> Option<String> {
        match self.belongs(named)? {
            Belongs::Surely(path) => Some(path),
            Belongs::Perhaps(_) => None,
        }
    }

    fn belongs(&self, named: &str) -> Option<Belongs> {
        if let Some(rest) = named.strip_prefix("«git+file://") {
            let (reference, path) = rest.split_once("»/")?;
            let folder = reference.split('?').next()?;
            let ours = folder == encode(self.folder.as_str(), b"/-._~") || folder == self.folder;
            return (ours && is_plain(path)).then(|| Belongs::Surely(path.to_owned()));
        }
        let named = Utf8Path::new(named);
        if let Ok(path) = named.strip_prefix(self.folder) {
            return Some(Belongs::Surely(path.to_string())).filter(|_| is_plain(path.as_str()));
        }
        let root = named.ancestors().filter(|at| at.file_name().is_some_and(is_copy)).last()?;
        let path = named.strip_prefix(root).ok()?.to_string();
        if !is_plain(&path) {
            return None;
        }
        match std::fs::read(root.join("flake.nix")) {
            Ok(theirs) if std::fs::read(self.folder.join("flake.nix")).ok()? == theirs => {
                Some(Belongs::Surely(path))
            }
            // Another flake, or a source that is none.
            Ok(_) => None,
            Err(_) if root.exists() => None,
            Err(_) => Some(Belongs::Perhaps(path)),
        }
    }

    /// The place in the flake that Nix means, if it is one.
    pub fn place(&self, named: &Named) -> Option<Place> {
        let (file, sure) = match self.belongs(&named.path)? {
            Belongs::Surely(file) => (file, true),
            Belongs::Perhaps(file) => (file, false),
        };
        let Some(number) = named.line else {
            let option = named.option.as_deref().unwrap_or_default();
            return if sure { self.place_of_option(file, option) } else { None };
        };
        let text = self.text(&file)?;
        let line = text.lines().nth(number.checked_sub(1)?)?;
        let shown = named.text.as_ref().is_some_and(|shown| shown.trim_end() == line.trim_end());
        (sure || shown).then_some(Place { file, line: Some(number) })
    }

    /// The place in the flake that is nearest to what went wrong, and the line there.
    pub fn nearest_place(&self, complaint: &Complaint) -> Option<(Place, Named)> {
        complaint.places.iter().rev().find_map(|named| Some((self.place(named)?, named.clone())))
    }

    /// A file of the flake; what is no UTF-8 in it is replaced.
    pub fn text(&self, file: &str) -> Option<String> {
        let bytes = std::fs::read(self.folder.join(file)).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The place of an option in a file of the flake: the line that has its last name, if no other line has it.
    pub fn place_of_option(&self, file: String, option: &str) -> Option<Place> {
        let text = self.text(&file)?;
        let word = option.rsplit('.').next()?.trim_matches('"');
        let part = |c: char| c.is_alphanumeric() || "_-'".contains(c);
        let has = |line: &str| line.split(|c| !part(c)).any(|found| found == word);
        let mut lines = text.lines().enumerate().filter(|(_, line)| has(line));
        let first = lines.next().map(|(at, _)| at + 1);
        let line = if lines.next().is_none() { first } else { None };
        Some(Place { file, line })
    }

    /// The names in the folder in which this path would be, for the first part of it that is not there: the path with
    /// the name that is nearest to it.
    pub fn nearest_path(&self, missing: &str) -> Option<Utf8PathBuf> {
        let mut folder = Utf8PathBuf::new();
        for part in Utf8Path::new(missing).components() {
            let next = folder.join(part.as_str());
            if self.folder.join(&next).exists() {
                folder = next;
                continue;
            }
            let names: Vec<String> = self
                .folder
                .join(&folder)
                .read_dir_utf8()
                .ok()?
                .filter_map(|entry| Some(entry.ok()?.file_name().to_owned()))
                .filter(|name| name != ".git")
                .collect();
            let near = nearest(part.as_str(), names.iter().map(String::as_str))?;
            return Some(folder.join(near));
        }
        None
    }
}

/// The candidate that may be meant: one or two slips away, and not more than a third of the word.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (wanted.chars().count() / 3).min(2);
    let far = |name: &str| strsim::osa_distance(wanted, name);
    let near = candidates.into_iter().filter(|name| *name != wanted).map(|name| (far(name), name));
    near.filter(|(far, _)| *far <= most).min().map(|(_, name)| name)
}

/// Whether a name is that of a copied source in a store: `HASH-source`.
fn is_copy(name: &str) -> bool {
    name.split_once('-').is_some_and(|(hash, name)| hash.len() == 32 && name == "source")
}

fn is_plain(path: &str) -> bool {
    Utf8Path::new(path).components().all(|part| matches!(part, camino::Utf8Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs;

    const HASH: &str = "0lbagnzv9xbd7hpjdpiyh8kvy97haiil";

    fn named(path: String, text: Option<&str>) -> Named {
        Named { path, line: Some(2), text: text.map(str::to_owned), option: None }
    }

    #[test]
    fn only_places_of_the_flake_itself_are_its_places() {
        let dir = tempfile::tempdir().expect("temp dir");
        let root = fs::utf8(dir.path()).expect("utf-8").to_owned();
        let folder = root.join("a snapshot");
        let copy = root.join(format!("{HASH}-source"));
        let other = root.join(format!("{}-source", HASH.replace('0', "1")));
        for (folder, flake) in [(&folder, "{ ours }"), (&copy, "{ ours }"), (&other, "{ theirs }")]
        {
            fs::create_dir_all(&folder.join("lib")).expect("mkdir");
            fs::write_new(&folder.join("flake.nix"), flake.as_bytes()).expect("write");
            fs::write_new(&folder.join("lib/a.nix"), b"{\n  b\n}\n").expect("write");
        }
        let source = Source::new(&folder);
        let place = |path: String, text| source.place(&named(path, text)).map(|at| at.to_string());
        let here = Some("`lib/a.nix:2`".to_owned());
        let reference = format!("«git+file://{root}/a%20snapshot?ref=HEAD&rev=1»/lib/a.nix");
        assert_eq!(place(reference.clone(), None), here);
        assert_eq!(place(reference.replace("a%20snap", "snap"), Some("  b")), None);
        assert_eq!(place(format!("{copy}/lib/a.nix"), None), here);
        assert_eq!(place(format!("{folder}/lib/a.nix"), None), here);
        assert_eq!(place(format!("{other}/lib/a.nix"), Some("  b")), None);
        assert_eq!(place("«github:a/b/0123»/lib/a.nix".into(), Some("  b")), None);
        // A store that cannot be looked at: the line must be there.
        let unseen = format!("/no/store/{HASH}-source/lib/a.nix");
        assert_eq!(place(unseen.clone(), Some("  b")), here);
        assert_eq!(place(unseen.clone(), Some("  c")), None);
        assert_eq!(place(unseen, None), None);
        assert_eq!(place(format!("{copy}/lib/../../x"), None), None);
    }

    #[test]
    fn near_names_are_slips_of_the_pen() {
        assert_eq!(nearest("fierfox", ["firefox", "fox", "thunderbird"]), Some("firefox"));
        assert_eq!(nearest("libb", ["lib", "pkgs"]), Some("lib"));
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("hello", ["hello"]), None);
    }
}
