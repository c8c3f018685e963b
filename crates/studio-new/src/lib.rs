//! `studio`: opens the reusable studio, makes fresh ones, lists and removes them.
//!
//! Only arguments and words; the work is [`studio_core::studio`].

mod upstream;

use clap::Parser;
use std::fmt::Write;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::config::{Key, Settings};
use studio_core::error::{Error, OrSay, Result};
use studio_core::home::Home;
use studio_core::names::StudioName;
use studio_core::{editor, studio};

/// Make a studio of your flake, or open the reusable one
///
/// A studio is a full git repository of your flake in a folder of its own, with a scratch branch checked out and the
/// commands of this toolkit as git aliases. Without NAME the reusable studio is opened in your editor, and made first if
/// there is none; with NAME a fresh one is made. Either way its path is printed.
#[derive(Debug, Parser)]
#[command(name = "studio")]
pub struct Args {
    /// The name of a new studio
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// The repository of your flake: a URL or a path
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// The editor to open the reusable studio with
    #[arg(long, value_name = "COMMAND", conflicts_with = "name")]
    editor: Option<String>,
    /// Do not open an editor
    #[arg(long, conflicts_with = "editor")]
    no_editor: bool,
    /// Answer yes to every question
    #[arg(short, long)]
    yes: bool,
    /// List all studios
    #[arg(long, conflicts_with_all = ["name", "upstream", "editor", "remove", "show_config"], help_heading = "Other work")]
    list: bool,
    /// Remove a studio, unless work in it is nowhere else
    #[arg(long, value_name = "NAME", conflicts_with_all = ["name", "upstream", "editor"], help_heading = "Other work")]
    remove: Option<String>,
    /// With `--remove`: remove it even if work is lost
    #[arg(long, requires = "remove", help_heading = "Other work")]
    force: bool,
    /// Print every setting and where it comes from
    #[arg(long, conflicts_with_all = ["name", "remove"], help_heading = "Other work")]
    show_config: bool,
    /// With `--list` and `--show-config`: print JSON
    #[arg(long, help_heading = "Other work")]
    json: bool,
    #[command(flatten)]
    common: Common,
}

impl Command for Args {
    const EXAMPLES: &'static str = "\
# open the reusable studio in your editor
studio
# make a fresh studio and go there
dir=$(studio \"$(uuidgen)\") && cd \"$dir\"
# the first time, say where your flake is
studio --upstream https://example.org/me/flake.git
# which are there, and away with one
studio --list
studio --remove try-kernel";

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, cx: &Context) -> Result<Done> {
        let home = cx.home()?;
        if self.list {
            return list(&home, self.json);
        }
        if let Some(name) = &self.remove {
            let path = studio::remove(cx, &home, &StudioName::new(name)?, self.force)?;
            cx.ui.step(format!("removed the studio `{name}`, which was at `{path}`"));
            return Ok(Done::silent());
        }
        let settings = Settings::load(&cx.env)?
            .with_flag(Key::Upstream, self.upstream.as_deref())
            .with_flag(Key::Editor, self.editor.as_deref());
        if self.show_config {
            return show_config(cx, &home, settings, self.json);
        }
        match &self.name {
            Some(name) => {
                let name = StudioName::new(name)?;
                let created = make(cx, &home, &settings, &name, self.yes)?;
                Ok(Done::with(created))
            }
            None => self.open(cx, &home, &settings),
        }
    }
}

impl Args {
    /// The reusable studio: made on first use, opened, printed.
    fn open(&self, cx: &Context, home: &Home, settings: &Settings) -> Result<Done> {
        let name: StudioName = settings.parsed(Key::Studio)?.ok_or_else(|| {
            Error::new("the reusable studio has no name").hint("set `studio` in `config.toml`")
        })?;
        let path = home.studio(&name);
        if path.is_dir() {
            // A folder that is none of ours is told from a studio before an editor shows it.
            studio::Studio::named(home, &name)?;
        } else {
            make(cx, home, settings, &name, self.yes)?;
        }
        if !self.no_editor {
            match editor::choose(&cx.env, settings) {
                Some(editor) => editor::open(cx, &editor, &path)?,
                None => {
                    cx.ui.step("no editor is set, so none is opened");
                    cx.ui.hint(
                        "set one: `editor = \"code\"` in `config.toml`, or `VISUAL`, or `--editor`",
                    );
                }
            }
        }
        Ok(Done::with(path))
    }
}

fn make(
    cx: &Context,
    home: &Home,
    settings: &Settings,
    name: &StudioName,
    yes: bool,
) -> Result<String> {
    let (upstream, origin) = upstream::find(cx, settings)?;
    let created = studio::create(cx, home, name, &upstream)?;
    cx.ui.step(format!(
        "made the studio `{name}` of `{upstream}`, on the new branch `{}`",
        created.branch
    ));
    upstream::offer_to_remember(cx, &upstream, &origin, yes)?;
    Ok(created.path.into_string())
}

fn list(home: &Home, json: bool) -> Result<Done> {
    let studios = studio::list(home)?;
    if json {
        return Ok(Done::with(
            serde_json::to_string_pretty(&studios).or_say(|| "the list cannot be written")?,
        ));
    }
    let width = studios.iter().map(|studio| studio.name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for studio in &studios {
        let branch = studio.branch.as_deref().unwrap_or("(detached)");
        let commit = studio.commit.as_deref().map_or("?", |commit| &commit[..12]);
        let _ = writeln!(text, "{:width$}  {commit}  {branch}  {}", studio.name, studio.path);
    }
    Ok(Done::with(text))
}

fn show_config(cx: &Context, home: &Home, settings: Settings, json: bool) -> Result<Done> {
    // In a studio or a snapshot the flake has its say too.
    let settings = match studio::Place::here(cx) {
        Ok(studio::Place::Studio(studio)) => settings.with_flake(studio.repo.top())?,
        Ok(studio::Place::Snapshot(snapshot)) => settings.with_flake(snapshot.path())?,
        Err(_) => settings,
    };
    let mut rows = vec![("home".to_owned(), Some(home.root().to_string()), home_origin(cx))];
    for key in Key::ALL {
        let value = settings.get(key);
        let origin = value.as_ref().map(|value| value.origin.to_string()).unwrap_or_default();
        rows.push((key.row().name.to_owned(), value.map(|value| value.text), origin));
    }
    let checks: Vec<&str> = settings.health().iter().map(|check| check.name.as_str()).collect();
    let flake = settings.flake().filter(|_| !checks.is_empty());
    rows.push((
        "health".to_owned(),
        flake.map(|_| checks.join(", ")),
        flake.map(|file| file.path().to_string()).unwrap_or_default(),
    ));
    if json {
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(name, value, origin)| serde_json::json!({ "name": name, "value": value, "origin": origin }))
            .collect();
        return Ok(Done::with(
            serde_json::to_string_pretty(&rows).or_say(|| "the settings cannot be written")?,
        ));
    }
    let width = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (name, value, origin) in rows {
        let _ = match value {
            Some(value) => writeln!(text, "{name:width$}  {value}  ({origin})"),
            None => writeln!(text, "{name:width$}  (not set)"),
        };
    }
    Ok(Done::with(text))
}

fn home_origin(cx: &Context) -> String {
    match cx.env.get("STUDIO_HOME") {
        Some(_) => "$STUDIO_HOME".to_owned(),
        None => "default".to_owned(),
    }
}
