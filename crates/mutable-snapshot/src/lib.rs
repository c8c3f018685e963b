//! `git mutable-snapshot`: commits everything, and makes an immutable snapshot of it.
//!
//! Only arguments and words; read [`studio_core::snapshot::take`] for what happens, and in which order.

use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::error::Result;
use studio_core::snapshot::{self, Options};
use studio_core::studio::{Guarding, Place};

/// Commit everything and make an immutable snapshot of it
///
/// All that is not ignored goes in: changed, new and deleted files, and the submodules under `inputs/` with their entries
/// in `flake.lock`. The commit goes to a scratch branch, which is pushed where there is somewhere to push. The snapshot is
/// a read-only checkout of exactly that commit; its path is printed. Without a change since the last one, that one is
/// printed and nothing is written.
#[derive(Debug, Parser)]
#[command(name = "mutable-snapshot", bin_name = "git mutable-snapshot")]
pub struct Args {
    /// The message of the commit
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
    /// Push nothing
    #[arg(long)]
    no_push: bool,
    /// Take a file or folder although it is large, a repository or looks like a key
    #[arg(long, value_name = "PATH")]
    allow: Vec<String>,
    #[command(flatten)]
    common: Common,
}

impl Command for Args {
    const EXAMPLES: &'static str = "\
# take a snapshot and go there, or stay where you are if it fails
dir=$(git mutable-snapshot) && cd \"$dir\"
# with a message, and without a network
git mutable-snapshot -m 'try the new kernel' --no-push
# take a large file on purpose
git mutable-snapshot --allow wallpapers/big.png";

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, cx: &Context) -> Result<Done> {
        let studio = match Place::here(cx)? {
            Place::Studio(studio) => studio,
            Place::Snapshot(snapshot) => {
                cx.ui.step("you stand in a snapshot already");
                return Ok(Done::with(snapshot.path()));
            }
        };
        let prefix = cx.env.prefix().to_owned();
        // git runs an alias at the top of the work tree; run by its own name it stays in the user's folder.
        let below = cx
            .env
            .cwd()
            .strip_prefix(studio.repo.top())
            .map(ToString::to_string)
            .unwrap_or_default();
        let allowed = self.allow.iter().map(|path| from_top(&below, &prefix, path)).collect();
        let options = Options {
            message: self.message,
            stay_local: self.no_push,
            guarding: Guarding { allowed },
        };
        let taken = snapshot::take(cx, &studio, &options)?;
        if !taken.committed {
            cx.ui.step(format!(
                "nothing to commit; this is the snapshot {}",
                taken.snapshot.id().short()
            ));
        }
        let own = studio.toolkit()?;
        if let Some(theirs) = taken.snapshot.toolkit()?.filter(|theirs| *theirs != own) {
            cx.ui.warn(format!(
                "another studio took this snapshot before, and its commands are of `{theirs}`"
            ));
            cx.ui.hint("for those of this studio stay here: `git flake-switch`");
        }
        Ok(Done::with(taken.snapshot.path()))
    }
}

/// A path as the user typed it, as one from the top of the repository.
fn from_top(below: &str, prefix: &str, path: &str) -> String {
    let mut parts: Vec<&str> =
        below.split('/').chain(prefix.split('/')).filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::from_top;

    #[test]
    fn paths_are_read_from_where_the_user_stands() {
        assert_eq!(from_top("", "", "./a/b/"), "a/b");
        assert_eq!(from_top("", "hosts/", "../keys/x"), "keys/x");
        assert_eq!(from_top("hosts", "", "x"), "hosts/x");
    }
}
