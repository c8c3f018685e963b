//! What outlives a reboot: the profile, and the boot entry after it. Not here: when they are set.
//!
//! The profile comes first, because boot loader programs list the generations of the profile. A power cut in between
//! boots the old system, which is good, and recovery then sets what is missing.

use crate::attempt::{Attempt, End, told};
use studio_core::activation::{program, row};
use studio_core::process::Ended;
use studio_core::store_path::StorePath;
use studio_core::switch::Wanted;
use studio_core::target::Kind;
use studio_core::transaction::{Permanent, Phase, Reboot};
use studio_core::{Error, Exit, Result, fs};

impl Attempt<'_> {
    /// Sets the profile, then what starts at boot. Done twice it does no harm.
    pub fn commit(&mut self, reboot: Reboot) -> End {
        if let Some(what) = self.others_doing() {
            return self.superseded(&what);
        }
        self.release_their_lock();
        self.record.reboot = reboot;
        self.record.permanent = Permanent::Touched;
        if let Err(error) = self.write(Phase::Committing) {
            self.record.permanent = Permanent::Untouched;
            return self.go_back(&told(&error), Exit::Reverted);
        }
        if let Err(error) = self.set_profile() {
            return self.go_back(&told(&error), Exit::Reverted);
        }
        // Written down at the end: whoever finishes this after us sets the profile once more, and asks again.
        self.record.generation = self.call().place.profile().current();
        if let Err(why) = self.install_boot(&self.record.new.clone()) {
            return self.go_back(&why, Exit::Reverted);
        }
        // A boot loader program makes the default what the profile is at, whoever set that.
        if let Some(what) = self.others_profile() {
            return self.superseded(&what);
        }
        if self.call().target.kind == Kind::Profile && !self.call().place.nothing_goes_at_reboot() {
            // The profile is what runs now; a link left over from a test would hide it.
            if let Err(error) = fs::remove_file(&self.call().place.running) {
                self.ui.warn(told(&error));
            }
        }
        let generation =
            self.record.generation.map_or(String::new(), |number| format!("generation {number}, "));
        let (target, name) = (&self.call().target, self.record.new.name());
        self.ui.step(format!("{target} is at {generation}`{name}`"));
        match reboot {
            Reboot::Needed => {
                self.ui.step("reboot to finish");
                End::with(Phase::Committed, Exit::RebootNeeded)
            }
            Reboot::NotNeeded => End::with(Phase::Committed, Exit::Done),
        }
    }

    fn set_profile(&self) -> Result<()> {
        match &self.call().wanted {
            Wanted::Toplevel(path) => self.nix_env(&["--set", path.path().as_str()]),
            Wanted::Generation(number) => {
                self.nix_env(&["--switch-generation", &number.to_string()])
            }
        }
    }

    /// Sets the profile to where it was, and the boot entry with it. The failed generation stays for a look.
    pub fn put_profile_back(&self) -> Result<(), String> {
        let place = &self.call().place;
        let (number, path) = (self.record.old_generation, self.record.old_default.as_ref());
        match (number, path) {
            // It was never set; nix-env needs room on the disk even for nothing.
            (Some(_), Some(path))
                if number == place.profile().current()
                    && place.profile().path().as_ref() == Some(path) =>
            {
                Ok(())
            }
            (Some(number), _)
                if place.profile().generation(number).is_ok_and(|one| one.path.is_some()) =>
            {
                self.nix_env(&["--switch-generation", &number.to_string()])
            }
            // Its link was deleted meanwhile; what it held is kept by ours, and gets a new one.
            (_, Some(path)) => self.nix_env(&["--set", path.path().as_str()]),
            // nix-env has no word for "no generation at all".
            (_, None) => fs::remove_file(&place.profile),
        }
        .map_err(|error| told(&error))?;
        path.map_or(Ok(()), |path| self.install_boot(path))
    }

    /// Runs `nix-env` on the profile.
    fn nix_env(&self, args: &[&str]) -> Result<()> {
        let call = self.call();
        let profile = &call.place.profile;
        if let Some(folder) = profile.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut program = self.child(&call.nix_env);
        if call.target.kind.privileged() {
            // nix-env makes itself at home in the home folder; root's own is none of its business.
            let home = call.place.lock.with_file_name("home");
            fs::create_dir_all(&home)?;
            program = program.env("HOME", home);
        }
        if let Some(store) = &call.store {
            program = program.args(["--store", store]);
        }
        let program = program.args(["--profile", profile.as_str()]).args(args);
        match self.run(program).map_err(Error::new)? {
            Ended::Code(0) => Ok(()),
            ended => Err(Error::new(format!("the profile `{profile}` could not be set"))
                .because(format!("`nix-env {}` {ended}", args.join(" ")))),
        }
    }

    /// Installs the boot entries with `path` as the default, where there is a boot loader.
    fn install_boot(&self, path: &StorePath) -> Result<(), String> {
        let kind = self.call().target.kind;
        let (Some(args), Some(program)) = (row(kind).install_boot, program(kind, path)) else {
            return Ok(());
        };
        self.ui.step("installing the boot entry ...");
        match self.run(self.child(&program).args(args))? {
            Ended::Code(0) => Ok(()),
            ended => Err(format!("installing the boot entry {ended}")),
        }
    }
}
