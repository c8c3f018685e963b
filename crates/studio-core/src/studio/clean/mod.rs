//! Removing snapshots that nothing needs, and all that belonged to them.
//!
//! [`plan()`] says what goes, what stays and why, and how much room that makes; [`clean()`] does it. One cleans at a time.
//! Each snapshot is claimed before it goes and what needs it is looked at once more, so that none vanishes under somebody
//! who began to work on it meanwhile. The folder goes first, at once, and what belonged to it follows as remains of a
//! snapshot that is not there: a clean that was killed needs no record, because the next one finds the same remains.
//! Not here: what needs a snapshot ([`needed`]), or asking the user.

mod commits;
mod needed;
mod parts;
mod remains;

pub use needed::Need;

use super::catalog;
use crate::config::{Age, Key, Settings};
use crate::context::Context;
use crate::error::Result;
use crate::fs::{self, Held, Lock, Usage};
use crate::git::pool_keys;
use crate::home::Home;
use crate::names::CommitId;
use crate::switch::Sources;
use crate::{pool, snapshot};
use camino::{Utf8Path, Utf8PathBuf};
use needed::Needs;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// How many snapshots are claimed at a time: what needs them is looked at once for all of them, and each claim is an
/// open file.
const AT_ONCE: usize = 32;

/// For how long a new snapshot stays whatever the policy says: a command that takes one has it in its place before the
/// branch of the studio is at it.
const TAKING: Duration = Duration::from_secs(60);

/// What stays although nothing needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// So many of those that were taken last.
    pub keep: usize,
    /// Those that are younger.
    pub younger_than: Age,
}

impl Policy {
    /// What the settings say.
    pub fn of(settings: &Settings) -> Result<Policy> {
        let keep = settings.parsed(Key::CleanKeep)?.unwrap_or_default();
        let younger_than = settings.parsed(Key::CleanYoungerThan)?.unwrap_or_default();
        Ok(Policy { keep, younger_than })
    }
}

/// A snapshot that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Goes {
    /// Its id.
    pub id: CommitId,
    /// When it was taken, in seconds since 1970.
    pub taken: i64,
    /// The first line of its commit's message, if the commit can be read.
    pub subject: Option<String>,
}

/// What cleaning would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The snapshots that go, oldest first.
    pub goes: Vec<Goes>,
    /// How many stay for which reason.
    pub stays: BTreeMap<Need, usize>,
    /// How many files and folders are left of snapshots that are not there any more, and logs that are old.
    pub remains: usize,
    /// The bytes that are free afterwards.
    pub frees: u64,
    policy: Policy,
    other_root: Option<Utf8PathBuf>,
}

impl Plan {
    /// Whether there is nothing to remove.
    pub fn is_empty(&self) -> bool {
        self.goes.is_empty() && self.remains == 0
    }
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Cleaned {
    /// The snapshots that are gone.
    pub removed: Vec<CommitId>,
    /// Those that were to go and stayed, because somebody needs them now.
    pub spared: Vec<CommitId>,
}

/// Finds out what goes by a policy. Generations on the machine under `other_root` count, too.
pub fn plan(
    cx: &Context,
    home: &Home,
    policy: Policy,
    other_root: Option<&Utf8Path>,
) -> Result<Plan> {
    let needs = Needs::read(cx, home, other_root)?;
    let mut plan = Plan {
        goes: vec![],
        stays: BTreeMap::new(),
        remains: 0,
        frees: 0,
        policy,
        other_root: other_root.map(Utf8Path::to_owned),
    };
    let sources = Sources::of(home.clone());
    for (place, (id, taken)) in catalog::taken(home)?.into_iter().enumerate() {
        let by_policy = || {
            let young = policy.younger_than.seconds();
            let young = young > 0 && cx.env.now().saturating_sub(taken) < young;
            let young = young || is_new(home, &id);
            match place < policy.keep {
                true => Some(Need::Last),
                false => young.then_some(Need::Young),
            }
        };
        match needs.of(&id).or_else(by_policy) {
            Some(need) => *plan.stays.entry(need).or_default() += 1,
            None => plan.goes.push(Goes { subject: sources.subject(&id), id, taken }),
        }
    }
    plan.goes.reverse();
    let mut usage = Usage::new();
    let going: Vec<&CommitId> = plan.goes.iter().map(|goes| &goes.id).collect();
    going.iter().for_each(|id| usage.add(&home.snapshot(id)));
    let remains = remains::find(cx, home, &needs, &policy, &going)?;
    remains.all().for_each(|path| usage.add(path));
    plan.remains = remains.of_the_gone();
    if !going.is_empty() {
        usage.follows(&home.pool());
    }
    plan.frees = usage.freed();
    Ok(plan)
}

/// Whether a snapshot may be one that is just being taken, by the clock of the system; also if it seems to be of the
/// future, because that clock was set back.
fn is_new(home: &Home, id: &CommitId) -> bool {
    let taken = home.snapshot(id).symlink_metadata().and_then(|meta| meta.modified());
    taken.is_ok_and(|taken| taken.elapsed().map_or(true, |age| age < TAKING))
}

/// Does what was planned, less what is needed by now.
pub fn clean(cx: &Context, home: &Home, plan: &Plan) -> Result<Cleaned> {
    let mut cleaned = Cleaned::default();
    if !home.root().is_dir() {
        // Of a user who has no studio, whom a timer may call for: nothing is begun by cleaning.
        return Ok(cleaned);
    }
    let _lock = Lock::wait(&home.lock("clean"), &cx.command, &cx.ui)?;
    let read = || Needs::read(cx, home, plan.other_root.as_deref());
    for some in plan.goes.chunks(AT_ONCE) {
        // Whoever begins to use one of them from here on waits, and finds it gone.
        let claimed: Vec<(&CommitId, Option<Held>)> =
            some.iter().map(|goes| (&goes.id, fs::claim(&home.snapshot(&goes.id)))).collect();
        let needs = read()?;
        for (id, claim) in claimed {
            if claim.is_some() && needs.of(id).is_none() && !is_new(home, id) {
                snapshot::discard(cx, home, id)?;
                cleaned.removed.push(id.clone());
            } else if home.snapshot(id).exists() {
                cleaned.spared.push(id.clone());
            }
        }
    }
    tidy(cx, home, plan, &read).map_err(|error| match cleaned.removed.len() {
        0 => error,
        number => error.although(&format!(
            "{} gone already, and cleaning again does the rest",
            match number {
                1 => "1 snapshot is".to_owned(),
                number => format!("{number} snapshots are"),
            }
        )),
    })?;
    Ok(cleaned)
}

/// Removes what belongs to no snapshot any more.
fn tidy(cx: &Context, home: &Home, plan: &Plan, read: &dyn Fn() -> Result<Needs>) -> Result<()> {
    // What makes room comes first: on a disk that is full nothing of the rest can be written before.
    pool::sweep(cx, home, &|| {
        let snapshots = catalog::ids_in(&home.snapshots())?;
        Ok(snapshots.iter().flat_map(|id| pool_keys(&home.snapshot(id))).collect())
    })?;
    let needs = read()?;
    remains::find(cx, home, &needs, &plan.policy, &[])?.remove(home)?;
    commits::let_go(cx, home, &needs, read)?;
    parts::tidy(home);
    parts::compact(cx, home)
}
