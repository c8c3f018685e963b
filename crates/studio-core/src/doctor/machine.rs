//! The machine that is switched: what a switch would be of, how it gets its privilege, what is half done, and the boot
//! partition.

use super::{Found, Patient};
use crate::activation::{Machine, Place};
use crate::config::{Key, Origin};
use crate::names::ConfigName;
use crate::switch::{self, Elevation, Standing};
use crate::target::Kind;
use crate::ui;

/// What the commands would switch here. Whether the flake has it is seen when it is evaluated, and not here.
pub(super) fn target(patient: &Patient) -> Result<Found, Found> {
    let settings = patient.settings()?;
    let (kind, origin) = kind(patient)?;
    if kind.privileged() && origin == Origin::Default && !runs_a_system(patient) {
        return Ok(Found::look(format!("`{kind}` by default, but no such system runs here"))
            .mend(
                "say what is to be switched: `target = \"home\"` in `studio.toml` or `config.toml`",
            )
            .mend("or each time: `--target home`, `--target profile`"));
    }
    let host = settings.parsed::<ConfigName>(Key::Host)?;
    let noun = kind.noun();
    Ok(Found::fine(match (host, settings.get(Key::Host)) {
        (Some(host), Some(value)) => format!("{noun} `{host}`, from {}", value.origin),
        _ => format!(
            "{noun} by the name of the {}",
            match kind {
                Kind::Nixos | Kind::Darwin => "machine",
                Kind::Home => "user",
                Kind::Profile => "package `default`",
            }
        ),
    }))
}

/// How a switch gets to be root, and whether the program is there that does it.
pub(super) fn elevation(patient: &Patient) -> Result<Found, Found> {
    let env = &patient.cx.env;
    switch::engine(env)?;
    let (kind, origin) = kind(patient)?;
    let machine = Machine::new(Some(&patient.root), None, env.cwd())?;
    match Elevation::choose(kind, &machine, patient.settings()?, env) {
        Ok(Elevation::By(program)) => Ok(Found::fine(format!("`{program}`"))),
        Ok(Elevation::None) if kind.privileged() => Ok(Found::fine("none is needed here")),
        Ok(Elevation::None) => Ok(Found::fine(format!("a {} needs none", kind.noun()))),
        // Nobody said that there is something to be root for.
        Err(error) if origin == Origin::Default && !runs_a_system(patient) => {
            Ok(Found { error, ..Found::look("") })
        }
        Err(error) => Err(error.into()),
    }
}

/// The kind of target, and who says so.
fn kind(patient: &Patient) -> Result<(Kind, Origin), Found> {
    let settings = patient.settings()?;
    let kind = settings.parsed::<Kind>(Key::Target)?.unwrap_or(Kind::Nixos);
    let origin = settings.get(Key::Target).map_or(Origin::Default, |value| value.origin);
    Ok((kind, origin))
}

fn place(patient: &Patient) -> Place {
    // Systems of nix-darwin have the same place.
    Place::of_system(Kind::Nixos, &patient.root)
}

fn runs_a_system(patient: &Patient) -> bool {
    place(patient).runs().is_some()
}

/// Switches that did not come to a good end.
pub(super) fn switches(patient: &Patient) -> Result<Found, Found> {
    let open = switch::open_attempts(patient.home()?, &patient.root)?;
    let Some(worst) = open.iter().max_by_key(|open| open.standing) else {
        return Ok(Found::fine("none is open"));
    };
    let found = match worst.standing {
        Standing::AtWork => Found::look(&worst.what),
        Standing::Interrupted | Standing::WayBackFailed => {
            Found::broken(crate::Error::new(&worst.what))
        }
    };
    let others = open.iter().filter(|open| open.what != worst.what);
    Ok(others
        .fold(found.mend(&worst.next), |found, open| found.because(&open.what).mend(&open.next)))
}

/// Whether the next kernel has room on the boot partition.
pub(super) fn boot(patient: &Patient) -> Result<Found, Found> {
    let Some(boot) = switch::boot_room(&place(patient))? else {
        return Ok(Found::fine("no system with a boot partition runs here"));
    };
    let (path, free) = (&boot.path, ui::size(boot.free));
    if boot.another > boot.free {
        let next = format!("another kernel and initrd take {}", ui::size(boot.another));
        return Ok(Found::look(format!("{free} are free on `{path}`, and {next}"))
            .mend("each generation keeps its own there: `git flake-generations` lists them")
            .mend(
                "remove old ones: `nix-collect-garbage --delete-older-than 30d`, then switch once",
            ));
    }
    if !boot.seen {
        return Ok(Found::look(format!(
            "{free} are free on `{path}`, which you may not look into"
        ))
        .because("so what would be cleared away there is not known"));
    }
    Ok(Found::fine(format!("{free} are free on `{path}`")))
}
