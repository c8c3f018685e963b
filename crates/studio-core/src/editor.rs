//! The user's editor: which one, and opening a folder with it.

use crate::config::{Environment, Key, Settings};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::process::{Failure, Program};
use camino::Utf8Path;

/// The editor's command line: from the settings, else `VISUAL`.
///
/// `EDITOR` is not asked: it is the editor of single files by convention, often one that cannot open a folder.
pub fn choose(env: &Environment, settings: &Settings) -> Option<String> {
    settings
        .get(Key::Editor)
        .map(|value| value.text)
        .or_else(|| env.get("VISUAL").map(str::to_owned))
}

/// What to do where none is set.
pub const HOW_TO_SET: &str =
    "set one: `editor = \"code\"` in `config.toml`, or `VISUAL`, or `--editor`";

/// Opens a folder and waits until the editor ends or gives the terminal back.
///
/// The command line is read by a shell, as git reads `GIT_EDITOR`: it may have options and quotes.
pub fn open(cx: &Context, editor: &str, folder: &Utf8Path) -> Result<()> {
    let shell = Program::new("sh", folder).args([
        "-c",
        &format!("{editor} \"$@\""),
        editor,
        folder.as_str(),
    ]);
    match shell.on_terminal() {
        Ok(Some(0)) => Ok(()),
        Ok(code) => {
            let how = code.map_or_else(
                || "was killed".to_owned(),
                |code| format!("ended with exit status {code}"),
            );
            // The studio is there all the same, and its path is still worth having.
            cx.ui.warn(format!("the editor `{editor}` {how}"));
            Ok(())
        }
        Err(cause @ Failure::Missing { .. }) => Err(cause.into()),
        Err(cause) => {
            Err(Error::new(format!("the editor `{editor}` could not be started")).because(cause))
        }
    }
}
