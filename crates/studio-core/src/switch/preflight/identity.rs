//! Whether a configuration is this machine's: the one that a wrong `--host` would make another machine of.
//!
//! Not here: which configuration is meant (`build::resolve`).

use crate::activation::{Machine, machine_id};
use crate::error::{Error, Result};
use crate::fs;
use crate::store_path::StorePath;
use crate::switch::Site;
use crate::target::{Kind, Target};
use crate::transaction::{Phase, Record, Records};
use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// The most links that a path may lead through; Linux has the same limit.
const MOST_LINKS: u32 = 40;

/// Names that a machine has which was given none.
const NO_NAMES: [&str; 3] = ["", "(none)", "localhost"];

/// What is known so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// It is this machine's, or nothing speaks against it.
    Right,
    /// What was built will tell.
    AfterBuild,
}

/// Refuses a configuration that is another machine's.
///
/// It is this one's if it has its name, if what was built (`None`: nothing yet) gives the machine the name that it has,
/// or if this machine was switched to it before. A machine that has no name or was never switched takes any.
pub fn identity(site: &Site, built: Option<&StorePath>) -> Result<Identity> {
    let target = &site.target;
    if !target.kind.privileged() || site.place.runs().is_none() {
        return Ok(Identity::Right);
    }
    let Some(name) = host_name(&site.machine) else { return Ok(Identity::Right) };
    if is_called(&name, target.name.as_str()) {
        return Ok(Identity::Right);
    }
    let records = Records::at(&site.place.records).of(&site.place.profile)?;
    if used_before(&records, target, machine_id(site.machine.root()).as_deref()) {
        return Ok(Identity::Right);
    }
    let new_name = match built {
        Some(built) => host_name_of(built)?,
        // A system of nix-darwin does not carry the name.
        None if target.kind == Kind::Darwin => None,
        None => return Ok(Identity::AfterBuild),
    };
    if new_name.as_deref().is_some_and(|new| is_called(&name, new)) {
        return Ok(Identity::Right);
    }
    Err(refusal(site, &name, new_name.as_deref()))
}

fn refusal(site: &Site, name: &str, new_name: Option<&str>) -> Error {
    let target = &site.target;
    let machine = if site.machine.is_this_one() {
        "this machine".to_owned()
    } else {
        format!("the machine under `{}`", site.machine.root())
    };
    let error = Error::new(format!("{target} is not {machine}, which is called `{name}`"));
    let error = match new_name {
        Some(new) if new != target.name.as_str() => {
            error.because(format!("the configuration would call it `{new}`"))
        }
        _ => error,
    };
    error
        .hint(format!("to switch it to its own configuration: `--host {name}`"))
        .hint(format!("if it is to become `{}` from now on: `--other-host`", target.name))
}

/// Whether a machine of this name is meant by `other`: the name itself, or its first label.
fn is_called(name: &str, other: &str) -> bool {
    name == other || name.split('.').next() == Some(other)
}

/// Whether this machine was switched to the target for good before. A disk may have been copied to another machine.
fn used_before(records: &[Record], target: &Target, machine: Option<&str>) -> bool {
    records.iter().any(|record| {
        record.phase == Phase::Committed
            && record.call.target == *target
            && record.machine.as_deref() == machine
    })
}

/// The name of a machine, if it was given one.
fn host_name(machine: &Machine) -> Option<String> {
    let name = if machine.is_this_one() {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    } else {
        read_below(machine.root(), Utf8Path::new("etc/hostname"))?
    };
    let name = name.trim();
    (!NO_NAMES.contains(&name)).then(|| name.to_owned())
}

/// The name that a system gives its machine.
fn host_name_of(system: &StorePath) -> Result<Option<String>> {
    let text = fs::read_optional(&system.path().join("etc/hostname"))?;
    Ok(text.map(|text| text.trim().to_owned()).filter(|name| !name.is_empty()))
}

/// Reads a file as a machine would that has `root` as its root folder: absolute links lead below it.
///
/// A link into a store whose object is not below the root is followed as it is: the same name holds the same there.
fn read_below(root: &Utf8Path, path: &Utf8Path) -> Option<String> {
    let mut left: Vec<String> = parts(path);
    let mut at = root.to_owned();
    let mut links = 0;
    while let Some(part) = left.pop() {
        if part == ".." {
            if at != root {
                at.pop();
            }
            continue;
        }
        let next = at.join(&part);
        let Ok(target) = next.read_link_utf8() else {
            at = next;
            continue;
        };
        links += 1;
        if links > MOST_LINKS {
            return None;
        }
        if target.is_absolute() {
            at = root.to_owned();
            let below = join_below(root, &target);
            if below.symlink_metadata().is_err() && in_a_store(&target) {
                let mut there = target;
                there.extend(left.iter().rev());
                return fs::read_optional(&there).ok()?;
            }
        }
        left.extend(parts(&target));
    }
    fs::read_optional(&at).ok()?
}

/// The parts of a path, last one first.
fn parts(path: &Utf8Path) -> Vec<String> {
    path.components()
        .rev()
        .filter_map(|part| match part {
            Utf8Component::Normal(name) => Some(name.to_owned()),
            Utf8Component::ParentDir => Some("..".to_owned()),
            _ => None,
        })
        .collect()
}

fn join_below(root: &Utf8Path, path: &Utf8Path) -> Utf8PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

fn in_a_store(path: &Utf8Path) -> bool {
    path.ancestors().any(|path| StorePath::new(path).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_called_by_its_name_and_by_its_first_label() {
        assert!(is_called("box", "box"));
        assert!(is_called("box.example.org", "box"));
        assert!(is_called("box.example.org", "box.example.org"));
        assert!(!is_called("box", "box.example.org"));
        assert!(!is_called("box", "bo"));
        assert!(!is_called("box", ""));
    }

    #[test]
    fn links_of_another_root_lead_below_it_and_store_paths_anywhere() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = fs::utf8(dir.path()).expect("utf-8");
        let root = dir.join("root");
        let object = "store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-etc";
        for (folder, text) in [(dir.clone(), "outside"), (root.clone(), "inside")] {
            fs::create_dir_all(&folder.join(object)).expect("mkdir");
            fs::write_new(&folder.join(object).join("hostname"), text.as_bytes()).expect("write");
        }
        fs::create_dir_all(&root.join("etc")).expect("mkdir");
        let read = |target: &str| {
            fs::symlink_atomic(target.into(), &root.join("etc/hostname")).expect("link");
            read_below(&root, "etc/hostname".into())
        };
        fs::symlink_atomic(format!("/{object}").as_str().into(), &root.join("etc/static"))
            .expect("link");
        assert_eq!(read("/etc/static/hostname").as_deref(), Some("inside"));
        assert_eq!(read("static/hostname").as_deref(), Some("inside"));
        assert_eq!(read("../../../etc/static/hostname").as_deref(), Some("inside"));
        assert_eq!(read(&format!("{dir}/{object}/hostname")).as_deref(), Some("outside"));
        fs::symlink_atomic(format!("{dir}/{object}").as_str().into(), &root.join("etc/static"))
            .expect("link");
        assert_eq!(read("/etc/static/hostname").as_deref(), Some("outside"));
        // What is this machine's own is never taken for the other one's.
        assert_eq!(read("/proc/sys/kernel/hostname"), None);
        assert_eq!(read("hostname"), None, "a link in a circle");
        assert_eq!(read_below(&root, "etc/machine-id".into()), None);
    }
}
