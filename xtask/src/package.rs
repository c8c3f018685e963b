//! `cargo xtask package`: a release as files that can be handed out: an archive, a package for Debian and its children, and
//! the checksums of both. The same sources and compiler give the same bytes.
//!
//! What is in them is what [`crate::dist`] lays out. Not here: where they are uploaded to.

use crate::dist;
use crate::error::{Error, Result};
use crate::run;
use crate::workspace::{Profile, Workspace};
use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Make what is handed out: a release archive, a Debian package, and their checksums
#[derive(clap::Args)]
pub struct Package {
    /// The folder that they go to
    #[arg(long, value_name = "DIR", default_value = "target/package")]
    out: Utf8PathBuf,
    /// Take the programs from this folder instead of building them
    #[arg(long, value_name = "DIR")]
    from: Option<Utf8PathBuf>,
    /// Leave out the package for Debian, which needs `dpkg-deb`
    #[arg(long)]
    no_deb: bool,
}

impl Package {
    /// Writes over what is there of the same version.
    pub fn run(&self, workspace: &Workspace) -> Result<()> {
        let from = match &self.from {
            Some(from) => from.clone(),
            None => workspace.build(Profile::Release)?,
        };
        std::fs::create_dir_all(&self.out).map_err(Error::io("make the folder", &self.out))?;
        let room = tempfile::tempdir().map_err(|cause| Error::new(cause.to_string()))?;
        let room = Utf8Path::from_path(room.path())
            .ok_or_else(|| Error::new("the temporary folder has no name in UTF-8"))?;
        let release = Release { workspace, from: &from, room, out: &self.out };
        let mut made = vec![release.archive()?];
        if !self.no_deb {
            made.push(release.debian()?);
        }
        let mut sums = String::new();
        for name in &made {
            let path = self.out.join(name);
            let bytes = std::fs::read(&path).map_err(Error::io("read", &path))?;
            let digest = Sha256::digest(&bytes);
            let digest = digest.iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            });
            let _ = writeln!(sums, "{digest}  {name}");
        }
        let path = self.out.join("SHA256SUMS");
        std::fs::write(&path, sums).map_err(Error::io("write", &path))?;
        eprintln!("made {} and SHA256SUMS in {}", made.join(", "), self.out);
        Ok(())
    }
}

struct Release<'a> {
    workspace: &'a Workspace,
    from: &'a Utf8Path,
    room: &'a Utf8Path,
    out: &'a Utf8Path,
}

impl Release<'_> {
    /// Writes a release that will be used at `prefix` below a folder.
    fn lay_out(&self, prefix: &str, folder: &Utf8Path) -> Result<()> {
        let items = dist::items(self.workspace, prefix.into(), self.from)?;
        items.iter().try_for_each(|item| item.put(folder))
    }

    /// `studio-VERSION-TARGET.tar.gz`, with one folder in it. Its aliases get the place that they name from `install.sh`.
    fn archive(&self) -> Result<String> {
        let target = host()?;
        let name = format!("studio-{}-{target}", self.workspace.version);
        let folder = self.room.join(&name);
        self.lay_out("@PREFIX@", &folder)?;
        put(&folder.join("README"), README.as_bytes())?;
        put(&folder.join("install.sh"), INSTALL.as_bytes())?;
        set_mode(&folder.join("install.sh"), 0o755)?;
        let file = format!("{name}.tar.gz");
        tar(self.room, &name, &self.out.join(&file))?;
        Ok(file)
    }

    /// `studio-toolkit_VERSION_ARCH.deb`.
    fn debian(&self) -> Result<String> {
        let arch = debian_arch(&host()?)?;
        let folder = self.room.join("debian");
        self.lay_out("/usr", &folder.join("usr"))?;
        let doc = folder.join("usr/share/doc/studio-toolkit");
        make(&doc)?;
        let licences = folder.join("usr/share/licenses");
        let copyright = ["LICENSE-MIT", "LICENSE-APACHE"].map(|licence| {
            let path = licences.join("studio").join(licence);
            std::fs::read_to_string(&path).map_err(Error::io("read", &path))
        });
        let [mit, apache] = copyright;
        let copyright = format!("Either of these, at your choice.\n\n{}\n\n{}", mit?, apache?);
        put(&doc.join("copyright"), copyright.as_bytes())?;
        std::fs::remove_dir_all(&licences).map_err(Error::io("remove", &licences))?;
        // As Debian has them; without the time at which it was done.
        let man = folder.join("usr/share/man/man1");
        let script = "for page in *.1; do
                if [ -L \"$page\" ]; then ln -s \"$(readlink \"$page\").gz\" \"$page.gz\" && rm \"$page\"; fi
            done; exec gzip -9n ./*.1";
        run::read(&duct::cmd!("sh", "-ec", script).dir(&man), "gzip")?;
        let control = folder.join("DEBIAN");
        let size = run::read(&duct::cmd!("du", "-sk", "usr").dir(&folder), "du")?;
        let size = size.split_whitespace().next().unwrap_or_default();
        let glibc = self.glibc()?;
        let text = format!(
            "Package: studio-toolkit\nVersion: {}\nArchitecture: {arch}\nMaintainer: the authors of studio <noreply@invalid>\n\
             Installed-Size: {size}\nDepends: libc6 (>= {glibc}), git (>= 1:2.30)\nRecommends: nix-bin (>= 2.18)\n\
             Section: admin\nPriority: optional\nDescription: studios, immutable snapshots and safe switching for a personal flake\n \
             Commands for people who keep their machines in a Nix flake: isolated\n git workspaces, immutable snapshots of them, and switching that checks,\n \
             tests and can be taken back.\n .\n The commands are git aliases too, once this is in the git configuration:\n \
             git config --global include.path /usr/share/studio/aliases.gitconfig\n",
            self.workspace.version
        );
        put(&control.join("control"), text.as_bytes())?;
        set_modes(&folder)?;
        let file = format!("studio-toolkit_{}_{arch}.deb", self.workspace.version);
        let line = "dpkg-deb --build";
        let build = duct::cmd!(
            "dpkg-deb",
            "--root-owner-group",
            "-Zxz",
            "--build",
            folder.as_str(),
            self.out.join(&file).as_str()
        );
        run::read(&build.env("SOURCE_DATE_EPOCH", "1"), line).map_err(|error| {
            Error::new(error.to_string()).hint("without `dpkg-deb`: `cargo xtask package --no-deb`")
        })?;
        Ok(file)
    }

    /// The newest version of glibc of which a program wants something: symbols name it (`GLIBC_2.34`).
    fn glibc(&self) -> Result<String> {
        let mut newest = BTreeSet::new();
        for program in &self.workspace.programs {
            let path = self.from.join(program);
            let bytes = std::fs::read(&path).map_err(Error::io("read", &path))?;
            newest.extend(versions(&bytes));
        }
        let newest = newest.last().map(|(major, minor)| format!("{major}.{minor}"));
        newest.ok_or_else(|| Error::new("the programs do not name the glibc that they want"))
    }
}

/// The versions in a program's symbols.
fn versions(program: &[u8]) -> impl Iterator<Item = (u32, u32)> + '_ {
    const MARK: &[u8] = b"GLIBC_";
    let starts = program.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    starts.filter_map(|(at, _)| {
        let rest = &program[at + MARK.len()..];
        let text = rest.split(|byte| *byte == 0).next().filter(|text| text.len() < 12)?;
        let mut parts = std::str::from_utf8(text).ok()?.split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    })
}

const README: &str = "\
Studios, immutable snapshots and safe switching for a personal flake.

    ./install.sh            into ~/.local
    ./install.sh /usr/local into another prefix

Without installing, the programs in `bin` work from where they lie.
";

/// What lays the folder out at a prefix, which the aliases name.
const INSTALL: &str = r#"#!/bin/sh
# Copies this release to a prefix, ~/.local if none is given, and says how git gets its aliases.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
prefix=${1:-$HOME/.local}
mkdir -p "$prefix"
prefix=$(cd "$prefix" && pwd)
case $prefix in
*[\\\'\"\|\&]*)
    echo "error: $prefix has a quote or another sign in it that the aliases cannot name" >&2
    exit 1
    ;;
esac
for part in bin share; do
    (cd "$here" && find "$part" -type d) | while read -r folder; do mkdir -p "$prefix/$folder"; done
    (cd "$here" && find "$part" ! -type d) | while read -r file; do
        # A running program cannot be written over, but its name can be given to another file.
        rm -f "$prefix/$file"
        cp -P "$here/$file" "$prefix/$file"
    done
done
aliases=share/studio/aliases.gitconfig
sed "s|@PREFIX@|$prefix|g" "$here/$aliases" >"$prefix/$aliases.new"
mv "$prefix/$aliases.new" "$prefix/$aliases"
echo "installed in $prefix"
case ":$PATH:" in
*":$prefix/bin:"*) ;;
*) echo "put $prefix/bin on PATH" ;;
esac
echo "for the git aliases: git config --global --add include.path '$prefix/$aliases'"
"#;

/// The target that the programs are for: that of the compiler.
fn host() -> Result<String> {
    let said = run::read(&duct::cmd!("rustc", "-vV"), "rustc -vV")?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Error::new("`rustc -vV` does not name its host"))
}

fn debian_arch(target: &str) -> Result<&'static str> {
    match target.split_once('-') {
        Some(("x86_64", rest)) if rest.ends_with("linux-gnu") => Ok("amd64"),
        Some(("aarch64", rest)) if rest.ends_with("linux-gnu") => Ok("arm64"),
        _ => Err(Error::new(format!("there is no package for Debian on `{target}`"))
            .hint("leave it out: `cargo xtask package --no-deb`")),
    }
}

/// Packs a folder; the order, times and owners are the same everywhere.
fn tar(above: &Utf8Path, folder: &str, file: &Utf8Path) -> Result<()> {
    set_modes(&above.join(folder))?;
    let script = "tar --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner --format=gnu -cf - \"$1\" | gzip -9n >\"$2\"";
    let file = std::path::absolute(file).map_err(|cause| Error::new(cause.to_string()))?;
    let pack = duct::cmd!("sh", "-ec", script, "sh", folder, &file).dir(above);
    run::read(&pack, "tar").map(drop)
}

/// What the user's mask took off or left is no part of a release.
fn set_modes(folder: &Utf8Path) -> Result<()> {
    let script = "find . -type d -exec chmod 755 {} + ; find . -type f -perm -u+x -exec chmod 755 {} + ; find . -type f ! -perm -u+x -exec chmod 644 {} +";
    run::read(&duct::cmd!("sh", "-ec", script).dir(folder), "chmod").map(drop)
}

fn set_mode(path: &Utf8Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode))
        .map_err(Error::io("set the mode of", path))
}

fn make(folder: &Utf8Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(Error::io("make the folder", folder))
}

fn put(path: &Utf8Path, bytes: &[u8]) -> Result<()> {
    make(path.parent().unwrap_or(path))?;
    std::fs::write(path, bytes).map_err(Error::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::versions;

    #[test]
    fn the_versions_of_symbols_are_found() {
        let program = b"\x7fELF\0GLIBC_2.2.5\0GLIBC_2.34\0no GLIBC_PRIVATE\0GLIBC_2.9\0";
        assert_eq!(versions(program).max(), Some((2, 34)));
        assert_eq!(versions(b"nothing").max(), None);
    }
}
