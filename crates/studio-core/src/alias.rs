//! The git aliases of studios and snapshots: each names a program of this toolkit by its absolute path.
//!
//! Absolute, because a studio keeps the tools that made it: a change to the switching logic reaches new studios only.
//! Which commands there are is seen from the folder of the running program; nothing here lists them.

use crate::error::Result;
use crate::fs;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

/// A set of aliases: setting and value.
pub type Aliases = Vec<(String, String)>;

/// The aliases of a studio: `mutable-*` and `flake-*`.
pub fn for_studio(toolkit: &Utf8Path) -> Result<Aliases> {
    aliases(toolkit, &["mutable", "flake"])
}

/// The aliases of a snapshot: `flake-*`; what changes work is a studio's.
pub fn for_snapshot(toolkit: &Utf8Path) -> Result<Aliases> {
    aliases(toolkit, &["flake"])
}

fn aliases(toolkit: &Utf8Path, families: &[&str]) -> Result<Aliases> {
    let mut all = Vec::new();
    for family in families {
        let commands = commands(toolkit, family)?;
        for (command, program) in &commands {
            all.push((
                format!("alias.{family}-{command}"),
                format!("!{}", quoted(program.as_str())),
            ));
        }
        if !commands.is_empty() {
            all.push((format!("alias.{family}"), dispatcher(family, &commands)));
        }
    }
    Ok(all)
}

/// The programs `FAMILY-COMMAND` in a folder, by command.
fn commands(toolkit: &Utf8Path, family: &str) -> Result<BTreeMap<String, Utf8PathBuf>> {
    let entries = toolkit.read_dir_utf8().map_err(|cause| fs::failed("read", toolkit, cause))?;
    let mut found = BTreeMap::new();
    for entry in entries.flatten() {
        let Some(command) =
            entry.file_name().strip_prefix(family).and_then(|rest| rest.strip_prefix('-'))
        else {
            continue;
        };
        let runs = entry
            .path()
            .metadata()
            .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
        if runs && command.chars().all(|c| c.is_ascii_lowercase() || c == '-') {
            found.insert(command.to_owned(), entry.path().to_owned());
        }
    }
    Ok(found)
}

/// The alias for the form with a space: `git mutable snapshot`.
fn dispatcher(family: &str, commands: &BTreeMap<String, Utf8PathBuf>) -> String {
    let mut script = String::from("!f() { c=\"${1-}\"; test $# -eq 0 || shift; case \"$c\" in ");
    for (command, program) in commands {
        script.push_str(&format!("{command}) exec {} \"$@\";; ", quoted(program.as_str())));
    }
    let names: Vec<&str> = commands.keys().map(String::as_str).collect();
    script.push_str(&format!(
        "*) echo \"usage: git {family} <command>; commands: {}\" >&2; exit 2;; esac; }}; f",
        names.join(", ")
    ));
    script
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.+=@%".contains(c);
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_quotes_and_blanks_is_still_one_word() {
        assert_eq!(
            quoted("/nix/store/abc-x/bin/flake-switch"),
            "/nix/store/abc-x/bin/flake-switch"
        );
        assert_eq!(quoted("/a b/it's"), "'/a b/it'\\''s'");
    }
}
