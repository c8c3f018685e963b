//! What Nix sees of a generated folder: of a flake in a git repository it takes those files alone that git knows of.

use super::Tree;
use crate::context::Context;
use crate::git::{Visible, visible};
use crate::ui;
use camino::{Utf8Path, Utf8PathBuf};

/// What git says of the files of `tree` in the folder `place`, which need not be there yet.
pub fn seen(place: &Utf8Path, tree: &Tree) -> Visible {
    let files: Vec<&str> = tree.files().map(|(path, _)| path.as_str()).collect();
    visible(&real(place), &files)
}

/// Says what Nix would not see of them; the user calls the folder `shown`.
pub fn tell_unseen(cx: &Context, place: &Utf8Path, shown: &Utf8Path, tree: &Tree) {
    let count = |files: &[String]| format!("{} of `{shown}`", ui::count(files.len(), "file"));
    match seen(place, tree) {
        Visible::NoRepository | Visible::All => {}
        Visible::Untracked(files) => {
            let count = count(&files);
            cx.ui
                .warn(format!("git does not know {count}, so Nix does not see it as a flake here"));
            cx.ui.hint(format!("let git know it: `git add -N {shown}`"));
        }
        Visible::Ignored(files) => {
            let count = count(&files);
            cx.ui.warn(format!("git ignores {count}, so Nix does not see it as a flake here"));
            cx.ui.hint(format!(
                "choose another folder, or name it as one that is in no repository: `nix build path:{shown}`"
            ));
        }
    }
}

/// The folder without links above it.
pub fn real(place: &Utf8Path) -> Utf8PathBuf {
    let there = place.ancestors().find_map(|above| Some((above, above.canonicalize_utf8().ok()?)));
    match there {
        Some((above, real)) => match place.strip_prefix(above) {
            Ok(below) if !below.as_str().is_empty() => real.join(below),
            _ => real,
        },
        None => place.to_owned(),
    }
}
