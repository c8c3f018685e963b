//! Programs that make file systems of the kinds that the tests mount and most machines have no maker
//! for. Not here: those that every Linux has, such as ext4's.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;

use super::Wanted;
use super::apt::Apt;
use super::assemble::{self, utf8};
use super::error::{Error, run};
use super::place::Place;
use super::release::Release;

/// A program and the package that it is in.
const MAKERS: [(&str, &str); 2] = [("mkfs.btrfs", "btrfs-progs"), ("mkfs.xfs", "xfsprogs")];

/// The folder of the makers, from the cache or fetched; `None` if the machine has them all by
/// itself, or nobody but root could mount what they make and this is not root.
///
/// Tests say what they could not look at, so that it cannot be had is no failure: it is said.
pub fn mkfs(cache: &Utf8Path, say: &mut dyn FnMut(&str)) -> Option<Utf8PathBuf> {
    if !rustix::process::geteuid().is_root() || MAKERS.iter().all(|(name, _)| is_here(name)) {
        return None;
    }
    match fetched(cache, say) {
        Ok(folder) => Some(folder),
        Err(error) => {
            say(&format!("tests on btrfs and xfs are left out: {error}"));
            None
        }
    }
}

/// Whether the tests will find a program without us.
fn is_here(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

fn fetched(cache: &Utf8Path, say: &mut dyn FnMut(&str)) -> Result<Utf8PathBuf, Error> {
    let place = Place::new(cache, "mkfs")?;
    let bin = place.dir.join("bin");
    if place.ready().is_some() {
        return Ok(bin);
    }
    let _lock = place.lock(say)?;
    if place.ready().is_none() {
        make(&place, say)?;
        say(&format!("makers of file systems are ready in {}", place.dir));
    }
    Ok(bin)
}

fn make(place: &Place, say: &mut dyn FnMut(&str)) -> Result<(), Error> {
    let wanted = || MAKERS.map(|(name, _)| name).join(" and ");
    let packages = MAKERS.map(|(_, package)| package);
    let packages = [packages.as_slice(), &["patchelf"]].concat();
    let release = Release::of_this_machine()
        .ok_or_else(|| Error::Nowhere { wanted: wanted(), found: "none on PATH".to_owned() })?;
    let workshop = place.workshop()?;
    let shop = utf8(workshop.path())?;
    // Any version will do, and every suite has one: the first that the archive has.
    let mut missing = Vec::new();
    for suite in release.suites(&Wanted::Default) {
        say(&format!("fetching {} from {}'s {suite}", wanted(), release.distro.name()));
        match Apt::open(shop, &release, &suite).and_then(|apt| apt.unpacked(&packages)) {
            Ok((tree, files)) => {
                let made = shop.join("made");
                let programs = MAKERS.iter().map(|(name, _)| find(&tree, name));
                let programs = programs.collect::<Result<Vec<_>, Error>>()?;
                assemble::programs(&tree, &made, &place.dir, &programs)?;
                for (name, _) in MAKERS {
                    let asked = assemble::ask(&made, name, "-V")?;
                    run("the version of a maker of file systems", &asked, name)?;
                }
                let origin = json!({ "suite": suite, "packages": files });
                return place.put(shop, &made, "any", &origin);
            }
            // The archive does not have this suite, or not any more: another one may do.
            Err(Error::Tool { tail, .. }) if tail.contains("does not have a Release file") => {
                missing.push(suite);
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::NoSuite { wanted: wanted(), found: format!("none of {}", missing.join(", ")) })
}

fn find(tree: &Utf8Path, name: &str) -> Result<Utf8PathBuf, Error> {
    let folders = ["usr/sbin", "sbin", "usr/bin", "bin"];
    let found = folders.iter().map(|folder| tree.join(folder).join(name)).find(|p| p.is_file());
    found.ok_or_else(|| Error::Missing { what: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_here_is_found() {
        assert!(is_here("sh"));
        assert!(!is_here("mkfs.nothing"));
    }
}
