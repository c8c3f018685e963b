//! `flake-template-generator`: a flake from a template and a config.
//!
//! Values come from [`values`], templates from [`template`]; [`fill`] puts the ones into the others, [`place`] the
//! result into its folder, and [`integrate`] an input into somebody's flake. Writing a folder as a whole is
//! [`studio_core::generated`], and writing values as Nix [`studio_core::nix::literal`].

pub mod fill;
pub mod integrate;
pub mod place;
pub mod template;
pub mod values;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Parser;
use std::collections::BTreeMap;
use std::fmt::Write;
use studio_core::cli::{Command, Common, Context, Done};
use studio_core::names::BranchPart;
use studio_core::nix::literal::{Value, is_identifier};
use studio_core::nix::native_system;
use studio_core::{Error, Exit, Result, fs, ui};
use template::Template;
use values::{Declared, Values};

/// The name of the command, which is also what says that a folder is its own.
pub const NAME: &str = "flake-template-generator";

/// What Nix is mostly used on.
const SYSTEMS: [&str; 4] = ["x86_64-linux", "aarch64-linux", "x86_64-darwin", "aarch64-darwin"];

/// The nixpkgs that is taken where the config names none.
const NIXPKGS: &str = "github:NixOS/nixpkgs/nixos-unstable";

/// How many problems of a template are shown.
const SHOWN: usize = 50;

/// Write a flake from a template and a config
///
/// A template is Nix with placeholders: `@key@` stands for a value, which is looked up in `--set`, in the config
/// (`@nix.nixpkgs_path@` is `nixpkgs_path` in `[nix]`), and in what the template knows. What surrounds a placeholder
/// decides how the value is written, so that no value can become code. Everything that is wrong is told at once, and then
/// nothing is written.
///
/// The folder is written as a whole: after a kill it is the old one or the new one. A list in it (`.generated.json`)
/// says what was generated; what was changed by hand is not replaced. The config is put beside the flake as
/// `config.toml`. The path of the folder is printed.
#[derive(Debug, Parser)]
#[command(name = NAME)]
pub struct Args {
    /// The config, a TOML file
    #[arg(long, value_name = "FILE")]
    config_path: Option<Utf8PathBuf>,
    /// The folder to write; it is made
    #[arg(long, value_name = "DIR", required_unless_present_any = ["list_templates", "list_placeholders"])]
    output_dir: Option<Utf8PathBuf>,
    /// A built-in template, or a path to one
    ///
    /// A file becomes `flake.nix`. A folder has one; what else is in it comes along, and a `template.toml` in it can
    /// declare placeholders.
    #[arg(short, long, value_name = "TEMPLATE", default_value = "seed")]
    template: String,
    /// What a placeholder stands for; may be repeated
    #[arg(long, value_name = "KEY=TEXT")]
    set: Vec<String>,
    /// A system that the flake is for; may be repeated
    ///
    /// By default it is for Linux and macOS, each on x86_64 and aarch64.
    #[arg(long, value_name = "SYSTEM", hide_short_help = true)]
    system: Vec<String>,
    /// Make the folder an input of this flake, too
    ///
    /// The input is added to its `flake.nix`, and its name to the arguments of `outputs`; otherwise that stays as it is.
    #[arg(long, value_name = "FLAKE")]
    integrate: Option<Utf8PathBuf>,
    /// With `--integrate`: the name of the input
    #[arg(
        long,
        value_name = "NAME",
        default_value = "configFlake",
        requires = "integrate",
        hide_short_help = true
    )]
    input_name: String,
    /// Replace what was not generated, too, and keep it
    ///
    /// What was changed or added by hand goes into a folder beside the other: `DIR.kept-1`.
    #[arg(long)]
    force: bool,
    /// Write nothing; fail if anything would change
    #[arg(long, conflicts_with = "force")]
    check: bool,
    /// Write nothing; print the files
    #[arg(long, conflicts_with_all = ["force", "check"])]
    dry_run: bool,
    /// Print the built-in templates
    #[arg(long)]
    list_templates: bool,
    /// Print the placeholders of a template
    ///
    /// Each with what it would stand for, and what that is.
    #[arg(long, conflicts_with = "list_templates")]
    list_placeholders: bool,
    /// The component that the flake is a step of
    #[arg(long, value_name = "NAME", requires_all = ["arch", "phase", "step"], help_heading = "Values", hide_short_help = true)]
    component: Option<BranchPart>,
    /// The machine that this is for
    #[arg(
        long,
        value_name = "NAME",
        requires = "component",
        help_heading = "Values",
        hide_short_help = true
    )]
    arch: Option<BranchPart>,
    /// The phase of the component
    #[arg(
        long,
        value_name = "NAME",
        requires = "component",
        help_heading = "Values",
        hide_short_help = true
    )]
    phase: Option<BranchPart>,
    /// The step of the phase
    #[arg(
        long,
        value_name = "NAME",
        requires = "component",
        help_heading = "Values",
        hide_short_help = true
    )]
    step: Option<BranchPart>,
    #[command(flatten)]
    common: Common,
}

impl Command for Args {
    const EXAMPLES: &'static str = "\
# a config as a flake: `nix build .#default` there gives result/config.toml
flake-template-generator --config-path config.toml --output-dir generated/seed
# the same, as the input `configFlake` of the flake here
flake-template-generator --config-path config.toml --output-dir generated/seed --integrate flake.nix
# a development shell
flake-template-generator --template devshell --output-dir shell --set packages='git ripgrep'
# what a template wants to know, and a template of your own
flake-template-generator --template nixos --list-placeholders
flake-template-generator --template ./mine --output-dir out --set owner=ada";

    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, cx: &Context) -> Result<Done> {
        if self.list_templates {
            return list_templates(cx);
        }
        if !is_identifier(&self.input_name) {
            return Err(Error::new(format!(
                "`{}` cannot be the name of an input",
                self.input_name
            ))
            .because("it is bound in Nix: letters, digits, `_`, `-` and `'`, and no keyword")
            .exit(Exit::Usage));
        }
        let template = Template::find(&self.template, &here(cx))?;
        let values = self.values(cx, &template)?;
        let filled = fill::fill(&template, &values)?;
        if self.list_placeholders {
            return Ok(list_placeholders(&filled, &values));
        }
        if template.needs_config && self.config_path.is_none() {
            return Err(Error::new(format!(
                "the template `{}` is made of a config",
                template.name
            ))
            .hint("give it: `--config-path FILE`")
            .exit(Exit::Usage));
        }
        let mut wrong = filled.problems.iter().map(ToString::to_string).collect::<Vec<_>>();
        wrong.extend(values.unused(&filled.used));
        if !wrong.is_empty() {
            return Err(problems(&template.name, &wrong));
        }
        let place = place::Place::new(cx, self.output_dir.as_deref().unwrap_or("".into()));
        if let Some(branch) = self.branch() {
            cx.ui.step(format!("the branch of this step: `{branch}`"));
        }
        let wanted = place::Wanted {
            tree: filled.tree,
            input: self.integrate.as_deref().map(|flake| (flake, self.input_name.as_str())),
        };
        match (self.dry_run, self.check) {
            (true, _) => place.print(cx, &wanted),
            (_, true) => place.check(cx, &wanted),
            _ => place.write(cx, &wanted, self.force),
        }
    }
}

impl Args {
    /// Everything that a placeholder can stand for.
    fn values(&self, cx: &Context, template: &Template) -> Result<Values> {
        let text = |text: &str| Some(Value::String(text.to_owned()));
        let systems: Vec<&str> = match self.system.is_empty() {
            true => SYSTEMS.to_vec(),
            false => self.system.iter().map(String::as_str).collect(),
        };
        let native = native_system();
        let name = self.output_dir.as_deref().map(|dir| fs::absolute(&here(cx), dir));
        let name = name.as_deref().and_then(Utf8Path::file_name);
        let systems_value =
            systems.iter().map(|system| Value::String((*system).to_owned())).collect();
        let mut known = BTreeMap::new();
        let mut add = |key: &str, about: &str, default: Option<Value>| {
            known.insert(key.to_owned(), Declared { about: about.to_owned(), default });
        };
        add("name", "the name of the folder", name.and_then(text));
        add("nixpkgs", "the flake of nixpkgs: `nix.nixpkgs_path` of the config", text(NIXPKGS));
        add(
            "system",
            "the first `--system`, or this machine's",
            text(self.system.first().unwrap_or(&native)),
        );
        add("systems", "all of `--system`, or the usual four", Some(Value::List(systems_value)));
        let parts = [
            ("component", &self.component),
            ("arch", &self.arch),
            ("phase", &self.phase),
            ("step", &self.step),
        ];
        for (key, part) in parts {
            add(
                key,
                &format!("what `--{key}` says"),
                part.as_ref().and_then(|part| text(part.as_str())),
            );
        }
        add("branch", "feature/COMPONENT/ARCH/PHASE/STEP", self.branch().as_deref().and_then(text));
        known.extend(template.declared.clone());
        let mut values = Values::new(known);
        if let Some(path) = &self.config_path {
            let bytes = fs::read(&here(cx).join(path))?;
            let text = String::from_utf8(bytes).map_err(|cause| {
                Error::new(format!("`{path}` is not TOML")).because(format!(
                    "it is not UTF-8 from byte {} on",
                    cause.utf8_error().valid_up_to()
                ))
            })?;
            values.read_config(path.as_str(), text)?;
        }
        values.alias("nixpkgs", "nix.nixpkgs_path");
        values.set(&self.set)?;
        Ok(values)
    }

    /// The name of the branch that the step is meant for.
    fn branch(&self) -> Option<String> {
        let (component, arch) = (self.component.as_ref()?, self.arch.as_ref()?);
        Some(format!("feature/{component}/{arch}/{}/{}", self.phase.as_ref()?, self.step.as_ref()?))
    }
}

/// Where the user stands, also when git runs this from the top of a work tree.
fn here(cx: &Context) -> Utf8PathBuf {
    cx.env.cwd().join(cx.env.prefix())
}

fn problems(template: &str, wrong: &[String]) -> Error {
    let count = ui::count(wrong.len(), "problem");
    let error = Error::new(format!("{count} with the template `{template}`; nothing was written"));
    let error = wrong.iter().take(SHOWN).fold(error, Error::because);
    let error = match wrong.len().checked_sub(SHOWN) {
        Some(more @ 1..) => error.because(format!("and {more} more")),
        _ => error,
    };
    error.exit(Exit::Usage)
}

fn list_templates(cx: &Context) -> Result<Done> {
    let mut text = String::new();
    for (name, _) in template::built_in() {
        let template = Template::find(name, &here(cx))?;
        let _ = writeln!(text, "{name:10}{}", template.about);
    }
    Ok(Done::with(text))
}

fn list_placeholders(filled: &fill::Filled, values: &Values) -> Done {
    let width = filled.used.iter().map(String::len).max().unwrap_or_default() + 2;
    let mut text = String::new();
    for key in &filled.used {
        let value = match values.find(key) {
            values::Found::Value(value) => {
                value.literal(0).unwrap_or_else(|cause| format!("({cause})"))
            }
            values::Found::Nothing(_) => "(no value)".to_owned(),
        };
        let about = values.about(key).map_or_else(String::new, |about| format!("  # {about}"));
        let _ = writeln!(text, "{:width$}  {value}{about}", format!("@{key}@"));
    }
    Done::with(text)
}
