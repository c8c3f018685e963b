//! What the machine and the project say by themselves, without network, and only when it is asked for.
//!
//! A probe that finds nothing says why; that is no failure. Nothing is guessed from a name: a program is known by what it
//! answers, an input by its lock. Not here: which key asks ([`crate::keys`]).

mod lock;
mod toolchain;

pub use toolchain::{Rustc, Toolchain};

use crate::choice::Choices;
use crate::keys::{Key, Probe};
use crate::value::{System, Value, Version};
use camino::{Utf8Path, Utf8PathBuf};
use studio_core::config::Environment;
use studio_core::ui::Ui;

/// What a probe found, and how.
#[derive(Debug)]
pub struct Found {
    /// The value.
    pub value: Value,
    /// How, for people: `rustc -vV`.
    pub how: String,
}

/// Why a probe found nothing; a line each, none if there was nothing to look at.
pub type Missed = Vec<String>;

/// Asks machine and project, each question at most once.
#[derive(Debug)]
pub struct Prober<'a> {
    env: &'a Environment,
    toolchain: Toolchain<'a>,
    lock: Option<Result<lock::Lock, String>>,
}

impl Probe {
    /// What it is, for the help.
    pub fn words(self) -> String {
        match self {
            Probe::ProjectRoot => "the nearest folder with flake.nix or Cargo.toml".to_owned(),
            Probe::ThisMachine => "this machine".to_owned(),
            Probe::Locked(inputs) => format!("flake.lock: {}", inputs[0]),
            Probe::ProjectFile(name) => format!("{name} in the project"),
            Probe::Rustc => "rustc on PATH, in the Nix store".to_owned(),
            Probe::Cargo => "cargo on PATH, in the Nix store".to_owned(),
            Probe::RustcChannel | Probe::RustcHost => "rustc -vV".to_owned(),
            Probe::CargoHome => ".cargo in HOME".to_owned(),
            Probe::System => "--system".to_owned(),
        }
    }
}

impl<'a> Prober<'a> {
    /// Programs are looked for and run as `env` says.
    pub fn new(env: &'a Environment, ui: &'a Ui) -> Prober<'a> {
        Prober { env, toolchain: Toolchain::new(env, ui), lock: None }
    }

    /// Asks; `choices` has what holds for the keys before.
    pub fn ask(&mut self, probe: Probe, choices: &Choices) -> Result<Found, Missed> {
        let root = || -> Utf8PathBuf {
            self.env.cwd().join(choices.text(Key::ProjectRoot).unwrap_or_default())
        };
        let found = |value, how: &str| Ok(Found { value, how: how.to_owned() });
        match probe {
            Probe::ProjectRoot => project_above(self.env.cwd()),
            Probe::ThisMachine => match System::of_this_machine() {
                Some(system) => found(Value::System(system), "this machine"),
                None => Err(vec!["nix has no single name for this machine".to_owned()]),
            },
            Probe::Locked(inputs) => {
                let root = root();
                let lock = self.lock.get_or_insert_with(|| lock::Lock::near(&root));
                match lock {
                    Ok(lock) => lock.reference(inputs).map_err(|why| vec![why]),
                    Err(why) => Err(vec![why.clone()]),
                }
            }
            Probe::ProjectFile(name) => {
                let path = root().join(name);
                match path.is_file() {
                    true => {
                        found(Value::Text(path.into_string()), &format!("{name} in the project"))
                    }
                    false => Err(vec![format!("the project has no `{name}`")]),
                }
            }
            Probe::Rustc => {
                let wanted = match choices.value(Key::BuildRustcVersion) {
                    Some(Value::Version(version)) => Some(version),
                    _ => None,
                };
                let rustc = self.toolchain.rustc(&root(), wanted)?;
                found(Value::Text(rustc.path.to_string()), &rustc.how)
            }
            Probe::Cargo => {
                let cargo = self.toolchain.cargo(&root())?;
                found(Value::Text(cargo.0), &cargo.1)
            }
            Probe::RustcChannel => {
                let rustc = self.chosen_rustc(&root(), choices)?;
                found(Value::Channel(rustc.version.channel()), &rustc.asked())
            }
            Probe::RustcHost => {
                let rustc = self.chosen_rustc(&root(), choices)?;
                let host = rustc.host.clone();
                found(Value::Target(host), &rustc.asked())
            }
            Probe::CargoHome => match choices.text(Key::Home) {
                Some(home) => {
                    let path = Utf8PathBuf::from(home).join(".cargo");
                    found(Value::Text(path.into_string()), "`.cargo` in `env.HOME`")
                }
                None => Err(vec![]),
            },
            Probe::System => match choices.value(Key::System) {
                Some(system) => found(system.clone(), "`system`"),
                None => Err(vec![]),
            },
        }
    }

    /// What the rustc answers that the configuration names.
    pub fn chosen_rustc(&mut self, root: &Utf8Path, choices: &Choices) -> Result<Rustc, Missed> {
        let path = choices.text(Key::Rustc).ok_or_else(|| vec!["there is no rustc".to_owned()])?;
        self.toolchain.ask_rustc(&path, root).map_err(|why| vec![why])
    }
}

/// The version that a rustc must have.
pub fn is_version(rustc: &Rustc, wanted: Option<&Version>) -> bool {
    wanted.is_none_or(|wanted| rustc.version == *wanted)
}

fn project_above(folder: &Utf8Path) -> Result<Found, Missed> {
    for above in folder.ancestors() {
        for name in ["flake.nix", "Cargo.toml"] {
            if above.join(name).is_file() {
                let value = Value::Text(above.to_string());
                return Ok(Found { value, how: format!("`{name}` there") });
            }
        }
    }
    Err(vec!["no folder above has a `flake.nix` or a `Cargo.toml`".to_owned()])
}
