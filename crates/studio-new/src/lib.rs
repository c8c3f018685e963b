//! `studio`: opens the reusable studio, makes fresh ones, lists and removes them, and cleans up after snapshots.
//!
//! Only arguments and words; the work is [`studio_core::studio`].

mod cleaning;
mod doctor;
mod lists;
mod settings;
mod setup;
mod soundness;
mod upstream;
mod words;

use camino::Utf8PathBuf;
use clap::Parser;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::complete;
use studio_core::config::{Key, Settings};
use studio_core::error::{Error, Result};
use studio_core::home::Home;
use studio_core::names::StudioName;
use studio_core::ui::Verbosity;
use studio_core::{editor, fs, studio};

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
    #[arg(long, value_name = "COMMAND", conflicts_with = "name", hide_short_help = true)]
    editor: Option<String>,
    /// Do not open an editor
    #[arg(long, conflicts_with = "editor")]
    no_editor: bool,
    /// Answer yes to every question
    #[arg(short, long)]
    yes: bool,
    /// List all studios
    #[arg(long, group = "work", conflicts_with_all = MAKING, help_heading = "Other work")]
    list: bool,
    /// Remove a studio, unless work in it is nowhere else
    #[arg(long, value_name = "NAME", group = "work", conflicts_with_all = MAKING, help_heading = "Other work",
        add = complete::studios())]
    remove: Option<String>,
    /// With `--remove`: remove it even if work is lost
    #[arg(long, requires = "remove", help_heading = "Other work", hide_short_help = true)]
    force: bool,
    /// List all snapshots
    ///
    /// Newest first: id, age, what would be free without it, subject, and whether it is pinned or a generation was made
    /// of it.
    #[arg(long, group = "work", conflicts_with_all = MAKING, help_heading = "Other work")]
    snapshots: bool,
    /// Keep a snapshot until `--unpin`
    ///
    /// By its id, at least four digits of it, or a path.
    #[arg(long, value_name = "SNAPSHOT", group = "work", conflicts_with_all = MAKING, help_heading = "Other work",
        hide_short_help = true, add = complete::snapshots())]
    pin: Option<String>,
    /// Do not keep a snapshot any longer
    #[arg(
        long,
        value_name = "SNAPSHOT",
        group = "work",
        conflicts_with_all = MAKING,
        help_heading = "Other work",
        hide_short_help = true,
        add = complete::snapshots()
    )]
    unpin: Option<String>,
    /// Make sure that a snapshot is what its name says
    ///
    /// By what the file system says of each file; where that is not what it was, by reading it. A studio's switching commands
    /// do the same before they activate anything.
    #[arg(long, value_name = "SNAPSHOT", group = "work", conflicts_with_all = MAKING, help_heading = "Other work",
        hide_short_help = true, add = complete::snapshots())]
    verify: Option<String>,
    /// With `--verify`: read and hash every file, whatever it looks like
    #[arg(long, requires = "verify", help_heading = "Other work", hide_short_help = true)]
    full: bool,
    /// Make a snapshot again from git, in the place of one that is damaged or gone
    #[arg(long, value_name = "SNAPSHOT", group = "work", conflicts_with_all = MAKING, help_heading = "Other work",
        hide_short_help = true, add = complete::snapshots())]
    repair: Option<String>,
    /// Remove snapshots that nothing needs
    ///
    /// Those stay that were taken last, that are young, pinned, in use, or that a generation, an open attempt to switch or
    /// a studio needs. What goes is shown first, and asked about. What is left of snapshots that are not there any more
    /// goes as well. No commit is lost by it.
    #[arg(long, group = "work", conflicts_with_all = MAKING, help_heading = "Other work")]
    clean: bool,
    /// With `--clean`: keep so many of the last snapshots; 20
    #[arg(
        long,
        value_name = "NUMBER",
        requires = "clean",
        help_heading = "Other work",
        hide_short_help = true
    )]
    keep: Option<usize>,
    /// With `--clean`: keep those that are younger; 14d
    #[arg(
        long,
        value_name = "AGE",
        requires = "clean",
        help_heading = "Other work",
        hide_short_help = true
    )]
    younger_than: Option<String>,
    /// With `--clean`: only show what would go
    #[arg(
        long,
        requires = "clean",
        conflicts_with = "yes",
        help_heading = "Other work",
        hide_short_help = true
    )]
    dry_run: bool,
    /// With `--clean` and `--snapshots`: generations of the machine under this root folder count, too
    ///
    /// With `--doctor`, and the first time, it is the machine that is looked at.
    #[arg(long, value_name = "DIR", help_heading = "Other work", hide_short_help = true)]
    root: Option<Utf8PathBuf>,
    /// Say what this machine lacks, and how to mend it
    ///
    /// Programs, settings, room, mirror, pool, open switches and the boot partition are looked at, and nothing is changed,
    /// evaluated or fetched. The report is printed whatever it says; the exit status is 1 if something is broken. As JSON it
    /// is a list of `check`, `state` (fine, look or broken), `found`, `why` and `mend`.
    #[arg(long, group = "work", conflicts_with = "name", help_heading = "Other work")]
    doctor: bool,
    /// Print every setting and where it comes from
    #[arg(
        long,
        group = "work",
        conflicts_with = "name",
        help_heading = "Other work",
        hide_short_help = true
    )]
    show_config: bool,
    /// Print lists, settings and reports as JSON
    #[arg(long, help_heading = "Other work", hide_short_help = true)]
    json: bool,
    #[command(flatten)]
    common: Common,
}

/// What makes no sense where no studio is made or opened.
const MAKING: [&str; 3] = ["name", "upstream", "editor"];

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
studio --remove try-kernel
# what is missing on this machine, and how to mend it
studio --doctor
# what snapshots take, and what would go
studio --snapshots
studio --clean --dry-run";

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, cx: &Context) -> Result<Done> {
        // A relative folder is one from where the user stands.
        let root = self.root.as_ref().map(|root| fs::absolute(cx.env.cwd(), root));
        if self.doctor {
            return self.examine(cx);
        }
        let home = cx.home()?;
        if self.list {
            return lists::studios(&home, self.json);
        }
        if self.snapshots {
            return lists::snapshots(cx, &home, root.as_deref(), self.json);
        }
        if let Some(name) = &self.remove {
            let path = studio::remove(cx, &home, &StudioName::new(name)?, self.force)?;
            cx.ui.step(format!("removed the studio `{name}`, which was at `{path}`"));
            return Ok(Done::silent());
        }
        if let Some(snapshot) = &self.pin {
            return cleaning::pin(cx, &home, snapshot);
        }
        if let Some(snapshot) = &self.unpin {
            return cleaning::unpin(cx, &home, snapshot);
        }
        if let Some(snapshot) = &self.verify {
            return soundness::verify(cx, &home, snapshot, self.full);
        }
        if let Some(snapshot) = &self.repair {
            return soundness::repair(cx, &home, snapshot);
        }
        let keep = self.keep.map(|number| number.to_string());
        let settings = Settings::load(&cx.env)?
            .with_flag(Key::Upstream, self.upstream.as_deref())
            .with_flag(Key::Editor, self.editor.as_deref())
            .with_flag(Key::CleanKeep, keep.as_deref())
            .with_flag(Key::CleanYoungerThan, self.younger_than.as_deref());
        if self.show_config {
            return settings::show(cx, &home, settings, self.json);
        }
        if self.clean {
            let policy = studio::Policy::of(&settings)?;
            let plan = studio::plan(cx, &home, policy, root.as_deref())?;
            let how = cleaning::How { dry_run: self.dry_run, yes: self.yes, json: self.json };
            return cleaning::clean(cx, &home, &plan, how);
        }
        match &self.name {
            Some(name) => {
                let name = StudioName::new(name)?;
                let created = self.make(cx, &home, &settings, &name)?;
                Ok(Done::with(created))
            }
            None => self.open(cx, &home, &settings),
        }
    }
}

impl Args {
    fn examine(&self, cx: &Context) -> Result<Done> {
        let flags = [(Key::Upstream, &self.upstream), (Key::Editor, &self.editor)];
        let said: Vec<(Key, &str)> =
            flags.iter().filter_map(|(key, value)| Some((*key, value.as_deref()?))).collect();
        doctor::doctor(cx, &self.machine(cx), &said, self.json, &self.common)
    }

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
            self.make(cx, home, settings, &name)?;
        }
        if !self.no_editor {
            match editor::choose(&cx.env, settings) {
                Some(editor) => editor::open(cx, &editor, &path)?,
                None => {
                    cx.ui.step("no editor is set, so none is opened");
                    cx.ui.hint(editor::HOW_TO_SET);
                }
            }
        }
        Ok(Done::with(path))
    }

    /// The path of a new studio.
    fn make(
        &self,
        cx: &Context,
        home: &Home,
        settings: &Settings,
        name: &StudioName,
    ) -> Result<String> {
        // Before anything is made, or asked.
        cx.env.studio_home_to_fill()?;
        let root = self.machine(cx);
        match studio::Upstream::find(cx, settings)? {
            Some((upstream, origin)) => {
                let created = create(cx, home, name, &upstream)?;
                upstream::offer_to_remember(cx, &upstream, &origin, self.yes)?;
                Ok(created.path.into_string())
            }
            // Who wants nothing said wants nothing explained, either.
            None if cx.ui.interactive() && !self.yes && cx.ui.verbosity() > Verbosity::Quiet => {
                setup::guide(cx, home, settings, name, &root)
            }
            None => Err(setup::instructions(cx, &root)),
        }
    }

    /// The root folder of the machine that is looked at.
    fn machine(&self, cx: &Context) -> Utf8PathBuf {
        fs::absolute(cx.env.cwd(), self.root.as_deref().unwrap_or("/".into()))
    }
}

fn create(
    cx: &Context,
    home: &Home,
    name: &StudioName,
    upstream: &studio::Upstream,
) -> Result<studio::Created> {
    let created = studio::create(cx, home, name, upstream)?;
    cx.ui.step(format!(
        "made the studio `{name}` of `{upstream}`, on the new branch `{}`",
        created.branch
    ));
    Ok(created)
}
