//! From a snapshot to a machine: verify, check, build, show, and hand over to `studio-activate`.

use super::elevation::Privilege;
use super::engine::{self, Attempt, How};
use super::{Changes, FailedUnits, Site, SiteArgs, Wanted};
use crate::activation::{row, verify};
use crate::build;
use crate::check;
use crate::cli::Done;
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::nix::Nix;
use crate::snapshot::Snapshot;
use crate::store_path::StorePath;
use crate::transaction::Verb;

/// How a switch is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// [`Verb::Switch`], or [`Verb::Boot`] to leave what runs alone.
    pub verb: Verb,
    /// How the attempt is made.
    pub how: How,
    /// Whether the user is asked before anything is activated.
    pub ask: Ask,
}

/// Whether a question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// On a terminal; nowhere else, because nobody would answer.
    OnTerminal,
    /// The answer is yes.
    No,
}

/// Activates a snapshot until the next reboot; returns its store path.
pub fn test(cx: &Context, snapshot: &Snapshot, args: &SiteArgs) -> Result<Done> {
    let (nix, site, out) = prepare(cx, snapshot, args, Verb::Test)?;
    let changes = engine::show_changes(cx, &nix, &site, &out)?;
    refuse_test(&changes)?;
    let attempt = Attempt {
        verb: Verb::Test,
        wanted: Wanted::Toplevel(out.clone()),
        snapshot: Some(snapshot.id()),
        how: How { failed_units: FailedUnits::Accept, ..How::default() },
        privilege: Privilege::Later,
    };
    let exit = engine::run(cx, &nix, &site, attempt)?;
    Ok(Done { stdout: out.to_string(), exit })
}

/// Makes a snapshot what runs and what starts at boot; returns its store path.
pub fn switch(cx: &Context, snapshot: &Snapshot, args: &SiteArgs, plan: Plan) -> Result<Done> {
    let (nix, site, out) = prepare(cx, snapshot, args, plan.verb)?;
    let changes = engine::show_changes(cx, &nix, &site, &out)?;
    if !changes.inhibitors.is_empty() && plan.verb == Verb::Switch {
        cx.ui.step("it will be set for the next start, because this cannot change while it runs");
    }
    if plan.ask == Ask::OnTerminal && site.place.runs().as_ref() != Some(&out) {
        let question = format!("switch {} to `{}`?", site.target, out.name());
        // Nobody there to answer is no reason to stop: what is switched was named on the command line.
        if cx.ui.confirm(&question, true) == Some(false) {
            return Err(Error::new("not switched, as you said").exit(Exit::Failed));
        }
    }
    let attempt = Attempt {
        verb: plan.verb,
        wanted: Wanted::Toplevel(out.clone()),
        snapshot: Some(snapshot.id()),
        how: plan.how,
        privilege: Privilege::Later,
    };
    let exit = engine::run(cx, &nix, &site, attempt)?;
    Ok(Done { stdout: out.to_string(), exit })
}

/// Everything that the user may do without privilege, so that no password waits behind a mistake.
fn prepare(
    cx: &Context,
    snapshot: &Snapshot,
    args: &SiteArgs,
    verb: Verb,
) -> Result<(Nix, Site, StorePath)> {
    let settings = args.settings(cx, Some(snapshot.path()))?;
    let machine = args.machine(cx)?;
    let nix = Nix::find(cx)?.with_store(args.store.as_deref());
    let target = build::resolve(cx, &nix, snapshot, &settings)?;
    let site = Site::of(cx, target, machine, &settings)?;
    if verb == Verb::Boot && row(site.target.kind).install_boot.is_none() {
        return Err(Error::new(format!("{} does not start at boot", site.target))
            .hint("leave `--boot` out")
            .exit(Exit::Usage));
    }
    snapshot.verify()?;
    if verb != Verb::Test {
        // A test is undone by a reboot; what starts at every boot from now on has to pass every check first.
        check::check(cx, &nix, snapshot, false)?;
    }
    let built = build::build(cx, &nix, snapshot, &site.target)?;
    if let (Some(store), false) = (&site.machine.store, built.out.path().exists()) {
        return Err(Error::new(format!("`{}` is in the store `{store}` only", built.out))
            .because("its activation program runs here, and finds nothing of itself at that path")
            .hint(
                "to install a system into another root: `nixos-install --root DIR --flake .#HOST`",
            )
            .hint("to switch one that is there: `nixos-enter --root DIR`, then switch"));
    }
    verify(site.target.kind, &built.out, &site.place.root)?;
    Ok((nix, site, built.out))
}

fn refuse_test(changes: &Changes) -> Result<()> {
    if changes.inhibitors.is_empty() {
        return Ok(());
    }
    let names = crate::ui::names(&changes.inhibitors, 5);
    Err(Error::new("the running system cannot become this one without a reboot")
        .because(format!("{names} cannot change while it runs"))
        .hint("make it the one that starts at boot: `git flake-switch --boot`, then reboot"))
}
