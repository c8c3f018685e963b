//! The names that arguments take, as they are on this machine when a shell asks. Whatever cannot be found out is not
//! offered: nobody wants to read an error in the middle of a line.

use crate::build;
use crate::config::{Environment, Key};
use crate::context::Context;
use crate::error::Error;
use crate::home::Home;
use crate::nix::{Nix, git_file_ref};
use crate::oplog;
use crate::snapshot::Snapshot;
use crate::studio::{self, Place, Studio};
use crate::switch::{self, SiteArgs, Sources};
use crate::target::Kind;
use crate::ui::{Color, Ui, Verbosity};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use std::collections::BTreeSet;
use std::time::Duration;

/// How many are offered at most: the newest.
const MOST: usize = 50;

/// How long an evaluation may take that somebody waits for with a finger on the key.
const PATIENCE: Duration = Duration::from_secs(4);

/// The studios of this user.
pub fn studios() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        offered(|_, home| {
            let listed = studio::list(home).ok()?;
            Some(listed.into_iter().map(|one| named(&one, "")).collect())
        })
    })
}

/// The snapshots of this user, by the beginnings of their ids.
pub fn snapshots() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        offered(|_, home| {
            let sources = Sources::of(home.clone());
            let ids = studio::newest_snapshots(home, MOST).ok()?;
            let candidates = ids.into_iter().map(|id| {
                let subject = sources.subject(&id).unwrap_or_default();
                candidate(id.short(), &subject)
            });
            Some(candidates.collect())
        })
    })
}

/// The snapshots that were taken in the studio that one stands in, its branches, and the other studios.
pub fn revisions() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        offered(|cx, home| {
            let studio = Studio::here(cx).ok()?;
            let entries = oplog::Log::of(&studio.repo).entries(MOST).ok()?;
            let taken = entries.into_iter().filter_map(|entry| {
                let id = entry.operation.snapshot.as_ref()?;
                let subject = studio.repo.subject(id).ok().filter(|subject| !subject.is_empty());
                Some(candidate(id.short(), &subject.unwrap_or(entry.operation.summary)))
            });
            let branches = studio.repo.refs_below("refs/heads/").unwrap_or_default();
            let branches = branches.into_iter().map(|(name, commit)| {
                let name = name.strip_prefix("refs/heads/").unwrap_or(&name).to_owned();
                candidate(name, &studio.repo.subject(&commit).unwrap_or_default())
            });
            let others = studio::list(home).unwrap_or_default().into_iter();
            let others = others.filter(|one| one.name != studio.name.as_str());
            let others = others.map(|one| named(&one, ":"));
            let mut seen = BTreeSet::new();
            let all = taken.chain(branches).chain(others);
            Some(all.filter(|one| seen.insert(one.get_value().to_owned())).collect())
        })
    })
}

/// The generations of the target that the line names, newest first.
pub fn generations() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        offered(|cx, _| {
            let mut listed = switch::numbers(cx, &site_args()).ok()?;
            listed.reverse();
            listed.truncate(MOST);
            let candidates = listed.into_iter().map(|(number, subject)| {
                candidate(number.to_string(), &subject.unwrap_or_default())
            });
            Some(candidates.collect())
        })
    })
}

/// The configurations of the flake that one stands in, of the kind that the line names.
pub fn hosts() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        offered(|cx, home| {
            let args = site_args();
            let place = Place::here(cx).ok()?;
            let top = match &place {
                Place::Studio(studio) => studio.repo.top(),
                Place::Snapshot(snapshot) => snapshot.path(),
            };
            let settings = args.settings(cx, Some(top)).ok()?;
            let kind = settings.parsed::<Kind>(Key::Target).ok()?.unwrap_or(Kind::Nixos);
            let nix = Nix::find(cx).ok()?;
            let set = kind.set(nix.system());
            let names = match &place {
                Place::Snapshot(snapshot) => names_of_snapshot(&nix, snapshot, &set),
                Place::Studio(studio) => names_of_studio(&nix, home, studio, &set),
            };
            Some(names?.into_iter().map(|name| candidate(name, kind.noun())).collect())
        })
    })
}

/// What can be switched.
pub fn kinds() -> ArgValueCandidates {
    ArgValueCandidates::new(|| Kind::ALL.map(|kind| CompletionCandidate::new(kind.word())).into())
}

/// The ways to get privilege.
pub fn elevations() -> ArgValueCandidates {
    ArgValueCandidates::new(|| switch::ELEVATIONS.map(CompletionCandidate::new).into())
}

fn named(studio: &studio::Listed, end: &str) -> CompletionCandidate {
    let branch = studio.branch.as_deref().unwrap_or("detached");
    candidate(format!("{}{end}", studio.name), branch)
}

fn candidate(value: impl Into<String>, help: &str) -> CompletionCandidate {
    let help = (!help.is_empty()).then(|| help.to_owned().into());
    CompletionCandidate::new(value.into()).help(help)
}

/// Looks something up. What is said goes nowhere, see [`super::answer`].
fn offered(
    look: impl FnOnce(&Context, &Home) -> Option<Vec<CompletionCandidate>>,
) -> Vec<CompletionCandidate> {
    let Ok(env) = Environment::capture() else { return vec![] };
    let ui = Ui::new(Verbosity::Quiet, Color::Never, true);
    let cx = Context { ui, env, command: "completion".to_owned() };
    let Ok(home) = cx.home() else { return vec![] };
    look(&cx, &home).unwrap_or_default()
}

/// What the line says of the site so far. Half a line is no command line that could be read as a whole.
fn site_args() -> SiteArgs {
    let words: Vec<String> =
        std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let value = |option: &str| {
        words.iter().enumerate().rev().find_map(|(at, word)| match word.strip_prefix(option)? {
            "" => words.get(at + 1).cloned(),
            rest => rest.strip_prefix('=').map(str::to_owned),
        })
    };
    SiteArgs {
        host: value("--host").filter(|name| !name.is_empty()),
        target: value("--target"),
        root: value("--root").map(Into::into),
        store: value("--store"),
        elevate: None,
    }
}

/// nix is asked once, if it answers soon enough.
fn names_of_snapshot(nix: &Nix, snapshot: &Snapshot, set: &str) -> Option<Vec<String>> {
    let names = build::remembered_names(snapshot, set, || {
        let names = nix.attr_names_within(&snapshot.flake_ref(), set, PATIENCE);
        names.ok_or_else(|| Error::new(format!("the names in `{set}` cannot be told")))
    });
    names.ok()
}

/// Those of its newest snapshot, or of its last commit: an evaluation of what is being edited would copy it into the store
/// with each key.
fn names_of_studio(nix: &Nix, home: &Home, studio: &Studio, set: &str) -> Option<Vec<String>> {
    let entries = oplog::Log::of(&studio.repo).entries(MOST).unwrap_or_default();
    let mut taken = entries.into_iter().filter_map(|entry| entry.operation.snapshot);
    if let Some(snapshot) = taken.find_map(|id| Snapshot::open(home, &id).ok()) {
        return names_of_snapshot(nix, &snapshot, set);
    }
    let head = studio.repo.head().ok()?.commit;
    let flake = git_file_ref(studio.repo.top(), &format!("ref=HEAD&rev={head}"));
    nix.attr_names_within(&flake, set, PATIENCE)
}
