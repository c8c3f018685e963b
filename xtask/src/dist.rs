//! `cargo xtask dist`: a release laid out as packages want it, below one prefix. Every part of it
//! is written by the programs themselves, so a package needs no list of them.

use crate::error::{Error, Result};
use crate::run;
use crate::workspace::{Profile, Workspace, is_git_command};
use camino::{Utf8Path, Utf8PathBuf};
use std::os::unix::fs::{PermissionsExt, symlink};

/// Lay out a release for a package: binaries, man pages, completions, aliases
#[derive(clap::Args)]
pub struct Dist {
    /// Where it is laid out, and where it will be used
    #[arg(long, value_name = "DIR")]
    prefix: Utf8PathBuf,
    /// Take the programs from this folder instead of building them
    #[arg(long, value_name = "DIR")]
    from: Option<Utf8PathBuf>,
}

impl Dist {
    /// Writes over what an earlier version left at the same prefix.
    pub fn run(&self, workspace: &Workspace) -> Result<()> {
        let from = match &self.from {
            Some(from) => from.clone(),
            None => workspace.build(Profile::Release)?,
        };
        make(&self.prefix)?;
        let prefix =
            self.prefix.canonicalize_utf8().map_err(Error::io("find the folder", &self.prefix))?;
        Dist::lay_out(workspace, &Layout::new(&prefix, &prefix, &from))?;
        eprintln!("laid out {} programs in {prefix}", workspace.programs.len());
        Ok(())
    }

    /// Writes everything below the folder of `layout`.
    pub fn lay_out(workspace: &Workspace, layout: &Layout) -> Result<()> {
        for name in &workspace.programs {
            layout.program(name)?;
        }
        layout.aliases(&workspace.programs)?;
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let path = workspace.root.join(licence);
            let text = std::fs::read(&path).map_err(Error::io("read", &path))?;
            layout.put(&format!("share/licenses/studio/{licence}"), &text)?;
        }
        Ok(())
    }
}

/// Where a release goes.
pub struct Layout {
    /// Where it is written.
    folder: Utf8PathBuf,
    /// Where it will be used.
    prefix: Utf8PathBuf,
    /// Where its programs are.
    from: Utf8PathBuf,
}

impl Layout {
    /// Of the programs in `from`, written to `folder`, for use at `prefix`.
    pub fn new(folder: &Utf8Path, prefix: &Utf8Path, from: &Utf8Path) -> Layout {
        Layout { folder: folder.into(), prefix: prefix.into(), from: from.into() }
    }

    /// The binary, its man page and its completions.
    fn program(&self, name: &str) -> Result<()> {
        let binary = self.from.join(name);
        let bytes = std::fs::read(&binary).map_err(Error::io("read", &binary))?;
        let installed = self.put(&format!("bin/{name}"), &bytes)?;
        std::fs::set_permissions(&installed, PermissionsExt::from_mode(0o755))
            .map_err(Error::io("set the mode of", &installed))?;
        let write = |what: &str, path: String| -> Result<()> {
            let line = format!("{name} --generate {what}");
            let expression = duct::cmd!(binary.as_std_path(), "--generate", what);
            self.put(&path, run::read(&expression, &line)?.as_bytes()).map(drop)
        };
        write("man", format!("share/man/man1/{name}.1"))?;
        write("bash", format!("share/bash-completion/completions/{name}"))?;
        write("zsh", format!("share/zsh/site-functions/_{name}"))?;
        write("fish", format!("share/fish/vendor_completions.d/{name}.fish"))?;
        write("nushell", format!("share/nushell/vendor/autoload/{name}.nu"))?;
        if is_git_command(name) {
            // `man git-NAME`. There is no `bin/git-NAME` on purpose: git runs such a program rather than an alias of the
            // same name, so the newest toolkit on PATH would take the place of the one that a studio keeps.
            // Relative links cost nothing; hard links would be stored a second time in a Nix archive.
            self.link(&format!("{name}.1"), &format!("share/man/man1/git-{name}.1"))?;
        }
        Ok(())
    }

    /// A file for `include.path`: `git NAME` and the form with a space, outside of studios too. Inside them it changes
    /// nothing, because the aliases of a repository beat those of the user and the system.
    fn aliases(&self, programs: &[String]) -> Result<()> {
        let mut text = String::from("# Use: git config --global include.path THIS-FILE\n[alias]\n");
        let quoted = |name: &str| {
            format!("'{}'", self.prefix.join("bin").join(name).as_str().replace('\'', "'\\''"))
        };
        for name in programs.iter().filter(|name| is_git_command(name)) {
            text.push_str(&format!("\t{name} = \"!{}\"\n", escaped(&quoted(name))));
        }
        for family in ["mutable", "flake"] {
            // `git mutable snapshot` runs `mutable-snapshot`, whichever commands there are.
            let stem = escaped(&quoted(&format!("{family}-")));
            text.push_str(&format!(
                "\t{family} = \"!f() {{ c=\\\"${{1:?which command?}}\\\"; shift; exec {stem}\\\"$c\\\" \\\"$@\\\"; }}; f\"\n"
            ));
        }
        self.put("share/studio/aliases.gitconfig", text.as_bytes()).map(drop)
    }

    fn put(&self, path: &str, bytes: &[u8]) -> Result<Utf8PathBuf> {
        let path = self.folder.join(path);
        make(path.parent().unwrap_or(&self.folder))?;
        // A running program cannot be written over, but its name can be given to another file.
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, bytes).map_err(Error::io("write", &path))?;
        Ok(path)
    }

    fn link(&self, target: &str, path: &str) -> Result<()> {
        let path = self.folder.join(path);
        let _ = std::fs::remove_file(&path);
        symlink(target, &path).map_err(Error::io("link", &path))
    }
}

/// As it stands between double quotes in a git configuration.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn make(folder: &Utf8Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(Error::io("make the folder", folder))
}
