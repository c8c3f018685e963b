//! The door to other programs: the only module that starts one.
//!
//! Every child has an explicit folder, an environment without the variables by which git names *another* repository,
//! and a stdout that is not ours: stdout belongs to our own data. Not here: what the programs are told.

#![expect(clippy::disallowed_methods, reason = "this is the door")]

mod conversation;
mod limited;
mod progress;
mod stream;

pub use conversation::Conversation;
pub use limited::Ended;
pub use stream::Stream;

use crate::error::Error;
use crate::fs;
use crate::ui::Ui;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};

/// The variables that name a repository or a part of one: `git rev-parse --local-env-vars` of git 2.47, without those
/// that carry `git -c` settings and without `GIT_PREFIX`, and with `GIT_NAMESPACE`.
pub const REPOSITORY_VARIABLES: [&str; 13] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
];

/// How many of the last lines of a child's output an error keeps.
const TAIL: usize = 20;

/// A program that is about to be run.
#[derive(Clone, Debug)]
pub struct Program {
    name: OsString,
    args: Vec<OsString>,
    dir: Utf8PathBuf,
    env: Vec<(String, Option<OsString>)>,
    inherits: Inherits,
    stdin: Option<Vec<u8>>,
}

/// What of our environment a child sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inherits {
    /// Everything that was not taken away.
    Everything,
    /// Nothing but what was set for it.
    Nothing,
}

/// A program that did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It could not be started.
    #[error("`{program}` was not found")]
    Missing {
        /// Its name.
        program: String,
    },
    /// It could not be started for another reason.
    #[error("`{program}` could not be started: {cause}")]
    Start {
        /// Its name.
        program: String,
        /// Why.
        cause: std::io::Error,
    },
    /// It ended with another status than 0.
    #[error("`{line}` {how}{}{output}", if output.is_empty() { "" } else { ":\n" })]
    Status {
        /// The command line, for people.
        line: String,
        /// `failed with exit status 1`, `was killed by signal 9`.
        how: String,
        /// The exit status, if it ended by itself.
        code: Option<i32>,
        /// The last lines that it said.
        output: String,
    },
}

impl Failure {
    /// What the program said at the end, or nothing.
    pub fn output(&self) -> &str {
        match self {
            Failure::Status { output, .. } => output,
            _ => "",
        }
    }

    /// The exit status, if it ran and ended by itself.
    pub fn code(&self) -> Option<i32> {
        match self {
            Failure::Status { code, .. } => *code,
            _ => None,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        match failure {
            Failure::Missing { program } => Error::new(format!("`{program}` was not found"))
                .hint(format!("install `{program}`, or put the folder that has it on PATH")),
            Failure::Status { line, how, output, .. } => {
                Error::new(format!("`{line}` {how}")).because(output)
            }
            other => Error::new(other.to_string()),
        }
    }
}

/// What a program that succeeded said.
#[derive(Debug)]
pub struct Said {
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: String,
}

/// How a program ended whose every line was heard.
#[derive(Debug)]
pub struct Heard {
    /// Its exit status; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Its standard error.
    pub stderr: String,
}

impl Said {
    /// The standard output as text without its last line break.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end_matches('\n').to_owned()
    }
}

impl Program {
    /// `name` is looked up on PATH unless it has a slash; `dir` is where it runs.
    pub fn new(name: impl AsRef<OsStr>, dir: &Utf8Path) -> Program {
        Program {
            name: name.as_ref().to_owned(),
            args: vec![],
            dir: dir.to_owned(),
            env: REPOSITORY_VARIABLES.iter().map(|name| ((*name).to_owned(), None)).collect(),
            inherits: Inherits::Everything,
            stdin: None,
        }
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Program {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Program {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable for the child.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Program {
        self.env.push((name.to_owned(), Some(value.as_ref().to_owned())));
        self
    }

    /// Hides a variable from the child.
    pub fn env_remove(mut self, name: &str) -> Program {
        self.env.push((name.to_owned(), None));
        self
    }

    /// Hides our whole environment from the child: it sees only what [`Program::env`] sets.
    pub fn only_its_environment(mut self) -> Program {
        self.inherits = Inherits::Nothing;
        self
    }

    /// Feeds bytes to the child; its standard input is empty otherwise.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Program {
        self.stdin = Some(bytes.into());
        self
    }

    /// Its name and its arguments, for another program that is to run it.
    pub fn words(&self) -> Vec<String> {
        let words = std::iter::once(&self.name).chain(&self.args);
        words.map(|word| word.to_string_lossy().into_owned()).collect()
    }

    /// The command line for people.
    pub fn line(&self) -> String {
        let mut words =
            vec![self.name.to_string_lossy().rsplit('/').next().unwrap_or_default().to_owned()];
        words.extend(self.args.iter().map(|arg| {
            let arg = arg.to_string_lossy();
            let plain = |c: char| c.is_alphanumeric() || "-_./:=@,+%^".contains(c);
            if !arg.is_empty() && arg.chars().all(plain) {
                arg.into_owned()
            } else {
                format!("'{arg}'")
            }
        }));
        words.join(" ")
    }

    /// The program in its folder and environment; the standard streams are still open.
    fn bare_expression(&self) -> duct::Expression {
        let mut expression = duct::cmd(&self.name, &self.args).dir(&self.dir).unchecked();
        if self.inherits == Inherits::Nothing {
            let set = self.env.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
            return expression.full_env(set);
        }
        // Of two settings of one variable duct takes the inner one, so the last one said goes in first.
        for (name, value) in self.env.iter().rev() {
            expression = match value {
                Some(value) => expression.env(name, value),
                None => expression.env_remove(name),
            };
        }
        expression
    }

    fn expression(&self) -> duct::Expression {
        let expression = self.bare_expression();
        match &self.stdin {
            Some(bytes) => expression.stdin_bytes(bytes.clone()),
            None => expression.stdin_null(),
        }
    }

    /// Runs it, keeping what it says.
    pub fn run(&self) -> Result<Said, Failure> {
        let output = self
            .expression()
            .stdout_capture()
            .stderr_capture()
            .run()
            .map_err(|cause| self.not_started(cause))?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        self.judge(output.status, || {
            let text = if stderr.trim().is_empty() {
                String::from_utf8_lossy(&output.stdout).into_owned()
            } else {
                stderr.clone()
            };
            tail(&text)
        })?;
        Ok(Said { stdout: output.stdout, stderr })
    }

    /// Runs it and shows on stderr, line by line, what it says on stderr; keeps its stdout.
    ///
    /// `log` gets every line as well, so that the whole output can be read later.
    pub fn watch(&self, ui: &Ui, mut log: Option<&mut dyn Write>) -> Result<Said, Failure> {
        ui.detail(format!("+ {}", self.line()));
        let mut stderr = String::new();
        let mut log_error = None;
        let outcome = self.listen(&mut |line| {
            let text = String::from_utf8_lossy(line);
            ui.passthrough(&text);
            if let Some(log) = &mut log
                && log_error.is_none()
            {
                log_error = log.write_all(line).err();
            }
            stderr.push_str(&text);
        });
        if let Some(cause) = log_error {
            ui.warn(format!("the log is incomplete: {cause}"));
        }
        Ok(Said { stderr, ..outcome? })
    }

    /// Runs it and hands over each line that it says on stderr, with its end; keeps its stdout, and of stderr nothing but
    /// what a failure says.
    pub fn listen(&self, each: &mut dyn FnMut(&[u8])) -> Result<Said, Failure> {
        let keep = tempfile::NamedTempFile::new().map_err(|cause| self.not_started(cause))?;
        let file = keep.reopen().map_err(|cause| self.not_started(cause))?;
        // The outer redirection is applied first: stderr becomes what the reader reads, then stdout goes to the file.
        let expression = self.expression().stdout_file(file).stderr_to_stdout();
        let reader = expression.reader().map_err(|cause| self.not_started(cause))?;
        let mut last: VecDeque<String> = VecDeque::with_capacity(TAIL);
        lines(&reader, |line| {
            each(line);
            if !line.trim_ascii().is_empty() {
                // There may be thousands a second: what falls out gives its memory to what comes in.
                let mut kept =
                    if last.len() == TAIL { last.pop_front() } else { None }.unwrap_or_default();
                kept.clear();
                kept.push_str(String::from_utf8_lossy(line).trim_end());
                last.push_back(kept);
            }
        });
        let status = match reader.try_wait() {
            Ok(Some(output)) => output.status,
            Ok(None) | Err(_) => {
                return Err(self.not_started(std::io::Error::other("its end was not seen")));
            }
        };
        self.judge(status, || Vec::from(last).join("\n"))?;
        let stdout = std::fs::read(keep.path()).map_err(|cause| self.not_started(cause))?;
        Ok(Said { stdout, stderr: String::new() })
    }

    /// Runs it, gives each line of its stdout to `each` as it comes, and returns how it ended; a status other than 0 is no
    /// failure here. For programs that say on stdout what they did and what not, such as `cargo --message-format=json`.
    pub fn hear(&self, each: &mut dyn FnMut(&str)) -> Result<Heard, Failure> {
        let keep = tempfile::NamedTempFile::new().map_err(|cause| self.not_started(cause))?;
        let file = keep.reopen().map_err(|cause| self.not_started(cause))?;
        let expression = self.expression().stderr_file(file);
        let reader = expression.reader().map_err(|cause| self.not_started(cause))?;
        for line in BufReader::new(&reader).split(b'\n') {
            let line = line.map_err(|cause| self.not_started(cause))?;
            each(&String::from_utf8_lossy(&line));
        }
        let status = match reader.try_wait() {
            Ok(Some(output)) => output.status,
            Ok(None) | Err(_) => {
                return Err(self.not_started(std::io::Error::other("its end was not seen")));
            }
        };
        let stderr = std::fs::read(keep.path()).map_err(|cause| self.not_started(cause))?;
        Ok(Heard { code: status.code(), stderr: String::from_utf8_lossy(&stderr).into_owned() })
    }

    /// Runs it, shows line by line on stderr all that it says, and returns its exit status; `None` if a signal ended it.
    ///
    /// The child writes to a pipe of ours, never to the terminal: a terminal that goes away does not kill it.
    pub fn follow(&self, ui: &Ui) -> Result<Option<i32>, Failure> {
        ui.detail(format!("+ {}", self.line()));
        let expression = self.expression().stderr_to_stdout();
        let reader = expression.reader().map_err(|cause| self.not_started(cause))?;
        lines(&reader, |line| ui.passthrough(&String::from_utf8_lossy(line)));
        match reader.try_wait() {
            Ok(Some(output)) => Ok(output.status.code()),
            Ok(None) | Err(_) => {
                Err(self.not_started(std::io::Error::other("its end was not seen")))
            }
        }
    }

    /// Runs it on the user's terminal, its stdout on our stderr, and returns its exit status.
    pub fn on_terminal(&self) -> Result<Option<i32>, Failure> {
        let expression = self.bare_expression().stdout_to_stderr();
        let output = expression.run().map_err(|cause| self.not_started(cause))?;
        Ok(output.status.code())
    }

    fn not_started(&self, cause: std::io::Error) -> Failure {
        let program = self.name.to_string_lossy().into_owned();
        match cause.kind() {
            // A folder that is gone gives the same error as a program that is not there.
            ErrorKind::NotFound if self.dir.is_dir() => Failure::Missing { program },
            _ => Failure::Start { program, cause },
        }
    }

    fn judge(
        &self,
        status: std::process::ExitStatus,
        output: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        use std::os::unix::process::ExitStatusExt;
        if status.success() {
            return Ok(());
        }
        let how = match (status.code(), status.signal()) {
            (Some(code), _) => format!("failed with exit status {code}"),
            (None, Some(signal)) => format!("was killed by signal {signal}"),
            (None, None) => "failed".to_owned(),
        };
        Err(Failure::Status { line: self.line(), how, code: status.code(), output: output() })
    }
}

/// The longest line that is held as one, in bytes; what is longer comes in pieces.
const LONGEST: u64 = 1 << 20;

/// Hands over every line, with its end.
fn lines(source: impl std::io::Read, mut each: impl FnMut(&[u8])) {
    let mut source = BufReader::new(source);
    let mut line = Vec::new();
    while source.by_ref().take(LONGEST).read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
        each(&line);
        line.clear();
    }
}

/// The last lines of a text.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

/// Replaces this process by itself without the variables that name a repository, if there are any.
///
/// Returns when there are none. `git ALIAS` in a linked worktree exports `GIT_DIR`; with it, git and gix would work on
/// that repository whatever folder they are told. The value goes on as `STUDIO_GIT_DIR`, so that a contradiction
/// between it and the current folder is still seen.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the door, and it runs before the environment is read"
)]
pub fn restart_without_repository_variables() {
    use std::os::unix::process::CommandExt;
    if REPOSITORY_VARIABLES.iter().all(|name| std::env::var_os(name).is_none()) {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut args = std::env::args_os();
    let mut command = std::process::Command::new(program);
    if let Some(name) = args.next() {
        command.arg0(name);
    }
    command.args(args);
    if let Some(dir) = std::env::var_os("GIT_DIR") {
        command.env("STUDIO_GIT_DIR", dir);
    }
    for name in REPOSITORY_VARIABLES {
        command.env_remove(name);
    }
    // Where it cannot be replaced, going on is still better than not working at all: children are cleaned anyway.
    let _ = command.exec();
}

/// A file that gets the whole output of a long job, named by errors.
pub fn log_file(folder: &Utf8Path, name: &str) -> crate::Result<(Utf8PathBuf, std::fs::File)> {
    let path = folder.join(name);
    fs::remove_file(&path)?;
    let file = fs::append(&path)?;
    Ok((path, file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{Color, Verbosity};

    fn here() -> &'static Utf8Path {
        Utf8Path::new("/")
    }

    #[test]
    fn a_line_without_an_end_comes_in_pieces() {
        let text = [vec![b'x'; 2 * LONGEST as usize], b"y\n".to_vec(), b"last".to_vec()].concat();
        let mut sizes = vec![];
        lines(&text[..], |line| sizes.push(line.len()));
        assert_eq!(sizes, [LONGEST as usize, LONGEST as usize, 2, 4]);
    }

    #[test]
    fn a_program_that_is_not_there_is_told_from_one_that_fails() {
        let missing = Program::new("no-such-program-at-all", here()).run().expect_err("missing");
        assert!(matches!(missing, Failure::Missing { .. }), "{missing:?}");
        let failed = Program::new("sh", here())
            .args(["-c", "echo out; echo why >&2; exit 3"])
            .run()
            .expect_err("3");
        assert_eq!(failed.code(), Some(3));
        assert_eq!(failed.output(), "why");
    }

    #[test]
    fn every_line_is_heard_whatever_the_end() {
        let mut lines = vec![];
        let heard = Program::new("sh", here())
            .args(["-c", "echo a; echo b; echo why >&2; exit 3"])
            .hear(&mut |line| lines.push(line.to_owned()))
            .expect("it ran");
        assert_eq!(
            (lines, heard.code, heard.stderr),
            (vec!["a".into(), "b".into()], Some(3), "why\n".into())
        );
    }

    #[test]
    fn what_was_said_last_of_a_variable_holds() {
        let said = |program: Program| {
            program.args(["-c", "echo ${GIT_INDEX_FILE-none}"]).run().expect("runs").text()
        };
        assert_eq!(said(Program::new("sh", here())), "none");
        assert_eq!(
            said(Program::new("sh", here()).env("GIT_INDEX_FILE", "a").env("GIT_INDEX_FILE", "b")),
            "b"
        );
        assert_eq!(
            said(
                Program::new("sh", here()).env("GIT_INDEX_FILE", "a").env_remove("GIT_INDEX_FILE")
            ),
            "none"
        );
    }

    #[test]
    fn a_child_with_its_own_environment_sees_nothing_of_ours() {
        let said = Program::new("/usr/bin/env", here())
            .env("ONLY", "this")
            .only_its_environment()
            .run()
            .expect("runs");
        assert_eq!(said.text(), "ONLY=this");
    }

    #[test]
    fn a_watched_program_keeps_stdout_apart_and_logs_stderr() {
        let ui = Ui::new(Verbosity::Quiet, Color::Never, true);
        let mut log = Vec::new();
        let said = Program::new("sh", here())
            .args(["-c", "echo data; echo talk >&2"])
            .watch(&ui, Some(&mut log))
            .expect("runs");
        assert_eq!(said.text(), "data");
        assert_eq!(log, b"talk\n");
    }
}
