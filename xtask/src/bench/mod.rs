//! `cargo xtask bench`: the numbers that the project promises, measured with the programs as they
//! ship. A promise that is not kept is a failure.
//!
//! One file a part; this one says which are measured.

mod build;
mod changes;
mod cost;
mod dix;
mod evaluations;
mod jj;
mod lattice;
mod lattice_times;
mod memory;
mod nh;
mod others;
mod repositories;
mod snapshots;
mod start_up;
mod switch;
mod times;
mod view;

use crate::error::{Error, Result};
use crate::test::Tools;
use crate::workspace::{Profile, Workspace};
use camino::{Utf8Path, Utf8PathBuf};
use clap::ValueEnum;

/// What is built of the example's machine.
const ATTRIBUTE: &str = "nixosConfigurations.\"demo\".config.system.build.toplevel";

/// Measure what the README promises
#[derive(clap::Args)]
pub struct Bench {
    /// Only start-up and size of the programs, which takes seconds
    #[arg(long)]
    quick: bool,
    /// Only these parts
    #[arg(value_name = "PART", conflicts_with = "quick")]
    parts: Vec<Part>,
    /// Only this part; may be repeated
    #[arg(long, value_name = "PART", conflicts_with = "quick")]
    only: Vec<Part>,
    /// Measure with this version of Nix; may be repeated [default: 2.26 and 2.34]
    #[arg(long, value_name = "VERSION")]
    nix: Vec<String>,
    /// Compare the build with that of `nh` too, which is built first and takes minutes
    #[arg(long)]
    against_nh: bool,
    /// Show `jj` beside snapshots and studios too, which is built first and takes minutes
    #[arg(long)]
    against_jj: bool,
    /// Compare what differs between two systems with `dix` too, which is built first and takes
    /// minutes; only root can
    #[arg(long)]
    against_dix: bool,
    /// Measure snapshots, studios and the making of lattices in this folder; a disk of its own is
    /// disturbed least [default: target/bench]
    #[arg(long, value_name = "FOLDER")]
    on: Option<Utf8PathBuf>,
    /// Measure snapshots and studios with so many files, and short histories: for a trial
    #[arg(long, value_name = "NUMBER", hide = true, value_parser = clap::value_parser!(u64).range(100..))]
    files: Option<u64>,
    /// Measure the programs of this folder, and build none: for a trial
    #[arg(long, value_name = "FOLDER", hide = true)]
    programs: Option<Utf8PathBuf>,
    /// Take only this crate of others apart, and write no table; may be repeated: for a trial
    #[arg(long = "crate", value_name = "NAME", hide = true)]
    crates: Vec<String>,
}

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Start-up and size of each program.
    StartUp,
    /// How often a configuration is evaluated from check to switch.
    Evaluations,
    /// What a switch takes beside the bare commands.
    Switch,
    /// What a build takes beside `nix build` alone.
    Build,
    /// What it takes to say what differs between two systems, beside `nix store diff-closures`.
    Changes,
    /// What it costs to be shown a build that says 10,000 lines a second.
    View,
    /// What snapshots and studios take beside worktrees and clones.
    Snapshots,
    /// What long histories make of that.
    History,
    /// What becomes of crates that others wrote.
    Lattice,
    /// What making a lattice takes, and finding out that nothing changed.
    LatticeTimes,
    /// What Nix takes to evaluate a lattice, and to build it after an edit.
    LatticeNix,
}

impl Part {
    /// Whether `flake-lattice` is all that it runs.
    fn is_of_lattices(self) -> bool {
        matches!(self, Part::Lattice | Part::LatticeTimes | Part::LatticeNix)
    }
}

impl Bench {
    /// Fails if a promise is broken.
    pub fn run(&self, workspace: &Workspace) -> Result<()> {
        let programs = self.programs(workspace)?;
        let mut broken = Vec::new();
        if self.wants(Part::StartUp) {
            broken.extend(start_up::start_up(workspace, &programs)?);
        }
        if self.wants(Part::Snapshots) || self.wants(Part::History) {
            broken.extend(self.snapshots(workspace, &programs)?);
        }
        if self.wants(Part::Lattice) {
            broken.extend(lattice::lattice(workspace, &programs, &self.crates)?);
        }
        if self.wants(Part::LatticeTimes) {
            let on = self.on(workspace)?;
            broken.extend(lattice_times::generation(workspace, &on, &programs)?);
        }
        let nh = if self.against_nh { Some(nh::program(workspace)?) } else { None };
        let both = ["2.26", "2.34"].map(str::to_owned).to_vec();
        let versions = if self.nix.is_empty() { both } else { self.nix.clone() };
        let dix = if self.against_dix { Some(dix::program(workspace)?) } else { None };
        let with_nix = [
            Part::Evaluations,
            Part::Switch,
            Part::Build,
            Part::Changes,
            Part::View,
            Part::LatticeNix,
        ];
        let with_nix = with_nix.into_iter().any(|part| self.wants(part));
        for version in versions.iter().filter(|_| with_nix) {
            let tools = Tools::get(workspace, Some(version))?;
            if self.wants(Part::Evaluations) {
                broken.extend(evaluations::evaluations(workspace, &programs, &tools)?);
            }
            if self.wants(Part::Switch) {
                broken.extend(switch::switch(workspace, &programs, &tools)?);
            }
            if self.wants(Part::Build) {
                broken.extend(build::build(workspace, &programs, &tools, nh.as_deref())?);
            }
            if self.wants(Part::View) {
                broken.extend(view::view(workspace, &programs, &tools)?);
            }
            if self.wants(Part::LatticeNix) {
                broken.extend(lattice_times::with_nix(workspace, &programs, &tools)?);
            }
            if self.wants(Part::Changes) {
                broken.extend(changes::changes(workspace, &programs, &tools, dix.as_deref())?);
            }
        }
        if broken.is_empty() {
            return Ok(());
        }
        Err(Error::new(format!("promised, but not so:\n{}", broken.join("\n"))))
    }

    /// The folder of the programs, which are built as they ship.
    fn programs(&self, workspace: &Workspace) -> Result<Utf8PathBuf> {
        if let Some(folder) = &self.programs {
            return folder.canonicalize_utf8().map_err(Error::io("find", folder));
        }
        let others = Part::value_variants().iter().filter(|part| !part.is_of_lattices());
        if self.quick || others.into_iter().any(|part| self.wants(*part)) {
            return workspace.build(Profile::Release);
        }
        workspace.build_one("flake-lattice", Profile::Release)
    }

    fn snapshots(&self, workspace: &Workspace, programs: &Utf8Path) -> Result<Vec<String>> {
        let on = self.on(workspace)?;
        let files = self.files.and_then(|files| usize::try_from(files).ok());
        let mut bench = snapshots::Bench::new(&on, programs).with_files(files);
        if self.against_jj {
            bench = bench.against_jj(workspace)?;
        }
        let mut broken = Vec::new();
        if self.wants(Part::Snapshots) {
            broken.extend(bench.sizes()?);
        }
        if self.wants(Part::History) {
            broken.extend(bench.history()?);
        }
        Ok(broken)
    }

    /// The folder in which files are written and looked at, absolute: programs run in folders of their own.
    fn on(&self, workspace: &Workspace) -> Result<Utf8PathBuf> {
        let on = self.on.clone().unwrap_or_else(|| workspace.target.join("bench"));
        std::fs::create_dir_all(&on).map_err(Error::io("make the folder", &on))?;
        on.canonicalize_utf8().map_err(Error::io("find", &on))
    }

    fn wants(&self, part: Part) -> bool {
        match part {
            Part::StartUp if self.quick => true,
            _ if self.quick => false,
            part => {
                let mut named = self.parts.iter().chain(&self.only).peekable();
                named.peek().is_none() || named.any(|named| *named == part)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_stands_in_the_document() {
        let text = std::fs::read_to_string("../docs/measurements.md").unwrap();
        for part in Part::value_variants() {
            let name = part.to_possible_value().unwrap();
            assert!(text.contains(&format!("\n| `{}` |", name.get_name())), "{}", name.get_name());
        }
    }
}
