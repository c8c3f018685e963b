//! rustc and cargo: asked by running them, never by their names.
//!
//! First what PATH has, then what lies in the Nix store: every `bin/rustc` there is asked for its version. A program has a
//! few seconds to answer; rustup is told not to fetch anything for it.

use super::{Missed, is_version};
use crate::value::{Target, Version};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use studio_core::config::Environment;
use studio_core::process::{Ended, Program};
use studio_core::ui::Ui;

/// How long a program may think about what it is.
const LIMIT: Duration = Duration::from_secs(10);

/// How long all programs of the store may take together.
const LIMIT_OF_STORE: Duration = Duration::from_secs(30);

/// A rustc that answered.
#[derive(Clone, Debug)]
pub struct Rustc {
    /// Where it lies.
    pub path: Utf8PathBuf,
    /// Its version.
    pub version: Version,
    /// The machine that it runs on.
    pub host: Target,
    /// How it was found.
    pub how: String,
}

impl Rustc {
    /// How its answer was got, for people.
    pub fn asked(&self) -> String {
        format!("`{} -vV`", self.path)
    }
}

/// The programs of this machine, each asked once.
#[derive(Debug)]
pub struct Toolchain<'a> {
    env: &'a Environment,
    ui: &'a Ui,
    rustcs: BTreeMap<Utf8PathBuf, Result<Rustc, String>>,
}

impl<'a> Toolchain<'a> {
    /// Nothing is asked yet.
    pub fn new(env: &'a Environment, ui: &'a Ui) -> Toolchain<'a> {
        Toolchain { env, ui, rustcs: BTreeMap::new() }
    }

    /// The first rustc that answers and has the version that is wanted, if one is.
    pub fn rustc(&mut self, root: &Utf8Path, wanted: Option<&Version>) -> Result<Rustc, Missed> {
        let mut missed = vec![];
        match self.on_path("rustc") {
            Some(path) => match self.ask_rustc(path.as_str(), root) {
                Ok(rustc) if is_version(&rustc, wanted) => return Ok(rustc),
                Ok(rustc) => missed.push(format!("`{path}` is version {}", rustc.version)),
                Err(why) => missed.push(why),
            },
            None => missed.push("no `rustc` is on PATH".to_owned()),
        }
        let (programs, store) = self.in_store("rustc");
        let mut best: Option<Rustc> = None;
        let began = Instant::now();
        let count = programs.len();
        for path in programs {
            if began.elapsed() > LIMIT_OF_STORE {
                missed.push(format!("`{store}` was not looked through: it took too long"));
                break;
            }
            // What does not run here may be meant for another machine.
            let Ok(rustc) = self.ask_rustc(path.as_str(), root) else { continue };
            // The names in a store are sorted, so the choice between two of one version stays the same.
            let better = best.as_ref().is_none_or(|best| rustc.version > best.version);
            if is_version(&rustc, wanted) && better {
                best = Some(rustc);
            }
        }
        best.ok_or_else(|| {
            let which = wanted.map_or(String::new(), |wanted| format!(" of version {wanted}"));
            missed.push(none_in_store("rustc", &store, &which, count));
            missed
        })
    }

    /// The first cargo that answers: its path, and how it was found.
    pub fn cargo(&mut self, root: &Utf8Path) -> Result<(String, String), Missed> {
        let mut missed = vec![];
        match self.on_path("cargo") {
            Some(path) => match self.ask_cargo(&path, root) {
                Ok(how) => return Ok((path.into_string(), how)),
                Err(why) => missed.push(why),
            },
            None => missed.push("no `cargo` is on PATH".to_owned()),
        }
        let (programs, store) = self.in_store("cargo");
        let began = Instant::now();
        let count = programs.len();
        for path in programs {
            if began.elapsed() > LIMIT_OF_STORE {
                missed.push(format!("`{store}` was not looked through: it took too long"));
                return Err(missed);
            }
            if let Ok(how) = self.ask_cargo(&path, root) {
                return Ok((path.into_string(), how));
            }
        }
        missed.push(none_in_store("cargo", &store, "", count));
        Err(missed)
    }

    /// How it was asked, if this is a cargo.
    fn ask_cargo(&self, path: &Utf8Path, root: &Utf8Path) -> Result<String, String> {
        let text = self.ask(path, "-V", root)?;
        let line = format!("`{path} -V`");
        match text.lines().any(|line| line.starts_with("cargo ")) {
            true => Ok(line),
            false => Err(format!("{line} did not answer as cargo does")),
        }
    }

    /// What this rustc says of itself.
    pub fn ask_rustc(&mut self, path: &str, root: &Utf8Path) -> Result<Rustc, String> {
        // A bare name is looked up on PATH, a relative path counts from the project.
        let path = match path.contains('/') {
            true => root.join(path),
            false => Utf8PathBuf::from(path),
        };
        if let Some(known) = self.rustcs.get(&path) {
            return known.clone();
        }
        let answer = self.ask(&path, "-vV", root).and_then(|text| {
            let line =
                |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let rustc = || {
                line("binary:").filter(|binary| *binary == "rustc")?;
                Some(Rustc {
                    path: path.clone(),
                    version: line("release:")?.parse().ok()?,
                    host: line("host:")?.parse().ok()?,
                    how: format!("`{path} -vV`"),
                })
            };
            rustc().ok_or_else(|| format!("`{path} -vV` did not answer as rustc does"))
        });
        self.rustcs.insert(path, answer.clone());
        answer
    }

    /// What a program says to one argument.
    fn ask(&self, program: &Utf8Path, arg: &str, root: &Utf8Path) -> Result<String, String> {
        let dir = if root.is_dir() { root } else { Utf8Path::new("/") };
        let program = Program::new(program.as_str(), dir)
            .arg(arg)
            // A proxy of rustup would fetch the toolchain that the project wants.
            .env("RUSTUP_AUTO_INSTALL", "0");
        self.ui.detail(format!("+ {}", program.words().join(" ")));
        let run = || -> Result<(Ended, String), String> {
            let mut file = tempfile::tempfile().map_err(|cause| cause.to_string())?;
            let ended = program.within(LIMIT, &file).map_err(|cause| cause.to_string())?;
            let mut answer = Vec::new();
            file.rewind().map_err(|cause| cause.to_string())?;
            file.take(65_536).read_to_end(&mut answer).map_err(|cause| cause.to_string())?;
            Ok((ended, String::from_utf8_lossy(&answer).into_owned()))
        };
        match run()? {
            (Ended::Code(0), answer) => Ok(answer),
            (ended, answer) => {
                let line = program.words().join(" ");
                let first = answer.lines().map(str::trim).find(|line| !line.is_empty());
                Err(match first {
                    Some(first) => format!("`{line}` {ended}: {first}"),
                    None => format!("`{line}` {ended}"),
                })
            }
        }
    }

    fn on_path(&self, name: &str) -> Option<Utf8PathBuf> {
        let path = self.env.get("PATH")?;
        let folders = path.split(':').map(Utf8Path::new).filter(|folder| folder.is_absolute());
        folders.map(|folder| folder.join(name)).find(|program| is_program(program))
    }

    /// All programs of this name in the Nix store, sorted, and the store.
    fn in_store(&self, name: &str) -> (Vec<Utf8PathBuf>, Utf8PathBuf) {
        let store = Utf8PathBuf::from(self.env.get("NIX_STORE_DIR").unwrap_or("/nix/store"));
        let entries = store.read_dir_utf8().into_iter().flatten().flatten();
        let mut programs: Vec<Utf8PathBuf> = entries
            .map(|entry| entry.into_path().join("bin").join(name))
            .filter(|program| is_program(program))
            .collect();
        programs.sort();
        (programs, store)
    }
}

fn none_in_store(name: &str, store: &Utf8Path, which: &str, asked: usize) -> String {
    match asked {
        0 => format!("`{store}` has no `{name}`"),
        _ => format!("`{store}` has no `{name}`{which} that answers, among {asked}"),
    }
}

fn is_program(path: &Utf8Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
