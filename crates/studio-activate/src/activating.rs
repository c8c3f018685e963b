//! One activation, and the children of an attempt in general. Not here: when something is activated, and what follows.

use crate::attempt::{Attempt, told};
use crate::remains;
use camino::Utf8Path;
use std::collections::BTreeSet;
use std::time::Duration;
use studio_core::activation::{Scope, failed_units, program, row};
use studio_core::fs::{self, Lock};
use studio_core::process::{Ended, Program};
use studio_core::store_path::StorePath;
use studio_core::target::Kind;
use studio_core::transaction::Verb;

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

impl Attempt<'_> {
    /// Activates `path` until the next reboot.
    pub fn activate(&mut self, path: &StorePath) -> Activated {
        self.release_their_lock();
        let kind = self.call().target.kind;
        let Some(program) = program(kind, path) else { return self.link(path) };
        // On an empty machine the activation program finds its folders.
        if let Err(error) = fs::create_dir_all(&self.call().place.root) {
            return Activated::No(told(&error));
        }
        let ended = match self.run(self.child(&program).args(row(kind).try_out)) {
            Ok(ended) => ended,
            Err(why) => return Activated::No(why),
        };
        match (kind, ended) {
            // home-manager does not say by its exit status that a unit failed.
            (Kind::Home, Ended::Code(0)) => Activated::Yes(self.newly_failed()),
            (_, Ended::Code(0)) => Activated::Yes(vec![]),
            (Kind::Nixos, Ended::Code(status::UNITS_FAILED)) => Activated::Yes(self.newly_failed()),
            (Kind::Nixos, Ended::Code(status::BUSY)) => Activated::Busy,
            (Kind::Nixos, Ended::Code(status::REBOOT)) => Activated::AfterReboot,
            (_, ended) => Activated::No(format!("activation {ended}")),
        }
    }

    /// A package is activated by a link in a folder that is gone after a reboot.
    fn link(&self, path: &StorePath) -> Activated {
        let place = &self.call().place;
        if self.call().verb != Verb::Test {
            // Its way into use is the profile; there is nothing to try that the link would show.
            return Activated::Yes(vec![]);
        }
        match fs::symlink_atomic(path.path(), &place.running) {
            Ok(()) => Activated::Yes(vec![]),
            Err(error) => Activated::No(told(&error)),
        }
    }

    fn newly_failed(&self) -> Vec<String> {
        let before: BTreeSet<String> = self.record.failed_before.iter().cloned().collect();
        self.failed_units().difference(&before).cloned().collect()
    }

    /// The units that have failed now.
    pub fn failed_units(&self) -> BTreeSet<String> {
        match self.call().target.kind {
            Kind::Nixos => failed_units(&self.call().place.root),
            Kind::Home => self
                .runtime_dir()
                .map_or_else(BTreeSet::new, |folder| failed_units(Scope::User(folder))),
            Kind::Darwin | Kind::Profile => BTreeSet::new(),
        }
    }

    /// The folder in which the user's systemd is found.
    pub fn runtime_dir(&self) -> Option<&Utf8Path> {
        let is = |(name, _): &&(String, String)| name == "XDG_RUNTIME_DIR";
        self.call().variables.iter().find(is).map(|(_, value)| Utf8Path::new(value))
    }

    /// Runs a child to its end, or to the end of the time that one activation may take.
    pub fn run(&self, child: Program) -> Result<Ended, String> {
        child.within(self.limit(), &self.log).map_err(|failure| failure.to_string())
    }

    /// How long one activation may take.
    pub fn limit(&self) -> Duration {
        Duration::from_secs(self.call().limit)
    }

    /// A child with an environment of its own: what the call hands on, PATH, and the root folder.
    pub fn child(&self, program: &Utf8Path) -> Program {
        let call = self.call();
        let nix = call.nix_env.parent().unwrap_or(Utf8Path::new("/"));
        let mut child = Program::new(program, Utf8Path::new("/"))
            .only_its_environment()
            .env("PATH", format!("{nix}:{PATH}"))
            .env(remains::VARIABLE, call.id.as_str());
        for (name, value) in &call.variables {
            child = child.env(name, value);
        }
        if call.place.root != "/" {
            child = child.env("STUDIO_ROOT", &call.place.root);
        }
        child
    }

    /// Keeps others from switching while nothing of ours does. If somebody is faster, we see what they did.
    pub fn hold_their_lock(&mut self) {
        if self.theirs.is_some() || self.call().target.kind != Kind::Nixos {
            return;
        }
        let path = self.call().place.root.join("run/nixos/switch-to-configuration.lock");
        self.theirs = Lock::try_for(Duration::ZERO, &path, self.call().verb.command())
            .ok()
            .and_then(Result::ok);
    }

    /// Lets `switch-to-configuration` have its lock.
    pub fn release_their_lock(&mut self) {
        self.theirs = None;
    }

    /// What somebody else did to the machine since we activated, if anybody did.
    pub fn others_doing(&self) -> Option<String> {
        self.others_run().or_else(|| self.others_profile())
    }

    /// What somebody else made run, if anybody did.
    pub fn others_run(&self) -> Option<String> {
        let (place, record) = (&self.call().place, &self.record);
        let ours = |path: &StorePath| *path == record.runs || Some(path) == record.old.as_ref();
        if self.call().target.kind != Kind::Profile
            && let Some(runs) = place.runs().filter(|runs| !ours(runs))
            && !self.started_since()
        {
            return Some(format!("`{runs}` runs now"));
        }
        None
    }

    /// What somebody else did to the profile, if anybody did.
    pub fn others_profile(&self) -> Option<String> {
        let profile = self.call().place.profile();
        let (at, path) = (profile.current(), profile.path());
        // The old one has another number if its link was deleted and made again.
        let known = at == self.record.old_generation
            || path.as_ref() == Some(&self.record.new)
            || (path.is_some() && path == self.record.old_default);
        (!known).then(|| match at {
            Some(number) => format!("the profile is at generation {number}"),
            None => "the profile is gone".to_owned(),
        })
    }
}
