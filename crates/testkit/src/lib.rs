//! What tests share: a sandbox with a home folder, git configuration, clock and identity of its own, and the binaries of
//! this workspace run in it. For development only; nothing that ships depends on it.
//!
//! A test asserts on the whole visible result: [`Outcome`] prints as one text with stdout, stderr and exit status, in
//! which the sandbox is `[SANDBOX]` and object ids are as they are, because clock and identity are fixed.

#![expect(clippy::disallowed_methods, reason = "tests set the scene themselves")]

mod dice;
mod disk;
mod flake;
mod kill;
mod machine;
mod nix;
mod scene;
mod small_flake;
mod systemd;
mod terminal;

pub use dice::Dice;
pub use disk::FileSystem;
pub use kill::{End, Moments, rounds};
pub use machine::{Machine, Record, Role};
pub use nix::{PersonalFlake, RealNix};
pub use scene::{Scene, shown};
pub use small_flake::filters;
pub use systemd::Systemd;
pub use terminal::Terminal;

use camino::{Utf8Path, Utf8PathBuf};
use std::fmt;

/// The moment at which every test takes place: 2026-01-02 03:04:05 UTC.
pub const NOW: i64 = 1_767_323_045;

/// Whether `cargo xtask test --thorough` runs this: then a test may take minutes and look at every place, not at some.
pub fn thorough() -> bool {
    std::env::var_os("STUDIO_TEST_THOROUGH").is_some()
}

/// Leaves a report for whoever called the tests, if they want one.
pub fn report(name: &str, text: &str) {
    if let Ok(folder) = std::env::var("STUDIO_TEST_REPORT") {
        std::fs::create_dir_all(&folder).expect("a folder for reports");
        std::fs::write(format!("{folder}/{name}"), text).expect("a report");
    }
}

/// A folder in which a test lives as if it were the whole machine.
pub struct Sandbox {
    // Unmounted before the folder goes.
    disk: Option<disk::Disk>,
    // Kept when `TESTKIT_KEEP` is set.
    _keep: Option<tempfile::TempDir>,
    root: Utf8PathBuf,
    variables: Vec<(String, String)>,
}

impl Sandbox {
    /// An empty one: `home` with a git configuration, and nothing else.
    #[must_use]
    pub fn new() -> Sandbox {
        let dir = tempfile::Builder::new()
            .prefix("studio-test-")
            .tempdir()
            .expect("a temporary folder can be made");
        let root =
            Utf8PathBuf::from_path_buf(dir.path().canonicalize().expect("the folder is there"))
                .expect("temporary folders have UTF-8 names");
        let keep = match std::env::var_os("TESTKIT_KEEP") {
            Some(_) => {
                let _ = dir.keep();
                None
            }
            None => Some(dir),
        };
        let sandbox = Sandbox { disk: None, _keep: keep, root, variables: vec![] };
        std::fs::create_dir_all(sandbox.home()).expect("the home folder can be made");
        sandbox.write(
            "home/.gitconfig",
            "[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n\
             [protocol \"file\"]\n\tallow = always\n[advice]\n\tdetachedHead = false\n[commit]\n\tgpgSign = false\n",
        );
        sandbox
    }

    /// The folder itself.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// `$HOME`.
    pub fn home(&self) -> Utf8PathBuf {
        self.root.join("home")
    }

    /// `$STUDIO_HOME`, where it is by default.
    pub fn studio_home(&self) -> Utf8PathBuf {
        self.home().join(".local/share/studio")
    }

    /// Sets a variable for everything that runs in the sandbox from now on.
    pub fn set(&mut self, name: &str, value: impl AsRef<str>) {
        self.variables.push((name.to_owned(), value.as_ref().to_owned()));
    }

    /// Writes a file below the sandbox, and the folders above it.
    pub fn write(&self, path: impl AsRef<Utf8Path>, text: impl AsRef<[u8]>) {
        let path = self.seen(path.as_ref());
        std::fs::create_dir_all(path.parent().expect("a file has a folder"))
            .expect("folders can be made");
        std::fs::write(&path, text).unwrap_or_else(|cause| panic!("cannot write {path}: {cause}"));
    }

    /// Reads a file below the sandbox.
    pub fn read(&self, path: impl AsRef<Utf8Path>) -> String {
        let path = self.seen(path.as_ref());
        std::fs::read_to_string(&path).unwrap_or_else(|cause| panic!("cannot read {path}: {cause}"))
    }

    /// A command in `dir` (below the sandbox) with nothing of this machine's environment but PATH, on which the binaries
    /// of this workspace come first.
    pub fn command(&self, program: &str, dir: impl AsRef<Utf8Path>) -> assert_cmd::Command {
        let dir = self.root.join(dir.as_ref());
        let mut command = match &self.disk {
            None => assert_cmd::Command::new(program),
            Some(_) => assert_cmd::Command::new("nsenter"),
        };
        match &self.disk {
            None => command.current_dir(dir),
            Some(disk) => command.args(disk.enter()).args([dir.as_str(), program]),
        };
        command.env_clear().envs(self.environment());
        command
    }

    /// Where this process sees a path below the sandbox.
    pub fn seen(&self, path: impl AsRef<Utf8Path>) -> Utf8PathBuf {
        let path = self.root.join(path.as_ref());
        match &self.disk {
            Some(disk) => disk.seen(&path),
            None => path,
        }
    }

    /// The environment of everything in the sandbox.
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut path = format!("{}:{}", bin_dir(), std::env::var("PATH").unwrap_or_default());
        // Last, so that the machine's own come first.
        if let Ok(makers) = std::env::var("STUDIO_TEST_MKFS") {
            path = format!("{path}:{makers}");
        }
        let now = NOW.to_string();
        let date = format!("{NOW} +0000");
        let mut all: Vec<(String, String)> = [
            ("PATH", path.as_str()),
            ("HOME", self.home().as_str()),
            ("LC_ALL", "C.UTF-8"),
            ("TZ", "UTC"),
            ("USER", "ada"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_DATE", date.as_str()),
            ("GIT_COMMITTER_DATE", date.as_str()),
            ("STUDIO_NOW", now.as_str()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        all.extend(self.variables.iter().cloned());
        all
    }

    /// Runs a command line of words separated by single spaces.
    #[must_use = "assert on the outcome, or call `.ok()`"]
    pub fn run(&self, dir: impl AsRef<Utf8Path>, line: &str) -> Outcome {
        let words: Vec<&str> = line.split(' ').collect();
        self.run_words(dir, &words)
    }

    /// Runs a command line given as words.
    #[must_use = "assert on the outcome, or call `.ok()`"]
    pub fn run_words(&self, dir: impl AsRef<Utf8Path>, words: &[&str]) -> Outcome {
        let (program, args) = words.split_first().expect("a command has a name");
        Outcome::of(self.command(program, dir).args(args), words, &self.root)
    }

    /// Runs a script with `sh -eu`.
    #[must_use = "assert on the outcome, or call `.ok()`"]
    pub fn sh(&self, dir: impl AsRef<Utf8Path>, script: &str) -> Outcome {
        self.run_words(dir, &["sh", "-eu", "-c", script])
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

/// Where cargo puts the binaries of this workspace: beside the folder of the running test.
fn bin_dir() -> Utf8PathBuf {
    let exe = std::env::current_exe().expect("a test knows its own path");
    let dir =
        exe.parent().and_then(|deps| deps.parent()).expect("a test lies in target/PROFILE/deps");
    Utf8PathBuf::from_path_buf(dir.to_owned()).expect("the target folder has a UTF-8 path")
}

/// All that a command showed.
#[derive(Debug)]
pub struct Outcome {
    line: String,
    root: Utf8PathBuf,
    /// Its standard output, as it was.
    pub stdout: String,
    /// Its standard error, as it was.
    pub stderr: String,
    /// Its exit status; `None` if a signal ended it.
    pub code: Option<i32>,
}

impl Outcome {
    /// Runs a command to its end; `words` is what the test calls it.
    fn of(command: &mut assert_cmd::Command, words: &[&str], root: &Utf8Path) -> Outcome {
        let line = words.join(" ");
        let output = command.output().unwrap_or_else(|cause| panic!("cannot run {line}: {cause}"));
        Outcome {
            line,
            root: root.to_owned(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code(),
        }
    }

    /// Asserts that it succeeded, and returns its stdout without the last line break.
    #[track_caller]
    pub fn ok(&self) -> String {
        assert_eq!(self.code, Some(0), "`{}` failed:\n{self}", self.line);
        self.stdout.trim_end_matches('\n').to_owned()
    }

    /// Asserts that it failed with this exit status and an empty stdout.
    #[track_caller]
    pub fn fails(&self, code: i32) -> &Outcome {
        assert_eq!(self.code, Some(code), "`{}` ended otherwise:\n{self}", self.line);
        assert_eq!(self.stdout, "", "`{}` failed but wrote to stdout", self.line);
        self
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hide = |text: &str| text.replace(self.root.as_str(), "[SANDBOX]");
        if !self.stdout.is_empty() {
            write!(f, "{}", hide(&self.stdout))?;
        }
        if !self.stderr.is_empty() {
            write!(f, "------- stderr -------\n{}", hide(&self.stderr))?;
        }
        match self.code {
            Some(0) => Ok(()),
            Some(code) => writeln!(f, "[exit status: {code}]"),
            None => writeln!(f, "[killed]"),
        }
    }
}
