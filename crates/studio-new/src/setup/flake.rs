//! A new flake: what is asked for it, and the folder that appears as a whole with its first commit.
//!
//! It is written by `flake-template-generator`, the program beside this one: its templates and its way to put values
//! into Nix are not repeated here.

use super::{in_home, nobody, this};
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
use studio_core::{fs, toolkit, ui};

/// The program that knows the templates.
const GENERATOR: &str = "flake-template-generator";

/// The templates that a first flake is made from; the target that each is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Template {
    /// This NixOS machine, whose configuration is in no flake yet.
    This,
    /// A home directory by home-manager, on any machine.
    Home,
    /// A NixOS host.
    Nixos,
}

impl Template {
    /// What is likely to be wanted on the machine under `root`: NixOS says of itself that it is one.
    pub(super) fn likely(root: &Utf8Path) -> Template {
        match root.join("etc/NIXOS").exists() {
            true if this::configuration(root).is_some() => Template::This,
            true => Template::Nixos,
            false => Template::Home,
        }
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Template::This => "this",
            Template::Home => "home",
            Template::Nixos => "nixos",
        }
    }

    /// What is switched.
    fn target(self) -> Kind {
        match self {
            Template::This | Template::Nixos => Kind::Nixos,
            Template::Home => Kind::Home,
        }
    }

    /// The line that makes such a flake in the folder `flake`.
    pub(super) fn command_line(self, root: &Utf8Path) -> String {
        let key = "--set ssh_key=\"$(cat ~/.ssh/id_ed25519.pub)\"";
        let (values, then) = match (self, this::configuration(root)) {
            (Template::Home, _) => ("--set user=$(id -un)".to_owned(), String::new()),
            // What the template says of the user is replaced.
            (Template::This, Some(own)) => (
                format!(
                    "--set host_name=$(uname -n) --set nixpkgs={} --set user=me --set ssh_key=mine",
                    this::nixpkgs(root)
                ),
                format!(" && cp {own}/*.nix flake"),
            ),
            (Template::This | Template::Nixos, _) => {
                (format!("--set host_name=$(uname -n) --set user=$(id -un) {key}"), String::new())
            }
        };
        let template = self.target();
        format!("{GENERATOR} --template {template} {values} --output-dir flake{then}")
    }
}

/// A flake that is to be made.
#[derive(Debug)]
pub(super) struct NewFlake {
    /// Where; there is nothing yet.
    pub(super) folder: Utf8PathBuf,
    /// From which template.
    template: Template,
    /// The name of its configuration.
    host: ConfigName,
    /// What its placeholders stand for.
    values: Vec<(&'static str, String)>,
    /// The folder whose files it takes over.
    from: Option<Utf8PathBuf>,
}

/// Asks what a new flake takes; `root` is the root folder of the machine.
pub(super) fn ask(cx: &Context, root: &Utf8Path) -> Result<NewFlake> {
    generator()?;
    let template = which(cx, root)?;
    let folder = folder(cx)?;
    let user = || name(cx, "the name of the user", &usual(cx, Kind::Home));
    let host = || name(cx, "the name of the host", &usual(cx, Kind::Nixos));
    let mut new = match template {
        Template::Home => {
            let user = user()?;
            let values = vec![("user", user.to_string())];
            NewFlake { folder, template, host: user, values, from: None }
        }
        Template::Nixos => {
            let values = vec![("user", user()?.to_string())];
            NewFlake { folder, template, host: host()?, values, from: None }
        }
        Template::This => {
            let from = this::configuration(root);
            NewFlake { folder, template, host: host()?, values: vec![], from }
        }
    };
    if template.target() == Kind::Nixos {
        new.values.push(("host_name", new.host.to_string()));
    }
    match template {
        Template::Home => {}
        Template::Nixos => new.values.push(("ssh_key", key(cx)?)),
        Template::This => {
            let nixpkgs = cx.ui.ask("the flake of its nixpkgs", &this::nixpkgs(root));
            new.values.push(("nixpkgs", nixpkgs.ok_or_else(nobody)?));
            new.values.push(("description", format!("the NixOS machine {}", new.host)));
        }
    }
    Ok(new)
}

fn which(cx: &Context, root: &Utf8Path) -> Result<Template> {
    let own = this::configuration(root);
    let mut choices = vec![Template::Home, Template::Nixos];
    let mut question =
        "`home`: a home directory, by home-manager; `nixos`: a new NixOS machine".to_owned();
    if let Some(own) = &own {
        choices.insert(0, Template::This);
        question = format!("`this`: this machine, as `{own}` has it; {question}");
    }
    let names: Vec<&str> = choices.iter().map(|choice| choice.name()).collect();
    loop {
        let asked = format!("what is it for? {question}");
        let answer = cx.ui.ask(&asked, Template::likely(root).name()).ok_or_else(nobody)?;
        match choices.iter().find(|choice| choice.name() == answer) {
            Some(choice) => return Ok(*choice),
            None => cx.ui.step(format!("please answer one of {}", ui::names(&names, 3))),
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
    /// What it is made of, for people.
    pub(super) fn made_of(&self) -> String {
        match &self.from {
            Some(from) => format!("what is in `{from}`"),
            None => format!("the template `{}`", self.template.name()),
        }
    }

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
            // A child of one that was killed may still write there; then it is left for the next time.
            let _ = fs::remove_tree(&draft);
        }
        let draft = Draft::of(&self.folder)?;
        // By its own name, because templates take it for that of the flake; and in a folder of its own, because the
        // program waits for who holds the one above, as the draft is held.
        let name = self.folder.file_name().unwrap_or("flake");
        let flake = draft.path().join("new").join(name);
        let template = match self.template {
            Template::This => {
                let template = draft.path().join("template.nix");
                fs::write_new(&template, this::FLAKE.as_bytes())?;
                template.into_string()
            }
            built_in => built_in.name().to_owned(),
        };
        let values = self.values.iter().map(|(key, value)| format!("--set={key}={value}"));
        let program = Program::new(generator()?, cx.env.cwd())
            .args(["--template", &template, "--output-dir", flake.as_str()])
            .args(values);
        program.run().map_err(|failure| match failure {
            Failure::Status { output, .. } => {
                Error::new(format!("the flake `{}` could not be made", self.folder)).because(output)
            }
            other => other.into(),
        })?;
        // From now on it is the user's own, and nothing that is generated again.
        fs::remove_file(&flake.join(MANIFEST))?;
        if let Some(from) = &self.from {
            for left in this::copy(from, &flake)? {
                cx.ui.warn(format!(
                    "`{left}` is not taken over: it is a link, or may not be read by you"
                ));
            }
        }
        // Templates that are built in bring theirs.
        if self.template == Template::This {
            let settings =
                format!("target = \"{}\"\nhost = \"{}\"\n", self.template.target(), self.host);
            fs::write_new(&flake.join("studio.toml"), settings.as_bytes())?;
        }
        outside::begin(&flake, &format!("flake: {}", self.made_of()))?;
        fs::rename(&flake, &self.folder)
    }
}
