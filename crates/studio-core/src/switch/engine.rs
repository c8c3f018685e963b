//! The one call of `studio-activate`: everything that it is told, and what is shown before. What it says then is for
//! `watch`.

use super::elevation::{Elevation, Order, Privilege};
use super::preflight::{self, Confirmation};
use super::show::Picture;
use super::watch::{self, Asking, Begin};
use super::{Site, last_attempt, settled};
use crate::config::{Key, Seconds, Settings};
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::health::HealthCheck;
use crate::names::{CommitId, ConfigName};
use crate::nix::Nix;
use crate::process::Failure;
use crate::transaction::{Call, FailedUnits, Id, Keeper, Records, Verb, Wanted, variables};
use crate::ui::Verbosity;
use camino::Utf8Path;

/// How an attempt is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct How {
    /// What to do when units newly fail.
    pub failed_units: FailedUnits,
    /// The specialisation that is to run.
    pub specialisation: Option<ConfigName>,
    /// What must hold on the machine once it is activated.
    pub health: Vec<HealthCheck>,
    /// How many seconds the user has to confirm; without it nobody is asked.
    pub confirm_within: Option<u64>,
    /// How many seconds one activation may take.
    pub limit: u64,
    /// The suffix with which files of the user's own that are in the way of a home are kept.
    pub backup: Option<String>,
}

impl Default for How {
    fn default() -> How {
        How {
            failed_units: FailedUnits::PutBack,
            specialisation: None,
            health: vec![],
            confirm_within: None,
            limit: 600,
            backup: None,
        }
    }
}

/// What an attempt is about.
pub(super) struct Attempt<'a> {
    pub verb: Verb,
    pub wanted: Wanted,
    pub snapshot: Option<&'a CommitId>,
    pub how: How,
    pub picture: Picture,
    pub privilege: Privilege,
}

/// Gives the order to `studio-activate`, and watches it until it ends. It explains its own failures.
pub(super) fn run(cx: &Context, nix: &Nix, site: &Site, attempt: Attempt<'_>) -> Result<Exit> {
    let id = Id::new(cx.env.now());
    let call = call(cx, nix, site, &attempt, id.clone())?;
    let Attempt { privilege, mut picture, .. } = attempt;
    let records = Records::at(&site.place.records);
    let before = records.of(&site.place.profile)?;
    if settled(last_attempt(&before), &call) {
        // Found without privilege, so that nobody is asked for a password for nothing.
        cx.ui.step(format!("{} runs it already", site.target));
        return Ok(Exit::Done);
    }
    watch::forget(&call.answer)?;
    if site.elevation != Elevation::None && matches!(privilege, Privilege::Later) {
        // A password may be asked for now: who types it has seen what for.
        picture.show(cx, site);
    }
    match privilege.order(cx, &site.elevation, &call.args()) {
        Ok(()) => {}
        Err(Order::Engine(error)) => return Err(error),
        Err(Order::Refused(failure)) => return refused(cx, site, failure),
    }
    if records.read(&id)?.is_none() {
        // Somebody else brought it there meanwhile; that was said.
        return Ok(Exit::Done);
    }
    // The engine is at work meanwhile; what it says comes after this.
    picture.show(cx, site);
    watch::watch(cx, &records, &id, Begin::Start, Asking::OnTerminal)
}

/// Nothing was changed; who refused has said why, unless we were told to be quiet.
fn refused(cx: &Context, site: &Site, failure: Failure) -> Result<Exit> {
    let Some(exit) = failure.code().and_then(Exit::from_code) else {
        return Err(Error::from(failure).because("nothing was changed"));
    };
    if site.elevation != Elevation::None {
        cx.ui.hint("nothing was changed");
    }
    if cx.ui.verbosity() == Verbosity::Quiet {
        return Err(Error::new(format!("{} could not be switched", site.target))
            .because(failure.output())
            .exit(exit));
    }
    Ok(exit)
}

/// All that the privileged program is told.
fn call(cx: &Context, nix: &Nix, site: &Site, attempt: &Attempt<'_>, id: Id) -> Result<Call> {
    let mut variables = variables(site.target.kind, &cx.env);
    if let Some(suffix) = &attempt.how.backup {
        variables.retain(|(name, _)| name != "HOME_MANAGER_BACKUP_EXT");
        variables.push(("HOME_MANAGER_BACKUP_EXT".to_owned(), suffix.clone()));
    }
    Ok(Call {
        verb: attempt.verb,
        target: site.target.clone(),
        place: site.place.clone(),
        wanted: attempt.wanted.clone(),
        specialisation: attempt.how.specialisation.clone(),
        snapshot: attempt.snapshot.cloned(),
        store_dir: nix.store().to_owned(),
        store: site.machine.store.clone(),
        nix_env: nix.relative("nix-env")?,
        failed_units: attempt.how.failed_units,
        health: attempt.how.health.clone(),
        confirm_within: attempt.how.confirm_within,
        answer: cx.home()?.transactions().join(id.as_str()),
        limit: attempt.how.limit,
        keeper: keeper(cx, site),
        variables,
        id,
    })
}

/// What can keep an engine here: systemd where it runs, and only for what lies on this machine itself.
fn keeper(cx: &Context, site: &Site) -> Keeper {
    let booted_by_systemd = Utf8Path::new("/run/systemd/system").is_dir();
    let users = cx.env.runtime_dir().map(|folder| folder.join("systemd/private"));
    match (site.target.kind.privileged(), site.machine.is_this_one()) {
        (true, true) if booted_by_systemd => Keeper::Systemd,
        (false, true) if booted_by_systemd && users.is_some_and(|path| path.exists()) => {
            Keeper::SystemdUser
        }
        _ => Keeper::Session,
    }
}

/// How many seconds one activation may take.
pub(super) fn limit(settings: &Settings) -> Result<u64> {
    let limit = settings.parsed::<Seconds>(Key::ActivationLimit)?;
    Ok(limit.map_or(How::default().limit, Seconds::get))
}

/// How many seconds the user has to confirm, if they are asked; they are told where nobody but the session asked for it.
pub(super) fn asked_to_confirm(cx: &Context, site: &Site, verb: Verb) -> Result<Option<u64>> {
    let confirmation = preflight::confirm_within(&cx.env, &site.settings, site, verb)?;
    if let Confirmation::Remote(seconds) = confirmation {
        cx.ui.step(format!(
            "this session is remote: confirm within {seconds} s, or what runs now is put back \
             (`--confirm-within none` does not ask)"
        ));
    }
    Ok(confirmation.seconds())
}
