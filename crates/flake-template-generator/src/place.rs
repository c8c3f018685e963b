//! The folder that is written, the flake that it becomes an input of, and what Nix and git say of them.

use crate::integrate::{Input, integrate};
use crate::{NAME, here};
use camino::{Utf8Path, Utf8PathBuf};
use studio_core::cli::{Context, Done};
use studio_core::generated::{self, Overwrite, Tree};
use studio_core::git::Visible;
use studio_core::nix::Nix;
use studio_core::{Error, Exit, Result, fs, ui};

/// How many changes are told.
const TOLD: usize = 50;

/// A folder that is generated.
#[derive(Debug)]
pub struct Place {
    /// As the user gave it.
    shown: Utf8PathBuf,
    path: Utf8PathBuf,
}

/// What is to be there.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The files.
    pub tree: Tree,
    /// The flake that gets an input, and its name there.
    pub input: Option<(&'a Utf8Path, &'a str)>,
}

/// A flake with one input more.
struct Integrated {
    path: Utf8PathBuf,
    shown: Utf8PathBuf,
    text: String,
    is_new: bool,
}

impl Place {
    /// The folder that the user gave.
    pub fn new(cx: &Context, dir: &Utf8Path) -> Place {
        Place { shown: dir.to_owned(), path: fs::absolute(&here(cx), dir) }
    }

    /// Writes it.
    pub fn write(&self, cx: &Context, wanted: &Wanted<'_>, force: bool) -> Result<Done> {
        let integrated = self.integrated(cx, wanted)?;
        let overwrite = if force { Overwrite::Anything } else { Overwrite::OnlyGenerated };
        let tree = &wanted.tree;
        let written = generated::write_if(&self.path, tree, NAME, overwrite, || ask_nix(cx, tree))?;
        for change in written.changes.iter().take(TOLD) {
            cx.ui.detail(change);
        }
        cx.ui.step(match written.changes.len() {
            0 => format!("`{}` is as it should be", self.shown),
            changes => format!("wrote `{}`: {}", self.shown, ui::count(changes, "change")),
        });
        if let Some(kept) = &written.kept {
            cx.ui.warn(format!(
                "what was not generated is kept in `{}`",
                kept.file_name().unwrap_or_default()
            ));
        }
        if let Some(root) = integrated.filter(|root| root.is_new) {
            fs::write_atomic(&root.path, root.text.as_bytes())?;
            cx.ui.step(format!("added the input to `{}`", root.shown));
        }
        generated::tell_unseen(cx, &self.path, &self.shown, &wanted.tree);
        Ok(Done::with(&self.path))
    }

    /// Fails if anything would be written.
    pub fn check(&self, cx: &Context, wanted: &Wanted<'_>) -> Result<Done> {
        let integrated = self.integrated(cx, wanted)?;
        let comparison = generated::compare(&self.path, &wanted.tree, NAME)?;
        let stale = integrated.filter(|root| root.is_new);
        if comparison.is_current() && stale.is_none() {
            cx.ui.step(format!("`{}` is as it should be", self.shown));
            return Ok(Done::silent());
        }
        comparison.allows()?;
        let error = Error::new(format!("`{}` is not what would be generated now", self.shown));
        let changes = comparison.changes();
        let error = changes.iter().take(TOLD).fold(error, Error::because);
        let error = match changes.len().checked_sub(TOLD) {
            Some(more @ 1..) => error.because(format!("and {more} more")),
            _ => error,
        };
        let error = match stale {
            Some(root) => error.because(format!("change {}", root.shown)),
            None => error,
        };
        Err(error.hint("write it: the same command without `--check`"))
    }

    /// Prints what would be written.
    pub fn print(&self, cx: &Context, wanted: &Wanted<'_>) -> Result<Done> {
        ask_nix(cx, &wanted.tree)?;
        let mut text = String::new();
        let mut show = |path: Utf8PathBuf, bytes: &[u8]| {
            text.push_str(&format!("==> {path} <==\n"));
            match std::str::from_utf8(bytes) {
                Ok(file) => text.push_str(file),
                Err(_) => text
                    .push_str(&format!("({} that are not text)\n", ui::size(bytes.len() as u64))),
            }
            if !text.ends_with('\n') {
                text.push('\n');
            }
        };
        for (path, file) in wanted.tree.files() {
            show(self.shown.join(path.as_str()), &file.bytes);
        }
        if let Some(root) = self.integrated(cx, wanted)?.filter(|root| root.is_new) {
            show(root.shown, root.text.as_bytes());
        }
        Ok(Done::with(text))
    }

    /// The flake with the input; nothing is written yet.
    fn integrated(&self, cx: &Context, wanted: &Wanted<'_>) -> Result<Option<Integrated>> {
        let Some((flake, name)) = wanted.input else { return Ok(None) };
        let mut shown = flake.to_owned();
        let mut path = fs::absolute(&here(cx), flake);
        if path.is_dir() {
            path.push("flake.nix");
            shown.push("flake.nix");
        }
        let real = path.canonicalize_utf8().unwrap_or_else(|_| path.clone());
        let text = fs::read_optional(&path)?.ok_or_else(|| {
            Error::new(format!("there is no flake `{shown}`"))
                .hint("give a `flake.nix`, or the folder that has one")
        })?;
        let url = url(real.parent().unwrap_or(&path), &generated::real(&self.path), &shown)?;
        if let Visible::Ignored(_) = generated::seen(&self.path, &wanted.tree) {
            return Err(Error::new(format!(
                "git ignores `{}`, so `{shown}` cannot have it as an input: Nix would not see it",
                self.shown
            ))
            .hint("choose a folder that is not ignored, such as `generated/seed`"));
        }
        let new = integrate(shown.as_str(), &text, &Input { name: name.to_owned(), url })?;
        Ok(Some(Integrated { path: real, shown, is_new: new != text, text: new }))
    }
}

/// The address of the folder as an input of the flake in `root`.
fn url(root: &Utf8Path, folder: &Utf8Path, shown: &Utf8Path) -> Result<String> {
    let below = folder.strip_prefix(root).ok().filter(|below| !below.as_str().is_empty());
    let Some(below) = below else {
        return Err(Error::new(format!("`{folder}` does not lie below the folder of `{shown}`"))
            .hint("an input by a relative path has to: choose an output folder there"));
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-._+".contains(c);
    if !below.as_str().chars().all(is_plain) {
        return Err(Error::new(format!("`{below}` cannot be written as the address of an input"))
            .hint("choose an output folder of letters, digits and `-._+`"));
    }
    Ok(format!("path:./{below}"))
}

/// Lets Nix parse what was generated, if there is one: it knows more of its language than the parser here.
fn ask_nix(cx: &Context, tree: &Tree) -> Result<()> {
    let Ok(nix) = Nix::find(cx) else { return Ok(()) };
    for (path, file) in tree.files().filter(|(path, _)| path.as_str().ends_with(".nix")) {
        let text = String::from_utf8_lossy(&file.bytes);
        // A Nix that is too old or broken has no say here.
        if let Ok(Some(said)) = nix.objection(&text) {
            return Err(Error::new(format!(
                "nix refuses `{path}` as it would be; nothing was written"
            ))
            .because(said)
            .hint("look at it: the same command with `--dry-run`, without nix on PATH")
            .exit(Exit::Failed));
        }
    }
    Ok(())
}
