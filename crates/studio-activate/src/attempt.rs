//! One attempt, step by step: look, activate until reboot, prove, make permanent; or go back.
//!
//! The record is on disk before each step, so whatever ends this process, the next one knows how far it got. Until
//! `committing` nothing that starts at boot has been touched: a power cut boots the old system.

use crate::trust;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;
use studio_core::activation::{Generation, failed_units, inhibitors, program, row};
use studio_core::cli::Context;
use studio_core::fs::{self, Lock};
use studio_core::process::Program;
use studio_core::store_path::StorePath;
use studio_core::switch::{Call, FailedUnits, Wanted, last_attempt, settled};
use studio_core::target::Kind;
use studio_core::transaction::{Phase, Reboot, Record, Records, VERSION, Verb};
use studio_core::ui::{self, Ui};
use studio_core::{Error, Exit, Result};

/// Where children find programs, besides the folder of nix.
const PATH: &str = "/run/wrappers/bin:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:\
                    /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Exit statuses of `switch-to-configuration` that say more than "failed".
mod status {
    /// Some unit of the machine has failed, perhaps long ago.
    pub const UNITS_FAILED: i32 = 4;
    /// Somebody else holds its lock; nothing was done.
    pub const BUSY: i32 = 11;
    /// The running system cannot become this one without a reboot; nothing was done.
    pub const REBOOT: i32 = 100;
}

/// What came of an activation.
pub enum Activated {
    /// It runs; with it, these units failed that had not failed before.
    Yes(Vec<String>),
    /// It can only be started by a reboot; nothing was done.
    AfterReboot,
    /// Somebody else is switching; nothing was done.
    Busy,
    /// It went wrong on the way.
    No(String),
}

/// What an attempt did to what outlives a reboot.
pub enum Permanent {
    /// Nothing: the profile and the boot entry are as they were.
    Untouched,
    /// The profile is the new one, the boot entry perhaps.
    Set,
    /// They could not be put back, for this reason.
    Off(String),
}

/// An attempt under way; holds the lock.
pub struct Attempt<'a> {
    pub call: &'a Call,
    pub ui: &'a Ui,
    pub new: StorePath,
    pub old: Option<StorePath>,
    /// The generation that the profile was at, as it was.
    pub old_generation: Option<Generation>,
    /// The units that had failed before anything was done.
    pub failed_before: BTreeSet<String>,
    /// What this attempt did to the profile and the boot entry so far.
    pub permanent: Permanent,
    pub record: Record,
    records: Records,
    /// The last attempt before this one that changed something.
    last: Option<Record>,
    cx: &'a Context,
    _lock: Lock,
}

/// What earlier attempts say about the present.
struct Past {
    next_sequence: u64,
    /// The last attempt that changed something.
    last: Option<Record>,
}

/// Does what the call says.
pub fn carry_out(call: &Call, cx: &Context) -> Result<Exit> {
    trust::program(&call.nix_env)?;
    // An interrupt at the client's terminal, or the end of that terminal, must not stop an activation half-way: a session
    // of our own gets neither. It fails only where we lead a process group, which no command of ours makes us.
    let _ = rustix::process::setsid();
    let lock = Lock::try_now(&call.place.lock, call.verb.command())?.map_err(|busy| {
        Error::new(format!("another switch of {} is running", call.target))
            .because(busy.to_string())
            .hint("wait until it is done, then try again")
            .exit(Exit::Busy)
    })?;
    let mut attempt = prepare(call, cx, lock)?;
    if settled(&call.place, attempt.last.as_ref(), call.verb, &call.wanted) {
        cx.ui.step(format!("{} runs `{}` already", call.target, attempt.new.name()));
        return Ok(Exit::Done);
    }
    attempt.go()
}

fn prepare<'a>(call: &'a Call, cx: &'a Context, lock: Lock) -> Result<Attempt<'a>> {
    let records = Records::at(&call.place.records);
    let now = cx.env.now();
    let past = look_back(call, &records, &cx.ui, now)?;
    let profile = call.place.profile();
    let (new, generation) = match &call.wanted {
        Wanted::Toplevel(path) => (path.clone(), None),
        Wanted::Generation(number) => {
            let generation = profile.generation(*number)?;
            let path = generation.path.ok_or_else(|| {
                Error::new(format!("generation {number} of `{}` is no store path", profile.link()))
            })?;
            (path, Some(*number))
        }
    };
    trust::toplevel(call, &new)?;
    // One that was deleted by hand has a number and leads nowhere.
    let old_generation = profile.current().map(|number| {
        profile.generation(number).unwrap_or(Generation { number, path: None, made: 0 })
    });
    let old = call.place.runs();
    let record = Record {
        version: VERSION,
        sequence: past.next_sequence,
        call: call.clone(),
        machine: None,
        boot_id: String::new(),
        old: old.clone(),
        old_generation: old_generation.as_ref().map(|generation| generation.number),
        old_default: old_generation.as_ref().and_then(|generation| generation.path.clone()),
        booted: call.place.booted(),
        new: new.clone(),
        runs: new.clone(),
        generation,
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
    if records.read(&call.id)?.is_some() {
        return Err(Error::new(format!("there is a transaction `{}` already", call.id)));
    }
    let mut attempt = Attempt {
        call,
        ui: &cx.ui,
        new,
        old,
        old_generation,
        failed_before: BTreeSet::new(),
        permanent: Permanent::Untouched,
        record,
        records,
        last: past.last,
        cx,
        _lock: lock,
    };
    attempt.failed_before = attempt.failed_units();
    // What failed only since a test is no old news: else a test would make any failure acceptable to the switch after it.
    if let Some(last) = &attempt.last
        && last.phase == Phase::Tested
        && Some(&last.new) == attempt.old.as_ref()
    {
        attempt.failed_before.retain(|unit| !last.newly_failed.contains(unit));
    }
    Ok(attempt)
}

/// Closes what others left open (their lock is ours now, so they are dead), and says what happened to them.
fn look_back(call: &Call, records: &Records, ui: &Ui, now: i64) -> Result<Past> {
    let all = records.all()?;
    let next_sequence = all.last().map_or(1, |record| record.sequence + 1);
    let mut ours = vec![];
    for mut record in all {
        if record.call.place.profile != call.place.profile {
            continue;
        }
        if !record.phase.ended() {
            ui.warn(format!(
                "an earlier `{}` ({}) was interrupted {}",
                record.call.verb.command(),
                record.new.name(),
                record.phase.interrupted()
            ));
            record.interrupted_in = Some(record.phase);
            record.phase = Phase::Superseded;
            record.changed = now;
            records.write(&record)?;
        }
        ours.push(record);
    }
    Ok(Past { next_sequence, last: last_attempt(&ours).cloned() })
}

impl Attempt<'_> {
    fn go(&mut self) -> Result<Exit> {
        self.write(Phase::Prepared)?;
        if self.call.verb == Verb::Test && self.call.place.nothing_goes_at_reboot() {
            self.record.reason = Some("there is no folder that a reboot empties".to_owned());
            self.write(Phase::Refused)?;
            return Err(Error::new(format!("{} cannot be tried until a reboot", self.call.target))
                .because(
                    "`XDG_RUNTIME_DIR` is not set, so there is no folder that a reboot empties",
                )
                .hint("set it to such a folder, or make it permanent: `git flake-switch`"));
        }
        if self.call.verb == Verb::Boot {
            return self.commit(Reboot::Needed);
        }
        match self.needs_reboot() {
            Ok(None) => {}
            Ok(Some(why)) => return self.without_activating(&why),
            Err(error) => {
                self.note(Phase::Refused);
                return Err(error);
            }
        }
        self.write(Phase::Testing)?;
        let path = self.new.clone();
        self.ui.step(format!("activating `{}` ...", path.name()));
        match self.activate(&path) {
            Activated::Busy => {
                self.record.reason = Some("another program is switching this machine".to_owned());
                self.write(Phase::Refused)?;
                Err(Error::new("another program is switching this machine")
                    .because(
                        "`switch-to-configuration` could not get its lock; nothing was changed",
                    )
                    .hint("wait until it is done, then try again")
                    .exit(Exit::Busy))
            }
            Activated::AfterReboot => self.without_activating("its init is another one"),
            Activated::No(why) => self.go_back(&why),
            Activated::Yes(newly_failed) => self.prove(newly_failed),
        }
    }

    /// What forbids to activate the new one in the running one, if anything does.
    fn needs_reboot(&self) -> Result<Option<String>> {
        let (Kind::Nixos, Some(old)) = (self.call.target.kind, &self.old) else { return Ok(None) };
        let names = inhibitors(old, &self.new)?;
        if names.is_empty() {
            return Ok(None);
        }
        Ok(Some(format!("{} cannot change while it runs", ui::names(&names, 5))))
    }

    /// The way of a system that cannot be activated without a reboot.
    fn without_activating(&mut self, why: &str) -> Result<Exit> {
        if self.call.verb == Verb::Test {
            self.record.reason = Some(why.to_owned());
            self.write(Phase::Refused)?;
            return Err(Error::new("the running system cannot become this one without a reboot")
                .because(why)
                .hint(
                    "make it the one that starts at boot: `git flake-switch --boot`, then reboot",
                ));
        }
        self.ui.warn(format!("not activated now: {why}"));
        self.commit(Reboot::Needed)
    }

    fn prove(&mut self, newly_failed: Vec<String>) -> Result<Exit> {
        self.record.newly_failed = newly_failed;
        if let Err(error) = self.write(Phase::Proving) {
            // What cannot be written down is not made permanent: a full disk would fail at the next step as well.
            return self.go_back(&told(&error));
        }
        let failed = self.record.newly_failed.clone();
        if !failed.is_empty() {
            self.ui.warn(format!(
                "{} that had not failed before: {}",
                if failed.len() == 1 { "a unit failed" } else { "units failed" },
                ui::names(&failed, 10)
            ));
        }
        match (self.call.verb, failed.is_empty(), self.call.failed_units) {
            (Verb::Test, clean, _) => {
                self.note(Phase::Tested);
                self.say_tested();
                Ok(if clean { Exit::Done } else { Exit::UnitsFailed })
            }
            (_, false, FailedUnits::PutBack) => {
                let exit = self.go_back(&format!("{} failed", ui::names(&failed, 5)))?;
                self.ui.hint("to try it and look at them: `git flake-test`");
                Ok(exit)
            }
            _ => self.commit(Reboot::NotNeeded),
        }
    }

    fn say_tested(&self) {
        let name = self.new.name();
        match self.call.target.kind {
            // Files of a home stay where they were put; a reboot does not take them back.
            Kind::Home => self.ui.step(format!("`{name}` is active; its generation is not set")),
            _ => self.ui.step(format!("`{name}` is active until the next reboot")),
        }
    }

    /// Sets the profile, then what starts at boot.
    fn commit(&mut self, reboot: Reboot) -> Result<Exit> {
        self.record.reboot = reboot;
        if let Err(error) = self.write(Phase::Committing) {
            return self.go_back(&told(&error));
        }
        let set = self.set_profile();
        let now_at = self.call.place.profile().current();
        if now_at != self.record.old_generation {
            // Also when nix-env failed: it may have done so after its work.
            self.permanent = Permanent::Set;
        }
        if let Err(error) = set {
            return self.go_back(&told(&error));
        }
        self.record.generation = now_at;
        if let Err(why) = self
            .write(Phase::Committing)
            .map_err(|error| told(&error))
            .and_then(|()| self.install_boot(&self.new.clone()))
        {
            self.permanent = Permanent::Set;
            return self.go_back(&why);
        }
        if self.call.target.kind == Kind::Profile && !self.call.place.nothing_goes_at_reboot() {
            // The profile is what runs now; a link left over from a test would hide it.
            if let Err(error) = fs::remove_file(&self.call.place.running) {
                self.ui.warn(told(&error));
            }
        }
        // It is done whether or not that can be written down; the next attempt looks at what is there as well.
        self.note(Phase::Committed);
        let generation =
            self.record.generation.map_or(String::new(), |number| format!("generation {number}, "));
        self.ui.step(format!("{} is at {generation}`{}`", self.call.target, self.new.name()));
        Ok(match (reboot, self.record.newly_failed.is_empty()) {
            (Reboot::Needed, _) => {
                self.ui.step("reboot to finish");
                Exit::RebootNeeded
            }
            (Reboot::NotNeeded, false) => Exit::UnitsFailed,
            (Reboot::NotNeeded, true) => Exit::Done,
        })
    }

    fn set_profile(&self) -> Result<()> {
        match &self.call.wanted {
            Wanted::Toplevel(path) => self.nix_env(&["--set", path.path().as_str()]),
            Wanted::Generation(number) => {
                self.nix_env(&["--switch-generation", &number.to_string()])
            }
        }
    }

    /// Runs `nix-env` on the profile.
    pub fn nix_env(&self, args: &[&str]) -> Result<()> {
        let profile = &self.call.place.profile;
        if let Some(folder) = profile.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut program = self.child(&self.call.nix_env);
        if self.call.target.kind.privileged() {
            // nix-env makes itself at home in the home folder; root's own is none of its business.
            let home = self.call.place.lock.with_file_name("home");
            fs::create_dir_all(&home)?;
            program = program.env("HOME", home);
        }
        if let Some(store) = &self.call.store {
            program = program.args(["--store", store]);
        }
        match program.args(["--profile", profile.as_str()]).args(args).follow(self.ui)? {
            Some(0) => Ok(()),
            code => Err(Error::new(format!("the profile `{profile}` could not be set"))
                .because(format!("`nix-env {}` {}", args.join(" "), ended(code)))),
        }
    }

    /// Installs the boot entries with `path` as the default, where there is a boot loader.
    pub fn install_boot(&self, path: &StorePath) -> Result<(), String> {
        let kind = self.call.target.kind;
        let (Some(args), Some(program)) = (row(kind).install_boot, program(kind, path)) else {
            return Ok(());
        };
        self.ui.step("installing the boot entry ...");
        match self.child(&program).args(args).follow(self.ui) {
            Ok(Some(0)) => Ok(()),
            Ok(code) => Err(format!("installing the boot entry {}", ended(code))),
            Err(failure) => Err(failure.to_string()),
        }
    }

    /// Activates `path` until the next reboot.
    pub fn activate(&self, path: &StorePath) -> Activated {
        let kind = self.call.target.kind;
        let Some(program) = program(kind, path) else { return self.link(path) };
        // On an empty machine the activation program finds its folders.
        if let Err(error) = fs::create_dir_all(&self.call.place.root) {
            return Activated::No(told(&error));
        }
        let code = match self.child(&program).args(row(kind).try_out).follow(self.ui) {
            Ok(code) => code,
            Err(failure) => return Activated::No(failure.to_string()),
        };
        match (kind, code) {
            (_, Some(0)) => Activated::Yes(vec![]),
            (Kind::Nixos, Some(status::UNITS_FAILED)) => Activated::Yes(self.newly_failed()),
            (Kind::Nixos, Some(status::BUSY)) => Activated::Busy,
            (Kind::Nixos, Some(status::REBOOT)) => Activated::AfterReboot,
            (_, code) => Activated::No(format!("activation {}", ended(code))),
        }
    }

    /// A package is activated by a link in a folder that is gone after a reboot.
    fn link(&self, path: &StorePath) -> Activated {
        let place = &self.call.place;
        if self.call.verb != Verb::Test {
            // Its way into use is the profile; there is nothing to try that the link would show.
            return Activated::Yes(vec![]);
        }
        match fs::symlink_atomic(path.path(), &place.running) {
            Ok(()) => Activated::Yes(vec![]),
            Err(error) => Activated::No(told(&error)),
        }
    }

    fn newly_failed(&self) -> Vec<String> {
        self.failed_units().difference(&self.failed_before).cloned().collect()
    }

    fn failed_units(&self) -> BTreeSet<String> {
        match self.call.target.kind {
            Kind::Nixos => failed_units(&self.call.place.root),
            Kind::Darwin | Kind::Home | Kind::Profile => BTreeSet::new(),
        }
    }

    /// A child with an environment of its own: what the call hands on, PATH, and the root folder.
    fn child(&self, program: &Utf8Path) -> Program {
        let nix = self.call.nix_env.parent().unwrap_or(Utf8Path::new("/"));
        let mut child = Program::new(program, Utf8Path::new("/"))
            .only_its_environment()
            .env("PATH", format!("{nix}:{PATH}"));
        for (name, value) in &self.call.variables {
            child = child.env(name, value);
        }
        if self.call.place.root != "/" {
            child = child.env("STUDIO_ROOT", &self.call.place.root);
        }
        child
    }

    /// Writes down how far we are. Before a step that changes something, a failure to do so stops us.
    pub fn write(&mut self, phase: Phase) -> Result<()> {
        self.record.phase = phase;
        self.record.changed = self.cx.env.now();
        self.records.write(&self.record)
    }

    /// The record of this attempt.
    pub fn record_path(&self) -> Utf8PathBuf {
        self.records.path(&self.record.call.id)
    }
}

/// How a child ended, for people.
pub fn ended(code: Option<i32>) -> String {
    match code {
        Some(code) => format!("failed with exit status {code}"),
        None => "was killed".to_owned(),
    }
}

/// An error in one line.
pub fn told(error: &Error) -> String {
    let mut words = vec![error.message().to_owned()];
    words.extend(error.causes().iter().cloned());
    words.join(": ")
}
