//! `dix`, which compares closures and nothing else, and is the fastest that does: what ours is measured beside. And a
//! place for it: it looks for Nix's database at `/nix/var/nix/db` alone.

use super::others;
use crate::error::{Error, Result};
use crate::workspace::Workspace;
use camino::{Utf8Path, Utf8PathBuf};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// The version that is compared with.
const VERSION: &str = "=2.2.0";

/// Shows a folder as `/nix` to whoever enters, and to nobody else: all that `/` has is seen through another root, so that
/// no `/nix` is made in this one. Its first argument is a folder with a `nix` in it.
const SHOW: &str = r#"
root=$1/root
mkdir -p "$root"
mount -t tmpfs -o size=1m none "$root"
for entry in /*; do
    name=${entry##*/}
    if [ "$name" = nix ]; then
        :
    elif [ -L "$entry" ]; then
        cp -P "$entry" "$root/$name"
    elif [ -d "$entry" ]; then
        mkdir "$root/$name"
        mount --rbind "$entry" "$root/$name"
    fi
done
mkdir "$root/nix"
mount --bind "$1/nix" "$root/nix"
echo ready
exec chroot "$root" sleep 1000000
"#;

/// The program; built by the first call.
pub fn program(workspace: &Workspace) -> Result<Utf8PathBuf> {
    others::program(workspace, "dix", "dix", VERSION)
}

/// A view of this machine in which a folder is `/nix`; it ends with this value.
pub struct View(Child);

impl View {
    /// The view in which `FOLDER/nix` is `/nix`. Only root can make one, and only on Linux.
    pub fn of(folder: &Utf8Path) -> Result<View> {
        let failed = |cause| Error::new(format!("cannot show `{folder}/nix` as `/nix`: {cause}"));
        let args = ["--mount", "--propagation", "private", "sh", "-euc", SHOW, "sh"];
        let mut child = Command::new("unshare")
            .args(args)
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(failed)?;
        }
        let view = View(child);
        match line.trim() {
            "ready" => Ok(view),
            _ => Err(Error::new(format!(
                "cannot show `{folder}/nix` as `/nix`: `--against-dix` has to be run by root"
            ))),
        }
    }

    /// What comes before a command line that is to be run in the view, with Nix's usual places.
    pub fn enter(&self) -> String {
        let id = self.0.id();
        format!(
            "nsenter --target {id} --mount --root --wd env NIX_STORE_DIR=/nix/store NIX_STATE_DIR=/nix/var/nix "
        )
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // Its mounts go with the last process in it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
