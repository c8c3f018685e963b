//! The workshop of this repository: its tests, demo, generated documents, measurements and
//! packaging.
//!
//! One file a verb; this one only says which. Nothing here is part of what ships, and nothing here
//! links the toolkit: verbs run the built binaries as a user would.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the doors belong to the toolkit; this is a program beside it"
)]

mod bench;
mod ci;
mod demo;
mod dist;
mod docs;
mod error;
mod example;
mod install;
mod package;
mod picture;
mod provider;
mod run;
mod templates;
mod test;
mod tidy;
mod workspace;

use clap::{Parser, Subcommand};
use error::Result;
use std::process::ExitCode;
use workspace::Workspace;

/// The workshop of this repository
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Walk the whole safe workflow on an example, in a folder of its own
    Demo(demo::Demo),
    /// Run all tests, with a real Nix
    Test(test::Test),
    /// Do everything that CI does
    Ci(ci::Ci),
    /// Write the generated documents, or check them
    Docs(docs::Docs),
    /// Measure what the README promises
    Bench(bench::Bench),
    /// Lay out a release for a package: binaries, links, man pages, completions
    Dist(dist::Dist),
    /// Install the toolkit for yourself: programs, man pages, completions, git aliases
    Install(install::Install),
    /// Take back what `install` did, and nothing else
    Uninstall(install::Uninstall),
    Package(package::Package),
}

fn main() -> ExitCode {
    let Arguments { verb } = Arguments::parse();
    match Workspace::load().and_then(|workspace| run(verb, &workspace)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb, workspace: &Workspace) -> Result<()> {
    match verb {
        Verb::Demo(args) => args.run(workspace),
        Verb::Test(args) => args.run(workspace),
        Verb::Ci(args) => args.run(workspace),
        Verb::Docs(args) => args.run(workspace),
        Verb::Bench(args) => args.run(workspace),
        Verb::Dist(args) => args.run(workspace),
        Verb::Install(args) => args.run(workspace),
        Verb::Uninstall(args) => args.run(),
        Verb::Package(args) => args.run(workspace),
    }
}
