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
        for item in items(workspace, &prefix, &from)? {
            item.put(&prefix)?;
        }
        eprintln!("laid out {} programs in {prefix}", workspace.programs.len());
        Ok(())
    }
}

/// The file for `include.path`, below the prefix.
pub const ALIASES: &str = "share/studio/aliases.gitconfig";

/// A file of the release.
pub struct Item {
    /// Where it goes, below the prefix.
    pub path: Utf8PathBuf,
    content: Content,
}

enum Content {
    /// A program, as it is in this file.
    Program(Utf8PathBuf),
    /// This text.
    Text(String),
    /// A link to this name beside it.
    Link(String),
}

/// All files of a release whose programs lie in `from`, for use below `prefix`; nothing is written yet.
pub fn items(workspace: &Workspace, prefix: &Utf8Path, from: &Utf8Path) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for name in &workspace.programs {
        program(name, from, &mut items)?;
    }
    items.push(Item::text(ALIASES, aliases(prefix, &workspace.programs)));
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let path = workspace.root.join(licence);
        let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        items.push(Item::text(&format!("share/licenses/studio/{licence}"), text));
    }
    Ok(items)
}

/// The binary, its man page and its completions.
fn program(name: &str, from: &Utf8Path, items: &mut Vec<Item>) -> Result<()> {
    let binary = from.join(name);
    let mut write = |what: &str, path: String| -> Result<()> {
        let line = format!("{name} --generate {what}");
        let expression = duct::cmd!(binary.as_std_path(), "--generate", what);
        items.push(Item::text(&path, run::read(&expression, &line)?));
        Ok(())
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
        let links = [
            ("man/man1/git-NAME.1", "NAME.1"),
            // Where git's own completion looks for `git NAME`.
            ("bash-completion/completions/git-NAME", "NAME"),
            ("zsh/site-functions/_git-NAME", "_NAME"),
            // fish reads what completes git before it knows which command is meant.
            ("fish/vendor_conf.d/NAME.fish", "../vendor_completions.d/NAME.fish"),
        ];
        for (path, target) in links {
            let path = format!("share/{}", path.replace("NAME", name)).into();
            items.push(Item { path, content: Content::Link(target.replace("NAME", name)) });
        }
    }
    let path = format!("bin/{name}").into();
    items.push(Item { path, content: Content::Program(binary) });
    Ok(())
}

/// A file for `include.path`: `git NAME` and the form with a space, outside of studios too. Inside them it changes
/// nothing, because the aliases of a repository beat those of the user and the system.
fn aliases(prefix: &Utf8Path, programs: &[String]) -> String {
    let mut text = String::from("# Use: git config --global include.path THIS-FILE\n[alias]\n");
    let quoted =
        |name: &str| format!("'{}'", prefix.join("bin").join(name).as_str().replace('\'', "'\\''"));
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
    text
}

impl Item {
    fn text(path: &str, text: String) -> Item {
        Item { path: path.into(), content: Content::Text(text) }
    }

    /// Puts it below the prefix, in one step: a running program cannot be written over, but its name can be given to
    /// another file.
    pub fn put(&self, prefix: &Utf8Path) -> Result<()> {
        let path = prefix.join(&self.path);
        let folder = path.parent().unwrap_or(prefix);
        make(folder)?;
        let new = draft(&path);
        let _ = std::fs::remove_file(&new);
        match &self.content {
            Content::Text(text) => std::fs::write(&new, text),
            Content::Link(target) => symlink(target, &new),
            Content::Program(binary) => std::fs::copy(binary, &new)
                .and_then(|_| std::fs::set_permissions(&new, PermissionsExt::from_mode(0o755))),
        }
        .and_then(|()| std::fs::rename(&new, &path))
        .map_err(Error::io("write", &path))
    }
}

/// What a file is called while it is being written. Who is killed then leaves it, and the next one takes it.
pub fn draft(path: &Utf8Path) -> Utf8PathBuf {
    path.with_file_name(format!(".new-{}", path.file_name().unwrap_or_default()))
}

/// Writes a text below a prefix, in one step.
pub fn write(prefix: &Utf8Path, path: &str, text: String) -> Result<()> {
    Item::text(path, text).put(prefix)
}

/// As it stands between double quotes in a git configuration.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn make(folder: &Utf8Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(Error::io("make the folder", folder))
}
