//! What follows when the process of an attempt ended before the attempt did: finished or put back, by rule.
//!
//! | interrupted while | the machine still runs | it was started again since |
//! |---|---|---|
//! | prepared | nothing was changed | nothing was changed |
//! | testing, proving | what ran before is put back | the start did that (files of a home: they are put back) |
//! | awaiting confirmation | the confirmation still counts; else put back | as above |
//! | committing | finished: both were proved (put back, if the old one runs again) | finished |
//! | reverting | what ran before is put back | the profile and the boot entry are put back |
//! | ended, but what starts at boot could not be put back | that is tried again | that is tried again |
//!
//! Every step can be done twice. Who resolves holds the lock, so nobody else works on the same machine; children that the
//! dead process left are waited for first. Not here: the steps.

use crate::attempt::{Attempt, End};
use crate::grammar::RecoverArgs;
use crate::{keeper, remains, roots, trust, voice};
use std::time::Duration;
use studio_core::activation::{Place, boot_id, linked_store_path, machine_id};
use studio_core::cli::Context;
use studio_core::fs::Lock;
use studio_core::switch::is_worked_on;
use studio_core::target::Kind;
use studio_core::transaction::{Permanent, Phase, Reboot, Record, Records};
use studio_core::{Exit, Result, clock};

/// Whether a confirmation that is not due yet is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Whoever resolves has nothing else to do.
    UntilDeadline,
    /// Somebody wants to go on with another attempt.
    None,
}

/// Resolves what is open on a machine or of a user; nothing is open is no failure.
pub fn recover(args: &RecoverArgs, cx: &Context) -> Result<Exit> {
    let folder = match &args.records {
        Some(folder) => folder.clone(),
        None if args.user => cx.home()?.transactions(),
        None => Place::of_system(Kind::Nixos, &args.root).records,
    };
    let records = Records::at(&folder);
    let mut worst = Exit::Done;
    for record in open(records.all()?) {
        let meant = match &args.id {
            Some(id) => *id == record.call.id,
            // Not an order whose engine is only being started: who gave it waits until that has the lock.
            None => record.phase != Phase::Prepared || !is_worked_on(&record),
        };
        if !meant {
            continue;
        }
        trust::record(&records.path(&record.call.id))?;
        let call = &record.call;
        let Ok(_lock) = Lock::try_for(Duration::ZERO, &call.place.lock, call.verb.command())?
        else {
            // Its own engine or guard is at work.
            continue;
        };
        match records.read(&call.id)? {
            Some(record) if !record.phase.ended() || half_way_back(&record) => {
                let exit = resolve(record, records.clone(), cx, Patience::UntilDeadline)?;
                worst = worst.max(exit);
            }
            _ => {}
        }
    }
    roots::sweep(&records)?;
    // A unit that put a system back has done its work.
    Ok(if worst == Exit::WayBackFailed { worst } else { Exit::Done })
}

/// Those with something left to do: that did not end, or that could not put back what starts at boot, if nothing was
/// changed since then.
fn open(records: Vec<Record>) -> Vec<Record> {
    let last_of = |record: &Record| {
        let profile = &record.call.place.profile;
        let same = records.iter().filter(|other| other.call.place.profile == *profile);
        same.rev().find(|other| other.phase != Phase::Refused).map(|last| last.call.id.clone())
    };
    let is_open = |record: &&Record| {
        !record.phase.ended()
            || (half_way_back(record) && last_of(record).as_ref() == Some(&record.call.id))
    };
    records.iter().filter(is_open).cloned().collect()
}

/// Whether it ended without having put back what starts at boot.
fn half_way_back(record: &Record) -> bool {
    record.phase == Phase::RevertFailed && record.permanent == Permanent::Touched
}

/// Resolves what others left open for the same profile, before an attempt of ours begins. Our lock is theirs too.
pub fn resolve_others(ours: &Attempt<'_>) -> Result<()> {
    let mut all = ours.records.of(&ours.call().place.profile)?;
    all.retain(|record| record.call.id != ours.call().id);
    for record in open(all) {
        trust::record(&ours.records.path(&record.call.id))?;
        let log = ours
            .log
            .try_clone()
            .map_err(|cause| studio_core::Error::new("the log cannot be shared").because(cause))?;
        let mut attempt = Attempt::of(record, ours.records.clone(), log, ours.context());
        attempt.resolve(Patience::None);
    }
    roots::sweep(&ours.records)
}

/// Resolves one open record, saying everything into its log.
pub fn resolve(record: Record, records: Records, cx: &Context, patience: Patience) -> Result<Exit> {
    let (log, _voice) = voice::into_log(&records, &record)?;
    let mut attempt = Attempt::of(record, records, log, cx);
    let exit = attempt.resolve(patience);
    keeper::disarm(attempt.call());
    Ok(exit)
}

/// Whether what an attempt did to the running system is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    /// It is the same start of the machine.
    Interrupted,
    /// The machine was started again.
    Restarted,
}

impl Attempt<'_> {
    fn resolve(&mut self, patience: Patience) -> Exit {
        let root = self.call().place.root.clone();
        if let (Some(theirs), Some(ours)) = (&self.record.machine, machine_id(&root))
            && *theirs != ours
        {
            self.ui.warn(format!(
                "the transaction `{}` was made on another machine and is left alone",
                self.call().id
            ));
            return Exit::Done;
        }
        let phase = self.record.phase;
        self.ui.warn(format!(
            "{} `{}` ({}) {}",
            if patience == Patience::None { "an earlier" } else { "this" },
            self.call().verb.command(),
            self.record.new.name(),
            match phase {
                Phase::RevertFailed => "could not put back what starts at boot".to_owned(),
                phase => format!("was interrupted {}", phase.interrupted()),
            }
        ));
        let since = self.since();
        remains::wait_for(self);
        if !phase.ended() {
            self.record.interrupted_in.get_or_insert(phase);
        }
        self.record.process = std::process::id();
        let end = self.by_rule(phase, since, patience);
        self.finish(end)
    }

    /// Measured from when the attempt began, also by a recovery that follows one that was interrupted itself.
    fn since(&self) -> Since {
        match boot_id(&self.call().place.root) {
            Ok(now) if now != self.record.boot_id => Since::Restarted,
            _ => Since::Interrupted,
        }
    }

    /// Whether what runs now is what a start of the machine made of it.
    pub fn started_since(&self) -> bool {
        // The files of a home stay as they were.
        self.call().target.kind != Kind::Home && self.since() == Since::Restarted
    }

    fn by_rule(&mut self, phase: Phase, since: Since, patience: Patience) -> End {
        match phase {
            Phase::Committing if since == Since::Interrupted && self.went_back() => {
                self.put_back(since)
            }
            Phase::Committing => self.finish_committing(since),
            Phase::Reverting => self.put_back(since),
            Phase::RevertFailed => {
                self.ui.step("trying it again ...");
                self.put_back(since)
            }
            Phase::Testing | Phase::Proving => self.put_back(since),
            Phase::AwaitingConfirmation if since == Since::Restarted => self.put_back(since),
            Phase::AwaitingConfirmation => {
                if patience == Patience::None {
                    // An answer that is there counts; nobody waits for one.
                    self.record.deadline = Some(clock::milliseconds_since_start());
                }
                self.hold_their_lock();
                let proved = match self.record.newly_failed.is_empty() {
                    true => Exit::Done,
                    false => Exit::UnitsFailed,
                };
                self.answered(proved)
            }
            _ => {
                self.record.reason = Some("it was interrupted before it changed anything".into());
                End::with(Phase::Refused, Exit::Failed)
            }
        }
    }

    /// Whether it was on its way back already and could not write that down, as on a full disk: what it commits while it
    /// runs can only have been followed by the old one if it was put back.
    fn went_back(&self) -> bool {
        let place = &self.call().place;
        // The link itself: without one, what runs is taken to be the profile, which is what is being set.
        let runs = linked_store_path(&place.running);
        self.record.reboot == Reboot::NotNeeded
            && place.kind != Kind::Profile
            && runs.is_some()
            && runs == self.other()
    }

    /// Old and new were both proved, and the user wants the new one.
    fn finish_committing(&mut self, since: Since) -> End {
        let runs = self.call().place.runs().as_ref() == Some(&self.record.runs);
        let reboot = match self.call().target.kind {
            // The profile is all there is of it.
            Kind::Profile => Reboot::NotNeeded,
            _ if runs => Reboot::NotNeeded,
            _ => Reboot::Needed,
        };
        self.ui.step("finishing it ...");
        match self.commit(reboot) {
            // Nobody waits for a status that is about the reboot of a moment ago.
            End { phase: Phase::Committed, .. } if since == Since::Restarted => {
                End::with(Phase::Committed, Exit::Done)
            }
            other => other,
        }
    }

    fn put_back(&mut self, since: Since) -> End {
        let why = self.record.reason.clone().unwrap_or_else(|| match since {
            Since::Interrupted => "it was interrupted before it was made permanent".to_owned(),
            Since::Restarted => {
                "the machine was started again before it was made permanent".to_owned()
            }
        });
        let old = self.record.old.clone();
        let runs = self.call().place.runs();
        let kind = self.call().target.kind;
        // A start emptied what an activation of a system does; the files of a home it left as they were.
        if since == Since::Restarted
            && kind != Kind::Home
            && (runs != Some(self.record.runs.clone()) || runs == old)
        {
            self.record.reboot = Reboot::Needed;
        }
        // Only what starts at boot was left.
        if self.record.phase == Phase::RevertFailed && runs.is_some() && runs == self.other() {
            self.record.reboot = Reboot::Needed;
        }
        let end = self.go_back(&why, Exit::Reverted);
        self.record.reboot = Reboot::NotNeeded;
        end
    }
}
