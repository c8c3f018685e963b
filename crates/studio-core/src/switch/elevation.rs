//! How `studio-activate` gets the privilege that it needs: one call, by one absolute path, with nothing in between.
//!
//! Variables are never handed on by the program that elevates: each does it differently and most do not. They are
//! arguments of ours. Not here: what `studio-activate` is told.

use crate::activation::Machine;
use crate::config::{Environment, Key, Settings};
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::fs;
use crate::process::{Conversation, Failure, Program};
use crate::target::Kind;
use crate::toolkit;
use crate::ui;
use camino::{Utf8Path, Utf8PathBuf};

/// Where a program that elevates may be. On NixOS only the wrapper has the privilege; the one on PATH may not.
const FOLDERS: [&str; 5] =
    ["/run/wrappers/bin", "/usr/bin", "/usr/local/bin", "/bin", "/opt/homebrew/bin"];

/// The programs that elevate, in the order in which they are tried.
const PROGRAMS: [&str; 3] = ["sudo", "doas", "run0"];

/// The words by which a way is chosen, besides the path of a program.
pub const ELEVATIONS: [&str; 5] = ["auto", PROGRAMS[0], PROGRAMS[1], PROGRAMS[2], "none"];

/// How to run `studio-activate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elevation {
    /// As we are.
    None,
    /// By this program.
    By(Utf8PathBuf),
}

impl Elevation {
    /// What this target on this machine takes, by the setting `elevate`.
    pub fn choose(
        kind: Kind,
        machine: &Machine,
        settings: &Settings,
        env: &Environment,
    ) -> Result<Elevation> {
        let root = rustix::process::geteuid().is_root();
        if root || !kind.privileged() || (!machine.is_this_one() && fs::is_writable(machine.root()))
        {
            return Ok(Elevation::None);
        }
        let wanted = settings.get(Key::Elevate).map_or("auto".to_owned(), |value| value.text);
        named(&wanted, &FOLDERS.map(Utf8Path::new), env.cwd())
    }

    /// What it is called.
    pub fn name(&self) -> Option<&str> {
        match self {
            Elevation::None => None,
            Elevation::By(program) => program.file_name(),
        }
    }

    /// The program that runs `studio-activate` with these arguments.
    pub fn program(&self, engine: &Utf8Path, args: &[String]) -> Program {
        let root = Utf8Path::new("/");
        match self {
            Elevation::None => Program::new(engine, root).args(args),
            Elevation::By(program) => Program::new(program, root).arg("--").arg(engine).args(args),
        }
    }
}

/// A `studio-activate` that may act, or can be started when it must.
#[derive(Debug)]
pub(super) enum Privilege {
    /// It is started when it is needed.
    Later,
    /// It was started, has its privilege, and waits for its order.
    Waiting(Box<Conversation>),
}

impl Privilege {
    /// Gets the privilege now, so that no password is asked for at the end of a long build.
    pub fn early(cx: &Context, elevation: &Elevation) -> Result<Privilege> {
        let Some(name) = elevation.name() else { return Ok(Privilege::Later) };
        cx.ui.step(format!("activation needs root: `{name}`"));
        let program = elevation.program(&engine(&cx.env)?, &["wait".to_owned()]);
        let mut waiting = program.converse()?;
        if waiting.hear().as_deref() == Some("ready") {
            return Ok(Privilege::Waiting(Box::new(waiting)));
        }
        let error = Error::new(format!("`{name}` did not give the privilege of root"));
        Err(match waiting.end() {
            Err(Failure::Status { how, .. }) => error.because(format!("it {how}")),
            Err(failure) => error.because(failure),
            Ok(()) => error,
        }
        .because("nothing was built and nothing was changed")
        .hint("choose another way: `--elevate sudo`, `doas` or `run0`")
        .hint("or run the whole command as root"))
    }

    /// Gives the order.
    pub fn order(self, cx: &Context, elevation: &Elevation, args: &[String]) -> Result<(), Order> {
        match self {
            Privilege::Waiting(waiting) => {
                let mut words = args.join("\0");
                words.push('\0');
                waiting.say(words.as_bytes()).map_err(Order::Refused)
            }
            Privilege::Later => {
                if let Some(name) = elevation.name() {
                    cx.ui.step(format!("activation needs root: `{name}`"));
                }
                let engine = engine(&cx.env).map_err(Order::Engine)?;
                let program = elevation.program(&engine, args);
                program.watch(&cx.ui, None).map(drop).map_err(Order::Refused)
            }
        }
    }
}

/// An order that was not taken.
pub(super) enum Order {
    /// By `studio-activate`, which has said why, or by what was to give it its privilege.
    Refused(Failure),
    /// There is no `studio-activate`.
    Engine(Error),
}

/// The elevation that a setting names, looked for in `folders`.
fn named(wanted: &str, folders: &[&Utf8Path], cwd: &Utf8Path) -> Result<Elevation> {
    let find = |name: &str| folders.iter().map(|dir| dir.join(name)).find(|path| path.exists());
    let install = "or run the whole command as root";
    match wanted {
        "none" => Ok(Elevation::None),
        "auto" => PROGRAMS.iter().find_map(|name| find(name)).map(Elevation::By).ok_or_else(|| {
            Error::new("root is needed, and no program that gives it was found")
                .because(format!("looked for {}", ui::names(&PROGRAMS, 3)))
                .hint("install one of them")
                .hint(install)
        }),
        name if PROGRAMS.contains(&name) => find(name).map(Elevation::By).ok_or_else(|| {
            let folders: Vec<&str> = folders.iter().map(|folder| folder.as_str()).collect();
            Error::new(format!("`{name}` was not found"))
                .because(format!("looked in {}", ui::names(&folders, 9)))
                .hint("choose another one: `--elevate auto`")
                .hint(install)
        }),
        path if path.contains('/') && cwd.join(path).is_file() => Ok(Elevation::By(cwd.join(path))),
        other => Err(Error::new(format!("`{}` cannot give privilege", other.escape_debug()))
            .hint("use `auto`, `sudo`, `doas`, `run0`, `none` or the path of a program")
            .exit(Exit::Usage)),
    }
}

/// `studio-activate`: beside the running program, else on PATH.
pub fn engine(env: &Environment) -> Result<Utf8PathBuf> {
    let beside = toolkit::folder().ok().map(|folder| folder.join("studio-activate"));
    let on_path = env
        .get("PATH")
        .unwrap_or_default()
        .split(':')
        .filter(|folder| folder.starts_with('/'))
        .map(|folder| Utf8Path::new(folder).join("studio-activate"));
    beside.into_iter().chain(on_path).find(|path| path.is_file()).ok_or_else(|| {
        Error::new("`studio-activate` was not found")
            .because("it lies beside this program, or on PATH, where this toolkit is installed")
            .hint("install the whole toolkit, or put its folder on PATH")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrapper_comes_before_what_lies_on_path() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = crate::fs::utf8(dir.path()).expect("utf-8");
        for path in ["wrappers/sudo", "usr/sudo", "usr/doas"] {
            let path = dir.join(path);
            crate::fs::create_dir_all(path.parent().expect("parent")).expect("mkdir");
            crate::fs::write_new(&path, b"").expect("write");
        }
        let (wrappers, usr) = (dir.join("wrappers"), dir.join("usr"));
        let folders = [wrappers.as_path(), usr.as_path()];
        let by = |wanted: &str| named(wanted, &folders, &dir);
        assert_eq!(by("auto").expect("found"), Elevation::By(wrappers.join("sudo")));
        assert_eq!(by("doas").expect("found"), Elevation::By(usr.join("doas")));
        assert_eq!(by("usr/doas").expect("found"), Elevation::By(usr.join("doas")));
        assert_eq!(by("none").expect("none"), Elevation::None);
        assert!(by("run0").is_err());
        assert_eq!(by("su").expect_err("unknown").status(), Exit::Usage);
    }

    #[test]
    fn the_engine_is_called_by_its_path_and_with_arguments_only() {
        let by = Elevation::By("/run/wrappers/bin/sudo".into());
        let program = by.program("/x/studio-activate".into(), &["switch".to_owned()]);
        assert_eq!(program.line(), "sudo -- /x/studio-activate switch");
    }
}
