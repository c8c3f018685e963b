//! What a switch would change, found by comparing the files of two systems: nothing is run and no privilege is needed.
//!
//! Not here: packages (`closure`), and the configuration that the systems were built from (`configuration`).

use super::generations::kernel;
use super::users::Accounts;
use crate::activation::inhibitors;
use crate::error::Result;
use crate::fs;
use crate::store_path::StorePath;
use crate::ui;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};

/// How many names a line shows.
const MOST: usize = 8;

/// What differs between two systems.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Changes {
    /// Units that only the new one has.
    pub units_added: Vec<String>,
    /// Units that only the old one has.
    pub units_removed: Vec<String>,
    /// Units that both have, with different text.
    pub units_changed: Vec<String>,
    /// Files below `/etc` that only the new one has, by their path there; units apart.
    pub etc_added: Vec<String>,
    /// Files below `/etc` that only the old one has.
    pub etc_removed: Vec<String>,
    /// Files below `/etc` that both have and that differ.
    pub etc_changed: Vec<String>,
    /// The versions of the two kernels, where they differ.
    pub kernel: Option<Kernels>,
    /// Kernel parameters that only the new one has.
    pub parameters_added: Vec<String>,
    /// Kernel parameters that only the old one has.
    pub parameters_removed: Vec<String>,
    /// Users and groups, where both systems name those that they make.
    pub accounts: Option<Accounts>,
    /// Parts of the system that are only used from the next start on.
    pub at_reboot: Vec<String>,
    /// What the running system cannot change while it runs.
    pub inhibitors: Vec<String>,
}

/// The versions of two kernels.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Kernels {
    /// That of the old system, if it has one.
    pub old: Option<String>,
    /// That of the new one.
    pub new: Option<String>,
}

impl Kernels {
    /// Where they differ.
    fn between(old: &StorePath, new: &StorePath) -> Option<Kernels> {
        let kernels = Kernels { old: kernel(old), new: kernel(new) };
        (kernels.old != kernels.new).then_some(kernels)
    }
}

impl Changes {
    /// Compares two systems; `None` is a system with nothing.
    pub fn between(old: Option<&StorePath>, new: &StorePath) -> Result<Changes> {
        Changes::since(old, None, new)
    }

    /// Compares what runs with what is to run; `booted` is what was started at the last boot, where that is known: its
    /// kernel is the one at work, whatever was activated since.
    pub fn since(
        old: Option<&StorePath>,
        booted: Option<&StorePath>,
        new: &StorePath,
    ) -> Result<Changes> {
        let units = |system: &StorePath| units(&system.path().join("etc/systemd/system"));
        let (before, after) = (old.map(units).unwrap_or_default(), units(new));
        let names = |of: &BTreeMap<String, Utf8PathBuf>, keep: &dyn Fn(&str, &Utf8Path) -> bool| {
            of.iter()
                .filter(|(name, path)| keep(name, path))
                .map(|(name, _)| name.clone())
                .collect()
        };
        let etc = |system: &StorePath| etc(&system.path().join("etc"));
        let (etc_before, etc_after) = (old.map(etc).unwrap_or_default(), etc(new));
        let (was, is) = (old.map(parameters).transpose()?.unwrap_or_default(), parameters(new)?);
        Ok(Changes {
            units_added: names(&after, &|name, _| !before.contains_key(name)),
            units_removed: names(&before, &|name, _| !after.contains_key(name)),
            units_changed: names(&after, &|name, path| {
                before.get(name).is_some_and(|other| !same(other, path))
            }),
            etc_added: names(&etc_after, &|name, _| !etc_before.contains_key(name)),
            etc_removed: names(&etc_before, &|name, _| !etc_after.contains_key(name)),
            etc_changed: names(&etc_after, &|name, path| {
                etc_before.get(name).is_some_and(|other| !same(other, path))
            }),
            kernel: old.and_then(|old| Kernels::between(old, new)),
            accounts: old.and_then(|old| Accounts::between(old, new)),
            parameters_added: is.difference(&was).cloned().collect(),
            parameters_removed: was.difference(&is).cloned().collect(),
            at_reboot: booted.or(old).map_or_else(Vec::new, |at_work| at_reboot(at_work, new)),
            inhibitors: old.map(|old| inhibitors(old, new)).transpose()?.unwrap_or_default(),
        })
    }

    /// A line for each kind of change, the files of `/etc` apart.
    pub fn lines(&self) -> Vec<String> {
        self.lines_of(MOST)
    }

    /// A line for each kind of difference in the files of `/etc`, with all their names.
    pub fn etc_lines(&self) -> Vec<String> {
        let rows = [
            ("/etc added", &self.etc_added),
            ("/etc removed", &self.etc_removed),
            ("/etc changed", &self.etc_changed),
        ];
        let some = rows.into_iter().filter(|(_, names)| !names.is_empty());
        some.map(|(what, names)| format!("{what}: {}", ui::names(names, names.len()))).collect()
    }

    /// A line for each kind of change with at most so many names.
    pub fn lines_of(&self, most: usize) -> Vec<String> {
        let line = |(what, names): (&str, &Vec<String>)| {
            (!names.is_empty()).then(|| format!("{what}: {}", ui::names(names, most)))
        };
        let units = [
            ("units added", &self.units_added),
            ("units removed", &self.units_removed),
            ("units changed", &self.units_changed),
        ];
        let machine = [
            ("kernel parameters added", &self.parameters_added),
            ("kernel parameters removed", &self.parameters_removed),
            ("used from the next start on", &self.at_reboot),
            ("cannot change while it runs", &self.inhibitors),
        ];
        let kernel = self.kernel.as_ref().map(|Kernels { old, new }| {
            let version = |version: &Option<String>| version.clone().unwrap_or("none".to_owned());
            format!("kernel: {} → {}", version(old), version(new))
        });
        let accounts = self.accounts.iter().flat_map(|accounts| accounts.lines(most));
        let units = units.into_iter().filter_map(line);
        units.chain(accounts).chain(kernel).chain(machine.into_iter().filter_map(line)).collect()
    }
}

/// The units of a system by name. Folders (`NAME.wants`, `NAME.d`) follow from the units in them.
fn units(folder: &Utf8Path) -> BTreeMap<String, Utf8PathBuf> {
    let Ok(entries) = folder.read_dir_utf8() else { return BTreeMap::new() };
    entries
        .flatten()
        .map(|entry| (entry.file_name().to_owned(), entry.into_path()))
        .filter(|(_, path)| !path.is_dir())
        .collect()
}

/// The files of `/etc` by their path there, without units, which are counted by themselves.
///
/// Links are not followed into folders: one that leads elsewhere is one difference, however much is behind it.
fn etc(top: &Utf8Path) -> BTreeMap<String, Utf8PathBuf> {
    fn walk(folder: &Utf8Path, prefix: &str, files: &mut BTreeMap<String, Utf8PathBuf>) {
        for entry in folder.read_dir_utf8().into_iter().flatten().flatten() {
            let name = format!("{prefix}{}", entry.file_name());
            if name == "systemd/system" {
                continue;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                walk(entry.path(), &format!("{name}/"), files);
            } else {
                files.insert(name, entry.into_path());
            }
        }
    }
    let mut files = BTreeMap::new();
    walk(top, "", &mut files);
    files
}

/// Whether two files are the same one, or say the same.
fn same(one: &Utf8Path, other: &Utf8Path) -> bool {
    match (one.canonicalize_utf8(), other.canonicalize_utf8()) {
        (Ok(one), Ok(other)) if one == other => true,
        (Ok(one), Ok(other)) => match (fs::read(&one), fs::read(&other)) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        },
        // A masked unit is a link to /dev/null, which exists; what leads nowhere is compared as a link.
        _ => one.read_link_utf8().ok() == other.read_link_utf8().ok(),
    }
}

fn parameters(system: &StorePath) -> Result<BTreeSet<String>> {
    let text = fs::read_optional(&system.path().join("kernel-params"))?.unwrap_or_default();
    Ok(text.split_whitespace().map(str::to_owned).collect())
}

fn at_reboot(old: &StorePath, new: &StorePath) -> Vec<String> {
    let real = |system: &StorePath, part: &str| system.path().join(part).canonicalize_utf8().ok();
    ["kernel", "initrd", "kernel-modules"]
        .into_iter()
        .filter(|part| real(old, part) != real(new, part))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(folder: &Utf8Path, hash: char, files: &[(&str, &str)]) -> StorePath {
        let path = folder.join("store").join(format!("{}-system", hash.to_string().repeat(32)));
        for (name, text) in files {
            let file = path.join(name);
            fs::create_dir_all(file.parent().expect("parent")).expect("mkdir");
            fs::write_new(&file, text.as_bytes()).expect("write");
        }
        StorePath::new(path).expect("store path")
    }

    #[test]
    fn what_differs_is_named_and_what_is_the_same_is_not() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = fs::utf8(dir.path()).expect("utf-8");
        let units = "etc/systemd/system";
        let old = system(
            &dir,
            'a',
            &[
                (&format!("{units}/gone.service"), "x"),
                (&format!("{units}/same.service"), "x"),
                (&format!("{units}/other.service"), "1"),
                ("etc/hosts", "1"),
                ("etc/ssh/gone", "x"),
                ("etc/ssh/same", "x"),
                ("kernel-params", "quiet loglevel=4\n"),
                ("switch-inhibitors", r#"{"dbus": "dbus"}"#),
            ],
        );
        let new = system(
            &dir,
            'b',
            &[
                (&format!("{units}/new.service"), "x"),
                (&format!("{units}/same.service"), "x"),
                (&format!("{units}/other.service"), "2"),
                ("etc/hosts", "2"),
                ("etc/ssh/same", "x"),
                ("etc/ssh/new", "x"),
                ("kernel-params", "loglevel=4 debug"),
                ("switch-inhibitors", r#"{"dbus": "broker"}"#),
            ],
        );
        let changes = Changes::between(Some(&old), &new).expect("compared");
        assert_eq!(
            changes.lines(),
            [
                "units added: `new.service`",
                "units removed: `gone.service`",
                "units changed: `other.service`",
                "kernel parameters added: `debug`",
                "kernel parameters removed: `quiet`",
                "cannot change while it runs: `dbus`",
            ]
        );
        assert_eq!(
            changes.etc_lines(),
            ["/etc added: `ssh/new`", "/etc removed: `ssh/gone`", "/etc changed: `hosts`"]
        );
        assert_eq!(Changes::between(Some(&new), &new).expect("same"), Changes::default());
        assert_eq!(Changes::between(None, &new).expect("first").units_added.len(), 3);
    }

    #[test]
    fn the_kernel_at_work_is_the_one_that_was_booted() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = fs::utf8(dir.path()).expect("utf-8");
        let old = system(&dir, 'a', &[("kernel", "1"), ("initrd", "1")]);
        let new = system(&dir, 'b', &[("kernel", "2")]);
        let at_reboot = |runs: &StorePath, booted| {
            Changes::since(Some(runs), booted, &new).expect("compared").at_reboot
        };
        assert_eq!(at_reboot(&old, None), ["kernel", "initrd"]);
        assert_eq!(at_reboot(&new, Some(&old)), ["kernel", "initrd"]);
        assert_eq!(at_reboot(&old, Some(&new)), Vec::<String>::new());
        assert_eq!(
            Changes::since(None, None, &new).expect("first").at_reboot,
            Vec::<String>::new()
        );
    }
}
