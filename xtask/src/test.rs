//! `cargo xtask test`: every test of the workspace, with a real Nix, the static busybox that the
//! example flakes are built with, and makers of file systems.
//!
//! They are taken from this machine where it has them, else fetched once into a cache folder; see
//! [`provider`]. The tests learn where they are by `STUDIO_TEST_NIX`, `STUDIO_TEST_BUSYBOX` and
//! `STUDIO_TEST_MKFS`.

use crate::error::Result;
use crate::provider::{self, Nix, Origin, Wanted};
use crate::run;
use crate::workspace::{Profile, Workspace};
use camino::{Utf8Path, Utf8PathBuf};

/// Run all tests, with a real Nix
#[derive(clap::Args, Default)]
pub struct Test {
    /// Test with this version of Nix, as in 2.34; otherwise with the one on PATH or with 2.26
    #[arg(long, value_name = "VERSION")]
    pub nix: Option<String>,
    /// Also look at the places that take minutes: kill at every point, every file name, every fault
    #[arg(long)]
    pub thorough: bool,
    /// Arguments for `cargo test`, as in `-- --package flake-switch`
    #[arg(last = true)]
    pub cargo: Vec<String>,
}

/// What the tests are run with.
pub struct Tools {
    /// The Nix.
    pub nix: Nix,
    /// A static busybox.
    pub busybox: Utf8PathBuf,
}

impl Tools {
    /// Takes them from this machine or fetches them, and says which ones they are.
    pub fn get(workspace: &Workspace, version: Option<&str>) -> Result<Tools> {
        let wanted = version.map_or(Wanted::Default, |text| Wanted::Version(text.to_owned()));
        let cache = workspace.cache();
        let mut say = |line: &str| eprintln!("{line}");
        let nix = provider::nix(&cache, &wanted, &mut say)?;
        let busybox = provider::busybox(&cache, &mut say)?;
        let from = match nix.origin {
            Origin::Path => "on PATH",
            Origin::Fetched => "fetched",
        };
        eprintln!("using nix {} ({from}: {}) and {busybox}", nix.version, nix.bin);
        Ok(Tools { nix, busybox })
    }
}

impl Test {
    /// Builds the programs, gets the tools, runs the tests.
    pub fn run(&self, workspace: &Workspace) -> Result<()> {
        let tools = Tools::get(workspace, self.nix.as_deref())?;
        let mkfs = provider::mkfs(&workspace.cache(), &mut |line| eprintln!("{line}"));
        // Tests of one crate run the programs of others, which `cargo test` alone would not build.
        workspace.build(Profile::Debug)?;
        // One failure is no reason to keep quiet about the next.
        let mut args = vec!["test", "--no-fail-fast"];
        // Cargo takes `--workspace` for more than a single package.
        let narrow = |arg: &String| arg.starts_with("-p") || arg.starts_with("--package");
        if !self.cargo.iter().any(narrow) {
            args.push("--workspace");
        }
        args.extend(self.cargo.iter().map(String::as_str));
        let mut env = vec![
            ("STUDIO_TEST_NIX", tools.nix.bin.as_str()),
            ("STUDIO_TEST_BUSYBOX", tools.busybox.as_str()),
        ];
        env.extend(mkfs.as_ref().map(|folder| ("STUDIO_TEST_MKFS", folder.as_str())));
        if !self.thorough {
            return run::cargo_in(&workspace.root, &args, &env);
        }
        let reports = workspace.target.join("reports");
        // A table of last week would be taken for one of today.
        let _ = std::fs::remove_dir_all(&reports);
        env.extend([("STUDIO_TEST_THOROUGH", "1"), ("STUDIO_TEST_REPORT", reports.as_str())]);
        let tested = run::cargo_in(&workspace.root, &args, &env);
        show(&reports);
        tested
    }
}

/// Prints what tests wrote down for people: tables that say more than "ok".
fn show(reports: &Utf8Path) {
    let Ok(entries) = reports.read_dir_utf8() else { return };
    let mut paths: Vec<Utf8PathBuf> =
        entries.flatten().map(|entry| entry.path().to_owned()).collect();
    paths.sort();
    for path in paths {
        if let Ok(text) = std::fs::read_to_string(&path) {
            eprintln!("\n{text}\n(also in {path})");
        }
    }
}
