//! Every error of Nix that is recognised, in what Nix really says.
//!
//! Each case is a small flake that makes one. What both versions of Nix said to it lies in `said`, so that all of it
//! is seen without them; and the Nix at hand is asked again, so that a change of its words is seen. The messages of nixpkgs
//! are its own, in the words of 24.05 to 26.05, thrown by the flake of the case.
//!
//! Where Nix says something else now: look, and take the new words by running the tests with `STUDIO_TEST_REPORT` set to
//! the absolute path of `said`.

mod builds;
mod files;
mod hashes;
mod machine;
mod modules;
mod packages;
mod scope;

use camino::{Utf8Path, Utf8PathBuf};
use std::fmt::Write;
use studio_core::nix::diagnosis::{Source, diagnose};
use testkit::{RealNix, Sandbox};

/// A flake that makes Nix fail, and what is to be known about that.
struct Case {
    /// What it is called, as its folder and its file in `said` are.
    name: &'static str,
    /// The files of the flake; `@ROOT@` is the folder that all flakes lie in, `@BUSYBOX@` a program that can build.
    files: &'static [(&'static str, &'static str)],
    /// What is asked of Nix, in a shell; `$flake` is the flake.
    ask: &'static str,
    /// What is known then: the message where there is one, and the hints.
    known: &'static str,
}

fn cases() -> Vec<Case> {
    [
        scope::CASES,
        modules::CASES,
        packages::CASES,
        hashes::CASES,
        files::CASES,
        builds::CASES,
        machine::CASES,
    ]
    .into_iter()
    .flat_map(|cases| cases.iter().map(|case| Case { ..*case }))
    .collect()
}

/// The kind of machine that this is, as a file of a flake.
const SYSTEM: &str =
    if cfg!(target_arch = "aarch64") { "\"aarch64-linux\"\n" } else { "\"x86_64-linux\"\n" };

/// The hash in every path of a store, where it does not matter.
const HASH: &str = "00000000000000000000000000000000";

/// The versions whose words lie in `said`.
const VERSIONS: [&str; 2] = ["2.26", "2.34"];

impl Case {
    /// Writes the flake into its folder below `root`, as a repository with one commit.
    fn write(&self, sandbox: &Sandbox, busybox: &Utf8Path) -> Utf8PathBuf {
        for (file, text) in self.files {
            let text = text.replace("@ROOT@", sandbox.root().as_str());
            let text = text.replace("@BUSYBOX@", busybox.as_str());
            sandbox.write(format!("{}/{file}", self.name), text);
        }
        let script = "git init -q && git add -A && git commit -qm flake";
        let _: String = sandbox.sh(self.name, script).ok();
        sandbox.root().join(self.name)
    }

    /// What is known about what was said, in a sandbox.
    fn known_of(said: &str, folder: &Utf8Path, root: &Utf8Path) -> String {
        let mut known = String::new();
        if let Some(diagnosis) = diagnose(said, Some(Source::new(folder))) {
            for line in diagnosis.message.iter().chain(&diagnosis.hints) {
                writeln!(known, "{line}").expect("a string");
            }
        }
        known.replace(root.as_str(), "[ROOT]").trim_end().to_owned()
    }
}

/// Compares all that was known with what was to be known.
fn compare(found: &[(String, &str, String)]) {
    let mut wrong = String::new();
    for (name, wanted, known) in found {
        if wanted != known {
            writeln!(wrong, "\n# {name}\nwanted:\n{wanted}\nfound:\n{known}").expect("a string");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_both_versions_of_nix_said_is_recognised() {
    let sandbox = Sandbox::new();
    let mut found = vec![];
    for case in cases() {
        let folder = case.write(&sandbox, "/busybox".into());
        // The copy of the flake that Nix read is the same in all cases but for what is in it.
        let copy = format!("nix/store/{HASH}-source");
        sandbox
            .sh(".", &format!("rm -rf {copy}; mkdir -p nix/store; cp -r {} {copy}", case.name))
            .ok();
        for version in VERSIONS {
            let file = format!("{}.nix-{version}.txt", case.name);
            let said =
                Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnosis/said").join(&file);
            let said =
                std::fs::read_to_string(&said).unwrap_or_else(|cause| panic!("{said}: {cause}"));
            let said = said.replace("[ROOT]", sandbox.root().as_str());
            found.push((file, case.known, Case::known_of(&said, &folder, sandbox.root())));
        }
    }
    compare(&found);
}

#[test]
fn what_the_nix_at_hand_says_is_recognised() {
    let nix = RealNix::find();
    let mut sandbox = Sandbox::new().with_nix(&nix);
    // As our programs run it.
    sandbox.set("NO_COLOR", "1");
    sandbox.set("TERM", "dumb");
    let version = sandbox.run(".", "nix --version").ok();
    let version =
        version.rsplit(' ').next().expect("a version").rsplitn(2, '.').last().expect("one");
    let mut found = vec![];
    for case in cases() {
        let folder = case.write(&sandbox, &nix.busybox);
        let script = format!(
            "cd {folder}; flake=\"git+file://$PWD?ref=HEAD&rev=$(git rev-parse HEAD)\"; cd /\n{}",
            case.ask
        );
        let outcome = sandbox.sh(case.name, &script);
        assert_ne!(outcome.code, Some(0), "{}: {outcome}", case.name);
        let said = neutral(&outcome.stderr, sandbox.root(), &nix.busybox);
        testkit::report(&format!("{}.nix-{version}.txt", case.name), &said);
        let known = Case::known_of(&outcome.stderr, &folder, sandbox.root());
        found.push((case.name.to_owned(), case.known, known));
    }
    compare(&found);
}

/// What was said without what differs from run to run.
fn neutral(said: &str, root: &Utf8Path, busybox: &Utf8Path) -> String {
    let said = said.replace(root.as_str(), "[ROOT]").replace(busybox.as_str(), "/busybox");
    let mut neutral = String::new();
    let is_hash = |part: &str| {
        part.len() > 33
            && part.as_bytes()[32] == b'-'
            && part.bytes().take(32).all(|byte| byte.is_ascii_alphanumeric())
    };
    for (at, part) in said.split('/').enumerate() {
        if at > 0 {
            neutral.push('/');
        }
        match part.get(32..).filter(|_| is_hash(part)) {
            Some(rest) => neutral.push_str(&format!("{HASH}{rest}")),
            None => neutral.push_str(part),
        }
    }
    neutral
}

#[test]
fn what_is_not_known_for_sure_gets_no_answer() {
    let folder = Utf8Path::new("/nowhere");
    for said in [
        "",
        "error: something else",
        "x> error: attribute 'y' missing\n",
        "error: Package ‘x’ is not what you think",
        "error: builder for '/s/x.drv' failed with exit code 1;\n       last 1 log lines:\n       > Permission \
         denied",
        "error: hash mismatch in fixed-output derivation '/s/x.drv':",
        "error: path '/s/x' does not exist",
    ] {
        assert_eq!(Case::known_of(said, folder, folder), "", "{said}");
    }
}
