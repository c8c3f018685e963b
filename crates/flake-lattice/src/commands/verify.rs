//! `flake-lattice verify`: whether a lattice is as it was generated and works, one question after the other.

use super::build::build;
use crate::place::{Place, PlaceArgs, TOOL};
use crate::vendor;
use camino::Utf8PathBuf;
use std::collections::BTreeMap;
use std::time::Instant;
use studio_core::cli::{Context, Done};
use studio_core::error::{Error, Result};
use studio_core::nix::{Expression, Log, Nix, syntax};
use studio_core::process::Program;
use studio_core::{generated, ui};

/// How many files that were changed by hand are named.
const NAMED: usize = 20;

/// Check that a lattice is as it was generated and works
///
/// Every file is looked at, every Nix file is read, and every node is evaluated and compiled.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Build everything by Nix, too
    #[arg(long)]
    build: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// One question.
struct Question {
    name: &'static str,
    ask: fn(&Context, &Place) -> Result<String>,
}

const QUESTIONS: [Question; 4] = [
    Question { name: "files", ask: files },
    Question { name: "syntax", ask: nix_syntax },
    Question { name: "nix", ask: evaluation },
    Question { name: "cargo", ask: cargo },
];

const BUILD: Question = Question { name: "build", ask: everything };

impl Args {
    /// Does it. All questions are asked, whatever the answers.
    pub fn run(self, cx: &Context) -> Result<Done> {
        let place = self.place.read(cx)?;
        let questions = QUESTIONS.iter().chain(self.build.then_some(&BUILD));
        let mut rows = vec![];
        let mut faults: Vec<(&str, Error)> = vec![];
        for question in questions {
            let start = Instant::now();
            match (question.ask)(cx, &place) {
                Ok(answer) => {
                    let took = start.elapsed().as_secs_f64();
                    cx.ui.detail(format!("{}: {took:.1} s", question.name));
                    rows.push(format!("{:<8} {answer}", question.name));
                }
                Err(error) => faults.push((question.name, error)),
            }
        }
        if faults.is_empty() {
            return Ok(Done::with(rows.join("\n")));
        }
        rows.iter().for_each(|row| cx.ui.step(row));
        let mut error = Error::new(format!("`{}` is not as it should be", place.folder));
        for (name, fault) in &faults {
            error = error.because(format!("{name}: {}", fault.message()));
            error = fault.causes().iter().fold(error, |error, cause| {
                let lines: Vec<String> = cause.lines().map(|line| format!("  {line}")).collect();
                error.because(lines.join("\n"))
            });
        }
        let hints = faults.iter().flat_map(|(_, fault)| fault.hints());
        Err(hints.fold(error, |error, hint| error.hint(hint)))
    }
}

/// Whether nobody changed what was generated.
fn files(_cx: &Context, place: &Place) -> Result<String> {
    let (count, by_hand) = generated::by_hand(&place.folder, TOOL)?;
    if by_hand.is_empty() {
        return Ok(format!("{} as generated", ui::count(count, "file")));
    }
    let error = Error::new(format!("{} by hand", ui::count(by_hand.len(), "change")));
    let error = by_hand.iter().take(NAMED).fold(error, Error::because);
    let error = match by_hand.len().checked_sub(NAMED) {
        Some(more @ 1..) => error.because(format!("and {more} more")),
        _ => error,
    };
    Err(error.hint("move what you want to keep, and generate again"))
}

/// Whether every file of Nix parses: for us, and for nix.
fn nix_syntax(cx: &Context, place: &Place) -> Result<String> {
    let nix = Nix::find(cx).ok();
    // What others wrote is not read by Nix.
    let others = place.folder.join(vendor::FOLDER);
    let accepts = |file: &camino::Utf8Path| {
        file.starts_with(&others)
            || nix.as_ref().is_some_and(|nix| nix.parses(file).unwrap_or(false))
    };
    let count = syntax::check(&place.folder, &accepts)?.into_result()?;
    let nodes = place.lattice.nodes.iter();
    let flakes = nodes.map(|node| format!("nodes/{}/flake.nix", node.name));
    let others = ["flake.nix", "default.nix", "lattice.nix", "facade/flake.nix"];
    let all: Vec<Utf8PathBuf> = flakes
        .chain(others.map(str::to_owned))
        .map(|file| place.folder.join(file))
        .filter(|file| file.is_file())
        .collect();
    match nix.map(|nix| nix.objections(&all)).transpose()?.flatten() {
        None => Ok(format!("{} of Nix", ui::count(count, "file"))),
        Some(objection) => Err(Error::new("nix does not read every file").because(objection)),
    }
}

/// Whether every node, every level and the facade evaluate, in one go.
fn evaluation(cx: &Context, place: &Place) -> Result<String> {
    let nix = Nix::find(cx)?;
    let mut log = Log::create(cx, "lattice-verify.log")?;
    let system = format!("\"{}\"", nix.system());
    let arguments = [("system", system.as_str())];
    let expression = Expression { file: &place.folder, arguments: &arguments };
    let function = "builtins.mapAttrs (_: one: one.drvPath)";
    let found: BTreeMap<String, String> =
        nix.eval_attribute(cx, &expression, "packages", function, &mut log)?;
    let missing: Vec<&str> = place
        .lattice
        .nodes
        .iter()
        .map(|node| node.name.as_str())
        .filter(|name| !found.contains_key(*name))
        .collect();
    if !missing.is_empty() {
        return Err(Error::new(format!("nothing builds {}", ui::names(&missing, NAMED))));
    }
    let nodes = place.lattice.nodes.len();
    Ok(format!("{} evaluated for {}", ui::count(nodes, "node"), nix.system()))
}

/// Whether cargo compiles the workspace.
fn cargo(cx: &Context, place: &Place) -> Result<String> {
    // What it compiles lies outside of the folder, which a flake may be copied from.
    let target = cx.home()?.cache().join("lattice-target");
    let cargo = cx.env.get("CARGO").unwrap_or("cargo");
    let program = Program::new(cargo, &place.folder)
        .args(["check", "--workspace", "--offline", "--quiet"])
        .env("CARGO_TARGET_DIR", &target)
        .env_remove("CARGO_BUILD_TARGET");
    cx.ui.detail(format!("+ {}", program.line()));
    cx.ui.at_work("compiling the nodes", |_| program.run()).map_err(|failure| {
        let offline = failure.output().contains("offline");
        let error = Error::new("the workspace does not compile").because(failure.output());
        match offline {
            true => error.hint("get the dependencies once: `cargo fetch`, in that folder"),
            false => error,
        }
    })?;
    let facade = usize::from(!place.lattice.facade.files.is_empty());
    Ok(format!("{} compiled", ui::count(place.lattice.nodes.len() + facade, "crate")))
}

/// Whether Nix builds everything.
fn everything(cx: &Context, place: &Place) -> Result<String> {
    let paths = build(cx, place, &[place.whole()], false, None)?;
    let shown: Vec<String> = paths.iter().map(ToString::to_string).collect();
    Ok(shown.join(" "))
}
