//! A flake of the NixOS machine as it is: the configuration in `/etc/nixos`, which no flake has yet, with a `flake.nix`
//! beside it that names the nixpkgs that the machine runs.
//!
//! The files are copied: what is in `/etc/nixos` stays there as it is. Not here: putting values into `flake.nix`.

use camino::{Utf8Path, Utf8PathBuf};
use std::os::unix::fs::PermissionsExt;
use studio_core::error::Result;
use studio_core::fs;

/// The `flake.nix`, with placeholders.
pub(super) const FLAKE: &str = include_str!("../../templates/this/flake.nix");

/// The flake of nixpkgs where it is not known which release runs.
const UNSTABLE: &str = "github:NixOS/nixpkgs/nixos-unstable";

/// The folder of the configuration of the machine under `root`, if it is one without a flake.
pub(super) fn configuration(root: &Utf8Path) -> Option<Utf8PathBuf> {
    let folder = root.join("etc/nixos");
    let has = |name: &str| folder.join(name).is_file();
    (has("configuration.nix") && !has("flake.nix")).then_some(folder)
}

/// The nixpkgs of the release that the machine under `root` runs, as a flake.
pub(super) fn nixpkgs(root: &Utf8Path) -> String {
    let version = fs::read_optional(&root.join("run/current-system/nixos-version")).ok().flatten();
    match version.as_deref().and_then(release) {
        Some(release) => format!("github:NixOS/nixpkgs/nixos-{release}"),
        None => UNSTABLE.to_owned(),
    }
}

/// `25.05` of `25.05.20250601.abcdef0`; nothing of `25.11pre812345.abcdef0`, which is no release yet.
fn release(version: &str) -> Option<&str> {
    let (release, _) = version.trim().split_at_checked(5)?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let (year, month) = release.split_once('.')?;
    let ends = version.trim()[5..].chars().next().is_none_or(|next| next == '.');
    (digits(year) && digits(month) && ends).then_some(release)
}

/// Copies all files of `from` into `to`; gives those that could not be, by path: what may not be read, and links.
pub(super) fn copy(from: &Utf8Path, to: &Utf8Path) -> Result<Vec<Utf8PathBuf>> {
    let mut left = vec![];
    let entries = from.read_dir_utf8().map_err(|cause| fs::failed("read", from, cause))?;
    for entry in entries {
        let entry = entry.map_err(|cause| fs::failed("read", from, cause))?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type().map_err(|cause| fs::failed("read", entry.path(), cause))?;
        let read = match kind {
            kind if kind.is_dir() && entry.path().read_dir_utf8().is_ok() => {
                fs::create_dir_all(&target)?;
                left.extend(copy(entry.path(), &target)?);
                continue;
            }
            kind if kind.is_file() => fs::read(entry.path()).ok(),
            _ => None,
        };
        match (read, entry.metadata()) {
            (Some(bytes), Ok(meta)) => {
                fs::write_new(&target, &bytes)?;
                // A program stays one; that others may not read it is nothing that git keeps.
                let mode = if meta.permissions().mode() & 0o100 != 0 { 0o755 } else { 0o644 };
                fs::set_mode(target.as_std_path(), mode)
                    .map_err(|cause| fs::failed("set the permissions of", &target, cause))?;
            }
            _ => left.push(entry.path().to_owned()),
        }
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_told_from_what_comes_before_it() {
        assert_eq!(release("25.05.20250601.abcdef0\n"), Some("25.05"));
        assert_eq!(release("24.11"), Some("24.11"));
        assert_eq!(release("25.11pre812345.abcdef0"), None);
        for other in ["", "25.05x", "2505.1", "abc", "25,05.1", "ä5.05"] {
            assert_eq!(release(other), None, "{other}");
        }
    }
}
