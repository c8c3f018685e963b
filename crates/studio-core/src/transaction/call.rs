//! One call of `studio-activate`, as a value and as arguments: all that the privileged program is told.
//!
//! `studio-activate` parses the same grammar (a test there sends every call there and back). Nothing reaches it by its
//! environment: `sudo` throws that away, and what it lets through differs from machine to machine. The call is kept in
//! the record of the attempt, so that whoever finds the record can finish it or go back without asking anybody.

use super::{Id, Verb};
use crate::activation::Place;
use crate::config::Environment;
use crate::error::Error;
use crate::health::HealthCheck;
use crate::names::{CommitId, ConfigName};
use crate::store_path::StorePath;
use crate::target::{Kind, Target};
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

/// The variables that may be handed on to activation programs and to nix, and nothing else.
///
/// The first are those of Nix (a store that lies elsewhere), the next those that NixOS documents for
/// `switch-to-configuration`, the last those that a user's own activation needs and that mean nothing for a system.
pub const VARIABLES: [&str; 24] = [
    "NIX_STORE_DIR",
    "NIX_STATE_DIR",
    "NIX_LOG_DIR",
    "NIX_CONF_DIR",
    "NIX_REMOTE",
    "NIX_SSL_CERT_FILE",
    "LOCALE_ARCHIVE",
    "NIXOS_INSTALL_BOOTLOADER",
    "NIXOS_NO_CHECK",
    "NIXOS_NO_SYNC",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TERM",
    "XDG_STATE_HOME",
    "XDG_DATA_HOME",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "HOME_MANAGER_BACKUP_EXT",
    "HOME_MANAGER_BACKUP_OVERWRITE",
    "SSH_AUTH_SOCK",
];

/// The first of [`VARIABLES`] that only a target of the user is given.
const FIRST_OF_USER: &str = "HOME";

/// What to put in place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// This store path, as a new generation.
    Toplevel(StorePath),
    /// A generation that exists already.
    Generation(u64),
}

/// What to do when units fail that had not failed before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailedUnits {
    /// The new system is not proved: put the old one back.
    #[default]
    PutBack,
    /// The user knows and wants it all the same.
    Accept,
}

/// What an engine runs in, so that neither its client nor a terminal can take it along when they end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keeper {
    /// A transient unit of the machine's systemd.
    Systemd,
    /// A transient unit of the user's systemd.
    SystemdUser,
    /// A session of its own, with a guard that takes over if it dies.
    Session,
}

impl Keeper {
    /// All of them.
    pub const ALL: [Keeper; 3] = [Keeper::Systemd, Keeper::SystemdUser, Keeper::Session];

    /// The word for it on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Keeper::Systemd => "systemd",
            Keeper::SystemdUser => "systemd-user",
            Keeper::Session => "session",
        }
    }
}

impl std::str::FromStr for Keeper {
    type Err = Error;
    fn from_str(text: &str) -> Result<Keeper, Error> {
        Keeper::ALL.into_iter().find(|keeper| keeper.word() == text).ok_or_else(|| {
            Error::new(format!("`{}` keeps no process", text.escape_debug()))
                .hint("use `systemd`, `systemd-user` or `session`")
        })
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// What to do.
    pub verb: Verb,
    /// What is switched.
    pub target: Target,
    /// Where it has its things.
    pub place: Place,
    /// The name of the attempt.
    pub id: Id,
    /// What to put in place.
    pub wanted: Wanted,
    /// The specialisation of it that is to run; what starts at boot is always the system itself.
    pub specialisation: Option<ConfigName>,
    /// The snapshot that it was built from.
    pub snapshot: Option<CommitId>,
    /// The folder below which store paths must lie.
    pub store_dir: Utf8PathBuf,
    /// Nix's `--store`, if not its default.
    pub store: Option<String>,
    /// The program that sets profiles, as an absolute path.
    pub nix_env: Utf8PathBuf,
    /// What to do when units newly fail.
    pub failed_units: FailedUnits,
    /// What must hold on the machine once it is activated.
    pub health: Vec<HealthCheck>,
    /// How many seconds the user has to confirm; without it nobody is asked.
    pub confirm_within: Option<u64>,
    /// The file whose being there is the user's answer: `ANSWER.yes` or `ANSWER.no`. It lies in a folder of the user.
    pub answer: Utf8PathBuf,
    /// How many seconds one activation may take before it counts as hanging.
    pub limit: u64,
    /// What the engine runs in.
    pub keeper: Keeper,
    /// The variables that activation programs and nix see.
    pub variables: Vec<(String, String)>,
}

impl Call {
    /// A command about the same target, as its user types it anywhere.
    pub fn typed(&self, command: &str) -> String {
        let mut line = command.to_owned();
        if self.target.kind != Kind::Nixos {
            line.push_str(&format!(" --target {}", self.target.kind));
        }
        if self.target.kind == Kind::Profile {
            // Each package has a profile of its own.
            line.push_str(&format!(" --host {}", self.target.name));
        }
        if self.place.root != "/" {
            line.push_str(&format!(" --root {}", self.place.root));
        }
        line
    }

    /// The arguments of `studio-activate`.
    pub fn args(&self) -> Vec<String> {
        let mut args = vec![self.verb.word().to_owned()];
        let mut option = |name: &str, value: &str| args.push(format!("--{name}={value}"));
        option("id", self.id.as_str());
        option("target", self.target.kind.word());
        option("name", self.target.name.as_str());
        option("root", self.place.root.as_str());
        if !self.target.kind.privileged() {
            option("profile", self.place.profile.as_str());
            option("running", self.place.running.as_str());
            option("records", self.place.records.as_str());
        }
        match &self.wanted {
            Wanted::Toplevel(path) => option("toplevel", path.path().as_str()),
            Wanted::Generation(number) => option("generation", &number.to_string()),
        }
        if let Some(snapshot) = &self.snapshot {
            option("snapshot", snapshot.as_str());
        }
        option("store-dir", self.store_dir.as_str());
        if let Some(store) = &self.store {
            option("store", store);
        }
        option("nix-env", self.nix_env.as_str());
        if let Some(name) = &self.specialisation {
            option("specialisation", name.as_str());
        }
        for check in &self.health {
            option("health", &serde_json::to_string(check).unwrap_or_default());
        }
        if let Some(seconds) = self.confirm_within {
            option("confirm-within", &seconds.to_string());
        }
        option("answer", self.answer.as_str());
        option("limit", &self.limit.to_string());
        option("keeper", self.keeper.word());
        for (name, value) in &self.variables {
            option("env", &format!("{name}={value}"));
        }
        if self.failed_units == FailedUnits::Accept {
            args.push("--accept-failed-units".to_owned());
        }
        args
    }
}

/// Those of [`VARIABLES`] that are set and that a target of this kind is given.
pub fn variables(kind: Kind, env: &Environment) -> Vec<(String, String)> {
    let last = match kind {
        // The user's home folder would fill with root's files.
        Kind::Nixos | Kind::Darwin => FIRST_OF_USER,
        Kind::Home | Kind::Profile => "",
    };
    VARIABLES
        .iter()
        .take_while(|name| **name != last)
        .filter_map(|name| Some(((*name).to_owned(), env.get(name)?.to_owned())))
        .collect()
}

/// Takes `NAME=VALUE` if the name may be handed on.
pub fn variable(text: &str) -> Result<(String, String), Error> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    if !VARIABLES.contains(&name) {
        return Err(Error::new(format!(
            "the variable `{}` cannot be handed on",
            name.escape_debug().take(80).collect::<String>()
        )));
    }
    if value.contains('\0') {
        return Err(Error::new(format!("the value of `{name}` contains a NUL")));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// A call for tests.
#[cfg(test)]
pub(super) fn sample(verb: Verb, kind: Kind, id: Id) -> Call {
    let path = "/nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-nixos-system-demo-25.05";
    Call {
        verb,
        target: Target { kind, name: ConfigName::new("demo").expect("name") },
        place: Place::of_system(kind, "/".into()),
        id,
        wanted: Wanted::Toplevel(StorePath::new(path).expect("path")),
        specialisation: None,
        snapshot: None,
        store_dir: "/nix/store".into(),
        store: None,
        nix_env: "/bin/nix-env".into(),
        failed_units: FailedUnits::PutBack,
        health: vec![],
        confirm_within: None,
        answer: "/home/u/answer".into(),
        limit: 600,
        keeper: Keeper::Session,
        variables: vec![],
    }
}
