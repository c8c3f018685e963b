//! A real nix, a static busybox and makers of file systems, for tests and the demo on a machine that
//! may have none of them.
//!
//! What it is for: [`nix`] gives a folder of nix programs, [`busybox()`] one static file, [`mkfs()`] a
//! folder of makers of file systems, and [`Nix::environment`] the variables that keep a store in a folder of its own, so that no `/nix`
//! is needed and none is touched. What is not on the machine is fetched once from the packages of
//! the machine's own distribution into a cache folder; the second call needs no network.
//!
//! What it is not: a way to install nix. Nothing outside the cache folder is written, and the
//! package state of the machine (lists, status, installed packages) is not even read.

#![allow(
    clippy::disallowed_methods,
    reason = "nothing of the toolkit is used here: this runs before there is one"
)]

mod apt;
mod assemble;
mod busybox;
mod elf;
mod error;
mod mkfs;
mod place;
mod release;
mod sources;
mod version;

use camino::{Utf8Path, Utf8PathBuf};

pub use busybox::busybox;
pub use error::Error;
pub use mkfs::mkfs;
use place::Place;
use release::Release;
use version::Version;

/// The oldest nix that the project works with.
const OLDEST: Version = Version(2, 18);
/// The version that the tests stand on when the machine has none.
const STANDARD: &str = "2.26";

/// What everybody who runs one of our nixes wants to have set: flakes on, no network, no build
/// users.
pub const CONF: &str = "\
experimental-features = nix-command flakes
sandbox = false
substituters =
build-users-group =
flake-registry =
";

/// Where a nix came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was on PATH.
    Path,
    /// It lies in the cache folder.
    Fetched,
}

/// One usable nix.
#[derive(Debug, Clone)]
pub struct Nix {
    /// The folder with `nix`, `nix-env`, `nix-store`, `nix-build`, `nix-instantiate`,
    /// `nix-collect-garbage` and `nix-daemon`.
    pub bin: Utf8PathBuf,
    /// As `nix --version` gives it: `2.26.3`.
    pub version: String,
    pub origin: Origin,
}

/// Which nix is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The one on PATH if it is new enough, else the version that the tests stand on.
    Default,
    /// This one, as in `2.34`.
    Version(String),
}

impl Nix {
    /// What to set so that this nix keeps everything under `root` and minds nothing of the user's:
    /// store in `root/nix/store`, state in `root/nix/var/nix`, home in `root/home`.
    ///
    /// Of the user's own environment nothing should be left: `NIX_REMOTE`, `NIX_PATH`,
    /// `NIX_USER_CONF_FILES` and more would lead it elsewhere.
    pub fn environment(&self, root: &Utf8Path) -> Vec<(&'static str, String)> {
        let at = |tail: &str| root.join(tail).into_string();
        // The fetched one brings its nix.conf; one from PATH must not see the machine's.
        let conf_dir = match self.origin {
            Origin::Fetched => self.bin.with_file_name("etc").join("nix").into_string(),
            Origin::Path => at("etc/nix"),
        };
        vec![
            ("NIX_STORE_DIR", at("nix/store")),
            ("NIX_STATE_DIR", at("nix/var/nix")),
            ("NIX_LOG_DIR", at("nix/var/log/nix")),
            ("NIX_CONF_DIR", conf_dir),
            ("NIX_CONFIG", CONF.to_owned()),
            ("HOME", at("home")),
            ("XDG_CACHE_HOME", at("home/.cache")),
            ("XDG_CONFIG_HOME", at("home/.config")),
            ("XDG_DATA_HOME", at("home/.local/share")),
            ("XDG_STATE_HOME", at("home/.local/state")),
        ]
    }
}

/// A usable nix: the one on PATH if it is what is wanted, else one from the cache, else fetched
/// into the cache. `say` gets a line for each thing that takes time.
pub fn nix(cache: &Utf8Path, wanted: &Wanted, say: &mut dyn FnMut(&str)) -> Result<Nix, Error> {
    let on_path = on_path();
    if let Some(nix) = &on_path
        && suits(&nix.version, wanted)
    {
        return Ok(nix.clone());
    }
    let release = Release::of_this_machine();
    // Debian has the standard version; elsewhere "default" is whatever is new enough.
    let wanted = match (wanted, &release) {
        (Wanted::Default, Some(release)) if release.prefers_own() => Wanted::Default,
        (Wanted::Default, _) => Wanted::Version(STANDARD.to_owned()),
        (version, _) => version.clone(),
    };
    let label = match &wanted {
        Wanted::Default => "default".to_owned(),
        Wanted::Version(version) => {
            if Version::parse(version).is_none() || version.contains(['/', ' ']) {
                return Err(Error::BadVersion { found: version.clone() });
            }
            version.clone()
        }
    };
    let place = Place::new(cache, &format!("nix-{label}"))?;
    if let Some(version) = place.ready() {
        return Ok(fetched(&place, version));
    }
    let _lock = place.lock(say)?;
    // Somebody else may have made it while we waited.
    if let Some(version) = place.ready() {
        return Ok(fetched(&place, version));
    }
    let Some(release) = release else {
        return Err(Error::nowhere(&label, on_path.map(|nix| nix.version)));
    };
    let version = assemble::nix(&place, &release, &wanted, say)?;
    say(&format!("nix {version} is ready in {}", place.dir));
    Ok(fetched(&place, version))
}

fn fetched(place: &Place, version: String) -> Nix {
    Nix { bin: place.dir.join("bin"), version, origin: Origin::Fetched }
}

/// Whether a version text (of a program or of a package) is what is wanted.
fn suits(text: &str, wanted: &Wanted) -> bool {
    let Some(found) = Version::parse(text) else { return false };
    match wanted {
        Wanted::Default => found >= OLDEST,
        Wanted::Version(version) => Version::parse(version) == Some(found),
    }
}

fn on_path() -> Option<Nix> {
    let path = std::env::var_os("PATH")?;
    let bin = std::env::split_paths(&path)
        .filter_map(|dir| Utf8PathBuf::from_path_buf(dir).ok())
        .find(|dir| dir.is_absolute() && dir.join("nix").is_file())?;
    let said = duct::cmd!(bin.join("nix").as_std_path(), "--version").stderr_null().read().ok()?;
    // "nix (Nix) 2.26.3": the last word.
    let version = said.split_whitespace().last()?.to_owned();
    Some(Nix { bin, version, origin: Origin::Path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_suits() {
        let v = |text: &str| Wanted::Version(text.to_owned());
        assert!(suits("2.26.3+dfsg-1", &v("2.26")));
        assert!(!suits("2.26.3", &v("2.34")));
        assert!(suits("2.18.1", &Wanted::Default));
        assert!(!suits("2.8.0", &Wanted::Default));
        assert!(!suits("garbage", &Wanted::Default));
    }
}
