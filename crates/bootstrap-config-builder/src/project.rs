//! The project that a configuration is for, and the source of Rust in it. Not here: its `flake.lock`.

use crate::choice::Choices;
use crate::keys::Key;
use crate::value::Value;
use camino::{Utf8Path, Utf8PathBuf};
use studio_core::cli::Context;
use studio_core::{Error, Result};

/// A file that every source tree of Rust has.
const MARK: &str = "src/ci/channel";

/// The folder of the project, without links in its path; that is also what is written.
pub fn root(choices: &mut Choices, cwd: &Utf8Path) -> Result<Utf8PathBuf> {
    let said = choices.text(Key::ProjectRoot).unwrap_or_default();
    let source = choices.get(Key::ProjectRoot).map(|choice| choice.source.to_string());
    let root = cwd.join(&said).canonicalize_utf8().ok().filter(|root| root.is_dir());
    let root = root.ok_or_else(|| {
        Error::new(format!("the project root `{said}` is no folder"))
            .because(format!("it comes from {}", source.unwrap_or_default()))
            .hint("name the folder with `flake.nix` or `Cargo.toml`: `--project-root DIR`")
    })?;
    choices.set(Key::ProjectRoot, Value::Text(root.to_string()));
    Ok(root)
}

/// Says if what is to be the source of Rust does not look like it; fails if it is required.
pub fn look_at_source(cx: &Context, choices: &Choices, required: bool) -> Result<()> {
    let flag = Key::RustSrcFlakePath.row().flag;
    let Some(path) = choices.text(Key::RustSrcFlakePath) else {
        return match required {
            false => Ok(()),
            true => Err(Error::new("no source tree of Rust is named")
                .hint(format!("name it: `--{flag} DIR`, or leave `--require-rust-src` out"))),
        };
    };
    if cx.env.cwd().join(&path).join(MARK).is_file() {
        return Ok(());
    }
    let words = format!("`{path}` is no source tree of Rust: it has no `{MARK}`");
    if required {
        return Err(Error::new(words).hint(format!("name another one: `--{flag} DIR`")));
    }
    cx.ui.warn(words);
    Ok(())
}
