//! The way back: the recorded store path of what ran before, never "the previous number".
//!
//! Nothing on this way stops it: a step that fails is said and remembered, and the next one is tried all the same.

use crate::activating::Activated;
use crate::attempt::{Attempt, End, told};
use std::time::{Duration, Instant};
use studio_core::activation::{forget_failed, verify};
use studio_core::store_path::StorePath;
use studio_core::target::Kind;
use studio_core::transaction::{Permanent, Phase, Reboot};
use studio_core::{Error, Exit, ui};

/// How long the way back waits for somebody else's switch to end.
const PATIENCE: Duration = Duration::from_secs(60);

impl Attempt<'_> {
    /// Puts back what ran before, and says why; `exit` is the status if that works.
    pub fn go_back(&mut self, why: &str, exit: Exit) -> End {
        self.ui.warn(why);
        self.take_back(why, exit)
    }

    /// Puts back what ran before, once it was said why.
    pub fn take_back(&mut self, why: &str, exit: Exit) -> End {
        self.record.reason = Some(why.to_owned());
        self.note(Phase::Reverting);
        if self.default_leads_nowhere() {
            self.record.permanent = Permanent::Touched;
        }
        let permanent = match self.record.permanent {
            Permanent::Untouched => Ok(()),
            Permanent::Touched => {
                // What starts at boot is theirs then, and so is what runs.
                if let Some(what) = self.others_profile() {
                    return self.superseded(&what);
                }
                self.release_their_lock();
                self.put_profile_back()
            }
        };
        if permanent.is_ok() {
            // Else recovery tries it again, even if this attempt ends.
            self.record.permanent = Permanent::Untouched;
        }
        if let Err(why) = &permanent {
            self.ui.warn(format!("the profile or the boot entry could not be put back: {why}"));
        }
        if self.record.reboot == Reboot::Needed || self.call().target.kind == Kind::Profile {
            // What runs was never touched: there was no activation, or it was one link that is replaced at once.
            let how = "what runs was not touched; what starts at boot is the old one";
            if let Some(what) = self.others_profile()
                && permanent.is_ok()
            {
                return self.superseded(&what);
            }
            return self.reverted(how, permanent, exit);
        }
        if let Some(what) = self.others_run()
            && permanent.is_ok()
        {
            return self.superseded(&what);
        }
        if let Some(what) = self.others_profile() {
            // What runs is ours all the same, and nobody has said that it is good.
            self.ui.warn(format!("{what}: somebody else set it, and it is left as it is"));
        }
        let Some(old) = self.other() else {
            let error = Error::new(format!("{} could not be switched", self.call().target))
                .because(match self.record.old {
                    Some(_) => "it is what ran before, so there was nothing else to put back",
                    None => "nothing ran here before, so there was nothing to put back",
                })
                .because(match self.call().target.kind {
                    Kind::Nixos | Kind::Darwin => "what starts at boot is what it was",
                    Kind::Home | Kind::Profile => "its profile is what it was",
                })
                .hint(format!("what was tried is in `{}`", self.record_path()));
            return End::failed(Phase::Reverted, error);
        };
        if let Err(error) = verify(self.call().target.kind, &old, &self.call().place.root) {
            return self.way_back_failed(&told(&error), permanent.is_ok());
        }
        // Both often have the same name, so it is said what they are.
        let what = self.call_it(&old);
        self.ui.step(format!("putting {what} back ..."));
        if let (Kind::Home, Some(folder)) = (self.call().target.kind, self.runtime_dir()) {
            // switch-to-configuration does so itself; of a home nobody does. What fails again is seen again.
            forget_failed(folder, &self.record.newly_failed);
        }
        match self.activate_in_turn(&old) {
            Activated::Yes(newly_failed) if newly_failed.is_empty() => {
                self.reverted(&format!("{what} runs again"), permanent, exit)
            }
            Activated::Yes(newly_failed) => {
                let why = format!("{} failed", ui::names(&newly_failed, 5));
                self.way_back_failed(&why, permanent.is_ok())
            }
            // Nothing was done to the running system, so it is the old one still.
            Activated::AfterReboot => self.reverted(&format!("{what} runs still"), permanent, exit),
            Activated::Busy => {
                self.way_back_failed("another program is switching this machine", permanent.is_ok())
            }
            Activated::No(why) => self.way_back_failed(&why, permanent.is_ok()),
        }
    }

    /// Activates, waiting for others to end first.
    fn activate_in_turn(&mut self, path: &StorePath) -> Activated {
        let limit = Instant::now() + PATIENCE.min(self.limit());
        loop {
            match self.activate(path) {
                Activated::Busy if Instant::now() < limit => {
                    std::thread::sleep(Duration::from_millis(200));
                }
                other => return other,
            }
        }
    }

    /// What ran before; if that is the new one itself (as after a test), what starts at boot, if that is another one.
    pub fn other(&self) -> Option<StorePath> {
        let old = self.record.old.as_ref()?;
        let at_boot = self.record.old_default.as_ref();
        // What was only being tried ends with the machine.
        let first = if self.started_since() { [at_boot, Some(old)] } else { [Some(old), at_boot] };
        first.into_iter().flatten().find(|path| **path != self.record.runs).cloned()
    }

    /// Whether somebody deleted the generation that starts at boot. What it held is kept by a link of ours, and can get a
    /// generation again.
    fn default_leads_nowhere(&self) -> bool {
        let profile = self.call().place.profile();
        self.record.old_default.is_some()
            && profile.current() == self.record.old_generation
            && profile.path().is_none()
    }

    /// `generation 3`, or `what ran before` if it has no number.
    fn call_it(&self, path: &StorePath) -> String {
        match self.record.old_generation {
            Some(number) if self.record.old_default.as_ref() == Some(path) => {
                format!("generation {number}")
            }
            _ => format!("what ran before (`{}`)", path.name()),
        }
    }

    fn reverted(&mut self, how: &str, permanent: Result<(), String>, exit: Exit) -> End {
        if let Err(why) = permanent {
            return self.way_back_failed(&why, false);
        }
        self.ui.step(how);
        End::with(Phase::Reverted, exit)
    }

    fn way_back_failed(&mut self, why: &str, default_is_old: bool) -> End {
        let mut error =
            Error::new("the way back failed too").because(why).exit(Exit::WayBackFailed);
        let failed: Vec<String> = self.failed_units().into_iter().collect();
        if !failed.is_empty() {
            error = error.because(format!("failed units now: {}", ui::names(&failed, 10)));
        }
        let boot = match self.record.old_generation {
            Some(number) if default_is_old => {
                format!("reboot: what starts at boot is generation {number}, which is as it was")
            }
            _ => "before a reboot, look at what starts at boot".to_owned(),
        };
        let error = error.hint(boot).hint(format!("what was tried is in `{}`", self.record_path()));
        End::failed(Phase::RevertFailed, error)
    }
}
