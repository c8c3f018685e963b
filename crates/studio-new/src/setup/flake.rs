//! A new flake: what is asked for it, and the folder that appears as a whole with its first commit.
//!
//! It is written by `flake-template-generator`, the program beside this one: its templates and its way to put values
//! into Nix are not repeated here.

use super::{in_home, nobody};
use camino::{Utf8Path, Utf8PathBuf};
use studio_core::build::usual_names;
use studio_core::cli::Context;
use studio_core::error::{Error, Result};
use studio_core::fs::Draft;
use studio_core::generated::MANIFEST;
use studio_core::git::outside;
use studio_core::names::ConfigName;
use studio_core::process::{Failure, Program};
use studio_core::target::Kind;
use studio_core::{fs, toolkit};

/// The program that knows the templates.
const GENERATOR: &str = "flake-template-generator";

/// The templates that a first flake is made from; the target that each is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Template {
    /// A home directory by home-manager, on any machine.
    Home,
    /// A NixOS host.
    Nixos,
}

impl Template {
    /// What is likely to be wanted here: NixOS says of itself that it is one.
    pub(super) fn likely() -> Template {
        if Utf8Path::new("/etc/NIXOS").exists() { Template::Nixos } else { Template::Home }
    }

    /// Its name, which is also that of the target.
    pub(super) fn name(self) -> &'static str {
        match self {
            Template::Home => "home",
            Template::Nixos => "nixos",
        }
    }

    /// The line that makes such a flake, but for its folder.
    pub(super) fn command_line(self) -> String {
        let values = match self {
            Template::Home => "--set user=$(id -un)",
            Template::Nixos => {
                "--set host_name=$(uname -n) --set user=$(id -un) \
                 --set ssh_key=\"$(cat ~/.ssh/id_ed25519.pub)\""
            }
        };
        format!("{GENERATOR} --template {} {values}", self.name())
    }
}

/// A flake that is to be made.
#[derive(Debug)]
pub(super) struct NewFlake {
    /// Where; there is nothing yet.
    pub(super) folder: Utf8PathBuf,
    /// From which template.
    pub(super) template: Template,
    /// The name of its configuration.
    host: ConfigName,
    /// What its placeholders stand for.
    values: Vec<(&'static str, String)>,
}

/// Asks what a new flake takes.
pub(super) fn ask(cx: &Context) -> Result<NewFlake> {
    generator()?;
    let template = which(cx)?;
    let folder = folder(cx)?;
    let user = name(cx, "the name of the user", &usual(cx, Kind::Home))?;
    let user_value = ("user", user.to_string());
    let (host, values) = match template {
        Template::Home => (user, vec![user_value]),
        Template::Nixos => {
            let host = name(cx, "the name of the host", &usual(cx, Kind::Nixos))?;
            let key = key(cx)?;
            (host.clone(), vec![user_value, ("host_name", host.to_string()), ("ssh_key", key)])
        }
    };
    Ok(NewFlake { folder, template, host, values })
}

fn which(cx: &Context) -> Result<Template> {
    let question =
        "what is it for? `home`: a home directory, by home-manager; `nixos`: a NixOS machine";
    loop {
        let answer = cx.ui.ask(question, Template::likely().name()).ok_or_else(nobody)?;
        match [Template::Home, Template::Nixos].into_iter().find(|one| one.name() == answer) {
            Some(Template::Nixos) => {
                cx.ui.step(
                    "it is a new machine's: what `/etc/nixos/configuration.nix` says of this one is not taken over.",
                );
                return Ok(Template::Nixos);
            }
            Some(template) => return Ok(template),
            None => cx.ui.step("please answer `home` or `nixos`"),
        }
    }
}

fn folder(cx: &Context) -> Result<Utf8PathBuf> {
    let default = match cx.env.home() {
        Ok(home) => home.join("flake"),
        Err(_) => cx.env.cwd().join("flake"),
    };
    loop {
        let answer =
            cx.ui.ask("in which folder? It is made", default.as_str()).ok_or_else(nobody)?;
        let folder = fs::absolute(cx.env.cwd(), in_home(cx, &answer).as_str().into());
        let above = folder.parent();
        if folder.symlink_metadata().is_ok() {
            cx.ui.step(format!("there is something at `{folder}` already; choose another one"));
        } else if folder.file_name().is_none() || !above.is_some_and(fs::is_writable) {
            cx.ui.step(format!("`{folder}` cannot be made by you; choose another one"));
        } else {
            return Ok(folder);
        }
    }
}

fn name(cx: &Context, question: &str, default: &str) -> Result<ConfigName> {
    loop {
        let answer = cx.ui.ask(question, default).ok_or_else(nobody)?;
        match ConfigName::new(&answer) {
            Ok(name) => return Ok(name),
            Err(bad) => cx.ui.error(&bad.into()),
        }
    }
}

/// The public key by which the user logs in; a machine without one could be entered by nobody.
fn key(cx: &Context) -> Result<String> {
    let known = ["id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub"];
    let home = cx.env.home()?.join(".ssh");
    let found = known.iter().find_map(|name| fs::read_optional(&home.join(name)).ok().flatten());
    let default = found.as_deref().map_or("", str::trim);
    loop {
        let answer =
            cx.ui.ask("the public ssh key of this user, one line", default).ok_or_else(nobody)?;
        match answer.is_empty() {
            false => return Ok(answer),
            true => {
                cx.ui.step("without a key nobody could log in; make one: `ssh-keygen -t ed25519`")
            }
        }
    }
}

/// What the commands would take for the name, or nothing.
fn usual(cx: &Context, kind: Kind) -> String {
    // The last one is without a domain, and without the machine for a home.
    usual_names(cx, kind).ok().and_then(|names| names.last().cloned()).unwrap_or_default()
}

fn generator() -> Result<Utf8PathBuf> {
    let program = toolkit::folder()?.join(GENERATOR);
    if fs::is_program(&program) {
        return Ok(program);
    }
    Err(Error::new(format!("`{GENERATOR}` was not found, and it is what makes a new flake"))
        .because(format!(
            "it lies beside this program where the whole toolkit is installed: `{program}`"
        ))
        .hint("install the whole toolkit, or make a flake by hand and give its folder"))
}

impl NewFlake {
    /// Makes it: beside its place, with its first commit, and then renamed into it.
    pub(super) fn make(&self, cx: &Context) -> Result<()> {
        let above = self.folder.parent().unwrap_or("/".into());
        let made: Vec<&Utf8Path> =
            above.ancestors().take_while(|folder| !folder.exists()).collect();
        fs::create_dir_all(above)?;
        self.fill(cx).inspect_err(|_| made.into_iter().for_each(fs::remove_if_empty))
    }

    fn fill(&self, cx: &Context) -> Result<()> {
        for (draft, _held) in fs::abandoned(&self.folder) {
            fs::remove_tree(&draft)?;
        }
        let draft = Draft::of(&self.folder)?;
        // By its own name, because templates take it for that of the flake; and in a folder of its own, because the
        // program waits for who holds the one above, as the draft is held.
        let name = self.folder.file_name().unwrap_or("flake");
        let flake = draft.path().join("new").join(name);
        let values = self.values.iter().map(|(key, value)| format!("--set={key}={value}"));
        let program = Program::new(generator()?, cx.env.cwd())
            .args(["--template", self.template.name(), "--output-dir", flake.as_str()])
            .args(values);
        program.run().map_err(|failure| match failure {
            Failure::Status { output, .. } => {
                Error::new(format!("the flake `{}` could not be made", self.folder)).because(output)
            }
            other => other.into(),
        })?;
        // From now on it is the user's own, and nothing that is generated again.
        fs::remove_file(&flake.join(MANIFEST))?;
        let name = self.template.name();
        let settings = format!("target = \"{name}\"\nhost = \"{}\"\n", self.host);
        fs::write_new(&flake.join("studio.toml"), settings.as_bytes())?;
        outside::begin(&flake, &format!("a flake from the template `{name}`"))?;
        fs::rename(&flake, &self.folder)
    }
}
