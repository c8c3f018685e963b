//! From a snapshot to a machine: verify, check, build, ask what could be in the way, show, and hand over to
//! `studio-activate`.
//!
//! All of it is done without privilege, so that no password waits behind a mistake. Not here: the single questions
//! (`preflight`), and what happens on the machine (`engine`).

use super::elevation::Privilege;
use super::engine::{self, Attempt, How, asked_to_confirm, limit};
use super::options::AttemptArgs;
use super::preflight::{self, Course, Identity};
use super::show::Picture;
use super::{FailedUnits, Site, SiteArgs, Wanted};
use crate::activation::{row, verify};
use crate::build;
use crate::check;
use crate::cli::Done;
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::nix::Nix;
use crate::snapshot::Snapshot;
use crate::store_path::StorePath;
use crate::studio;
use crate::transaction::Verb;

/// How a switch is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// [`Verb::Switch`], or [`Verb::Boot`] to leave what runs alone.
    pub verb: Verb,
    /// What to do when units newly fail.
    pub failed_units: FailedUnits,
    /// What to do where the kernel or initrd is another one than the one at work.
    pub new_kernel: NewKernel,
    /// Whether the user is asked before anything is activated.
    pub ask: Ask,
}

/// What to do where the kernel or initrd is another one than the one at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewKernel {
    /// Set the system for the next start, and leave what runs alone.
    TakesReboot,
    /// Activate now what can be; kernel and initrd follow at the next start.
    Later,
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
pub fn test(
    cx: &Context,
    snapshot: &Snapshot,
    args: &SiteArgs,
    options: &AttemptArgs,
) -> Result<Done> {
    let _held = studio::hold(snapshot.home(), snapshot.id())?;
    let mut ready = prepare(cx, snapshot, args, options, Verb::Test)?;
    match ready.course(cx, Verb::Test, NewKernel::Later) {
        Course::Now => {}
        Course::NowBut(parts) => {
            cx.ui.step(format!("{parts} stay those that were started, as always in a test"));
        }
        Course::AtBoot { why, .. } => return Err(takes_a_reboot(&why)),
    }
    ready.go(cx, snapshot, Verb::Test, FailedUnits::Accept)
}

/// Makes a snapshot what runs and what starts at boot; returns its store path.
pub fn switch(
    cx: &Context,
    snapshot: &Snapshot,
    args: &SiteArgs,
    options: &AttemptArgs,
    plan: Plan,
) -> Result<Done> {
    let _held = studio::hold(snapshot.home(), snapshot.id())?;
    let mut ready = prepare(cx, snapshot, args, options, plan.verb)?;
    let verb = match ready.course(cx, plan.verb, plan.new_kernel) {
        Course::Now => plan.verb,
        Course::NowBut(parts) => {
            cx.ui.step(format!("{parts} follow at the next start"));
            plan.verb
        }
        Course::AtBoot { why, otherwise } => {
            cx.ui.step(format!("it will be set for the next start, because {why}"));
            if let Some(otherwise) = otherwise {
                cx.ui.hint(otherwise);
            }
            if let Some(name) = &options.specialisation {
                cx.ui.step(format!("choose the specialisation `{name}` in the boot menu then"));
            }
            Verb::Boot
        }
    };
    if plan.ask == Ask::OnTerminal && cx.ui.interactive() && !ready.runs_already() {
        ready.picture.show(cx, &ready.site);
        let question = format!("switch {} to `{}`?", ready.site.target, ready.runs.name());
        // Nobody there to answer is no reason to stop: what is switched was named on the command line.
        if cx.ui.confirm(&question, true) == Some(false) {
            return Err(Error::new("not switched, as you said").exit(Exit::Failed));
        }
    }
    ready.go(cx, snapshot, verb, plan.failed_units)
}

/// A snapshot that was built and that nothing speaks against, so far.
struct Ready<'a> {
    nix: Nix,
    site: Site,
    options: &'a AttemptArgs,
    /// What was built: it starts at boot from now on.
    out: StorePath,
    /// What is to run: what was built, or a specialisation of it.
    runs: StorePath,
    /// What changes.
    picture: Picture,
    /// The suffix of files that a home finds in its way.
    backup: Option<String>,
    privilege: Privilege,
}

/// Everything that can be found out before anything that changes is shown.
fn prepare<'a>(
    cx: &Context,
    snapshot: &Snapshot,
    args: &SiteArgs,
    options: &'a AttemptArgs,
    verb: Verb,
) -> Result<Ready<'a>> {
    let settings = options.on_top_of(args.settings(cx, Some(snapshot.path()))?);
    let machine = args.machine(cx)?;
    let nix = Nix::find(cx)?.with_store(args.store.as_deref());
    let target = build::resolve(cx, &nix, snapshot, &settings)?;
    let site = Site::of(cx, target, machine, &settings)?;
    if verb == Verb::Boot && row(site.target.kind).install_boot.is_none() {
        return Err(Error::new(format!("{} does not start at boot", site.target))
            .hint("leave `--boot` out")
            .exit(Exit::Usage));
    }
    // What is wrong with a setting is better said before minutes of checking and building.
    preflight::confirm_within(&cx.env, &settings, &site, verb)?;
    limit(&settings)?;
    let identity = match options.other_host {
        true => Identity::Right,
        false => preflight::identity(&site, None)?,
    };
    snapshot.verify(cx, options.verify)?;
    build::floor(&nix)?;
    let known = build::known(cx, &nix, snapshot, &site.target)
        && (verb == Verb::Test || check::known(cx, &nix, snapshot));
    let privilege = match known {
        // What it changes is seen before a password is asked for.
        true => Privilege::Later,
        // A password that is asked for at the end of a long check and build waits for nobody.
        false => Privilege::early(cx, &site.elevation)?,
    };
    if verb != Verb::Test {
        // A test is undone by a reboot; what starts at every boot from now on has to pass every check first.
        check::check(cx, &nix, snapshot, false)?;
    }
    let out = build::build(cx, &nix, snapshot, &site.target)?.out;
    if let (Some(store), false) = (&site.machine.store, out.path().exists()) {
        return Err(elsewhere(&out, store));
    }
    verify(site.target.kind, &out, &site.place.root)?;
    if identity == Identity::AfterBuild {
        preflight::identity(&site, Some(&out))?;
    }
    let runs = preflight::what_runs(&site.target, &out, options.specialisation.as_ref())?;
    if runs != out {
        verify(site.target.kind, &runs, &site.place.root)?;
    }
    let picture = Picture::begin(cx, &site, &runs, Some(snapshot.id()))?;
    if verb != Verb::Test && row(site.target.kind).install_boot.is_some() {
        preflight::room_on_boot(cx, &site.place, &out)?;
    }
    let backup = preflight::files_in_the_way(cx, &site, &runs, options.backup)?;
    Ok(Ready { nix, site, options, out, runs, picture, backup, privilege })
}

impl Ready<'_> {
    /// Whether what is to run does so already.
    fn runs_already(&self) -> bool {
        self.site.place.runs().as_ref() == Some(&self.runs)
    }

    /// Whether it is activated now; if it is not, or not all of it, what changes is shown before that is said.
    fn course(&mut self, cx: &Context, verb: Verb, new_kernel: NewKernel) -> Course {
        let place = &self.site.place;
        // Nothing is left to set for the next start where it is what runs and what starts.
        let there = self.runs_already() && place.profile().path().as_ref() == Some(&self.out);
        let starts_at_boot = row(place.kind).install_boot.is_some();
        let course = match starts_at_boot && !(there && verb == Verb::Switch) {
            true => preflight::course(&self.picture.changes, verb, new_kernel),
            false => Course::Now,
        };
        if !matches!(course, Course::Now) {
            self.picture.show(cx, &self.site);
        }
        course
    }

    /// Hands over to `studio-activate`.
    fn go(
        self,
        cx: &Context,
        snapshot: &Snapshot,
        verb: Verb,
        failed_units: FailedUnits,
    ) -> Result<Done> {
        let confirm_within = match self.runs_already() {
            true => {
                preflight::confirm_within(&cx.env, &self.site.settings, &self.site, verb)?.seconds()
            }
            false => asked_to_confirm(cx, &self.site, verb)?,
        };
        let how = How {
            failed_units,
            // What is set for the next start is the system; the boot menu has its specialisations.
            specialisation: self.options.specialisation.clone().filter(|_| verb != Verb::Boot),
            health: self.site.settings.health().to_vec(),
            confirm_within,
            limit: limit(&self.site.settings)?,
            backup: self.backup,
        };
        let attempt = Attempt {
            verb,
            wanted: Wanted::Toplevel(self.out.clone()),
            snapshot: Some(snapshot.id()),
            how,
            picture: self.picture,
            privilege: self.privilege,
        };
        let exit = engine::run(cx, &self.nix, &self.site, attempt)?;
        Ok(Done { exit, ..Done::with(&self.out) })
    }
}

/// What was built is in a store that this machine does not have.
fn elsewhere(out: &StorePath, store: &str) -> Error {
    Error::new(format!("`{out}` is in the store `{store}` only"))
        .because("its activation program runs here, and finds nothing of itself at that path")
        .hint("to install a system into another root: `nixos-install --root DIR --flake .#HOST`")
        .hint("to switch one that is there: `nixos-enter --root DIR`, then switch")
}

fn takes_a_reboot(why: &str) -> Error {
    Error::new("the running system cannot become this one without a reboot")
        .because(why)
        .hint("make it the one that starts at boot: `git flake-switch --boot`, then reboot")
}
