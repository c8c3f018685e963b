//! `cargo xtask ci`: everything that CI does, in order, each step named and timed.
//!
//! CI itself knows nothing but this command, so what passes here passes there.

use crate::demo::Demo;
use crate::docs::Docs;
use crate::error::{Error, Result};
use crate::run;
use crate::test::Test;
use crate::tidy;
use crate::workspace::Workspace;

/// The Nix that the end-to-end tests run with a second time.
const SECOND_NIX: &str = "2.34";

/// Do everything that CI does
#[derive(clap::Args)]
pub struct Ci {
    /// Leave out a step; may be repeated
    #[arg(long, value_name = "STEP", value_parser = STEPS.map(|step| step.0))]
    except: Vec<String>,
    /// Do only this step; may be repeated
    #[arg(long, value_name = "STEP", value_parser = STEPS.map(|step| step.0))]
    only: Vec<String>,
}

type Step = (&'static str, fn(&Workspace) -> Result<()>);

/// Cheap ones first. The tests come last, so that their result is what a long log ends with.
const STEPS: [Step; 9] = [
    ("fmt", |workspace| run::cargo_in(&workspace.root, &["fmt", "--all", "--check"], &[])),
    ("tidy", tidy::check),
    ("clippy", |workspace| {
        let args = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
        run::cargo_in(&workspace.root, &args, &[])
    }),
    ("doc", |workspace| {
        let args = ["doc", "--workspace", "--no-deps", "--document-private-items"];
        run::cargo_in(&workspace.root, &args, &[("RUSTDOCFLAGS", "--deny warnings")])
    }),
    ("docs", |workspace| Docs { check: true }.run(workspace)),
    ("demo", |workspace| Demo::checked().run(workspace)),
    // What does not touch Nix gains nothing from a second Nix: only the folders `tests/` run again.
    ("end-to-end", |workspace| {
        let cargo = ["--test", "*"].map(str::to_owned).to_vec();
        Test { nix: Some(SECOND_NIX.to_owned()), cargo, ..Test::default() }.run(workspace)
    }),
    // Compiles everything once more, so it is none of the tests that one calls all day.
    ("nix-build", |workspace| {
        // Crates of other systems are in the lock file, too, and no build here has needed them.
        run::cargo_in(&workspace.root, &["fetch", "--locked"], &[])?;
        let cargo = ["--package", "xtask", "--test", "nix_build", "--", "--ignored"];
        Test { cargo: cargo.map(str::to_owned).to_vec(), ..Test::default() }.run(workspace)
    }),
    ("test", |workspace| Test::default().run(workspace)),
];

impl Ci {
    /// Stops at the first step that fails.
    pub fn run(&self, workspace: &Workspace) -> Result<()> {
        for (name, step) in STEPS {
            let left_out = self.except.iter().any(|except| except == name)
                || !self.only.is_empty() && !self.only.iter().any(|only| only == name);
            if left_out {
                eprintln!("== {name}: left out");
                continue;
            }
            run::timed(name, || step(workspace)).map_err(|error| {
                Error::new(error.to_string())
                    .hint(format!("`cargo xtask ci --only {name}` does this step alone"))
            })?;
        }
        Ok(())
    }
}
