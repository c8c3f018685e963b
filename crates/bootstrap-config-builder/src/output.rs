//! The file that is written: looked at, compared, and replaced as a whole. Not here: what stands in it.

use crate::choice::Choices;
use crate::document::{Change, Merged};
use camino::{Utf8Path, Utf8PathBuf};
use studio_core::cli::{Context, Done};
use studio_core::{Error, OrSay, Result, fs, ui};

/// A file as it is, and where it lies.
#[derive(Debug)]
pub struct Output {
    /// As the user calls it.
    shown: Utf8PathBuf,
    /// Where it lies, behind a link if it is one.
    path: Utf8PathBuf,
    text: Option<String>,
}

impl Output {
    /// Reads it, if it is there; `path` counts from `cwd`.
    pub fn open(path: Utf8PathBuf, cwd: &Utf8Path) -> Result<Output> {
        if path.as_str().is_empty() {
            return Err(Error::new("the file to write has no name").hint("say it: `--output FILE`"));
        }
        let shown = path.strip_prefix(cwd).map_or(path.clone(), Utf8Path::to_owned);
        let place = cwd.join(&path);
        // A link stays one: what it leads to is replaced.
        let place = match place.symlink_metadata() {
            Ok(meta) if meta.is_symlink() => place
                .canonicalize_utf8()
                .or_say(|| format!("`{shown}` is a link that leads nowhere"))?,
            _ => place,
        };
        let text = match place.metadata() {
            Ok(meta) if meta.is_dir() => {
                return Err(Error::new(format!("`{shown}` is a folder"))
                    .hint(format!("name a file in it: `--output {}`", shown.join("config.toml"))));
            }
            // A device or a pipe must not be replaced by a file.
            Ok(meta) if !meta.is_file() => {
                return Err(Error::new(format!("`{shown}` is no regular file"))
                    .hint("`--dry-run` writes to stdout"));
            }
            _ => fs::read_optional(&place)?,
        };
        Ok(Output { shown, path: place, text })
    }

    /// As the user calls it.
    pub fn shown(&self) -> &Utf8Path {
        &self.shown
    }

    /// What stands in it; `None` if it is not there.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Fails if it is not what it would be, with what is different.
    pub fn check(&self, cx: &Context, merged: &Merged, choices: &Choices) -> Result<Done> {
        let hint = "run the same without `--check`";
        if self.text.is_none() {
            return Err(Error::new(format!("`{}` is not there", self.shown)).hint(hint));
        }
        if self.text() == Some(&merged.text) {
            cx.ui.step(format!("`{}` is up to date", self.shown));
            return Ok(Done::silent());
        }
        let error = Error::new(format!("`{}` is not up to date", self.shown)).hint(hint);
        Err(report(merged, Some(choices)).into_iter().fold(error, Error::because))
    }

    /// Puts the new text in its place, unless it is there already.
    pub fn write(&self, cx: &Context, merged: &Merged) -> Result<()> {
        fs::sweep_remains_of(&self.path);
        if self.text() == Some(&merged.text) {
            cx.ui.step(format!("`{}` is up to date", self.shown));
            return Ok(());
        }
        fs::write_atomic(&self.path, merged.text.as_bytes())?;
        if self.text.is_none() {
            cx.ui.step(format!("made `{}`", self.shown));
            return Ok(());
        }
        cx.ui.step(format!("changed `{}`", self.shown));
        for line in report(merged, None) {
            cx.ui.step(format!("  {line}"));
        }
        Ok(())
    }
}

/// What is different, a line each; keys that were not there share one. With `choices` each says where its value is from.
fn report(merged: &Merged, choices: Option<&Choices>) -> Vec<String> {
    let (other, new): (Vec<&Change>, Vec<&Change>) =
        merged.changes.iter().partition(|change| change.old.is_some());
    let source = |key| choices?.get(key).map(|choice| format!(" ({})", choice.source));
    let mut lines: Vec<String> = other
        .iter()
        .map(|change| format!("{change}{}", source(change.key).unwrap_or_default()))
        .collect();
    match new.as_slice() {
        [] => {}
        [one] => lines.push(format!("{one}{}", source(one.key).unwrap_or_default())),
        many => {
            let names: Vec<String> = many.iter().map(|change| change.key.name()).collect();
            lines.push(format!("{} were not there", ui::names(&names, 6)));
        }
    }
    lines
}
