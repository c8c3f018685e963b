//! `bootstrap-config-generator`: writes the `config.toml` from which a Rust toolchain is bootstrapped with Nix.
//!
//! [`keys`] is the table of all that can be said; [`choice`] asks flags, file, environment, probes and defaults in this
//! order; [`document`] sets what holds in the text of the file; [`output`] puts it in its place. Not here: flakes.

pub mod choice;
pub mod document;
pub mod explain;
pub mod faults;
pub mod flags;
pub mod input;
pub mod keys;
pub mod lattice;
pub mod output;
pub mod probe;
pub mod project;
pub mod secret;
pub mod value;

use camino::Utf8PathBuf;
use choice::Choices;
use clap::Parser;
use explain::Format;
use flags::Flags;
use input::Input;
use keys::Key;
use lattice::Node;
use output::Output;
use probe::Prober;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::{Result, fs};

/// Write the `config.toml` that a Rust toolchain is bootstrapped from
///
/// Every key of the file has a flag, a name in `--config-file` (that of the flag, or that in the file's own tables) and a
/// variable. The first of flag, file, variable, probe and default that says something holds; `--explain` tells which. Probes
/// look at `flake.lock` and ask rustc and cargo what they are; they need no network. A text that nobody says anything about
/// is empty.
///
/// What else is in the file stays as it is: comments, other keys, other tables; so does the absence of the lines at its top
/// that name project and system. A file that is up to date is not touched. Prints the path of the file.
#[derive(Debug, Parser)]
#[command(
    name = "bootstrap-config-generator",
    after_help = "Each key of the file has a flag, nodes of the lattice too: see `--help`."
)]
pub struct Args {
    /// Read from this TOML file what no flag says
    #[arg(short, long, value_name = "FILE")]
    config_file: Option<Utf8PathBuf>,
    /// Write nothing; fail if the file is out of date
    #[arg(long, conflicts_with = "dry-run")]
    check: bool,
    /// Write nothing; show where each value comes from
    ///
    /// As a table for people, or as `json` for programs.
    #[arg(
        long,
        value_name = "FORMAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "table",
        hide_possible_values = true,
        conflicts_with_all = ["check", "dry-run"]
    )]
    explain: Option<Format>,
    /// Fail if `--rust-src-flake-path` is no source tree of Rust, or is not said
    #[arg(long, hide_short_help = true)]
    require_rust_src: bool,
    #[command(flatten)]
    flags: Flags,
    #[command(flatten)]
    common: Common,
}

/// What is done with what holds.
enum Task {
    Explain(Format),
    Check,
    Show,
    Write,
}

impl Args {
    fn task(&self, choices: &Choices) -> Task {
        match (self.explain, self.check) {
            (Some(format), _) => Task::Explain(format),
            (None, true) => Task::Check,
            (None, false) if choices.is_on(Key::DryRun) => Task::Show,
            (None, false) => Task::Write,
        }
    }
}

impl Command for Args {
    const EXAMPLES: &'static str = "\
# write config.toml here
bootstrap-config-generator
# for another machine, and say where each value comes from
bootstrap-config-generator --target aarch64-unknown-linux-gnu --explain
# is the one in the repository up to date?
bootstrap-config-generator -c settings.toml --check
# a node of the lattice: flakes/1.89.0/x86_64-linux/stage0/step1-configure
bootstrap-config-generator --build-rustc-version 1.89.0";

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, cx: &Context) -> Result<Done> {
        let cwd = cx.env.cwd();
        let input = match &self.config_file {
            Some(file) => Some(Input::read(&cwd.join(file), file)?),
            None => None,
        };
        let mut prober = Prober::new(&cx.env, &cx.ui);
        let mut choices = Choices::make(&self.flags, input.as_ref(), &cx.env, &mut prober)?;
        let root = project::root(&mut choices, cwd)?;
        let node = Node::of(&mut choices);
        let task = self.task(&choices);
        if let Task::Explain(format) = task {
            return Ok(Done::with(explain::explain(&choices, format)?));
        }
        project::look_at_source(cx, &choices, self.require_rust_src)?;
        let file = match &node {
            Some(node) => {
                node.demand_rustc(&mut prober, &root, &choices)?;
                node.file(&root)
            }
            None => choices.text(Key::Output).unwrap_or_default().into(),
        };
        // From reading to writing: two runs at once set the keys of both.
        let _alone = match (&task, cwd.join(&file).parent()) {
            (Task::Write, Some(folder)) => fs::wait_for(folder).ok(),
            _ => None,
        };
        let output = Output::open(file, cwd)?;
        let merged = document::merge(output.text(), output.shown(), &choices)?;
        match task {
            Task::Check => output.check(cx, &merged, &choices),
            Task::Show => Ok(Done::with(&merged.text)),
            _ => {
                output.write(cx, &merged)?;
                if let Some(node) = &node {
                    node.say_what_is_next(cx, &output);
                }
                Ok(Done::with(output.shown()))
            }
        }
    }
}
