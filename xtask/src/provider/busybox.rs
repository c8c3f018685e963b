//! A static busybox: the only tool that the network-free example flakes are built with.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

use super::apt::Apt;
use super::assemble::utf8;
use super::error::{Error, run};
use super::place::Place;
use super::release::Release;
use super::{Wanted, elf, on_path};

/// Says which busybox to take, before all else.
pub const VARIABLE: &str = "STUDIO_TEST_BUSYBOX";

/// What the example flakes call; a busybox without one of these is passed over.
const APPLETS: &[&str] =
    &["sh", "cat", "cmp", "cp", "ln", "ls", "mkdir", "mv", "readlink", "rm", "sed", "sort", "stat"];

/// A static busybox: the one that is named, one of the machine's, one from the cache, else fetched.
pub fn busybox(cache: &Utf8Path, say: &mut dyn FnMut(&str)) -> Result<Utf8PathBuf, Error> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        let path = Utf8PathBuf::from(named.to_string_lossy().into_owned());
        return match unfit(&path) {
            None => Ok(path),
            Some(why) => Err(Error::NotBusybox { path, why }),
        };
    }
    for path in ["/bin/busybox", "/usr/bin/busybox"].map(Utf8Path::new) {
        if unfit(path).is_none() {
            return Ok(path.to_owned());
        }
    }
    let place = Place::new(cache, "busybox")?;
    let file = place.dir.join("busybox");
    if place.ready().is_some() {
        return Ok(file);
    }
    let _lock = place.lock(say)?;
    if place.ready().is_none() {
        make(&place, say)?;
    }
    Ok(file)
}

/// Why a file will not do.
fn unfit(path: &Utf8Path) -> Option<String> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return Some(error.to_string()),
    };
    if !elf::is_static(&mut file) {
        return Some("not a statically linked program".to_owned());
    }
    let Ok(list) = run("its applets", &duct::cmd!(path.as_std_path(), "--list"), "busybox --list")
    else {
        return Some("it does not run, or is not called busybox".to_owned());
    };
    let lacks: Vec<&str> = APPLETS
        .iter()
        .copied()
        .filter(|wanted| !list.lines().any(|applet| applet == *wanted))
        .collect();
    (!lacks.is_empty()).then(|| format!("it lacks {}", lacks.join(", ")))
}

fn make(place: &Place, say: &mut dyn FnMut(&str)) -> Result<(), Error> {
    let workshop = place.workshop()?;
    let shop = utf8(workshop.path())?;
    let (found, origin) = find(shop, say)?;
    if let Some(why) = unfit(&found) {
        return Err(Error::NotBusybox { path: found, why });
    }
    let made = shop.join("made");
    fs::create_dir(&made).map_err(Error::io("make the folder", &made))?;
    let file = made.join("busybox");
    fs::copy(&found, &file).map_err(Error::io("copy", &found))?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755))
        .map_err(Error::io("set the mode of", &file))?;
    place.put(shop, &made, "any", &origin)?;
    say(&format!("busybox is ready in {}", place.dir));
    Ok(())
}

/// From the distribution's packages, else built by the nix on PATH.
fn find(shop: &Utf8Path, say: &mut dyn FnMut(&str)) -> Result<(Utf8PathBuf, Value), Error> {
    let mut tried = Vec::new();
    if let Some(release) = Release::of_this_machine() {
        for suite in release.suites(&Wanted::Default).into_iter().take(3) {
            say(&format!("fetching a static busybox from {}'s {suite}", release.distro.name()));
            match Apt::open(shop, &release, &suite)
                .and_then(|apt| apt.unpacked_alone("busybox-static"))
            {
                Ok(tree) => {
                    let path = ["usr/bin/busybox", "bin/busybox"].map(|tail| tree.join(tail));
                    let path = path.into_iter().find(|path| path.is_file());
                    let path = path.ok_or(Error::Missing { what: "busybox".to_owned() })?;
                    return Ok((path, json!({ "suite": suite })));
                }
                Err(error) => tried.push(error.to_string()),
            }
        }
    }
    if let Some(nix) = on_path() {
        say("building nixpkgs' static busybox with the nix on PATH");
        let expression = duct::cmd!(
            nix.bin.join("nix").as_std_path(),
            "--extra-experimental-features",
            "nix-command flakes",
            "build",
            "--no-link",
            "--print-out-paths",
            "nixpkgs#pkgsStatic.busybox"
        );
        match run("nixpkgs' static busybox", &expression, "nix build") {
            Ok(out) => {
                let out = out.trim();
                return Ok((Utf8Path::new(out).join("bin/busybox"), json!({ "nixpkgs": out })));
            }
            Err(error) => tried.push(error.to_string()),
        }
    }
    if tried.is_empty() {
        tried.push("there is neither apt nor nix".to_owned());
    }
    Err(Error::NoBusybox { tried: tried.join("\n") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_why_a_file_will_not_do() {
        assert!(unfit("/proc/self/exe".into()).expect("unfit").contains("static"));
        assert!(unfit("/nowhere/busybox".into()).is_some());
    }
}
