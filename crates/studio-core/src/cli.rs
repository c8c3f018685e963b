//! The frame around every command: arguments in, data and an exit status out.
//!
//! A command is a type that implements [`Command`]; its `main` is one call of [`main`]. Here, and nowhere else, stdout is
//! written: once, at the end, and only when the exit status is 0, so that `dir=$(git mutable-snapshot) && cd "$dir"` is
//! safe. Not here: anything that a single command does.

use crate::complete::{self, Shell};
use crate::config::Environment;
pub use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::fs;
use crate::process;
use crate::ui::{Color, LogFormat, Ui, Verbosity};
use clap::{Parser, ValueEnum};
use std::io::Write;
use std::process::ExitCode;

/// Options that every command has.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Common {
    /// Say only what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Say also which programs are run
    #[arg(short, long, global = true, help_heading = "Output")]
    pub verbose: bool,
    /// Whether to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true,
        hide_short_help = true
    )]
    #[arg(help_heading = "Output", help = "Colours: auto, always or never")]
    pub color: Color,
    /// Write a man page or completions to stdout instead of working
    #[arg(long, global = true, value_name = "WHAT", hide = true, exclusive = true)]
    pub generate: Option<Generate>,
}

/// The options of commands that let Nix do something which may take its time.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct NixOutput {
    /// Show what Nix does as `auto` or, as Nix itself says it, `raw`
    ///
    /// By itself, what is under way stands at the foot of a terminal; in a pipe or a file each build is a line, what a
    /// build that failed said stands in one piece, and after 30 seconds of silence (STUDIO_SILENCE) it is said what goes
    /// on. Everything is in the log file that is named at the end.
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "auto",
        hide_possible_values = true,
        hide_short_help = true,
        help_heading = "Output"
    )]
    pub log_format: LogFormat,
}

/// What the binary can write about itself, for packaging.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Generate {
    /// The man page, in roff.
    Man,
    /// Completions for bash.
    Bash,
    /// Completions for zsh.
    Zsh,
    /// Completions for fish.
    Fish,
    /// Completions for nushell.
    Nushell,
    /// The page of the command in Markdown, for `docs/commands`.
    Markdown,
}

/// What a command that could do its work gives back.
#[derive(Debug)]
pub struct Done {
    /// Data for stdout; a last line break is added.
    pub stdout: String,
    /// Its exit status; where it is not 0, stdout stays empty.
    pub exit: Exit,
    /// When the data is written.
    pub shown: Shown,
}

/// When the data of a command is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// Where it succeeded.
    #[default]
    OnSuccess,
    /// Always: it is a report, whose summary the exit status is.
    Always,
}

impl Done {
    /// Done, with nothing to say on stdout.
    pub fn silent() -> Done {
        Done { stdout: String::new(), exit: Exit::Done, shown: Shown::OnSuccess }
    }

    /// Done, with data for stdout.
    pub fn with(data: impl std::fmt::Display) -> Done {
        Done { stdout: data.to_string(), exit: Exit::Done, shown: Shown::OnSuccess }
    }

    /// A report, which is what was asked for whatever it says; the exit status is its summary. Nobody goes to a folder that
    /// a report names, which is why stdout is empty elsewhere where something went wrong.
    pub fn report(data: impl std::fmt::Display, exit: Exit) -> Done {
        Done { stdout: data.to_string(), exit, shown: Shown::Always }
    }
}

/// One command.
pub trait Command: Parser {
    /// Examples for `--help` and the man page: a comment line and a command line each.
    const EXAMPLES: &'static str;
    /// The exit statuses that it can have.
    const EXITS: &'static [Exit] = &[Exit::Done, Exit::Failed, Exit::Usage, Exit::Interrupted];

    /// The options that every command has.
    fn common(&self) -> &Common;

    /// Who says what Nix does, for those that have [`NixOutput`].
    fn log_format(&self) -> LogFormat {
        LogFormat::Auto
    }

    /// Does the work.
    fn run(self, cx: &Context) -> Result<Done>;
}

/// Runs a command from the arguments of this process.
pub fn main<C: Command>() -> ExitCode {
    process::restart_without_repository_variables();
    if let Some(answered) = complete::answer(describe::<C>) {
        return answered.map_or_else(refused, |()| ExitCode::SUCCESS);
    }
    let command = describe::<C>();
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    if let Some(what) = asked_about_itself(&command) {
        return report(&Ui::new(Verbosity::Normal, Color::Auto, true), generate(what, command));
    }
    let mut matches = match command.clone().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return refused(error),
    };
    let args = match C::from_arg_matches_mut(&mut matches) {
        Ok(args) => args,
        Err(error) => return refused(error),
    };
    let (common, log_format) = (args.common().clone(), args.log_format());
    let verbosity = match (common.quiet, common.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    };
    match Environment::capture() {
        Ok(env) => {
            let ui = Ui::new(verbosity, common.color, env.no_color());
            let ui = ui.with_log_format(log_format);
            let cx = Context { ui, env, command: name };
            let result = args.run(&cx).map_err(|error| match cx.env.studio_home() {
                Ok(home) => fs::tell_inodes(error, &home),
                Err(_) => error,
            });
            report(&cx.ui, result)
        }
        Err(error) => report(&Ui::new(verbosity, common.color, true), Err(error)),
    }
}

/// What `--generate` asks for. Asked that, a command needs none of its arguments, and no subcommand.
fn asked_about_itself(command: &clap::Command) -> Option<Generate> {
    if !std::env::args_os().any(|arg| arg.to_string_lossy().starts_with("--generate")) {
        return None;
    }
    let asked = command.clone().subcommand_required(false).try_get_matches().ok()?;
    asked.get_one::<Generate>("generate").copied()
}

/// Shows what came of a command, and gives its exit status.
fn report(ui: &Ui, result: Result<Done>) -> ExitCode {
    let exit = match result {
        Ok(done) => finish(ui, done),
        Err(error) => {
            ui.error(&error);
            error.status()
        }
    };
    ExitCode::from(exit as u8)
}

/// clap has its own words for a wrong command line; `--help` and `--version` are no errors.
fn refused(error: clap::Error) -> ExitCode {
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { Exit::Usage as u8 } else { Exit::Done as u8 })
}

fn finish(ui: &Ui, done: Done) -> Exit {
    let shown = done.exit == Exit::Done || done.shown == Shown::Always;
    if !shown || done.stdout.is_empty() {
        return done.exit;
    }
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(done.stdout.trim_end_matches('\n').as_bytes())
        .and_then(|()| stdout.write_all(b"\n"))
        .and_then(|()| stdout.flush());
    match written {
        Ok(()) => done.exit,
        // `studio --list | head` is no failure.
        Err(cause) if cause.kind() == std::io::ErrorKind::BrokenPipe => done.exit,
        Err(cause) => {
            ui.error(&Error::new("the result could not be written to stdout").because(cause));
            Exit::Failed
        }
    }
}

/// The clap command with the parts that all commands share: examples and exit statuses.
fn describe<C: Command>() -> clap::Command {
    let mut after = String::from("Examples:\n");
    for line in C::EXAMPLES.trim().lines() {
        after.push_str("  ");
        after.push_str(line);
        after.push('\n');
    }
    after.push_str("\nExit status:\n");
    for exit in C::EXITS {
        after.push_str(&format!("  {:<4} {}\n", *exit as u8, exit.meaning()));
    }
    C::command().after_long_help(after).version(env!("CARGO_PKG_VERSION"))
}

fn nushell(mut command: clap::Command) -> String {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(clap_complete_nushell::Nushell, &mut command, name, &mut script);
    String::from_utf8_lossy(&script).trim_end().to_owned()
}

fn generate(what: Generate, command: clap::Command) -> Result<Done> {
    let shell = match what {
        Generate::Bash => Shell::Bash,
        Generate::Zsh => Shell::Zsh,
        Generate::Fish => Shell::Fish,
        Generate::Nushell => return Ok(Done::with(nushell(command))),
        Generate::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command)
                .render(&mut page)
                .map_err(|cause| Error::new("the man page could not be made").because(cause))?;
            return Ok(Done::with(String::from_utf8_lossy(&page)));
        }
        Generate::Markdown => return Ok(Done::with(markdown(command))),
    };
    Ok(Done::with(complete::script(shell, command.get_name())))
}

/// The page of a command: its own long help, which says everything, and that of each subcommand without what they share.
fn markdown(command: clap::Command) -> String {
    let title = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let mut page = section("#", &title, command.clone());
    for subcommand in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        let title = format!("{title} {}", subcommand.get_name());
        page.push('\n');
        page.push_str(&section("##", &title, subcommand.clone().bin_name(&title)));
    }
    page
}

fn section(level: &str, title: &str, command: clap::Command) -> String {
    let help = command.term_width(100).render_long_help().to_string();
    let (about, options) = help.split_once("\nUsage: ").unwrap_or((&help, ""));
    let lines: Vec<&str> = options.lines().map(str::trim_end).collect();
    let options = lines.join("\n");
    format!("{level} {title}\n\n{}\n\n```text\nUsage: {}\n```\n", about.trim(), options.trim_end())
}
