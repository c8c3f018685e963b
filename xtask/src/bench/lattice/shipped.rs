//! The tests that a crate ships, run against the original and against the facade: what passes there has to pass here.
//!
//! The original's integration tests are run where they lie, those of the lattice by the package that `generate` writes,
//! with the same versions of all that they depend on. Doc tests are those of the original's source both times, compiled
//! against the one library and against the other. Unit tests are a part of the library and are not run.

use crate::error::{Error, Result};
use crate::run;
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// Test programs that ask for the text of `README.md` and `src/lib.rs` and not for what the library does, by package.
const OF_THE_TEXT: [(&str, &str); 1] = [("hex", "version-number")];

/// What became of a crate's tests.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Tests {
    /// It was published without any, or without those for the features that are on.
    NoneShipped,
    /// What they depend on cannot be had.
    OutOfReach(String),
    /// They were run.
    Run {
        /// Those that pass with the original, as `PROGRAM::NAME`.
        original: BTreeSet<String>,
        /// Those that pass with the facade.
        facade: BTreeSet<String>,
    },
}

impl Tests {
    /// Tests that pass with the original and not with the facade.
    pub fn lost(&self) -> Vec<&str> {
        match self {
            Tests::Run { original, facade } => {
                original.difference(facade).map(String::as_str).collect()
            }
            _ => vec![],
        }
    }

    /// As it stands in the table.
    pub fn cell(&self) -> String {
        match self {
            Tests::NoneShipped => "none shipped".to_owned(),
            Tests::OutOfReach(why) => format!("not run: {why}"),
            Tests::Run { original, facade } => {
                format!("{} / {}", original.len(), original.intersection(facade).count())
            }
        }
    }
}

/// Where tests are compiled and run.
pub struct Bed<'a> {
    /// What cargo writes; what both sides depend on is compiled once.
    pub target: &'a Utf8Path,
    /// The original.
    pub original: &'a Utf8Path,
    /// The lattice.
    pub lattice: &'a Utf8Path,
}

impl Bed<'_> {
    /// Runs all tests of the crate, on both sides.
    pub fn run(&self) -> Result<Tests> {
        let features = features(&self.lattice.join("lattice.json"))?;
        let programs = programs(self.original, &features)?;
        if programs.is_empty() {
            return Ok(Tests::NoneShipped);
        }
        let fetched = run::read(&self.cargo(self.original, &["fetch", "--quiet"]), "cargo fetch");
        if let Err(error) = fetched {
            return Ok(Tests::OutOfReach(reason(&error.to_string())));
        }
        let tests = self.lattice.join("tests");
        // The same versions on both sides; cargo takes out what is not needed.
        let lock = tests.join("Cargo.lock");
        std::fs::copy(self.original.join("Cargo.lock"), &lock)
            .map_err(Error::io("write", &lock))?;
        let (mut original, mut facade) = (BTreeSet::new(), BTreeSet::new());
        for program in &programs {
            let passed = self.passed(self.original, program)?;
            // What the original passes none of may not be there at all.
            if !passed.is_empty() {
                facade.extend(self.passed(&tests, program)?);
            }
            original.extend(passed);
        }
        Ok(Tests::Run { original, facade })
    }

    /// The tests of one program that pass; none if it does not compile.
    fn passed(&self, folder: &Utf8Path, program: &str) -> Result<BTreeSet<String>> {
        let output = self
            .cargo(folder, &["test", "--no-fail-fast", "--color=never", "--test", program])
            .stdin_null()
            .stderr_to_stdout()
            .stdout_capture()
            .unchecked()
            .run()
            .map_err(|cause| Error::new(format!("cannot run cargo: {cause}")))?;
        let said = String::from_utf8_lossy(&output.stdout);
        Ok(passed(program, &said, output.status.success()))
    }

    fn cargo(&self, folder: &Utf8Path, args: &[&str]) -> duct::Expression {
        duct::cmd(run::cargo(), args)
            .dir(folder)
            .env("CARGO_TARGET_DIR", self.target)
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_INCREMENTAL", "0")
            .env("RUSTFLAGS", "--cap-lints=warn")
    }
}

/// The features that the lattice was made with.
fn features(lattice: &Utf8Path) -> Result<BTreeSet<String>> {
    let text = std::fs::read_to_string(lattice).map_err(Error::io("read", lattice))?;
    let lattice: Value =
        serde_json::from_str(&text).map_err(|cause| Error::new(cause.to_string()))?;
    Ok(texts(&lattice["features"]).collect())
}

/// The test programs of a package that can be built with these features.
fn programs(folder: &Utf8Path, features: &BTreeSet<String>) -> Result<Vec<String>> {
    let asked = duct::cmd!(run::cargo(), "metadata", "--format-version=1", "--no-deps").dir(folder);
    let said = run::read(&asked, "cargo metadata")?;
    let metadata: Value =
        serde_json::from_str(&said).map_err(|cause| Error::new(cause.to_string()))?;
    let package = &metadata["packages"][0];
    let targets = package["targets"].as_array().cloned().unwrap_or_default();
    let of_the_text = |target: &Value| {
        OF_THE_TEXT.iter().any(|(name, test)| package["name"] == *name && target["name"] == *test)
    };
    let can_be = |target: &&Value| {
        target["kind"][0] == "test"
            && !of_the_text(target)
            && texts(&target["required-features"]).all(|name| features.contains(&name))
    };
    let found = targets.iter().filter(can_be);
    Ok(found.filter_map(|target| Some(target["name"].as_str()?.to_owned())).collect())
}

fn texts(list: &Value) -> impl Iterator<Item = String> {
    list.as_array().into_iter().flatten().filter_map(|one| Some(one.as_str()?.to_owned()))
}

/// The tests that passed, by what their program said. One that counts no tests is a test itself.
fn passed(program: &str, said: &str, success: bool) -> BTreeSet<String> {
    let counts = said
        .lines()
        .any(|line| line.starts_with("running ") && line.trim_end().ends_with(['t', 's']));
    if !counts {
        return success.then(|| program.to_owned()).into_iter().collect();
    }
    let names = said.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... ok"));
    names.map(|name| format!("{program}::{name}")).collect()
}

/// The line that says why.
fn reason(said: &str) -> String {
    let lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut lines = lines.skip_while(|line| !line.starts_with("error")).skip(1);
    lines.next().unwrap_or("cargo does not say why").to_owned()
}

/// Where the rows of an earlier run are looked for.
pub fn target(room: &Utf8Path) -> Utf8PathBuf {
    room.join("tested")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "     Running tests/all.rs (target/debug/deps/all-0123)\n\n\
        running 4 tests\ntest one ... ok\ntest deep::two - should panic ... ok\ntest three ... FAILED\n\
        test four ... ignored\n\nfailures:\n\n---- three stdout ----\ntest five ... not\n";

    #[test]
    fn what_passed_is_what_libtest_says_of() {
        let names: Vec<String> = passed("all", SAID, false).into_iter().collect();
        assert_eq!(names, ["all::deep::two - should panic", "all::one"]);
        let nothing = "running 0 tests\n\ntest result: ok. 0 passed; 0 failed\n";
        assert_eq!(passed("all", nothing, true).len(), 0);
    }

    #[test]
    fn a_program_that_counts_no_tests_is_one() {
        assert_eq!(passed("plain", "Finished\nall is well\n", true).len(), 1);
        assert_eq!(passed("plain", "error: could not compile\n", false).len(), 0);
    }

    #[test]
    fn what_fails_only_with_the_facade_is_lost() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let tests = Tests::Run { original: set(&["a", "b"]), facade: set(&["b", "c"]) };
        assert_eq!(tests.lost(), ["a"]);
        assert_eq!(tests.cell(), "2 / 1");
    }

    #[test]
    fn why_a_crate_cannot_be_had_is_one_line() {
        let said = "`cargo fetch` failed (exit status: 101)\nerror: no matching package named `x` found\nlocation searched: index";
        assert_eq!(reason(said), "location searched: index");
    }
}
