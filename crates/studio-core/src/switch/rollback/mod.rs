//! Going back: to a generation that the user names, or one step back ([`mod@before`]), and the way there.
//!
//! Doing it twice without a target goes two steps back, as with `git mutable-undo`. Nothing is evaluated or built.

mod before;

use super::attend::refuse;
use super::elevation::Privilege;
use super::engine::{self, Attempt, How, asked_to_confirm, limit};
use super::generations::{Inventory, is_there, named, snapshot_folder};
use super::show::Picture;
use super::{FailedUnits, Site, Wanted};
use crate::activation::{Generation, Place, verify};
use crate::cli::Done;
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::fs;
use crate::nix::Nix;
use crate::target::Kind;
use crate::transaction::Verb;
use before::before;

/// Where to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// One step back.
    Before,
    /// To the generation that this names: its number, the commit that it was built from, or the snapshot of that.
    Named(String),
}

/// Goes back on a site and returns the store path that runs then.
pub fn rollback(cx: &Context, site: &Site, goal: &Goal) -> Result<Done> {
    if *goal == Goal::Before
        && let Some(exit) = refuse(cx, site)?
    {
        // It was going to be put back unless somebody said yes; this is the no.
        let stdout = site.place.runs().map(|path| path.to_string()).unwrap_or_default();
        let exit = if exit == Exit::NotConfirmed { Exit::Done } else { exit };
        return Ok(Done { exit, ..Done::with(stdout) });
    }
    let place = &site.place;
    if *goal == Goal::Before && is_only_tried(place) {
        // There is no generation to go to: the link is all there is of the package.
        fs::remove_file(&place.running)?;
        cx.ui.step(format!("{} is gone: it was only being tried", site.target));
        return Ok(Done::silent());
    }
    let inventory = Inventory::read(place)?;
    let generation = match goal {
        Goal::Named(text) => named(cx, site, &inventory, text)?.clone(),
        Goal::Before => {
            let step = before(place, &inventory)?;
            if let Some(detour) = step.detour {
                cx.ui.warn(detour);
            }
            step.generation
        }
    };
    let number = generation.number;
    let path = match &generation.path {
        Some(path) if is_there(&generation) => path.clone(),
        _ => return Err(gone(cx, site, &inventory, &generation)),
    };
    // What is wrong with it is better found before a password is asked for.
    verify(site.target.kind, &path, &place.root)?;
    let nix = Nix::find(cx)?.with_store(site.machine.store.as_deref());
    cx.ui.step(format!("{} goes to generation {number}, `{}`", site.target, path.name()));
    let attempt = Attempt {
        verb: Verb::Rollback,
        wanted: Wanted::Generation(number),
        snapshot: None,
        // Who goes back wants to be there; the old one may have failed units of its own.
        how: How {
            failed_units: FailedUnits::Accept,
            health: site.settings.health().to_vec(),
            confirm_within: asked_to_confirm(cx, site, Verb::Rollback)?,
            limit: limit(&site.settings)?,
            ..How::default()
        },
        picture: Picture::begin(cx, site, &path, None)?,
        privilege: Privilege::Later,
    };
    let exit = engine::run(cx, &nix, site, attempt)?;
    Ok(Done { exit, ..Done::with(path) })
}

/// Whether a package is linked for a try and has no generation at all.
fn is_only_tried(place: &Place) -> bool {
    place.kind == Kind::Profile
        && !place.nothing_goes_at_reboot()
        && place.running.is_symlink()
        && place.profile().current().is_none()
}

/// A number without a system: its link leads elsewhere, or what it led to was deleted.
fn gone(cx: &Context, site: &Site, inventory: &Inventory, generation: &Generation) -> Error {
    let number = generation.number;
    let choose = "choose another one: `git flake-generations` lists them";
    if let (Some(store), Some(path)) = (&site.machine.store, &generation.path) {
        return Error::new(format!("generation {number} is not on this machine"))
            .because(format!("`{path}` may be in the store `{store}`, but is activated from here"))
            .hint(choose);
    }
    let error = Error::new(format!("generation {number} leads nowhere: what it held was deleted"))
        .hint(choose);
    match snapshot_folder(cx, inventory, generation) {
        Some(folder) => error.hint(format!("or build it again: `cd {folder} && git flake-switch`")),
        None => error,
    }
}
