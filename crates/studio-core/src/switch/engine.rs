//! The one call of `studio-activate`, its log, and what its end means.

use super::elevation::{Elevation, engine};
use super::{Changes, Site, last_attempt, settled};
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::health::HealthCheck;
use crate::names::{CommitId, ConfigName};
use crate::nix::Nix;
use crate::process::{Failure, log_file};
use crate::store_path::StorePath;
use crate::transaction::{Call, FailedUnits, Id, Records, Verb, Wanted, variables};
use crate::ui::Verbosity;

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
}

/// Calls `studio-activate`, shows what it says, and returns how it ended. It explains its own failures.
pub(super) fn run(cx: &Context, nix: &Nix, site: &Site, attempt: Attempt<'_>) -> Result<Exit> {
    let before = Records::at(&site.place.records).of(&site.place.profile)?;
    if settled(&site.place, last_attempt(&before), attempt.verb, &attempt.wanted) {
        // Found without privilege, so that nobody is asked for a password for nothing.
        cx.ui.step(format!("{} runs it already", site.target));
        return Ok(Exit::Done);
    }
    let id = Id::new(cx.env.now());
    let mut variables = variables(site.target.kind, &cx.env);
    if let Some(suffix) = attempt.how.backup {
        variables.retain(|(name, _)| name != "HOME_MANAGER_BACKUP_EXT");
        variables.push(("HOME_MANAGER_BACKUP_EXT".to_owned(), suffix));
    }
    let call = Call {
        verb: attempt.verb,
        target: site.target.clone(),
        place: site.place.clone(),
        id: id.clone(),
        wanted: attempt.wanted,
        snapshot: attempt.snapshot.cloned(),
        store_dir: nix.store().to_owned(),
        store: site.machine.store.clone(),
        nix_env: nix.relative("nix-env")?,
        failed_units: attempt.how.failed_units,
        specialisation: attempt.how.specialisation,
        health: attempt.how.health,
        confirm_within: attempt.how.confirm_within,
        answer: cx.home()?.transactions().join(format!("{id}.answer")),
        limit: attempt.how.limit,
        variables,
    };
    let (path, mut log) = log_file(&cx.home()?.logs(), &format!("{}-{id}.log", call.verb))?;
    if let Elevation::By(program) = &site.elevation {
        cx.ui.step(format!("activation needs root: `{}`", program.file_name().unwrap_or("sudo")));
    }
    let program = site.elevation.program(&engine(&cx.env)?, &call.args());
    let failure = match program.watch(&cx.ui, Some(&mut log)) {
        Ok(_) => return Ok(Exit::Done),
        Err(failure) => failure,
    };
    let recorded = Records::at(&site.place.records).read(&id).ok().flatten().is_some();
    let Some(exit) = failure.code().and_then(Exit::from_code) else {
        return Err(unexpected(failure, recorded, &path));
    };
    if exit == Exit::Failed && !recorded && site.elevation != Elevation::None {
        cx.ui.hint("nothing was changed");
    }
    if cx.ui.verbosity() == Verbosity::Quiet && exit != Exit::RebootNeeded {
        return Err(Error::new(format!("{} could not be switched", site.target))
            .because(failure.output())
            .hint(format!("the whole log is in `{path}`"))
            .exit(exit));
    }
    cx.ui.detail(format!("the log is in `{path}`"));
    Ok(exit)
}

/// It did not end by itself, or did not even start.
fn unexpected(failure: Failure, recorded: bool, log: &camino::Utf8Path) -> Error {
    let error = Error::from(failure);
    if recorded {
        error
            .because("it was interrupted, and what it did so far stays")
            .hint("look at what runs and what starts at boot: `git flake-generations`")
            .hint("then finish by the same command again, or go back: `git flake-rollback`")
            .hint(format!("the whole log is in `{log}`"))
    } else {
        error.because("nothing was changed")
    }
}

/// Shows what differs between what runs and what is wanted.
pub(super) fn show_changes(
    cx: &Context,
    nix: &Nix,
    site: &Site,
    new: &StorePath,
) -> Result<Changes> {
    let old = site.place.runs();
    let changes = Changes::between(old.as_ref(), new)?;
    let Some(old) = old else {
        cx.ui.step(format!("{} is switched for the first time", site.target));
        return Ok(changes);
    };
    if old == *new {
        return Ok(changes);
    }
    // A picture of packages is a help, not a condition: an old system may be gone from this store.
    let packages = nix.diff_closures(&old, new).unwrap_or_else(|error| {
        cx.ui.detail(format!("packages were not compared: {}", error.message()));
        String::new()
    });
    cx.ui.step(format!("{} changes:", site.target));
    let lines: Vec<String> = packages.lines().map(str::to_owned).chain(changes.lines()).collect();
    for line in &lines {
        cx.ui.step(format!("  {line}"));
    }
    if lines.is_empty() {
        cx.ui.step("  nothing that is counted here: other files");
    }
    Ok(changes)
}
