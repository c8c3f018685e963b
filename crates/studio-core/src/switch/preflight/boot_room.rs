//! Whether the boot partition has room for what a boot entry needs: kernels and initrds are copied there, and a boot
//! loader that runs out of room half-way may leave a machine that does not start.
//!
//! The names are those of systemd-boot (`EFI/nixos/HASH-linux-6.12-bzImage.efi`), of grub (`kernels/HASH-…`) and of
//! extlinux (`nixos/HASH-…`). Not here: writing them, which the system's own program does.

use crate::activation::{Generation, Place};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs;
use crate::store_path::StorePath;
use crate::ui;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};

/// Where a boot partition may be mounted.
const MOUNTS: [&str; 3] = ["boot", "efi", "boot/efi"];

/// Where on it boot loaders keep kernels. Only systemd-boot clears away what no generation needs before it copies.
const FOLDERS: [&str; 3] = [SYSTEMD_BOOT, "kernels", "nixos"];
const SYSTEMD_BOOT: &str = "EFI/nixos";

/// What the entries themselves take, in bytes, with some room to spare.
const ENTRIES: u64 = 1 << 20;

/// Refuses a system whose kernel and initrd do not fit on the boot partition of the machine.
///
/// A partition that only root may look into is guessed at: then there is a warning instead.
pub fn room_on_boot(cx: &Context, place: &Place, new: &StorePath) -> Result<()> {
    let Some(boot) = partition(&place.root) else { return Ok(()) };
    let kept = names(&place.profile().generations()?);
    let free = fs::free(&boot)?.bytes;
    let closed = boot.read_dir_utf8().is_err();
    let (needed, free) = if closed {
        // What some generation needs is there, as far as one can know.
        (size(copied(new).into_iter().filter(|(name, _)| !kept.contains(name))), free)
    } else {
        (needed(&boot, new), free.saturating_add(cleared(&boot, &kept, new)))
    };
    let needed = needed.saturating_add(ENTRIES);
    if needed <= free {
        return Ok(());
    }
    let why = format!(
        "the new kernel and initrd take {}, and {} are free",
        ui::size(needed),
        ui::size(free)
    );
    if closed {
        cx.ui.warn(format!("the boot partition `{boot}` may be too small: {why}"));
        return Ok(());
    }
    Err(Error::new(format!("there is too little space on the boot partition `{boot}`"))
        .because(why)
        .hint("each generation keeps its own there: `git flake-generations` lists them")
        .hint("remove old ones, then try again: `nix-collect-garbage --delete-older-than 30d`"))
}

/// What a boot partition has room for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootRoom {
    /// Where it is mounted.
    pub path: Utf8PathBuf,
    /// What is free, in bytes.
    pub free: u64,
    /// What another kernel and initrd of the size of those that run would take there, in bytes; nothing where the boot
    /// loader reads them from the store.
    pub another: u64,
    /// Whether we may look into it: where not, what it holds is not known.
    pub seen: bool,
}

/// The room on the boot partition of a machine for the next kernel; `None` where no system of ours runs, or none of the
/// folders that boot partitions are mounted at is there.
pub fn boot_room(place: &Place) -> Result<Option<BootRoom>> {
    let (Some(system), Some(path)) = (place.runs(), partition(&place.root)) else {
        return Ok(None);
    };
    let free = fs::free(&path)?.bytes;
    let seen = path.read_dir_utf8().is_ok();
    let another = if seen && !is_copied_to(&path) {
        0
    } else {
        size(copied(&system).into_iter()).saturating_add(ENTRIES)
    };
    Ok(Some(BootRoom { path, free, another, seen }))
}

/// The boot partition of a machine: where a boot loader of ours was installed, else a file system of its own, else the
/// folder `boot`.
fn partition(root: &Utf8Path) -> Option<Utf8PathBuf> {
    let there: Vec<Utf8PathBuf> =
        MOUNTS.iter().map(|name| root.join(name)).filter(|folder| folder.is_dir()).collect();
    let in_use = |boot: &&Utf8PathBuf| FOLDERS.iter().any(|folder| boot.join(folder).is_dir());
    let found = there
        .iter()
        .find(in_use)
        .or_else(|| there.iter().find(|folder| fs::is_mount_point(folder)))
        .or_else(|| there.iter().find(|folder| folder.ends_with("boot")));
    found.cloned()
}

/// How many bytes would be copied to the boot partition.
fn needed(boot: &Utf8Path, new: &StorePath) -> u64 {
    if !is_copied_to(boot) {
        return 0;
    }
    let is_there = |name: &str| FOLDERS.iter().any(|folder| is_in(&boot.join(folder), name));
    size(copied(new).into_iter().filter(|(name, _)| !is_there(name)))
}

/// Whether kernels are copied there; a boot loader that reads the store itself copies nothing.
fn is_copied_to(boot: &Utf8Path) -> bool {
    FOLDERS.iter().any(|folder| boot.join(folder).is_dir()) || fs::is_mount_point(boot)
}

/// The size of several files together.
fn size(files: impl Iterator<Item = (String, u64)>) -> u64 {
    files.fold(0, |sum, (_, size)| sum.saturating_add(size))
}

/// What all generations have on the boot partition.
fn names(generations: &[Generation]) -> BTreeSet<String> {
    let systems = generations.iter().filter_map(|generation| generation.path.as_ref());
    systems.flat_map(|system| copied(system).into_keys()).collect()
}

fn is_in(folder: &Utf8Path, name: &str) -> bool {
    folder.join(name).exists() || folder.join(format!("{name}.efi")).exists()
}

/// How many bytes systemd-boot clears away before it copies: what neither a generation nor the new system needs.
fn cleared(boot: &Utf8Path, kept: &BTreeSet<String>, new: &StorePath) -> u64 {
    let Ok(entries) = boot.join(SYSTEMD_BOOT).read_dir_utf8() else { return 0 };
    let new = copied(new);
    let needless = |name: &str| !kept.contains(name) && !new.contains_key(name);
    entries
        .flatten()
        .filter(|entry| needless(entry.file_name().trim_end_matches(".efi")))
        .filter_map(|entry| entry.metadata().ok())
        .filter(std::fs::Metadata::is_file)
        .fold(0, |sum, meta| sum.saturating_add(meta.len()))
}

/// What of a system and its specialisations is copied: the name that it gets, and its size in bytes.
fn copied(system: &StorePath) -> BTreeMap<String, u64> {
    let specialisations = system.path().join("specialisation").read_dir_utf8();
    let systems = specialisations
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.into_path())
        .chain([system.path().to_owned()]);
    systems
        .flat_map(|system| ["kernel", "initrd"].map(|part| system.join(part)))
        .filter_map(|file| {
            let real = file.canonicalize_utf8().ok()?;
            Some((flat_name(&real)?, real.metadata().ok()?.len()))
        })
        .collect()
}

/// The path below the store as one name: `HASH-linux-6.12/bzImage` is `HASH-linux-6.12-bzImage`.
fn flat_name(file: &Utf8Path) -> Option<String> {
    let object = file.ancestors().find(|path| StorePath::new(*path).is_ok())?;
    let below = file.strip_prefix(object.parent()?).ok()?;
    Some(below.as_str().replace('/', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2";

    fn write(path: &Utf8Path, size: usize) {
        fs::create_dir_all(path.parent().expect("parent")).expect("mkdir");
        fs::write_new(path, &vec![b'x'; size]).expect("write");
    }

    #[test]
    fn only_what_is_not_there_yet_is_counted_under_the_names_of_each_boot_loader() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = fs::utf8(dir.path()).expect("utf-8");
        let store = dir.join("nix/store");
        let kernel = store.join(format!("{HASH}-linux-6.12/bzImage"));
        let initrd = store.join(format!("{HASH}-initrd"));
        write(&kernel, 5000);
        write(&initrd, 700);
        let system = store.join(format!("{HASH}-nixos-system"));
        fs::symlink_atomic(&kernel, &system.join("kernel")).expect("link");
        fs::symlink_atomic(&initrd, &system.join("initrd")).expect("link");
        let system = StorePath::new(system).expect("store path");
        let boot = dir.join("boot");
        assert_eq!(partition(&dir), None);
        fs::create_dir_all(&boot).expect("mkdir");
        assert_eq!(partition(&dir), Some(boot.clone()));
        assert_eq!(needed(&boot, &system), 0, "nothing is copied beside the store");
        fs::create_dir_all(&boot.join("efi/EFI/nixos")).expect("mkdir");
        assert_eq!(partition(&dir), Some(boot.join("efi")));
        fs::create_dir_all(&boot.join("kernels")).expect("mkdir");
        assert_eq!(partition(&dir), Some(boot.clone()));
        assert_eq!(needed(&boot, &system), 5700);
        write(&boot.join(format!("kernels/{HASH}-linux-6.12-bzImage")), 1);
        assert_eq!(needed(&boot, &system), 700);
        let esp = boot.join("EFI/nixos");
        write(&esp.join(format!("{HASH}-initrd.efi")), 1);
        assert_eq!(needed(&boot, &system), 0);
        let none = BTreeSet::new();
        assert_eq!(cleared(&boot, &none, &system), 0);
        let old = format!("{HASH}-linux-6.1-bzImage");
        write(&esp.join(format!("{old}.efi")), 4000);
        assert_eq!(cleared(&boot, &none, &system), 4000);
        assert_eq!(cleared(&boot, &BTreeSet::from([old]), &system), 0, "a generation needs it");
    }
}
