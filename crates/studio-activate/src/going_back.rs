//! The way back: the recorded store path of what ran before, never "the previous number".
//!
//! Nothing on this way stops it: a step that fails is said and remembered, and the next one is tried all the same.

use crate::attempt::{Activated, Attempt, told};
use studio_core::activation::{failed_units, verify};
use studio_core::target::Kind;
use studio_core::transaction::{Phase, Reboot};
use studio_core::{Error, Exit, Result, fs, ui};

impl Attempt<'_> {
    /// Puts back what ran before, and says why.
    pub fn go_back(&mut self, why: &str) -> Result<Exit> {
        self.record.reason = Some(why.to_owned());
        self.note(Phase::Reverting);
        self.ui.warn(why);
        if self.record.reboot == Reboot::Needed || self.call.target.kind == Kind::Profile {
            // What runs was never touched: there was no activation, or it was one link that is replaced at once.
            return self.reverted("what runs was not touched; what starts at boot is the old one");
        }
        let Some(old) = self.old.clone() else {
            self.note(Phase::Reverted);
            return Err(Error::new(format!("{} could not be switched", self.call.target))
                .because("nothing ran here before, so there was nothing to put back")
                .because("what starts at boot was not changed")
                .hint(format!("what was tried is in `{}`", self.record_path())));
        };
        if let Err(error) = verify(self.call.target.kind, &old, &self.call.place.root) {
            return self.way_back_failed(&told(&error));
        }
        self.ui.step(format!("putting `{}` back ...", old.name()));
        match self.activate(&old) {
            Activated::Yes(newly_failed) if newly_failed.is_empty() => {
                self.reverted(&format!("`{}` runs again", old.name()))
            }
            Activated::Yes(newly_failed) => {
                self.way_back_failed(&format!("{} failed", ui::names(&newly_failed, 5)))
            }
            // Nothing was done to the running system, so it is the old one still.
            Activated::AfterReboot => self.reverted(&format!("`{}` runs still", old.name())),
            Activated::Busy => self.way_back_failed("another program is switching this machine"),
            Activated::No(why) => self.way_back_failed(&why),
        }
    }

    /// Sets the profile to where it was, and the boot entry with it. The failed generation stays for a look.
    pub fn put_profile_back(&mut self) {
        self.note(Phase::Reverting);
        let done = match &self.old_generation {
            Some(old) => self
                .nix_env(&["--switch-generation", &old.number.to_string()])
                .map_err(|error| told(&error))
                .and_then(|()| match &old.path {
                    Some(path) => self.install_boot(path),
                    None => Ok(()),
                }),
            // nix-env has no word for "no generation at all".
            None => fs::remove_file(&self.call.place.profile).map_err(|error| told(&error)),
        };
        if let Err(why) = done {
            self.ui.warn(format!("the profile or the boot entry could not be put back: {why}"));
            self.profile_is_off = Some(why);
        }
    }

    fn reverted(&mut self, how: &str) -> Result<Exit> {
        if let Some(why) = self.profile_is_off.clone() {
            return self.way_back_failed(&why);
        }
        self.note(Phase::Reverted);
        self.ui.step(how);
        Ok(Exit::Reverted)
    }

    fn way_back_failed(&mut self, why: &str) -> Result<Exit> {
        self.note(Phase::RevertFailed);
        let mut error =
            Error::new("the way back failed too").because(why).exit(Exit::WayBackFailed);
        let failed = failed_units(&self.call.place.root);
        if !failed.is_empty() {
            let failed: Vec<String> = failed.into_iter().collect();
            error = error.because(format!("failed units now: {}", ui::names(&failed, 10)));
        }
        let boot = match (&self.profile_is_off, &self.old_generation) {
            (None, Some(old)) => {
                format!(
                    "reboot: what starts at boot is generation {}, which was not touched",
                    old.number
                )
            }
            _ => "before a reboot, look at what starts at boot".to_owned(),
        };
        Err(error.hint(boot).hint(format!("what was tried is in `{}`", self.record_path())))
    }

    /// Writes down how far we are, if that can be done: on the way back a full disk is no reason to stop.
    fn note(&mut self, phase: Phase) {
        if let Err(error) = self.write(phase) {
            self.ui.warn(told(&error));
        }
    }
}
