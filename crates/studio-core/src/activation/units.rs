//! Which units of a machine or of a user have failed, asked before and after an activation.
//!
//! Not here: which of them failed newly, or what follows from that (`studio-activate`).

use crate::process::Program;
use camino::Utf8Path;
use std::collections::BTreeSet;

/// Where `systemctl` is: on NixOS, and elsewhere.
const SYSTEMCTL: [&str; 3] =
    ["/run/current-system/sw/bin/systemctl", "/usr/bin/systemctl", "/bin/systemctl"];

/// Whose units are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// The machine's whose root folder this is.
    System(&'a Utf8Path),
    /// The user's whose `XDG_RUNTIME_DIR` this is, for a home.
    User(&'a Utf8Path),
}

impl<'a, P: AsRef<Utf8Path> + ?Sized> From<&'a P> for Scope<'a> {
    /// A path alone is the root folder of a machine.
    fn from(root: &'a P) -> Scope<'a> {
        Scope::System(root.as_ref())
    }
}

/// The failed units; none where nothing manages units.
///
/// On this machine systemd is asked: that of the machine, or that of the user if it runs. Under another root there is no
/// running systemd: there each file in `run/units` is a unit, and its text is the state that the activation program left
/// it in.
pub fn failed_units<'a>(scope: impl Into<Scope<'a>>) -> BTreeSet<String> {
    match scope.into() {
        Scope::System(root) if root == "/" => {
            let runs = Utf8Path::new("/run/systemd/system").is_dir();
            if runs { failed_by_systemd(&[], &[]) } else { BTreeSet::new() }
        }
        Scope::System(root) => failed_by_files(&root.join("run/units")),
        // The user's systemd makes this folder, and `systemctl` finds it by the variable.
        Scope::User(runtime) if runtime.join("systemd").is_dir() => {
            failed_by_systemd(&["--user"], &[("XDG_RUNTIME_DIR", runtime.as_str())])
        }
        Scope::User(_) => BTreeSet::new(),
    }
}

/// Lets the user's systemd forget that these failed: a unit that is gone with its home stays on its list otherwise.
pub fn forget_failed(runtime: &Utf8Path, units: &[String]) {
    let environment = [("XDG_RUNTIME_DIR", runtime.as_str())];
    if let (Some(systemctl), false) = (systemctl(&["--user"], &environment), units.is_empty()) {
        // One that it does not know any more is forgotten already.
        let _ = systemctl.arg("reset-failed").args(units).run();
    }
}

fn systemctl(whose: &[&str], environment: &[(&str, &str)]) -> Option<Program> {
    let path = SYSTEMCTL.iter().find(|path| Utf8Path::new(path).exists())?;
    let program = Program::new(path, Utf8Path::new("/"))
        .args(whose)
        .env("LC_ALL", "C")
        .only_its_environment();
    Some(environment.iter().fold(program, |program, (name, value)| program.env(name, value)))
}

fn failed_by_systemd(whose: &[&str], environment: &[(&str, &str)]) -> BTreeSet<String> {
    let Some(program) = systemctl(whose, environment) else { return BTreeSet::new() };
    let program = program.args([
        "list-units",
        "--state=failed",
        "--all",
        "--plain",
        "--no-legend",
        "--no-pager",
    ]);
    // A systemd that does not answer says nothing about units; what activates says so itself.
    let text = program.run().map(|said| said.text()).unwrap_or_default();
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

fn failed_by_files(folder: &Utf8Path) -> BTreeSet<String> {
    let Ok(entries) = folder.read_dir_utf8() else { return BTreeSet::new() };
    entries
        .flatten()
        .filter(|entry| {
            let state = crate::fs::read_optional(entry.path()).ok().flatten().unwrap_or_default();
            state.trim() == "failed"
        })
        .map(|entry| entry.file_name().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs;

    #[test]
    fn under_a_root_the_states_are_files_and_a_user_without_systemd_has_none() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = fs::utf8(dir.path()).expect("utf-8");
        fs::create_dir_all(&dir.join("run/units")).expect("mkdir");
        for (unit, state) in [("a.service", "failed\n"), ("b.service", "active\n")] {
            fs::write_new(&dir.join("run/units").join(unit), state.as_bytes()).expect("write");
        }
        assert_eq!(failed_units(&dir), BTreeSet::from(["a.service".to_owned()]));
        assert_eq!(failed_units(Scope::User(&dir)), BTreeSet::new());
    }
}
