//! What Nix is asked to do, one function each. Each builds one command line, runs it and reads its answer.

use super::diagnosis::Source;
use super::failure::{Refusal, shows};
use super::progress::Manner;
use super::{FOLDER, Nix, fragment, progress};
use crate::context::Context;
use crate::error::{OrSay, Result};
use crate::fs;
use crate::process::{self, Ended, Failure, Program, Said};
use crate::store_path::StorePath;
use crate::ui::{Color, Ui, Verbosity};
use camino::{Utf8Path, Utf8PathBuf};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

/// A file that keeps all that nix said during one job, which may be several calls.
#[derive(Debug)]
pub struct Log {
    path: Utf8PathBuf,
    file: File,
    source: Option<Utf8PathBuf>,
}

impl Log {
    /// A new log called `name` under `STUDIO_HOME`; one that is there from before is replaced.
    pub fn create(cx: &Context, name: &str) -> Result<Log> {
        let (path, file) = process::log_file(&cx.home()?.logs(), name)?;
        Ok(Log { path, file, source: None })
    }

    /// The job is about the flake in this folder, so that places in it are told as its user knows them.
    #[must_use]
    pub fn about(self, folder: &Utf8Path) -> Log {
        Log { source: Some(folder.to_owned()), ..self }
    }

    /// The flake that the job is about.
    pub(super) fn source(&self) -> Option<Source<'_>> {
        self.source.as_deref().map(Source::new)
    }

    /// Where it lies.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    fn length(&self) -> u64 {
        self.file.metadata().map_or(0, |meta| meta.len())
    }
}

/// What an evaluation gives: something that can be built, and which of its outputs is wanted.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Derivation {
    /// The `.drv` file.
    #[serde(rename = "drvPath")]
    pub path: StorePath,
    /// The output that the attribute stands for; packages with several do not always mean `out`.
    #[serde(rename = "outputName")]
    pub output: String,
}

/// Something in the store, and the link that keeps it from the garbage collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rooted {
    /// What was built.
    pub out: StorePath,
    /// The link to it.
    pub root: Utf8PathBuf,
}

/// A command line that somebody else runs: the privileged helper, which has no PATH and no shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// The program, absolute.
    pub program: Utf8PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
}

impl CommandLine {
    /// The same as a program of ours, to be run without privilege.
    pub fn to_program(&self) -> Program {
        Program::new(&self.program, FOLDER.into()).args(&self.args)
    }
}

impl Nix {
    /// `nix flake check`: everything is evaluated and all checks are built. What it finds is shown as it comes.
    pub fn flake_check(&self, cx: &Context, flake: &str, log: &mut Log) -> Result<(), Refusal> {
        // All faults at once: fixing them one by one would cost an evaluation each.
        let program = self
            .verb(&["flake", "check", "--keep-going", "--print-build-logs"])
            .map_err(Refusal::machine)?
            .args(["--no-update-lock-file", flake]);
        show(cx, &program, log, || "`nix flake check` found faults".to_owned())?;
        Ok(())
    }

    /// Evaluates an attribute to what would be built for it. Nothing is shown unless it succeeds.
    pub fn eval_drv(
        &self,
        cx: &Context,
        flake: &str,
        attribute: &str,
        log: &mut Log,
    ) -> Result<Derivation, Refusal> {
        let said =
            self.eval(cx, flake, attribute, "d: { inherit (d) drvPath outputName; }", log)?;
        serde_json::from_slice(&said.stdout)
            .or_say(|| format!("`{attribute}` is nothing that can be built"))
            .map_err(Refusal::machine)
    }

    /// The path of the derivation of an attribute.
    pub fn eval_drv_path(
        &self,
        cx: &Context,
        flake: &str,
        attribute: &str,
        log: &mut Log,
    ) -> Result<StorePath, Refusal> {
        Ok(self.eval_drv(cx, flake, attribute, log)?.path)
    }

    /// The names in an attribute set of the flake; none where the flake has no such set.
    pub fn attr_names(
        &self,
        cx: &Context,
        flake: &str,
        set: &str,
        log: &mut Log,
    ) -> Result<Vec<String>, Refusal> {
        match self.eval(cx, flake, set, "builtins.attrNames", log) {
            Ok(said) => serde_json::from_slice(&said.stdout)
                .or_say(|| format!("nix did not give the names in `{set}`"))
                .map_err(Refusal::machine),
            Err(_) if provides_no(log, set) => Ok(vec![]),
            Err(refusal) => Err(refusal),
        }
    }

    /// The same for somebody who does not wait longer than this; `None` if it cannot be told.
    pub fn attr_names_within(
        &self,
        flake: &str,
        set: &str,
        limit: Duration,
    ) -> Option<Vec<String>> {
        let reference = format!("{flake}#{}", fragment(set));
        let program = self.verb_unasked(&["eval", "--json", "--no-update-lock-file"]).args([
            "--apply",
            "builtins.attrNames",
            &reference,
        ]);
        let file = tempfile::NamedTempFile::new().ok()?;
        program.within(limit, file.as_file()).ok().filter(|end| *end == Ended::Code(0))?;
        // Its warnings are in the file, too.
        let said = fs::read_optional(Utf8Path::from_path(file.path())?).ok()??;
        said.lines().rev().find_map(|line| serde_json::from_str(line).ok())
    }

    fn eval(
        &self,
        cx: &Context,
        flake: &str,
        attribute: &str,
        apply: &str,
        log: &mut Log,
    ) -> Result<Said, Refusal> {
        let reference = format!("{flake}#{}", fragment(attribute));
        let program = self
            .verb_unasked(&["eval", "--json", "--no-update-lock-file", "--apply", apply])
            .arg(reference);
        let (version, said) = std::thread::scope(|scope| {
            // Nothing is changed by an evaluation, so the version need not be known before.
            let version = scope.spawn(|| self.version().map(drop));
            // A caller may have better words for a failure than nix, so nix speaks only when it succeeds.
            let said = keep(cx, &program, log, || format!("`{attribute}` could not be evaluated"));
            (version.join(), said)
        });
        // One that is too old may fail at the evaluation for no other reason.
        version.unwrap_or(Ok(())).map_err(Refusal::machine)?;
        let said = said?;
        cx.ui.passthrough(&said.stderr);
        Ok(said)
    }

    /// Builds a derivation; `link` keeps the result. The evaluation is over, so its memory is free by now.
    pub fn build_drv(
        &self,
        cx: &Context,
        derivation: &Derivation,
        link: &Utf8Path,
        log: &mut Log,
    ) -> Result<Rooted, Refusal> {
        let output = &derivation.output;
        if let Some(parent) = link.parent() {
            fs::create_dir_all(parent).map_err(Refusal::machine)?;
        }
        let program = self
            .verb(&["build", "--print-build-logs", "--print-out-paths", "--out-link"])
            .map_err(Refusal::machine)?
            .arg(link)
            .arg(format!("{}^{output}", derivation.path));
        let name = derivation.path.name().trim_end_matches(".drv").to_owned();
        let said = show(cx, &program, log, || format!("`{name}` could not be built"))?;
        let out = StorePath::new(said.text()).map_err(Refusal::machine)?;
        // nix adds the name of the output to the link, except for `out`.
        let root = match output.as_str() {
            "out" => link.to_owned(),
            _ => format!("{link}-{output}").into(),
        };
        Ok(Rooted { out, root })
    }

    /// The sizes of these with all that they need, in bytes; what the store does not know is left out.
    ///
    /// The lines for people are read (`PATH SIZE`), because those are the same from 2.18 to 2.34; the JSON is a list, an
    /// object by path or an object by name, depending on the version, and without `--json-format` will be an error.
    pub fn closure_sizes(
        &self,
        cx: &Context,
        paths: &[&StorePath],
    ) -> Result<Vec<(StorePath, u64)>> {
        let mut asked: Vec<&StorePath> = paths.to_vec();
        while !asked.is_empty() {
            // Offline, because a path that is not here would be looked for in the binary caches.
            let program = self
                .verb(&["path-info", "--offline", "--closure-size"])?
                .args(asked.iter().map(|path| path.path()));
            cx.ui.detail(format!("+ {}", program.line()));
            let failure = match program.run() {
                Ok(said) => return Ok(said.text().lines().filter_map(path_and_size).collect()),
                Err(failure) => failure,
            };
            // One that is not registered spoils the answer for all; nix names it.
            let said = failure.output();
            let count = asked.len();
            asked.retain(|path| !said.contains(&format!("path '{path}' is not valid")));
            if asked.len() == count {
                return Err(failure.into());
            }
        }
        Ok(vec![])
    }

    /// Whether something is in the store, whole and registered.
    pub fn is_valid(&self, path: &StorePath) -> Result<bool> {
        let program = Program::new(self.relative("nix-store")?, FOLDER.into())
            .args(self.store_option())
            .args(["--check-validity", path.path().as_str()]);
        match program.run() {
            Ok(_) => Ok(true),
            Err(failure) if failure.output().contains("is not valid") => Ok(false),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Makes `link` keep `path` from the garbage collector.
    pub fn add_root(&self, path: &StorePath, link: &Utf8Path) -> Result<()> {
        if let Some(parent) = link.parent() {
            fs::create_dir_all(parent)?;
        }
        Program::new(self.relative("nix-store")?, FOLDER.into())
            .args(self.store_option())
            .args(["--realise", path.path().as_str(), "--add-root", link.as_str()])
            .run()?;
        Ok(())
    }

    /// Makes `path` the newest generation of `profile`.
    pub fn set_profile(&self, profile: &Utf8Path, path: &StorePath) -> Result<CommandLine> {
        self.profile(profile, &["--set", path.path().as_str()])
    }

    /// Makes an old generation of `profile` the current one.
    pub fn switch_generation(&self, profile: &Utf8Path, number: u64) -> Result<CommandLine> {
        self.profile(profile, &["--switch-generation", &number.to_string()])
    }

    fn profile(&self, profile: &Utf8Path, what: &[&str]) -> Result<CommandLine> {
        let mut args = vec!["--profile".to_owned(), profile.to_string()];
        args.extend(what.iter().map(|word| (*word).to_owned()));
        Ok(CommandLine { program: self.relative("nix-env")?, args })
    }

    /// Whether nix itself reads the file as Nix.
    pub fn parses(&self, file: &Utf8Path) -> Result<bool> {
        self.version()?;
        let program = Program::new(self.relative("nix-instantiate")?, FOLDER.into())
            .args(FEATURE_PARSING)
            .args(["--parse", file.as_str()]);
        match program.run() {
            Ok(_) => Ok(true),
            Err(Failure::Status { .. }) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }
}

impl Nix {
    /// What nix has against this text as an expression, if it has anything: names that are not bound, too.
    pub fn objection(&self, text: &str) -> Result<Option<String>> {
        self.version()?;
        let program = Program::new(self.relative("nix-instantiate")?, FOLDER.into())
            .args(FEATURE_PARSING)
            .args(["--parse", "-"])
            .env("NO_COLOR", "1")
            .stdin(text);
        match program.run() {
            Ok(_) => Ok(None),
            Err(Failure::Status { output, .. }) => Ok(Some(output)),
            Err(other) => Err(other.into()),
        }
    }
}

/// Syntax that a flake may use once its user turned it on; whether they did, the evaluation will tell.
pub(super) const FEATURE_PARSING: [&str; 2] = ["--extra-experimental-features", "pipe-operators"];

/// Runs a job whose output the user sees.
pub(super) fn show(
    cx: &Context,
    program: &Program,
    log: &mut Log,
    message: impl FnOnce() -> String,
) -> Result<Said, Refusal> {
    let Some(manner) = Manner::of(cx) else {
        return run(&cx.ui, shows(cx), program, log, message);
    };
    let start = log.length();
    progress::run(&cx.ui, manner, program.clone(), &mut log.file).map_err(|failure| {
        let said = since(log, start);
        Refusal::explain(message(), failure, &said, true, log)
    })
}

/// Runs a job whose output goes into the log alone.
pub(super) fn keep(
    cx: &Context,
    program: &Program,
    log: &mut Log,
    message: impl FnOnce() -> String,
) -> Result<Said, Refusal> {
    cx.ui.detail(format!("+ {}", program.line()));
    run(&Ui::new(Verbosity::Quiet, Color::Never, true), false, program, log, message)
}

fn run(
    ui: &Ui,
    shown: bool,
    program: &Program,
    log: &mut Log,
    message: impl FnOnce() -> String,
) -> Result<Said, Refusal> {
    let start = log.length();
    program.watch(ui, Some(&mut log.file)).map_err(|failure| {
        let said = since(log, start);
        Refusal::explain(message(), failure, &said, shown, log)
    })
}

/// The most of a log that is looked through for known words; they come at its end.
const LOOKED_THROUGH: u64 = 4 << 20;

/// What was written to the log from `start` on, or the end of it.
fn since(log: &Log, start: u64) -> String {
    let start = start.max(log.length().saturating_sub(LOOKED_THROUGH));
    let mut bytes = Vec::new();
    let read = |bytes: &mut Vec<u8>| -> std::io::Result<usize> {
        let mut file = File::open(&log.path)?;
        file.seek(SeekFrom::Start(start))?;
        file.read_to_end(bytes)
    };
    // Without it there is no remedy to tell, and what failed is told all the same.
    let _ = read(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether the last thing nix said was that the flake has no attribute `set`.
fn provides_no(log: &Log, set: &str) -> bool {
    let said = since(log, 0);
    let last = said.lines().rev().find(|line| line.starts_with("error:")).unwrap_or_default();
    last.starts_with("error: flake '")
        && last.contains("' does not provide attribute '")
        && last.contains(&format!("'{set}'"))
}

/// A line of `nix path-info --closure-size`.
fn path_and_size(line: &str) -> Option<(StorePath, u64)> {
    let (path, size) = line.trim_end().rsplit_once([' ', '\t'])?;
    Some((StorePath::new(path.trim_end()).ok()?, size.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_however_they_are_aligned() {
        const PATH: &str = "/nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-a";
        for line in [
            format!("{PATH}\t        120"),
            format!("{PATH}      \t120"),
            format!("{PATH}   5783255504"),
        ] {
            let (path, size) = path_and_size(&line).expect("a size");
            assert_eq!(path.path(), PATH);
            assert!([120, 5_783_255_504].contains(&size));
        }
        assert_eq!(path_and_size(PATH), None);
        assert_eq!(path_and_size("don't know how to build these paths:"), None);
    }
}
