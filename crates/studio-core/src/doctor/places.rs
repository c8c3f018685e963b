//! The places that the commands keep things in: `STUDIO_HOME` with studios, mirror and pool, the settings, the disks.

use super::{Found, Patient, told_again};
use crate::build;
use crate::config::{ConfirmWithin, Key, Seconds};
use crate::error::{self, Error};
use crate::fs::{self, Lack};
use crate::names::{ConfigName, StudioName};
use crate::pool::{self, Look};
use crate::studio::{Mirror, Policy, Studio, Upstream, list, snapshot_ids};
use crate::target::Kind;
use crate::ui;
use camino::Utf8Path;

/// Whether `STUDIO_HOME` can be written.
pub(super) fn home(patient: &Patient) -> Result<Found, Found> {
    let path = patient.cx.env.studio_home_to_fill()?;
    if path.exists() && !path.is_dir() {
        return Err(Found::broken(
            Error::new(format!("`{path}` is no folder")).hint(
                "a file stands where a folder is needed; choose another place: `STUDIO_HOME`",
            ),
        ));
    }
    if !fs::is_writable(&path) {
        return Err(Found::broken(
            Error::new(format!("`{path}` cannot be written"))
                .hint(format!("look at who may write there: `ls -ld {}`", nearest(&path)))
                .hint("or keep studios somewhere else: `export STUDIO_HOME=/some/folder`"),
        ));
    }
    let yet = if path.is_dir() { "" } else { ", which is made when it is needed" };
    Ok(Found::fine(format!("`{path}`{yet}")))
}

/// The nearest folder that is there.
fn nearest(path: &Utf8Path) -> &Utf8Path {
    path.ancestors().find(|folder| folder.exists()).unwrap_or(path)
}

/// Whether the settings can be read, and each has a value that it can have.
pub(super) fn settings(patient: &Patient) -> Result<Found, Found> {
    let settings = patient.settings.as_ref().map_err(told_again)?;
    settings.parsed::<StudioName>(Key::Studio)?;
    settings.parsed::<Kind>(Key::Target)?;
    settings.parsed::<ConfigName>(Key::Host)?;
    settings.parsed::<ConfirmWithin>(Key::ConfirmWithin)?;
    settings.parsed::<Seconds>(Key::ActivationLimit)?;
    Policy::of(settings)?;
    let user = patient.cx.env.user_settings();
    let user = user.is_file().then_some(user);
    let flake = settings.flake().map(|file| file.path().to_owned());
    let read: Vec<_> = user.into_iter().chain(flake).collect();
    Ok(Found::fine(match read.as_slice() {
        [] => "there is no settings file, so defaults hold".to_owned(),
        files => ui::names(files, 2),
    }))
}

/// Whether there is room for studios and snapshots, and for what is built.
pub(super) fn space(patient: &Patient) -> Result<Found, Found> {
    let mut rooms = vec![];
    if let Ok(nix) = patient.nix() {
        build::floor(nix)?;
        rooms.push(format!("{} for the store", free(nix.store())?));
    }
    if let Ok(home) = &patient.home {
        let full = |hint: &'static str| {
            let error = Error::new(format!("there is no room for studios in `{}`", home.root()));
            Found::broken(error.hint(error::advice(hint)))
        };
        match fs::lack(home.root()) {
            Some(Lack::Bytes(_)) => return Err(full(error::NO_ROOM)),
            Some(Lack::Inodes) => return Err(full(error::NO_INODES)),
            None => rooms.push(format!("{} for studios", free(home.root())?)),
        }
    }
    if rooms.is_empty() {
        return Ok(Found::look("not looked at: there is neither a home nor a store"));
    }
    Ok(Found::fine(format!("free: {}", rooms.join(", "))))
}

fn free(path: &Utf8Path) -> Result<String, Found> {
    Ok(ui::size(fs::free(path)?.bytes))
}

/// The user's flake, and whether a studio could be made of its mirror.
pub(super) fn upstream(patient: &Patient) -> Result<Found, Found> {
    let Some(value) = patient.settings()?.get(Key::Upstream) else {
        return Ok(Found::look("it is not known where your flake is").mend(
            "`studio` on a terminal asks and remembers it; else say it: `studio --yes --upstream URL`",
        ));
    };
    let upstream = Upstream::new(&value.text, patient.cx.env.cwd())
        .map_err(|error| error.because(format!("it comes from {}", value.origin)))?;
    let home = patient.home()?;
    let mirror = Mirror::look(home, &upstream).map_err(|error| match error.hints() {
        [] => {
            let path = upstream.mirror(home);
            error.within(format!("the mirror `{path}` is damaged")).hint(format!(
                "have it made again: `mv {path} {path}.old`, then `studio NAME`; keep the old one, it may have commits of \
                 snapshots"
            ))
        }
        _ => error,
    })?;
    Ok(Found::fine(match mirror {
        Some(mirror) => format!("`{upstream}`, branch `{}`, mirrored here", mirror.base),
        None => format!("`{upstream}`, not mirrored yet"),
    }))
}

/// Whether each studio can be worked in, and how many snapshots there are.
pub(super) fn studios(patient: &Patient) -> Result<Found, Found> {
    let home = patient.home()?;
    let studios = list(home)?;
    let (mut broken, mut worse, mut outlived) = (vec![], vec![], vec![]);
    for studio in &studios {
        let found = StudioName::new(&studio.name).map_err(Error::from);
        match found.and_then(|name| Studio::named(home, &name)) {
            Err(error) => broken.push((&studio.name, error)),
            Ok(studio) => {
                let name = &studio.name;
                if !studio.mirror.is_dir() {
                    let again = "its next command makes it again";
                    worse.push(format!("the mirror of `{name}` is gone; {again}"));
                }
                if studio.toolkit_is_gone() {
                    worse.push(format!("the programs that the aliases of `{name}` name are gone"));
                    let head = studio.repo.head().ok().and_then(|head| head.branch);
                    let branch = head.as_deref().unwrap_or("BRANCH");
                    outlived.push(format!(
                        "go on in a new one: `dir=$(studio {name}-2) && cd \"$dir\" && git mutable-hydrate {name}:{branch}`"
                    ));
                }
            }
        }
    }
    let snapshots = ui::count(snapshot_ids(home)?.len(), "snapshot");
    let all = format!("{}, {snapshots}", ui::count(studios.len(), "studio"));
    let found = match broken.len() {
        0 if worse.is_empty() => Found::fine(all),
        0 => Found::look(all),
        some => {
            let of = ui::count(studios.len(), "studio");
            Found::broken(Error::new(format!("{some} of {of} cannot be used")))
        }
    };
    let found = broken.iter().fold(found, |found, (name, why)| {
        let remove = format!("if nothing in it is needed: `studio --remove {name} --force`");
        found.because(why.message()).mend(remove)
    });
    let found = worse.iter().fold(found, Found::because);
    Ok(outlived.into_iter().fold(found, Found::mend))
}

/// The files that snapshots have in common.
pub(super) fn pool(patient: &Patient) -> Result<Found, Found> {
    let home = patient.home()?;
    let look = pool::look(home)?;
    if look != Look::None && !fs::same_device(&home.pool(), &home.snapshots()) {
        return Ok(Found::look("snapshots lie on another file system than the pool")
            .because("so each takes the room of all its files")
            .mend(format!("have both on one: `{}` and `{}`", home.pool(), home.snapshots())));
    }
    Ok(match look {
        Look::None => Found::fine("there is none yet"),
        Look::Known(files) => Found::fine(ui::count(files, "file")),
        Look::Forgotten => Found::look("what is known of its files is damaged")
            .because("the next snapshot reads them all again, and knows them then"),
    })
}
