//! Files of a package that name others which are not among them: outside of its folder (`../README.md`), or in one that
//! is left out (`examples`). Those are put beside them, and the paths are changed.

use super::Files;
use super::asks::{self, Answer, Ask};
use crate::digest;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};
use studio_core::fs;

/// The folder in which they are put.
const FOLDER: &str = "beyond";

/// What brings them along.
pub struct Beyond<'a> {
    /// The folder of the package.
    pub folder: &'a Utf8Path,
    /// What `env!` is to say, where cargo would say something else.
    pub said: &'a BTreeMap<String, String>,
    /// The files that were read.
    pub read: BTreeSet<Utf8PathBuf>,
}

impl Beyond<'_> {
    /// Adds what the files ask for, and answers them.
    pub fn bring(&mut self, files: &mut Files) {
        let sources: Vec<String> =
            files.keys().filter(|path| path.ends_with(".rs")).cloned().collect();
        for path in sources {
            let Some(Ok(text)) = files.get(&path).cloned().map(String::from_utf8) else { continue };
            let text = self.answered(&text, &self.folder.join(&path), &path, files);
            files.insert(path, text.into_bytes());
        }
    }

    /// The text of the file `from`, as it is to stand at `to` among `files`.
    fn answered(&mut self, text: &str, from: &Utf8Path, to: &str, files: &mut Files) -> String {
        asks::answered_in(text, &mut |name, arguments| match asks::ask(
            name,
            arguments,
            self.folder.as_str(),
        )? {
            Ask::Said(what) => self.said.get(&what).map(|text| Answer::said(text, name)),
            Ask::File(path) => {
                let path = fs::absolute(from.parent()?, Utf8Path::new(&path));
                let within = path.strip_prefix(self.folder);
                if within.is_ok_and(|path| files.contains_key(path.as_str())) {
                    return None;
                }
                let place = self.put(&path, files)?;
                Some(Answer::file(&super::relative(Utf8Path::new(to).parent()?, &place)))
            }
        })
    }

    /// Puts a file among the others; `None` if it is not there, which the compiler says.
    fn put(&mut self, path: &Utf8Path, files: &mut Files) -> Option<Utf8PathBuf> {
        let bytes = std::fs::read(path).ok()?;
        let short = &digest::hex(&bytes)[..8];
        let place = format!("{FOLDER}/{short}-{}", path.file_name().unwrap_or("file"));
        // A file that includes itself is none that compiles.
        if self.read.insert(path.to_owned()) {
            let bytes = match String::from_utf8(bytes) {
                Ok(text) if place.ends_with(".rs") => {
                    self.answered(&text, path, &place, files).into_bytes()
                }
                Ok(text) => text.into_bytes(),
                Err(other) => other.into_bytes(),
            };
            files.insert(place.clone(), bytes);
        }
        Some(place.into())
    }
}
