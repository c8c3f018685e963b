//! Which units of a machine have failed, asked before and after an activation.

use crate::process::Program;
use camino::Utf8Path;
use std::collections::BTreeSet;

/// Where `systemctl` is: on NixOS, and elsewhere.
const SYSTEMCTL: [&str; 3] =
    ["/run/current-system/sw/bin/systemctl", "/usr/bin/systemctl", "/bin/systemctl"];

/// The failed units of the machine under `root`; none where nothing manages units.
///
/// On this machine systemd is asked. Under another root there is no running systemd: there each file in `run/units` is a
/// unit, and its text is the state that the activation program left it in.
pub fn failed_units(root: &Utf8Path) -> BTreeSet<String> {
    if root == "/" { failed_by_systemd() } else { failed_by_files(&root.join("run/units")) }
}

fn failed_by_systemd() -> BTreeSet<String> {
    if !Utf8Path::new("/run/systemd/system").is_dir() {
        return BTreeSet::new();
    }
    let Some(systemctl) = SYSTEMCTL.iter().find(|path| Utf8Path::new(path).exists()) else {
        return BTreeSet::new();
    };
    let said = Program::new(systemctl, Utf8Path::new("/"))
        .args(["list-units", "--state=failed", "--all", "--plain", "--no-legend", "--no-pager"])
        .env("LC_ALL", "C")
        .only_its_environment()
        .run();
    let text = said.map(|said| said.text()).unwrap_or_default();
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
