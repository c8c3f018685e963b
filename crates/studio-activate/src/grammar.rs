//! The arguments, as narrow as they can be: a verb, and options that are each parsed into a type that cannot be wrong.
//!
//! The first four verbs are orders, and start an engine that lives on its own. The others are what keeps such an engine
//! safe, and are called by it, by systemd, or by a command that gets its privilege early.

use camino::Utf8PathBuf;
use clap::{Parser, Subcommand};
use studio_core::activation::{Place, row};
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::health::HealthCheck;
use studio_core::names::{CommitId, ConfigName};
use studio_core::store_path::StorePath;
use studio_core::switch::{Call, FailedUnits, Keeper, Wanted, variable};
use studio_core::target::{Kind, Target};
use studio_core::transaction::{Id, Verb};
use studio_core::{Error, Exit, Result};

/// Activate a system, a home or a profile; called by git flake-test, flake-switch and flake-rollback
#[derive(Debug, Parser)]
#[command(name = "studio-activate", bin_name = "studio-activate")]
pub struct Args {
    #[command(subcommand)]
    verb: VerbArgs,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Subcommand)]
enum VerbArgs {
    /// Activate until the next reboot
    Test(NewArgs),
    /// Activate, prove, then set the profile and install the boot entry
    Switch(NewArgs),
    /// Set the profile and install the boot entry without activating
    Boot(NewArgs),
    /// Like switch, with a generation that exists already
    Rollback(OldArgs),
    /// Take one of these orders from stdin, each word followed by a NUL; nothing is no order
    Wait,
    /// Finish what was interrupted, or put back what ran before
    Recover(RecoverArgs),
    /// Carry out a recorded order
    #[command(hide = true)]
    Engine(EngineArgs),
    /// Take over when the engine of a recorded order dies
    #[command(hide = true)]
    Guard(EngineArgs),
}

/// Whose interrupted attempts are meant.
#[derive(Debug, clap::Args)]
pub struct RecoverArgs {
    /// Those of the machine whose root folder this is
    #[arg(long, value_name = "DIR", default_value = "/", conflicts_with = "user")]
    pub root: Utf8PathBuf,
    /// Those of this user: homes and packages
    #[arg(long)]
    pub user: bool,
    /// Those whose records lie in this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["user", "root"], hide = true)]
    pub records: Option<Utf8PathBuf>,
    /// This attempt alone
    #[arg(long, value_name = "ID", hide = true)]
    pub id: Option<Id>,
}

/// Which recorded order is meant.
#[derive(Debug, clap::Args)]
pub struct EngineArgs {
    /// The folder of the records
    #[arg(long, value_name = "DIR")]
    pub records: Utf8PathBuf,
    /// The name of the attempt
    #[arg(long, value_name = "ID")]
    pub id: Id,
}

#[derive(Debug, clap::Args)]
struct NewArgs {
    /// The store path to put in place
    #[arg(long, value_name = "STORE_PATH")]
    toplevel: Utf8PathBuf,
    /// The snapshot that it was built from
    #[arg(long, value_name = "ID", value_parser = |text: &str| CommitId::new(text))]
    snapshot: Option<CommitId>,
    #[command(flatten)]
    rest: Rest,
}

#[derive(Debug, clap::Args)]
struct OldArgs {
    /// The number of the generation
    #[arg(long, value_name = "N")]
    generation: u64,
    #[command(flatten)]
    rest: Rest,
}

#[derive(Debug, clap::Args)]
struct Rest {
    /// The name of this attempt
    #[arg(long, value_name = "ID")]
    id: Id,
    /// The kind of target: nixos, home, darwin or profile
    #[arg(long, value_name = "KIND")]
    target: Kind,
    /// The name of the configuration
    #[arg(long)]
    name: ConfigName,
    /// The root folder of the machine
    #[arg(long, value_name = "DIR")]
    root: Utf8PathBuf,
    /// The profile of a home or profile target; that of a system follows from its root
    #[arg(long, value_name = "LINK")]
    profile: Option<Utf8PathBuf>,
    /// The link to what runs, of a home or profile target
    #[arg(long, value_name = "LINK")]
    running: Option<Utf8PathBuf>,
    /// Where the records lie, of a home or profile target
    #[arg(long, value_name = "DIR")]
    records: Option<Utf8PathBuf>,
    /// The folder directly below which store paths must lie
    #[arg(long, value_name = "DIR")]
    store_dir: Utf8PathBuf,
    /// What nix is told by its own `--store`
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    /// The nix-env that sets the profile
    #[arg(long, value_name = "PROGRAM")]
    nix_env: Utf8PathBuf,
    /// A variable for the activation program and nix; only certain names
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_variable)]
    env: Vec<(String, String)>,
    /// Go on although units fail that had not failed before
    #[arg(long)]
    accept_failed_units: bool,
    /// The specialisation that is to run
    #[arg(long, value_name = "NAME")]
    specialisation: Option<ConfigName>,
    /// A health check: an object with name, command, timeout, retries and pause
    #[arg(long, value_name = "JSON", value_parser = parse_health)]
    health: Vec<HealthCheck>,
    /// Put it back unless it is confirmed within so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=DAY))]
    confirm_within: Option<u64>,
    /// The path of the user's answer, without its ending
    #[arg(long, value_name = "PATH")]
    answer: Utf8PathBuf,
    /// How many seconds one activation may take
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=DAY))]
    limit: u64,
    /// What the engine runs in: systemd, systemd-user or session
    #[arg(long, value_name = "KEEPER")]
    keeper: Keeper,
}

/// The longest of all times, in seconds: settings allow no more, and no sum of them overflows.
const DAY: u64 = 24 * 60 * 60;

fn parse_variable(text: &str) -> Result<(String, String), String> {
    variable(text).map_err(|error| error.message().to_owned())
}

fn parse_health(text: &str) -> Result<HealthCheck, String> {
    let check: HealthCheck = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
    if check.command.is_empty() {
        return Err(format!("the health check `{}` has no command", check.name));
    }
    if check.timeout.max(check.pause) > DAY || u64::from(check.retries) > DAY {
        return Err(format!("the health check `{}` may take longer than a day", check.name));
    }
    Ok(check)
}

impl Args {
    /// The call that these arguments say; none if they are no order.
    pub fn call(self) -> Result<Option<Call>> {
        self.verb.call()
    }
}

impl VerbArgs {
    fn call(self) -> Result<Option<Call>> {
        let (verb, wanted, snapshot, rest) = match self {
            VerbArgs::Wait | VerbArgs::Recover(_) | VerbArgs::Engine(_) | VerbArgs::Guard(_) => {
                return Ok(None);
            }
            VerbArgs::Test(new) => new.split(Verb::Test)?,
            VerbArgs::Switch(new) => new.split(Verb::Switch)?,
            VerbArgs::Boot(new) => new.split(Verb::Boot)?,
            VerbArgs::Rollback(old) => {
                (Verb::Rollback, Wanted::Generation(old.generation), None, old.rest)
            }
        };
        let place = rest.place()?;
        if verb == Verb::Boot && row(rest.target).install_boot.is_none() {
            return Err(usage(format!("a `{}` target has no boot entry", rest.target)));
        }
        for path in [&rest.store_dir, &rest.nix_env, &rest.answer] {
            absolute(path)?;
        }
        Ok(Some(Call {
            verb,
            place,
            wanted,
            snapshot,
            target: Target { kind: rest.target, name: rest.name },
            id: rest.id,
            store_dir: rest.store_dir,
            store: rest.store,
            nix_env: rest.nix_env,
            failed_units: if rest.accept_failed_units {
                FailedUnits::Accept
            } else {
                FailedUnits::PutBack
            },
            specialisation: rest.specialisation,
            health: rest.health,
            confirm_within: rest.confirm_within,
            answer: rest.answer,
            limit: rest.limit,
            keeper: rest.keeper,
            variables: rest.env,
        }))
    }
}

impl NewArgs {
    fn split(self, verb: Verb) -> Result<(Verb, Wanted, Option<CommitId>, Rest)> {
        let path = StorePath::new(self.toplevel).map_err(Error::from)?;
        Ok((verb, Wanted::Toplevel(path), self.snapshot, self.rest))
    }
}

impl Rest {
    fn place(&self) -> Result<Place> {
        absolute(&self.root)?;
        match (self.target.privileged(), &self.profile, &self.running, &self.records) {
            (true, None, None, None) => Ok(Place::of_system(self.target, &self.root)),
            (false, Some(profile), Some(running), Some(records)) if self.root == "/" => {
                for path in [profile, running, records] {
                    absolute(path)?;
                }
                Ok(Place::from_parts(
                    self.target,
                    profile.clone(),
                    running.clone(),
                    records.clone(),
                ))
            }
            (true, ..) => Err(usage(format!(
                "a `{}` target has its profile and records where its root says",
                self.target
            ))),
            (false, ..) => Err(usage(format!(
                "a `{}` target takes `--profile`, `--running`, `--records` and `--root /`",
                self.target
            ))),
        }
    }
}

fn absolute(path: &Utf8PathBuf) -> Result<()> {
    if path.is_absolute() && !path.components().any(|part| part.as_str() == "..") {
        return Ok(());
    }
    Err(usage(format!("`{}` is not an absolute path without `..`", path.as_str().escape_debug())))
}

fn usage(message: String) -> Error {
    Error::new(message).exit(Exit::Usage)
}

impl Command for Args {
    const EXAMPLES: &'static str = "
# what git flake-switch calls, as root
studio-activate switch --id 1767323045-4711 --target nixos --name demo --root / \\
  --toplevel /nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-nixos-system-demo-25.05 \\
  --store-dir /nix/store --nix-env /run/current-system/sw/bin/nix-env
";
    const EXITS: &'static [Exit] = &[
        Exit::Done,
        Exit::Failed,
        Exit::Usage,
        Exit::UnitsFailed,
        Exit::Reverted,
        Exit::RebootNeeded,
        Exit::NotConfirmed,
        Exit::Busy,
        Exit::WayBackFailed,
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, cx: &Context) -> Result<Done> {
        // Records and logs are there for everybody to read, whatever the caller's umask.
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
        let exit = match self.verb {
            VerbArgs::Wait => match crate::order::wait()? {
                Some(words) => crate::order::submit(&parse(words)?, cx)?,
                None => Exit::Done,
            },
            VerbArgs::Recover(args) => crate::recovery::recover(&args, cx)?,
            VerbArgs::Engine(args) => crate::engine::run(&args, cx)?,
            VerbArgs::Guard(args) => crate::engine::guard(&args, cx)?,
            order => match order.call()? {
                Some(call) => crate::order::submit(&call, cx)?,
                None => Exit::Done,
            },
        };
        Ok(Done { exit, ..Done::silent() })
    }
}

/// The order that words say which came by stdin.
fn parse(words: Vec<String>) -> Result<Call> {
    let words = std::iter::once("studio-activate".to_owned()).chain(words);
    let args = Args::try_parse_from(words).map_err(|cause| usage(cause.to_string()))?;
    args.call()?.ok_or_else(|| usage("what came by stdin is no order".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(verb: Verb, kind: Kind) -> Call {
        let place = if kind.privileged() {
            Place::of_system(kind, "/machine".into())
        } else {
            Place::from_parts(kind, "/p/home".into(), "/r/now".into(), "/s/transactions".into())
        };
        let path = "/nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-x";
        let (wanted, snapshot) = match verb {
            Verb::Rollback => (Wanted::Generation(7), None),
            _ => {
                let path = StorePath::new(path).expect("path");
                (Wanted::Toplevel(path), CommitId::new(&"a".repeat(40)).ok())
            }
        };
        Call {
            verb,
            target: Target { kind, name: ConfigName::new("box.example").expect("name") },
            place,
            id: "17-4".parse().expect("id"),
            wanted,
            snapshot,
            store_dir: "/nix/store".into(),
            store: Some("daemon".into()),
            nix_env: "/bin/nix-env".into(),
            failed_units: FailedUnits::Accept,
            specialisation: ConfigName::new("silent").ok(),
            health: vec![HealthCheck {
                name: "web \"page\"".into(),
                command: vec!["curl".into(), "a b".into()],
                timeout: 5,
                retries: 2,
                pause: 1,
            }],
            confirm_within: Some(60),
            answer: "/home/u/answer".into(),
            limit: 600,
            keeper: Keeper::Systemd,
            variables: vec![("LOCALE_ARCHIVE".into(), "/a=b c".into())],
        }
    }

    #[test]
    fn every_call_comes_back_from_its_arguments() {
        for kind in Kind::ALL {
            for verb in Verb::ALL {
                if verb == Verb::Boot && kind != Kind::Nixos {
                    continue;
                }
                let call = call(verb, kind);
                let words = std::iter::once("studio-activate".to_owned()).chain(call.args());
                let parsed = Args::try_parse_from(words).expect("grammar").call().expect("valid");
                assert_eq!(parsed, Some(call));
            }
        }
    }

    #[test]
    fn what_could_lead_root_elsewhere_is_refused() {
        let good = call(Verb::Switch, Kind::Nixos).args();
        let with = |change: &dyn Fn(&mut Vec<String>)| {
            let mut args = vec!["studio-activate".to_owned()];
            args.extend(good.clone());
            change(&mut args);
            Args::try_parse_from(args).map_err(|_| ()).and_then(|args| args.call().map_err(|_| ()))
        };
        assert!(with(&|_| {}).is_ok());
        let replace = |name: &str, value: &str| {
            with(&|args| {
                args.retain(|arg| !arg.starts_with(&format!("--{name}=")));
                args.push(format!("--{name}={value}"));
            })
        };
        for (name, value) in [
            ("toplevel", "/tmp/evil"),
            ("toplevel", "/nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-x/bin"),
            ("toplevel", "/nix/store/../tmp/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-x"),
            ("nix-env", "nix-env"),
            ("root", "machine"),
            ("root", "/machine/../.."),
            ("profile", "/etc/passwd"),
            ("records", "/etc"),
            ("env", "LD_PRELOAD=/tmp/evil.so"),
            ("env", "PATH=/tmp"),
            ("id", "../../etc/x"),
            ("name", "../x"),
            ("target", "windows"),
            ("generation", "3"),
            ("specialisation", "../x"),
            ("health", "{}"),
            ("health", r#"{"name":"x","command":[],"timeout":1,"retries":0,"pause":0}"#),
            ("answer", "answer"),
            ("limit", "-1"),
            ("limit", "18446744073709551615"),
            ("confirm-within", "18446744073709551615"),
            (
                "health",
                r#"{"name":"x","command":["y"],"timeout":18446744073709551615,"retries":0,"pause":0}"#,
            ),
        ] {
            assert!(replace(name, value).is_err(), "--{name}={value} was taken");
        }
    }
}
