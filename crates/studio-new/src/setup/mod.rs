//! The first time: nobody said where the flake is. On a terminal it is asked, and what else is missing; without one it
//! is said what to type.
//!
//! All questions come before anything is done, but for one that takes the studio. Then each thing is done as a whole, in
//! an order in which the next run goes on where a kill ended this one. Not here: what is missing
//! (`studio_core::doctor`), and what a new flake is made of ([`flake`]).

mod flake;
mod host;
mod machine;
mod this;

use camino::{Utf8Path, Utf8PathBuf};
use flake::{NewFlake, Template};
use machine::Missing;
use studio_core::cli::Context;
use studio_core::config::{self, Key, Settings};
use studio_core::error::{Error, Result};
use studio_core::git::{Repo, outside};
use studio_core::home::Home;
use studio_core::names::StudioName;
use studio_core::studio::Upstream;

/// Where the flake comes from.
enum Source {
    /// It is a repository already.
    Repository(Upstream),
    /// It is a folder, of which one is made.
    Folder(Utf8PathBuf),
    /// There is none yet.
    New(NewFlake),
}

/// Asks everything, does it, and gives the path of the studio; `root` is the root folder of the machine.
pub(crate) fn guide(
    cx: &Context,
    home: &Home,
    settings: &Settings,
    name: &StudioName,
    root: &Utf8Path,
) -> Result<String> {
    cx.ui.step(
        "nothing is set up yet. A few questions: Enter takes what stands in brackets, Ctrl-C ends it, and nothing is \
         changed before the last one.",
    );
    let missing = machine::look(cx, root)?;
    let missing = machine::ask(cx, missing)?;
    let source = source(cx, root)?;
    let file = cx.env.user_settings();
    cx.ui.step("this is what will be done:");
    for line in plan(&missing, &source, home, name, &file) {
        cx.ui.step(format!("  {line}"));
    }
    match cx.ui.confirm("do it?", true) {
        Some(true) => {}
        _ => return Err(Error::new("nothing was changed, as you said")),
    }
    missing.mend(cx)?;
    let (upstream, is_new) = match source {
        Source::Repository(upstream) => (upstream, false),
        Source::Folder(folder) => {
            outside::begin(&folder, "the flake as it was")?;
            cx.ui.step(format!("`{folder}` is a git repository now"));
            (Upstream::new(folder.as_str(), cx.env.cwd())?, false)
        }
        Source::New(new) => {
            new.make(cx)?;
            cx.ui.step(format!("made the flake `{}`", new.folder));
            (Upstream::new(new.folder.as_str(), cx.env.cwd())?, true)
        }
    };
    let created = crate::create(cx, home, name, &upstream)?;
    config::remember(&file, &[(Key::Upstream, upstream.as_str())])?;
    cx.ui.step(format!("remembered `{upstream}` in `{file}`"));
    if is_new {
        cx.ui
            .hint("the inputs of the new flake are not locked yet: `nix flake lock` in the studio");
    } else {
        // The studio is there, and what is wrong in its flake can be mended in it.
        if let Err(error) = host::settle(cx, settings, &created.path) {
            cx.ui.error(&error);
        }
    }
    cx.ui.hint("work there, then look whether all is well: `git flake-check`");
    Ok(created.path.into_string())
}

/// What is going to be done, a line each.
fn plan(
    missing: &Missing,
    source: &Source,
    home: &Home,
    name: &StudioName,
    file: &Utf8Path,
) -> Vec<String> {
    let mut lines = missing.plan();
    match source {
        Source::Repository(_) => {}
        Source::Folder(folder) => lines.push(format!(
            "make `{folder}` a git repository, with all that is in it as the first commit"
        )),
        Source::New(new) => lines.push(format!(
            "make a flake in `{}` from {}, as a git repository",
            new.folder,
            new.made_of()
        )),
    }
    let from = match source {
        Source::Repository(upstream) => upstream.to_string(),
        Source::Folder(folder) => folder.to_string(),
        Source::New(new) => new.folder.to_string(),
    };
    lines.push(format!("make the studio `{name}` of `{from}`, in `{}`", home.studio(name)));
    lines.push(format!("remember where the flake is, in `{file}`"));
    lines
}

/// Where the flake is, or what is to become one.
fn source(cx: &Context, root: &Utf8Path) -> Result<Source> {
    const NEW: &str = "new";
    let default = likely(cx, root).map_or(NEW.to_owned(), Utf8PathBuf::into_string);
    loop {
        let question =
            "where is your flake? A URL that git clones, a folder, or `new` for a new one";
        let answer = cx.ui.ask(question, &default).ok_or_else(nobody)?;
        if answer == NEW {
            return flake::ask(cx, root).map(Source::New);
        }
        match existing(cx, &answer) {
            Ok(source) => return Ok(source),
            Err(error) => cx.ui.error(&error),
        }
    }
}

fn nobody() -> Error {
    Error::new("nothing was changed, because the questions were not answered")
}

/// A flake that is there, by URL or path.
fn existing(cx: &Context, answer: &str) -> Result<Source> {
    let upstream = Upstream::new(&in_home(cx, answer), cx.env.cwd())?;
    // What is no path is git's to know.
    let folder = Utf8PathBuf::from(upstream.as_str());
    if !folder.is_absolute() || Repo::open_bare(&folder).is_ok() {
        return Ok(Source::Repository(upstream));
    }
    if !folder.join("flake.nix").is_file() {
        return Err(Error::new(format!("there is no `flake.nix` in `{folder}`"))
            .hint("give the folder that has it, or `new`"));
    }
    if let Some(top) = outside::top_of(&folder)? {
        return Err(Error::new(format!("`{folder}` is a part of the repository `{top}`"))
            .because("a studio is made of a repository with `flake.nix` at its top")
            .hint("move the flake to a folder of its own"));
    }
    Ok(Source::Folder(folder))
}

/// A path with `~` for the home folder, as a shell reads it.
fn in_home(cx: &Context, path: &str) -> String {
    match (path.strip_prefix('~'), cx.env.home()) {
        (Some(rest), Ok(home)) if rest.is_empty() || rest.starts_with('/') => {
            format!("{home}{rest}")
        }
        _ => path.to_owned(),
    }
}

/// A folder with a flake in it: where the user stands, else where tools look for one that is not told.
///
/// Those are `nixos-rebuild`, `darwin-rebuild` and `home-manager`, by their manuals.
fn likely(cx: &Context, root: &Utf8Path) -> Option<Utf8PathBuf> {
    let of_home = cx.env.home().ok().map(|home| home.join(".config/home-manager"));
    let known = ["etc/nixos", "etc/nix-darwin"].map(|folder| root.join(folder));
    std::iter::once(cx.env.cwd().to_owned())
        .chain(known)
        .chain(of_home)
        .find(|folder| folder.join("flake.nix").is_file())
}

/// What to type where nobody can be asked.
pub(crate) fn instructions(cx: &Context, root: &Utf8Path) -> Error {
    let file = cx.env.user_settings();
    let error = Error::new("it is not known where your flake is")
        .hint("say it: `studio --upstream URL`, where URL is what `git clone` takes, or a path")
        .hint(format!("or once for all: `upstream = \"URL\"` in `{file}`"));
    let error = if cx.env.cwd().join("flake.nix").is_file() {
        error.hint(
            "there is a `flake.nix` here, but no git repository: `git init && git add --all && git commit -m first`, \
             then `studio` again",
        )
    } else {
        let template = Template::likely(root);
        error.hint(format!(
            "if there is none yet: `{} && cd flake && git init && git add --all && git commit -m first`, \
             then `studio` there",
            template.command_line(root)
        ))
    };
    error.hint("on a terminal, `studio` asks all that; what else is missing: `studio --doctor`")
}
