//! The project's `flake.lock`. Not here: its format; `studio_core::nix` knows it.

use super::Found;
use crate::secret;
use crate::value::Value;
use camino::{Utf8Path, Utf8PathBuf};
use studio_core::fs;
use studio_core::nix::lock::LockFile;

/// The lock of a project.
#[derive(Debug)]
pub struct Lock {
    file: LockFile,
    folder: Utf8PathBuf,
}

impl Lock {
    /// That of the flake in `root`, or of the nearest one above in the same repository, as Nix looks for it.
    pub fn near(root: &Utf8Path) -> Result<Lock, String> {
        let mut folder = root;
        while !folder.join("flake.nix").is_file() && !folder.join(".git").exists() {
            folder = folder.parent().ok_or("the project has no flake")?;
        }
        let path = folder.join("flake.lock");
        let text = fs::read_optional(&path).map_err(|error| said(&error))?;
        let text = text.ok_or_else(|| format!("`{folder}` has no `flake.lock`"))?;
        let file = LockFile::parse(&text).map_err(|error| said(&error))?;
        Ok(Lock { file, folder: folder.to_owned() })
    }

    /// What is locked for the first of these inputs that it has.
    pub fn reference(&self, inputs: &[&str]) -> Result<Found, String> {
        let Some(input) = inputs.iter().find(|input| self.file.has_input(input)) else {
            return Err(format!("`flake.lock` has no input `{}`", inputs.join("` or `")));
        };
        let reference =
            self.file.locked_reference(input, &self.folder).map_err(|error| said(&error))?;
        if let Some(what) = secret::inside(&reference) {
            return Err(format!("the address of `{input}` in `flake.lock` has {what} in it"));
        }
        let how = format!("flake.lock: {input}");
        Ok(Found { value: Value::Text(reference), how })
    }
}

/// An error in one line.
fn said(error: &studio_core::Error) -> String {
    let words: Vec<&str> =
        std::iter::once(error.message()).chain(error.causes().iter().map(String::as_str)).collect();
    words.join(": ")
}
