//! `git mutable-undo` and `git mutable-redo`: take back the last operation, and do it again.

mod redo;
mod undo;

pub use redo::Args as Redo;
pub use undo::Args as Undo;

use studio_core::cli::Context;
use studio_core::studio::Reversed;

/// What both say at the end.
fn say(cx: &Context, verb: &str, reversed: &Reversed) {
    cx.ui.step(format!("{verb}: {}", reversed.operation.operation.summary));
    cx.ui.step(format!("HEAD is on {}", reversed.head));
    if let Some(branch) = &reversed.kept {
        cx.ui.step(format!("what was uncommitted is kept on `{branch}`"));
    }
    for branch in &reversed.pushed {
        cx.ui.warn(format!("`{branch}` was pushed, which cannot be taken back"));
        cx.ui.hint(format!("if nobody uses it: `git push origin --delete {branch}`"));
    }
}
