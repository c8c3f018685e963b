//! The programs that the commands call: git, Nix and its store, the user's editor.

use super::{Found, Patient, told_again};
use crate::editor;
use crate::fs;
use crate::git::outside;
use crate::nix::Flakes;

/// Git, and whether it has all that is called.
pub(super) fn git(patient: &Patient) -> Result<Found, Found> {
    let version = outside::version(patient.cx.env.cwd())?;
    let oldest = outside::OLDEST;
    if version < oldest {
        return Ok(Found::look(format!("git {version} is older than {oldest}"))
            .because("not all that is called here is known to be there")
            .mend("upgrade it by the package manager that it came from"));
    }
    Ok(Found::fine(format!("git {version}")))
}

/// Whose name commits get.
pub(super) fn identity(patient: &Patient) -> Result<Found, Found> {
    let dir = patient.cx.env.cwd();
    outside::version(dir)
        .map_err(|_| Found::look("not looked at: there is no git that can be used, see `git`"))?;
    match outside::configured_identity(dir)? {
        Some(who) => Ok(Found::fine(who)),
        None => Ok(Found::look("git does not know your name, so commits get a stand-in")
            .mend("`git config --global user.name 'Your Name'`")
            .mend("`git config --global user.email you@example.org`")),
    }
}

/// The relatives of `nix` that the commands call.
const RELATIVES: [&str; 3] = ["nix-env", "nix-store", "nix-instantiate"];

/// Nix, whether its version will do, and whether all of it is there.
pub(super) fn nix(patient: &Patient) -> Result<Found, Found> {
    let nix = patient.nix().map_err(told_again)?;
    for name in RELATIVES {
        nix.relative(name)?;
    }
    Ok(Found::fine(format!("Nix {}, `{}`", nix.version()?, nix.program())))
}

/// Whether the user's own `nix` commands know flakes. Those of this toolkit turn them on by themselves.
pub(super) fn flakes(patient: &Patient) -> Result<Found, Found> {
    let nix = patient.nix().map_err(|_| without_nix())?;
    let ours = "the commands of this toolkit work all the same";
    match nix.flakes_of_user()? {
        Flakes::On => Ok(Found::fine("on")),
        Flakes::Off(feature) => Ok(Found::look(format!("`{feature}` is off in your `nix.conf`"))
            .because(ours)
            .mend(TURN_ON)
            .mend(TURN_ON_NIXOS)),
        Flakes::Unknown(said) => {
            Ok(Found::look("`nix flake` cannot be called").because(said).because(ours))
        }
    }
}

/// How flakes are turned on, once for all.
const TURN_ON: &str = "turn flakes on for `nix` commands of your own: `mkdir -p ~/.config/nix && \
                       echo 'extra-experimental-features = nix-command flakes' >> ~/.config/nix/nix.conf`";
const TURN_ON_NIXOS: &str =
    "on NixOS: `nix.settings.experimental-features = [ \"nix-command\" \"flakes\" ];`";

/// Whether the store answers: by its daemon, or as files of our own.
pub(super) fn store(patient: &Patient) -> Result<Found, Found> {
    let nix = patient.nix().map_err(|_| without_nix())?;
    // To ask for a store that is not there would make one.
    if !nix.store().is_dir() {
        return Ok(Found::look(format!("there is no `{}` yet", nix.store()))
            .mend("make it, with a daemon where others use it, too: https://nixos.org/download"));
    }
    let info = nix.store_info()?;
    Ok(Found::fine(format!("`{}` answers, `{}`", info.url, nix.store())))
}

fn without_nix() -> Found {
    Found::look("not looked at: there is no Nix that can be used, see `nix`")
}

/// The editor that `studio` opens the reusable studio with.
pub(super) fn editor(patient: &Patient) -> Result<Found, Found> {
    let env = &patient.cx.env;
    let Some(editor) = editor::choose(env, patient.settings()?) else {
        return Ok(Found::look("none is set, so `studio` opens none").mend(editor::HOW_TO_SET));
    };
    // It is a line of shell, so only of a plain word it is known which program it names.
    let program = editor.split_whitespace().next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+".contains(c);
    let there = match program.contains('/') {
        true => fs::is_program(&env.cwd().join(program)),
        false => env.find_program(program).is_some(),
    };
    if program.chars().all(plain) && !there {
        return Ok(Found::look(format!("`{program}` was not found, so `{editor}` opens nothing"))
            .mend(editor::HOW_TO_SET));
    }
    Ok(Found::fine(format!("`{editor}`")))
}
