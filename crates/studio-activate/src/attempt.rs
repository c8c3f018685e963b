//! One attempt, step by step: look, activate until reboot, prove, make permanent; or go back.
//!
//! The record is on disk before each step, so whatever ends this process, the next one knows how far it got. Until
//! `committing` nothing that starts at boot has been touched: a power cut boots the old system.
//!
//! Not here: how one step is done (`activating`, `confirmation`, `permanence`), the way back (`going_back`), and what
//! follows when the process ends before the attempt does (`recovery`).

use crate::activating::Activated;
use crate::trust;
use camino::Utf8PathBuf;
use std::fs::File;
use studio_core::activation::{boot_id, inhibitors, machine_id};
use studio_core::cli::Context;
use studio_core::fs::{self, Lock};
use studio_core::health;
use studio_core::store_path::StorePath;
use studio_core::switch::{Call, FailedUnits, Wanted, last_attempt};
use studio_core::target::Kind;
use studio_core::transaction::{Permanent, Phase, Reboot, Record, Records, VERSION, Verb};
use studio_core::ui::{self, Ui};
use studio_core::{Error, Exit, Result};

/// An attempt under way.
pub struct Attempt<'a> {
    pub ui: &'a Ui,
    pub record: Record,
    pub records: Records,
    /// Where children write.
    pub log: File,
    /// The lock of `switch-to-configuration`, held while nothing of ours calls it, so that nobody else does.
    pub theirs: Option<Lock>,
    cx: &'a Context,
}

/// How an attempt ended.
pub struct End {
    pub phase: Phase,
    pub exit: Exit,
    /// What has not been said yet.
    pub error: Option<Error>,
}

impl End {
    /// It ended as it was meant to, or in a way that was explained on the way.
    pub fn with(phase: Phase, exit: Exit) -> End {
        End { phase, exit, error: None }
    }

    /// It ended badly.
    pub fn failed(phase: Phase, error: Error) -> End {
        End { phase, exit: error.status(), error: Some(error) }
    }

    /// It ended before anything was changed.
    pub fn refused(error: Error) -> End {
        End::failed(Phase::Refused, error)
    }
}

impl<'a> Attempt<'a> {
    /// A new one, with what is so just now; nothing is written yet.
    pub fn new(call: &Call, cx: &'a Context, records: Records) -> Result<Attempt<'a>> {
        if records.read(&call.id)?.is_some() {
            return Err(Error::new(format!("there is a transaction `{}` already", call.id)));
        }
        let now = cx.env.now();
        let new = wanted(call)?;
        let record = Record {
            version: VERSION,
            sequence: records.all()?.last().map_or(1, |record| record.sequence + 1),
            call: call.clone(),
            machine: machine_id(&call.place.root),
            boot_id: boot_id(&call.place.root)?,
            old: None,
            old_generation: None,
            old_default: None,
            booted: call.place.booted(),
            runs: runs(call, &new)?,
            new,
            generation: None,
            permanent: Permanent::Untouched,
            phase: Phase::Prepared,
            interrupted_in: None,
            failed_before: vec![],
            newly_failed: vec![],
            reboot: Reboot::NotNeeded,
            deadline: None,
            reason: None,
            exit: None,
            began: now,
            changed: now,
            process: std::process::id(),
        };
        let log = fs::null()?;
        let mut attempt = Attempt { ui: &cx.ui, record, records, log, theirs: None, cx };
        attempt.look()?;
        Ok(attempt)
    }

    /// One that is recorded already.
    pub fn of(record: Record, records: Records, log: File, cx: &'a Context) -> Attempt<'a> {
        Attempt { ui: &cx.ui, record, records, log, theirs: None, cx }
    }

    /// What was asked for.
    pub fn call(&self) -> &Call {
        &self.record.call
    }

    /// The environment that we were started with.
    pub fn context(&self) -> &'a Context {
        self.cx
    }

    /// Finds out what is so before anything is done.
    pub fn look(&mut self) -> Result<()> {
        let call = &self.record.call;
        trust::toplevel(call, &self.record.new)?;
        if self.record.runs != self.record.new {
            trust::toplevel(call, &self.record.runs)?;
        }
        let profile = call.place.profile();
        let failed_before = self.failed_units();
        let record = &mut self.record;
        record.old = record.call.place.runs();
        record.old_generation = profile.current();
        record.old_default = profile.path();
        record.failed_before = failed_before.into_iter().collect();
        // What failed only since a test is no old news: else a test would make any failure acceptable to the switch after
        // it.
        let mut ours = self.records.of(&record.call.place.profile)?;
        ours.retain(|other| other.call.id != record.call.id);
        if let Some(last) = last_attempt(&ours)
            && last.phase == Phase::Tested
            && Some(&last.runs) == record.old.as_ref()
        {
            record.failed_before.retain(|unit| !last.newly_failed.contains(unit));
        }
        Ok(())
    }

    /// Walks through all steps.
    pub fn go(&mut self) -> End {
        let verb = self.call().verb;
        if verb == Verb::Test && self.call().place.nothing_goes_at_reboot() {
            return self.refuse(
                "there is no folder that a reboot empties",
                Error::new(format!("{} cannot be tried until a reboot", self.call().target))
                    .because(
                        "`XDG_RUNTIME_DIR` is not set, so there is no folder that a reboot empties",
                    )
                    .hint("set it to such a folder, or make it permanent: `git flake-switch`"),
            );
        }
        if verb == Verb::Boot {
            return self.commit(Reboot::Needed);
        }
        match self.needs_reboot() {
            Ok(None) => {}
            Ok(Some(why)) => return self.without_activating(&why),
            Err(error) => return End::refused(error),
        }
        if let Err(error) = self.write(Phase::Testing) {
            return End::refused(error);
        }
        crate::keeper::arm(self);
        let path = self.record.runs.clone();
        self.ui.step(format!("activating `{}` ...", path.name()));
        match self.activate(&path) {
            Activated::Busy => self.refuse(
                "another program is switching this machine",
                Error::new("another program is switching this machine")
                    .because(
                        "`switch-to-configuration` could not get its lock; nothing was changed",
                    )
                    .hint("wait until it is done, then try again")
                    .exit(Exit::Busy),
            ),
            Activated::AfterReboot => self.without_activating("its init is another one"),
            Activated::No(why) => self.go_back(&why, Exit::Reverted),
            Activated::Yes(newly_failed) => self.prove(newly_failed),
        }
    }

    fn refuse(&mut self, reason: &str, error: Error) -> End {
        self.record.reason = Some(reason.to_owned());
        End::refused(error)
    }

    /// What forbids to activate the new one in the running one, if anything does.
    fn needs_reboot(&self) -> Result<Option<String>> {
        let (Kind::Nixos, Some(old)) = (self.call().target.kind, &self.record.old) else {
            return Ok(None);
        };
        let names = inhibitors(old, &self.record.runs)?;
        if names.is_empty() {
            return Ok(None);
        }
        Ok(Some(format!("{} cannot change while it runs", ui::names(&names, 5))))
    }

    /// The way of a system that cannot be activated without a reboot.
    fn without_activating(&mut self, why: &str) -> End {
        if self.call().verb == Verb::Test {
            let error = Error::new("the running system cannot become this one without a reboot")
                .because(why)
                .hint(
                    "make it the one that starts at boot: `git flake-switch --boot`, then reboot",
                );
            return self.refuse(why, error);
        }
        self.ui.warn(format!("not activated now: {why}"));
        self.commit(Reboot::Needed)
    }

    /// Looks at what was activated: failed units, health checks, and the user's own eyes.
    fn prove(&mut self, newly_failed: Vec<String>) -> End {
        self.hold_their_lock();
        self.record.newly_failed = newly_failed;
        if !self.call().health.is_empty()
            && let Err(error) = self.write(Phase::Proving)
        {
            // What cannot be written down is not made permanent: a full disk would fail at the next step as well.
            return self.go_back(&told(&error), Exit::Reverted);
        }
        let failed = self.record.newly_failed.clone();
        let mut faults = vec![];
        if !failed.is_empty() {
            self.ui.warn(format!(
                "{} that had not failed before: {}",
                if failed.len() == 1 { "a unit failed" } else { "units failed" },
                ui::names(&failed, 10)
            ));
            faults.push(format!("{} failed", ui::names(&failed, 5)));
        }
        faults.extend(self.ask_health());
        let accepted =
            self.call().verb == Verb::Test || self.call().failed_units == FailedUnits::Accept;
        if !faults.is_empty() && !accepted {
            let end = self.take_back(&faults.join("; "), Exit::Reverted);
            self.ui.hint("to try it and look at it: `git flake-test`");
            return end;
        }
        let proved = if faults.is_empty() { Exit::Done } else { Exit::UnitsFailed };
        match self.call().confirm_within {
            Some(seconds) => self.await_confirmation(seconds, proved),
            None => self.conclude(proved),
        }
    }

    /// What follows once it is proved, or accepted as it is.
    pub fn conclude(&mut self, proved: Exit) -> End {
        if self.call().verb == Verb::Test {
            if let Some(what) = self.others_doing() {
                return self.superseded(&what);
            }
            self.say_tested();
            return End::with(Phase::Tested, proved);
        }
        match self.commit(Reboot::NotNeeded) {
            End { exit: Exit::Done, phase, error } => End { exit: proved, phase, error },
            other => other,
        }
    }

    /// Runs the health checks; gives a text for each that says no.
    fn ask_health(&self) -> Vec<String> {
        let checks = &self.call().health;
        if checks.is_empty() {
            return vec![];
        }
        self.ui.step(format!("asking {} ...", ui::count(checks.len(), "health check")));
        let child = |program: &str| self.child(program.into());
        health::run(checks, &child, &self.log, &mut |line| self.ui.step(line))
            .into_iter()
            .map(|failure| failure.to_string())
            .inspect(|failure| self.ui.warn(failure))
            .collect()
    }

    fn say_tested(&self) {
        let name = self.record.runs.name();
        match self.call().target.kind {
            // Files of a home stay where they were put; a reboot does not take them back.
            Kind::Home => self.ui.step(format!("`{name}` is active; its generation is not set")),
            _ => self.ui.step(format!("`{name}` is active until the next reboot")),
        }
    }

    /// Writes down how far we are. Before a step that changes something, a failure to do so stops us.
    pub fn write(&mut self, phase: Phase) -> Result<()> {
        self.record.phase = phase;
        self.record.changed = self.cx.env.now();
        self.records.write(&self.record)
    }

    /// Writes down how far we are, if that can be done: on the way back a full disk is no reason to stop.
    pub fn note(&mut self, phase: Phase) {
        if let Err(error) = self.write(phase) {
            self.ui.warn(told(&error));
        }
    }

    /// Whether the record on disk is the one that we know: then nobody else works on it.
    pub fn is_as_recorded(&self) -> Result<bool> {
        Ok(self.records.read(&self.record.call.id)?.as_ref() == Some(&self.record))
    }

    /// The record of this attempt.
    pub fn record_path(&self) -> Utf8PathBuf {
        self.records.path(&self.record.call.id)
    }
}

/// The store path that is to start at boot.
fn wanted(call: &Call) -> Result<StorePath> {
    match &call.wanted {
        Wanted::Toplevel(path) => Ok(path.clone()),
        Wanted::Generation(number) => {
            let profile = call.place.profile();
            profile.generation(*number)?.path.ok_or_else(|| {
                Error::new(format!("generation {number} of `{}` is no store path", profile.link()))
            })
        }
    }
}

/// The store path that is to run: the one that is wanted, or a specialisation of it.
fn runs(call: &Call, new: &StorePath) -> Result<StorePath> {
    let Some(name) = &call.specialisation else { return Ok(new.clone()) };
    let link = new.path().join("specialisation").join(name.as_str());
    studio_core::activation::linked_store_path(&link).ok_or_else(|| {
        Error::new(format!("`{}` has no specialisation `{name}`", new.name()))
            .because(format!("`{link}` leads to no store path"))
            .hint(format!("to see those there are: `ls {}/specialisation`", new.path()))
    })
}

/// An error in one line.
pub fn told(error: &Error) -> String {
    let mut words = vec![error.message().to_owned()];
    words.extend(error.causes().iter().cloned());
    words.join(": ")
}
