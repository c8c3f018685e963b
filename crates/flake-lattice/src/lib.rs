//! `flake-lattice`: a Rust crate as a lattice of small crates, each of which builds on the ones below.
//!
//! The way of a crate through the modules: [`package`] asks cargo what it is, [`source`] reads it into [`item`]s,
//! [`resolve`] finds out which item names which, [`graph`] makes nodes of that, [`emit`] writes each node as a crate,
//! [`check`] compiles them, and [`coarsen`] puts together what cannot stand alone; [`generate`](mod@generate) goes that
//! way until all compiles. [`model`] is what others build on: [`wiring`] makes the files for Nix of it.

pub mod check;
pub mod coarsen;
pub mod commands;
pub mod diff;
pub mod digest;
pub mod drawing;
pub mod emit;
pub mod generate;
pub mod graph;
pub mod item;
pub mod model;
pub mod package;
pub mod place;
pub mod plan;
pub mod resolve;
pub mod source;
pub mod step;
pub mod vendor;
pub mod ways;
pub mod wiring;

use clap::{Parser, Subcommand};
use studio_core::cli::{Command, Common, Context, Done, NixOutput};
use studio_core::error::Result;
use studio_core::ui::LogFormat;

/// Take a Rust crate apart into small crates that build on each other
///
/// Every item of the library becomes a crate of its own, or one with those that it forms a circle with: a node. A node
/// builds on the nodes that its items name, so that an edit compiles the nodes above it and no others. A facade has the
/// original's name and public items. What cannot stand alone is put together until everything compiles, and it is said
/// how far and why.
#[derive(Debug, Parser)]
#[command(name = "flake-lattice", bin_name = "flake-lattice", disable_help_subcommand = true)]
pub struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    nix: NixOutput,
    #[command(flatten)]
    common: Common,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
enum What {
    Plan(commands::plan::Args),
    Generate(commands::generate::Args),
    Why(commands::why::Args),
    Graph(commands::graph::Args),
    Diff(commands::diff::Args),
    Verify(commands::verify::Args),
    Build(commands::build::Args),
    Export(commands::export::Args),
    Step(commands::step::Args),
    Steps(commands::steps::Args),
}

impl Command for Args {
    const EXAMPLES: &'static str = "\
# what would become of the crate in this folder?
flake-lattice plan
# write its lattice
flake-lattice generate --output generated/strsim
# with what it depends on, so that Nix can build that, too
flake-lattice generate --output generated/url --vendor
# what has to be compiled again after an edit?
flake-lattice diff old/lattice.json generated/strsim
# why does one node build on another?
flake-lattice why strsim::jaro_winkler strsim::HammingResult --in generated/strsim
# is it as it was generated, and does it work?
flake-lattice verify --in generated/strsim
# build everything by Nix, or one node
flake-lattice build --in generated/strsim
flake-lattice build --in generated/strsim strsim::jaro_winkler
# a node with all that it needs, to be kept elsewhere
flake-lattice export --in generated/strsim strsim::jaro_winkler --output jaro
# a step of a component: a branch, a studio and a snapshot of its own
flake-lattice step strsim/x86_64/phase0/step1 -- flake-lattice generate --output generated/strsim
flake-lattice steps";

    fn common(&self) -> &Common {
        &self.common
    }

    fn log_format(&self) -> LogFormat {
        self.nix.log_format
    }

    fn run(self, cx: &Context) -> Result<Done> {
        match self.what {
            What::Plan(args) => args.run(cx),
            What::Generate(args) => args.run(cx),
            What::Why(args) => args.run(cx),
            What::Graph(args) => args.run(cx),
            What::Diff(args) => args.run(cx),
            What::Verify(args) => args.run(cx),
            What::Build(args) => args.run(cx),
            What::Export(args) => args.run(cx),
            What::Step(args) => args.run(cx),
            What::Steps(args) => args.run(cx),
        }
    }
}
