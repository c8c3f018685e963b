//! What is switched, where, with which settings and privilege: what every command here finds out first.

use super::elevation::Elevation;
use crate::activation::{Machine, Place};
use crate::complete;
use crate::config::{Key, Settings};
use crate::context::Context;
use crate::error::Result;
use crate::names::ConfigName;
use crate::target::{Kind, Target};
use crate::transaction::Records;
use camino::{Utf8Path, Utf8PathBuf};

/// Options of the switching commands that say what is switched and where.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SiteArgs {
    /// The configuration: a host, a home or a package
    #[arg(long, value_name = "NAME", help_heading = "Target", global = true, add = complete::hosts())]
    pub host: Option<String>,
    /// What is switched: nixos, home, darwin or profile
    #[arg(long, value_name = "KIND", help_heading = "Target", global = true)]
    #[arg(add = complete::kinds())]
    pub target: Option<String>,
    /// Work on the machine with this root folder
    ///
    /// By default it is this machine.
    #[arg(long, value_name = "DIR", help_heading = "Target", global = true)]
    pub root: Option<Utf8PathBuf>,
    /// The store to build in and switch from, as nix's own `--store`; by default that of this machine
    #[arg(
        long,
        value_name = "STORE",
        help_heading = "Target",
        global = true,
        hide_short_help = true
    )]
    pub store: Option<String>,
    /// The program that gives privilege: auto, sudo, doas, run0 or none
    #[arg(
        long,
        value_name = "PROGRAM",
        help_heading = "Target",
        global = true,
        hide_short_help = true,
        add = complete::elevations()
    )]
    pub elevate: Option<String>,
}

impl SiteArgs {
    /// The settings that hold, with those of the flake whose top folder is given.
    pub fn settings(&self, cx: &Context, flake: Option<&Utf8Path>) -> Result<Settings> {
        let settings = Settings::load(&cx.env)?
            .with_flag(Key::Host, self.host.as_deref())
            .with_flag(Key::Target, self.target.as_deref())
            .with_flag(Key::Elevate, self.elevate.as_deref());
        match flake {
            Some(top) => settings.with_flake(top),
            None => Ok(settings),
        }
    }

    /// The machine that is meant.
    pub fn machine(&self, cx: &Context) -> Result<Machine> {
        // git runs aliases at the top of the work tree; a relative folder is one from where the user stands.
        Machine::new(
            self.root.as_deref(),
            self.store.as_deref(),
            &cx.env.cwd().join(cx.env.prefix()),
        )
    }
}

/// A target on a machine.
#[derive(Clone, Debug)]
pub struct Site {
    /// What is switched.
    pub target: Target,
    /// The machine.
    pub machine: Machine,
    /// Where the target has its things there.
    pub place: Place,
    /// How privilege is got.
    pub elevation: Elevation,
    /// The settings that hold.
    pub settings: Settings,
}

impl Site {
    /// The site of a target that is known.
    pub fn of(cx: &Context, target: Target, machine: Machine, settings: &Settings) -> Result<Site> {
        let place = machine.place(&target, &cx.env, &cx.home()?)?;
        let elevation = Elevation::choose(target.kind, &machine, settings, &cx.env)?;
        Ok(Site { target, machine, place, elevation, settings: settings.clone() })
    }

    /// The site that going back works on: nothing is evaluated, because the flake may be what is broken.
    pub fn without_flake(cx: &Context, args: &SiteArgs) -> Result<Site> {
        let (target, machine, settings) = named(cx, args)?;
        Site::of(cx, target, machine, &settings)
    }

    /// The same for reading alone, which takes nobody's privilege: none is looked for.
    pub fn to_read(cx: &Context, args: &SiteArgs) -> Result<Site> {
        let (target, machine, settings) = named(cx, args)?;
        let place = machine.place(&target, &cx.env, &cx.home()?)?;
        Ok(Site { target, machine, place, elevation: Elevation::None, settings })
    }
}

/// The target that the arguments, the settings and the machine mean, without asking nix.
fn named(cx: &Context, args: &SiteArgs) -> Result<(Target, Machine, Settings)> {
    let top = cx.env.cwd().ancestors().find(|folder| folder.join("flake.nix").is_file());
    let settings = args.settings(cx, top)?;
    let kind = settings.parsed::<Kind>(Key::Target)?.unwrap_or(Kind::Nixos);
    let machine = args.machine(cx)?;
    let name = match settings.parsed::<ConfigName>(Key::Host)? {
        Some(name) => name,
        None => usual_name(cx, kind, &machine)?,
    };
    Ok((Target { kind, name }, machine, settings))
}

/// The name that a target has when nobody says one: that of the last attempt, else what tools take for this kind.
fn usual_name(cx: &Context, kind: Kind, machine: &Machine) -> Result<ConfigName> {
    let usual = match kind {
        Kind::Nixos | Kind::Darwin => {
            let name = rustix::system::uname();
            name.nodename().to_string_lossy().into_owned()
        }
        Kind::Home => cx.env.get("USER").unwrap_or("home").to_owned(),
        Kind::Profile => "default".to_owned(),
    };
    let usual = ConfigName::new(&usual)?;
    if kind == Kind::Profile {
        // Each package has a profile of its own, so the last attempt at another one says nothing.
        return Ok(usual);
    }
    let target = Target { kind, name: usual };
    let place = machine.place(&target, &cx.env, &cx.home()?)?;
    let last =
        Records::at(&place.records).of(&place.profile).ok().and_then(|all| all.last().cloned());
    Ok(last.map_or(target.name, |record| record.call.target.name))
}
