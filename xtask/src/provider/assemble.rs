//! Programs that run anywhere on this machine out of unpacked packages: themselves, exactly the
//! shared libraries that they need (libc and its loader too); for nix also links for its other names.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;

use super::apt::Apt;
use super::error::{Error, run};
use super::place::Place;
use super::release::Release;
use super::{CONF, Version, Wanted, suits};

/// What one binary answers to.
const NAMES: &[&str] =
    &["nix-env", "nix-store", "nix-build", "nix-instantiate", "nix-collect-garbage", "nix-daemon"];

/// Makes a nix in `place`; gives its version.
pub fn nix(
    place: &Place,
    release: &Release,
    wanted: &Wanted,
    say: &mut dyn FnMut(&str),
) -> Result<String, Error> {
    let workshop = place.workshop()?;
    let shop = utf8(workshop.path())?;
    let (apt, Version(major, minor)) = choose(shop, release, wanted, say)?;
    say(&format!(
        "fetching nix {major}.{minor} from {}'s {} into {} (the machine's packages stay as they are)",
        release.distro.name(),
        apt.suite,
        place.dir
    ));
    let (tree, packages) = apt.unpacked(&["nix-bin", "patchelf"])?;
    say(&format!("taking nix and its libraries out of {} packages", packages.len()));
    let made = shop.join("made");
    lay_out(&tree, &made, &place.dir)?;
    let version = version_of(&made)?;
    place.put(shop, &made, &version, &json!({ "suite": apt.suite, "packages": packages }))?;
    Ok(version)
}

/// The first suite whose nix is what is wanted.
fn choose(
    shop: &Utf8Path,
    release: &Release,
    wanted: &Wanted,
    say: &mut dyn FnMut(&str),
) -> Result<(Apt, Version), Error> {
    let title = match wanted {
        Wanted::Default => "a nix that is new enough".to_owned(),
        Wanted::Version(version) => format!("nix {version}"),
    };
    let mut seen = Vec::new();
    for suite in release.suites(wanted) {
        say(&format!("looking for nix in {}'s {suite}", release.distro.name()));
        match Apt::open(shop, release, &suite) {
            Ok(apt) => {
                let Some(found) = apt.candidate("nix-bin")? else {
                    seen.push(format!("none in {suite}"));
                    continue;
                };
                match Version::parse(&found).filter(|_| suits(&found, wanted)) {
                    Some(version) => return Ok((apt, version)),
                    None => seen.push(format!("{found} in {suite}")),
                }
            }
            // The archive does not have this suite, or not any more: another one may do.
            Err(Error::Tool { tail, .. }) if tail.contains("does not have a Release file") => {
                seen.push(format!("no {suite} in the archive"));
            }
            Err(Error::Tool { tail, .. }) => {
                let reason = tail.lines().next().unwrap_or("no reason given").to_owned();
                return Err(Error::Offline { wanted: title, suite, reason });
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::NoSuite { wanted: title, found: seen.join(", ") })
}

/// Fills `made` with programs out of the packages in `tree`, and all that they need to be run from
/// `home`. Patchelf must be among the packages.
pub fn programs(
    tree: &Utf8Path,
    made: &Utf8Path,
    home: &Utf8Path,
    programs: &[Utf8PathBuf],
) -> Result<(), Error> {
    for folder in ["bin", "lib"] {
        let path = made.join(folder);
        fs::create_dir_all(&path).map_err(Error::io("make the folder", &path))?;
    }
    let libraries = Libraries::of(tree)?;
    let loader = libraries.loader()?;
    let patchelf = Patchelf { tree, loader: &loader, search: libraries.search_path() };
    // The loader is named by its full path; an old-style rpath also serves the libraries' own
    // needs.
    let loader_name = loader.file_name().unwrap_or_default();
    copy(&loader, &made.join("lib").join(loader_name))?;
    let interpreter = home.join("lib").join(loader_name);
    for program in programs {
        let made_program = made.join("bin").join(program.file_name().unwrap_or_default());
        copy(program, &made_program)?;
        let mut open = patchelf.needed(&made_program)?;
        while let Some(name) = open.pop() {
            let target = made.join("lib").join(&name);
            if !target.exists() {
                copy(libraries.find(&name)?, &target)?;
                open.extend(patchelf.needed(&target)?);
            }
        }
        patchelf.run(&[
            "--set-interpreter",
            interpreter.as_str(),
            "--force-rpath",
            "--set-rpath",
            "$ORIGIN/../lib",
            made_program.as_str(),
        ])?;
    }
    Ok(())
}

/// Fills `made` with the nix that will be run from `home`.
fn lay_out(tree: &Utf8Path, made: &Utf8Path, home: &Utf8Path) -> Result<(), Error> {
    programs(tree, made, home, &[tree.join("usr/bin/nix")])?;
    for folder in ["etc/nix", "libexec/nix"] {
        let path = made.join(folder);
        fs::create_dir_all(&path).map_err(Error::io("make the folder", &path))?;
    }
    let link =
        |target: &str, path: Utf8PathBuf| symlink(target, &path).map_err(Error::io("link", &path));
    for name in NAMES {
        link("nix", made.join("bin").join(name))?;
    }
    link("../../bin/nix", made.join("libexec/nix/build-remote"))?;
    let conf = made.join("etc/nix/nix.conf");
    fs::write(&conf, CONF).map_err(Error::io("write", &conf))
}

/// The version of the new nix.
fn version_of(made: &Utf8Path) -> Result<String, Error> {
    let asked = ask(made, "nix", "--version")?.env("NIX_CONF_DIR", made.join("etc/nix"));
    let said = run("the version of the new nix", &asked, "nix --version")
        .map_err(|error| Error::DoesNotRun { found: error.to_string() })?;
    said.split_whitespace().last().map(str::to_owned).ok_or(Error::DoesNotRun { found: said })
}

/// A program that is being made, about to be run: its interpreter is not in its place yet, so by
/// hand.
pub fn ask(made: &Utf8Path, program: &str, argument: &str) -> Result<duct::Expression, Error> {
    let lib = made.join("lib");
    let loader = lib
        .read_dir_utf8()
        .map_err(Error::io("list", &lib))?
        .flatten()
        .map(camino::Utf8DirEntry::into_path)
        .find(|path| is_loader(path))
        .ok_or_else(|| missing("the loader"))?;
    let program = made.join("bin").join(program);
    Ok(duct::cmd!(loader.as_std_path(), "--library-path", lib, program, argument))
}

/// Every shared library of the unpacked packages, by file name.
struct Libraries(BTreeMap<String, Utf8PathBuf>);

impl Libraries {
    fn of(tree: &Utf8Path) -> Result<Self, Error> {
        let mut found = BTreeMap::new();
        // Older packages still have lib, newer ones only usr/lib; the loader may be in lib64.
        for folder in ["lib64", "lib", "usr/lib64", "usr/lib"] {
            let dir = tree.join(folder);
            if dir.is_dir() {
                walk(&dir, &mut found)?;
            }
        }
        Ok(Self(found))
    }

    fn find(&self, name: &str) -> Result<&Utf8Path, Error> {
        self.0.get(name).map(Utf8PathBuf::as_path).ok_or_else(|| missing(name))
    }

    fn loader(&self) -> Result<Utf8PathBuf, Error> {
        let path = self
            .0
            .values()
            .find(|path| is_loader(path))
            .ok_or_else(|| missing("the loader (ld-linux)"))?;
        Ok(path.clone())
    }

    fn search_path(&self) -> String {
        let mut dirs: Vec<&str> = Vec::new();
        for dir in self.0.values().filter_map(|path| path.parent()) {
            if !dirs.contains(&dir.as_str()) {
                dirs.push(dir.as_str());
            }
        }
        dirs.join(":")
    }
}

fn is_loader(path: &Utf8Path) -> bool {
    path.file_name().is_some_and(|name| name.starts_with("ld-linux"))
}

/// Notes the files (and links to files) called `*.so*` that are there; links may point outside.
fn walk(dir: &Utf8Path, found: &mut BTreeMap<String, Utf8PathBuf>) -> Result<(), Error> {
    for entry in dir.read_dir_utf8().map_err(Error::io("list", dir))? {
        let entry = entry.map_err(Error::io("list", dir))?;
        let path = entry.path();
        if entry.file_type().map_err(Error::io("look at", path))?.is_dir() {
            // These hold plugins of single programs, never what a program is linked to.
            if !matches!(entry.file_name(), "gconv" | "perl" | "engines-3" | "ossl-modules") {
                walk(path, found)?;
            }
        } else if entry.file_name().contains(".so") && path.is_file() {
            found.entry(entry.file_name().to_owned()).or_insert_with(|| path.to_owned());
        }
    }
    Ok(())
}

/// Patchelf from the same packages, run with their own loader and libraries: the machine's own
/// may be older than it needs.
struct Patchelf<'a> {
    tree: &'a Utf8Path,
    loader: &'a Utf8Path,
    search: String,
}

impl Patchelf<'_> {
    fn run(&self, args: &[&str]) -> Result<String, Error> {
        let program = self.tree.join("usr/bin/patchelf");
        let args = ["--library-path", &self.search, program.as_str()]
            .into_iter()
            .chain(args.iter().copied());
        run(
            "an elf file to be read or changed",
            &duct::cmd(self.loader.as_std_path(), args),
            "patchelf",
        )
    }

    fn needed(&self, file: &Utf8Path) -> Result<Vec<String>, Error> {
        Ok(self.run(&["--print-needed", file.as_str()])?.lines().map(str::to_owned).collect())
    }
}

/// Copies what a link points to; the owner may write, as patchelf does.
fn copy(from: &Utf8Path, to: &Utf8Path) -> Result<(), Error> {
    fs::copy(from, to).map_err(Error::io("copy", from))?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o755))
        .map_err(Error::io("set the mode of", to))
}

fn missing(what: &str) -> Error {
    Error::Missing { what: what.to_owned() }
}

pub fn utf8(path: &std::path::Path) -> Result<&Utf8Path, Error> {
    Utf8Path::from_path(path)
        .ok_or_else(|| Error::Missing { what: format!("a plain name in {}", path.display()) })
}
