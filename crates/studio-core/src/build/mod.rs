//! Building what a snapshot says, once: evaluated to a derivation, built, and kept by a link of ours.
//!
//! A build that is on record and still there is taken without starting any program. Not here: what is done with the
//! result (`vm`, `switch`).

mod resolve;
mod room;

pub(crate) use resolve::remembered_names;
pub use resolve::{resolve, usual_names};
pub use room::floor;

use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::fs::Lock;
use crate::nix::{Blame, Log, Nix, Refusal};
use crate::snapshot::Snapshot;
use crate::studio;
use crate::target::{self, Target};
use crate::verdict::{Kind, Outcome, Slot, Verdict, took};
use std::time::Instant;

pub use crate::verdict::Built;

/// What of a target is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// What is activated.
    Whole,
    /// The VM that starts from a kernel.
    Vm,
    /// The VM that starts from a disk with a boot loader.
    VmWithBootLoader,
}

impl Part {
    fn attribute(self, target: &Target, system: &str) -> String {
        let whole = target.kind.attribute(&target.name, system);
        let Some(build) = whole.strip_suffix("toplevel") else { return whole };
        match self {
            Part::Whole => whole,
            Part::Vm => format!("{build}vm"),
            Part::VmWithBootLoader => format!("{build}vmWithBootLoader"),
        }
    }

    /// What it is called in the names of records, locks and links; short, because a name may have 200 bytes and a file
    /// name 255.
    fn subject(self, target: &Target) -> String {
        let suffix = match self {
            Part::Whole => "",
            Part::Vm => "+vm",
            Part::VmWithBootLoader => "+vmboot",
        };
        format!("{}{suffix}-{}", target.kind, target.name)
    }
}

/// Builds what is activated for a target.
pub fn build(cx: &Context, nix: &Nix, snapshot: &Snapshot, target: &Target) -> Result<Built> {
    build_part(cx, nix, snapshot, target, Part::Whole)
}

/// Whether what is activated for a target is on record and still there.
pub fn known(cx: &Context, nix: &Nix, snapshot: &Snapshot, target: &Target) -> bool {
    let slot = slot(nix, snapshot, target, Part::Whole);
    standing(cx, &slot).is_some()
}

fn slot<'a>(nix: &'a Nix, snapshot: &'a Snapshot, target: &Target, part: Part) -> Slot<'a> {
    let subject = Some(part.subject(target));
    Slot { snapshot, kind: Kind::Build, subject, system: nix.system() }
}

/// The verdict of a build that is still there, and what was built.
fn standing(cx: &Context, slot: &Slot<'_>) -> Option<(Verdict, Built)> {
    let known = slot.read(cx).filter(|known| known.outcome == Outcome::Passed)?;
    let built = known.built.clone().filter(Built::stands)?;
    Some((known, built))
}

/// Builds the VM of a NixOS target.
pub fn vm(
    cx: &Context,
    nix: &Nix,
    snapshot: &Snapshot,
    target: &Target,
    with_bootloader: bool,
) -> Result<Built> {
    if target.kind != target::Kind::Nixos {
        return Err(Error::new(format!("a VM can be made of a host of NixOS, not of {target}"))
            .hint("choose one: `--target nixos --host NAME`")
            .exit(Exit::Usage));
    }
    let part = if with_bootloader { Part::VmWithBootLoader } else { Part::Vm };
    build_part(cx, nix, snapshot, target, part)
}

fn build_part(
    cx: &Context,
    nix: &Nix,
    snapshot: &Snapshot,
    target: &Target,
    part: Part,
) -> Result<Built> {
    let _held = studio::hold(snapshot.home(), snapshot.id())?;
    let subject = part.subject(target);
    let slot = slot(nix, snapshot, target, part);
    let name = format!("{}-{}", snapshot.id().short(), slot.name());
    // Two builds of the same would evaluate twice; who waited finds the record of the other.
    let _lock = Lock::wait(&snapshot.home().lock(&name), &cx.command, &cx.ui)?;
    if let Some((known, built)) = standing(cx, &slot) {
        cx.ui.step(format!("{target}: built {}", known.age(cx)));
        return Ok(built);
    }
    let mut log = Log::create(cx, &format!("{name}.log"))?.about(snapshot.path());
    let start = Instant::now();
    let root = snapshot.home().roots(snapshot.id()).join(&subject);
    let done = evaluate_and_build(cx, nix, snapshot, target, part, &root, &mut log);
    let mut verdict = slot.verdict(cx, Outcome::Failed, start.elapsed());
    verdict.nix = nix.version().ok().map(ToString::to_string);
    verdict.log = Some(log.path().to_owned());
    match done {
        Ok(built) => {
            verdict.outcome = Outcome::Passed;
            verdict.built = Some(built.clone());
            slot.record(&verdict)?;
            cx.ui.step(format!("{target}: built in {}", took(start.elapsed())));
            Ok(built)
        }
        Err(no) => {
            if no.flake_at_fault {
                slot.record(&verdict)?;
            }
            Err(no.error)
        }
    }
}

/// A build that was not done, and whether that is the snapshot's fault.
struct No {
    error: Error,
    flake_at_fault: bool,
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> No {
        No { flake_at_fault: refusal.blame() != Blame::Machine, error: refusal.into() }
    }
}

fn evaluate_and_build(
    cx: &Context,
    nix: &Nix,
    snapshot: &Snapshot,
    target: &Target,
    part: Part,
    root: &camino::Utf8Path,
    log: &mut Log,
) -> Result<Built, No> {
    let flake = snapshot.flake_ref();
    cx.ui.step(format!("{target}: evaluating ..."));
    let attribute = part.attribute(target, nix.system());
    let derivation = nix.eval_drv(cx, &flake, &attribute, log).map_err(|refusal| {
        // Only now, so that a good name costs no evaluation of its own.
        match (refusal.blame() == Blame::Flake).then(|| unknown(cx, nix, &flake, target, log)) {
            Some(Some(error)) => No { error, flake_at_fault: false },
            _ => No::from(refusal),
        }
    })?;
    room::for_build(cx, nix, &derivation, log)
        .map_err(|error| No { error, flake_at_fault: false })?;
    cx.ui.step(format!("{target}: building ..."));
    let rooted = nix.build_drv(cx, &derivation, root, log)?;
    Ok(Built { drv: derivation.path, out: rooted.out, root: rooted.root })
}

/// If the evaluation failed because the flake has no configuration of that name, what to say instead.
fn unknown(cx: &Context, nix: &Nix, flake: &str, target: &Target, log: &mut Log) -> Option<Error> {
    let set = target.kind.set(nix.system());
    // Names that cannot be listed prove nothing, and the first failure stands.
    let names = nix.attr_names(cx, flake, &set, log).ok()?;
    (!names.iter().any(|name| name == target.name.as_str()))
        .then(|| unknown_name(target.kind, target.name.as_str(), &set, &names))
}

/// The flake has no configuration of that name; here are those that it has.
fn unknown_name(kind: target::Kind, wanted: &str, set: &str, names: &[String]) -> Error {
    let error = Error::new(format!("the flake has no {} `{wanted}`", kind.noun()));
    if names.is_empty() {
        return error
            .because(format!("it has nothing in `{set}`"))
            .hint(format!("add one to `{set}` in `flake.nix`, or choose another `--target`"));
    }
    let error = error.because(format!("it has {}", crate::ui::names(names, 20)));
    match crate::names::nearest(wanted, names.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `--host {near}`?")),
        None => error.hint(format!("choose one: `--host {}`", names[0])),
    }
}
