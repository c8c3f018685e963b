//! The version of the kernel that a system starts, read from its files.

use crate::closure::PackageName;
use crate::store_path::StorePath;
use camino::Utf8Path;

/// The version, as `uname -r` will say it; nothing for what has no kernel.
///
/// NixOS has a folder of modules whose name it is. A system without modules has at least a kernel, whose store path has
/// the version in its name.
pub(in crate::switch) fn kernel(system: &StorePath) -> Option<String> {
    modules(&system.path().join("kernel-modules/lib/modules"))
        .or_else(|| of_store_path(&system.path().join("kernel")))
}

fn modules(folder: &Utf8Path) -> Option<String> {
    let mut names: Vec<String> =
        folder.read_dir_utf8().ok()?.flatten().map(|entry| entry.file_name().to_owned()).collect();
    names.sort();
    names.pop()
}

/// The version in the name of the store path that a link leads to or into: `6.6.1` of `HASH-linux-6.6.1/bzImage`.
fn of_store_path(link: &Utf8Path) -> Option<String> {
    let real = link.canonicalize_utf8().ok()?;
    let path = real.ancestors().find_map(|folder| StorePath::new(folder).ok())?;
    let version = PackageName::of_store_path(path.name(), None).version;
    (!version.is_empty()).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs;

    #[test]
    fn the_version_is_the_folder_of_modules_or_stands_in_the_name() {
        let dir = tempfile::tempdir().expect("temp dir");
        let store = fs::utf8(dir.path()).expect("utf-8").join("store");
        let path =
            |hash: char, name: &str| store.join(format!("{}-{name}", hash.to_string().repeat(32)));
        let system = StorePath::new(path('a', "nixos-system-demo")).expect("path");
        assert_eq!(kernel(&system), None);
        let image = path('b', "linux-6.12.4").join("bzImage");
        fs::create_dir_all(image.parent().expect("parent")).expect("mkdir");
        fs::write_new(&image, b"").expect("write");
        fs::symlink_atomic(&image, &system.path().join("kernel")).expect("link");
        assert_eq!(kernel(&system).as_deref(), Some("6.12.4"));
        let modules = system.path().join("kernel-modules/lib/modules/6.12.4-zen1");
        fs::create_dir_all(&modules).expect("mkdir");
        assert_eq!(kernel(&system).as_deref(), Some("6.12.4-zen1"));
    }
}
