//! The way back: the recorded store path of what ran before, never "the previous number".
//!
//! Nothing on this way stops it: a step that fails is said and remembered, and the next one is tried all the same.

use crate::attempt::{Activated, Attempt, Permanent, told};
use studio_core::activation::{failed_units, verify};
use studio_core::store_path::StorePath;
use studio_core::target::Kind;
use studio_core::transaction::{Phase, Reboot};
use studio_core::{Error, Exit, Result, fs, ui};

impl Attempt<'_> {
    /// Puts back what ran before, and says why.
    pub fn go_back(&mut self, why: &str) -> Result<Exit> {
        self.record.reason = Some(why.to_owned());
        self.note(Phase::Reverting);
        self.ui.warn(why);
        if let Permanent::Set = self.permanent {
            self.put_profile_back();
        }
        if self.record.reboot == Reboot::Needed || self.call.target.kind == Kind::Profile {
            // What runs was never touched: there was no activation, or it was one link that is replaced at once.
            return self.reverted("what runs was not touched; what starts at boot is the old one");
        }
        let Some(old) = self.other() else {
            self.note(Phase::Reverted);
            return Err(Error::new(format!("{} could not be switched", self.call.target))
                .because(match self.old {
                    Some(_) => "it is what ran before, so there was nothing else to put back",
                    None => "nothing ran here before, so there was nothing to put back",
                })
                .because("what starts at boot is what it was")
                .hint(format!("what was tried is in `{}`", self.record_path())));
        };
        if let Err(error) = verify(self.call.target.kind, &old, &self.call.place.root) {
            return self.way_back_failed(&told(&error));
        }
        // Both often have the same name, so it is said what they are.
        let what = self.call_it(&old);
        self.ui.step(format!("putting {what} back ..."));
        match self.activate(&old) {
            Activated::Yes(newly_failed) if newly_failed.is_empty() => {
                self.reverted(&format!("{what} runs again"))
            }
            Activated::Yes(newly_failed) => {
                self.way_back_failed(&format!("{} failed", ui::names(&newly_failed, 5)))
            }
            // Nothing was done to the running system, so it is the old one still.
            Activated::AfterReboot => self.reverted(&format!("{what} runs still")),
            Activated::Busy => self.way_back_failed("another program is switching this machine"),
            Activated::No(why) => self.way_back_failed(&why),
        }
    }

    /// What ran before; if that is the new one itself (as after a test), what starts at boot, if that is another one.
    fn other(&self) -> Option<StorePath> {
        let old = self.old.as_ref()?;
        let at_boot = self.old_generation.as_ref().and_then(|generation| generation.path.as_ref());
        [Some(old), at_boot].into_iter().flatten().find(|path| **path != self.new).cloned()
    }

    /// `generation 3`, or `what ran before` if it has no number.
    fn call_it(&self, path: &StorePath) -> String {
        match &self.old_generation {
            Some(at) if at.path.as_ref() == Some(path) => format!("generation {}", at.number),
            _ => format!("what ran before (`{}`)", path.name()),
        }
    }

    /// Sets the profile to where it was, and the boot entry with it. The failed generation stays for a look.
    fn put_profile_back(&mut self) {
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
        self.permanent = match done {
            Ok(()) => Permanent::Untouched,
            Err(why) => {
                self.ui.warn(format!("the profile or the boot entry could not be put back: {why}"));
                Permanent::Off(why)
            }
        };
    }

    fn reverted(&mut self, how: &str) -> Result<Exit> {
        if let Permanent::Off(why) = &self.permanent {
            return self.way_back_failed(&why.clone());
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
        let boot = match (&self.permanent, &self.old_generation) {
            (Permanent::Untouched, Some(old)) => {
                format!(
                    "reboot: what starts at boot is generation {}, which is as it was",
                    old.number
                )
            }
            _ => "before a reboot, look at what starts at boot".to_owned(),
        };
        Err(error.hint(boot).hint(format!("what was tried is in `{}`", self.record_path())))
    }

    /// Writes down how far we are, if that can be done: on the way back a full disk is no reason to stop.
    pub fn note(&mut self, phase: Phase) {
        if let Err(error) = self.write(phase) {
            self.ui.warn(told(&error));
        }
    }
}
