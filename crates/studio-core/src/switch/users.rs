//! Which users and groups two systems of NixOS make, as far as their activation says so.
//!
//! The activation script of NixOS calls `update-users-groups.pl` with a store path `HASH-users-groups.json`, written by
//! `nixos/modules/config/users-groups.nix` of nixpkgs. A system that makes its users otherwise (`systemd-sysusers`,
//! userborn, other systems) has no such call, and then nothing is said: no guess is better than a wrong one.
//! Not here: users that the machine has besides.

use crate::fs;
use crate::store_path::StorePath;
use crate::ui;
use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// How the file is called, behind its hash.
const FILE: &str = "-users-groups.json";

/// What may not be told of a user: what it is would be a secret, that it differs is not.
const PASSWORDS: [&str; 5] = [
    "password",
    "hashedPassword",
    "hashedPasswordFile",
    "initialPassword",
    "initialHashedPassword",
];

/// What differs in users and groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Accounts {
    /// Users that only the new system makes.
    pub users_added: Vec<String>,
    /// Users that only the old system makes.
    pub users_removed: Vec<String>,
    /// Users that differ.
    pub users_changed: Vec<AccountChange>,
    /// Groups that only the new system makes.
    pub groups_added: Vec<String>,
    /// Groups that only the old system makes.
    pub groups_removed: Vec<String>,
    /// Groups that differ.
    pub groups_changed: Vec<AccountChange>,
}

/// A user or a group that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountChange {
    /// Its name.
    pub name: String,
    /// What of it differs, by NixOS's names of options; everything about passwords is `password`.
    pub what: Vec<String>,
}

/// Users or groups by name, with their attributes.
type Named = BTreeMap<String, Map<String, Value>>;

impl Accounts {
    /// Compares two systems; nothing where one of them does not say, or where nothing differs.
    pub(super) fn between(old: &StorePath, new: &StorePath) -> Option<Accounts> {
        let (old_file, new_file) = (file(old)?, file(new)?);
        if old_file == new_file {
            return None;
        }
        let (old, new) = (read(&old_file)?, read(&new_file)?);
        let of = |spec: &Value, field: &str| named(spec, field);
        let (old_users, new_users) = (of(&old, "users")?, of(&new, "users")?);
        let (old_groups, new_groups) = (of(&old, "groups")?, of(&new, "groups")?);
        let accounts = Accounts {
            users_added: only(&new_users, &old_users),
            users_removed: only(&old_users, &new_users),
            users_changed: changed(&old_users, &new_users),
            groups_added: only(&new_groups, &old_groups),
            groups_removed: only(&old_groups, &new_groups),
            groups_changed: changed(&old_groups, &new_groups),
        };
        (accounts != Accounts::default()).then_some(accounts)
    }

    /// A line for each kind of change with at most so many names.
    pub fn lines(&self, most: usize) -> Vec<String> {
        let changed = |changes: &[AccountChange]| -> Vec<String> {
            let name =
                |change: &AccountChange| format!("{} ({})", change.name, change.what.join(", "));
            changes.iter().map(name).collect()
        };
        let rows = [
            ("users added", self.users_added.clone()),
            ("users removed", self.users_removed.clone()),
            ("users changed", changed(&self.users_changed)),
            ("groups added", self.groups_added.clone()),
            ("groups removed", self.groups_removed.clone()),
            ("groups changed", changed(&self.groups_changed)),
        ];
        let some = rows.into_iter().filter(|(_, names)| !names.is_empty());
        some.map(|(what, names)| format!("{what}: {}", ui::names(&names, most))).collect()
    }
}

/// The file that a system's activation makes users from: the one that its script names, if it names one.
fn file(system: &StorePath) -> Option<Utf8PathBuf> {
    let script = fs::read_optional(&system.path().join("activate")).ok()??;
    let words = script.split(|c: char| c.is_whitespace() || "\"'`;|&()<>".contains(c));
    let mut files: BTreeSet<Utf8PathBuf> = words
        .filter(|word| word.ends_with(FILE))
        .filter_map(|word| Some(StorePath::new(word).ok()?.path().to_owned()))
        .collect();
    // Two of them would leave open which one is meant.
    files.pop_first().filter(|_| files.is_empty())
}

fn read(file: &Utf8Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

fn named(spec: &Value, field: &str) -> Option<Named> {
    let accounts = spec.get(field)?.as_array()?.iter();
    accounts
        .map(|account| {
            let account = account.as_object()?;
            Some((account.get("name")?.as_str()?.to_owned(), account.clone()))
        })
        .collect()
}

/// The names that the other side does not have.
fn only(side: &Named, other: &Named) -> Vec<String> {
    side.keys().filter(|name| !other.contains_key(*name)).cloned().collect()
}

fn changed(old: &Named, new: &Named) -> Vec<AccountChange> {
    let pairs = new.iter().filter_map(|(name, is)| Some((name, old.get(name)?, is)));
    pairs
        .filter(|(_, was, is)| was != is)
        .map(|(name, was, is)| {
            let fields: BTreeSet<&str> = was
                .keys()
                .chain(is.keys())
                .filter(|field| was.get(*field) != is.get(*field))
                .map(String::as_str)
                .map(|field| if PASSWORDS.contains(&field) { "password" } else { field })
                .collect();
            let what = fields.into_iter().map(str::to_owned).collect();
            AccountChange { name: name.clone(), what }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A system whose activation names these files, each with its text.
    fn system(folder: &Utf8Path, letter: char, specs: &[(char, &str)]) -> StorePath {
        let store = folder.join("store");
        let path = |letter: char, name: &str| {
            store.join(format!("{}-{name}", letter.to_string().repeat(32)))
        };
        let system = path(letter, "nixos-system-demo");
        fs::create_dir_all(&system).expect("a folder");
        let mut script = "#!/bin/sh\n# /etc/x-users-groups.json is no store path\n".to_owned();
        for (letter, spec) in specs {
            let file = path(*letter, "users-groups.json");
            fs::write_atomic(&file, spec.as_bytes()).expect("written");
            script.push_str(&format!("perl -w update-users-groups.pl {file}\n"));
        }
        fs::write_atomic(&system.join("activate"), script.as_bytes()).expect("written");
        StorePath::new(system).expect("a store path")
    }

    const OLD: &str = r#"{ "mutableUsers": true,
        "users": [
            { "name": "ada", "uid": 1000, "shell": "/bin/sh", "hashedPassword": "$6$old" },
            { "name": "gone", "uid": 1001 },
            { "name": "same", "uid": 1002 }
        ],
        "groups": [ { "name": "wheel", "gid": 1, "members": [] }, { "name": "old", "gid": null, "members": [] } ]
    }"#;
    const NEW: &str = r#"{ "mutableUsers": true,
        "users": [
            { "name": "ada", "uid": 1000, "shell": "/bin/zsh", "hashedPassword": "$6$new", "password": "x" },
            { "name": "bob", "uid": null },
            { "name": "same", "uid": 1002 }
        ],
        "groups": [ { "name": "wheel", "gid": 1, "members": ["ada"] }, { "name": "new", "gid": null, "members": [] } ]
    }"#;

    #[test]
    fn users_are_compared_and_no_password_is_told() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = fs::utf8(dir.path()).expect("utf-8");
        let (old, new) = (system(&dir, 'a', &[('c', OLD)]), system(&dir, 'b', &[('d', NEW)]));
        let accounts = Accounts::between(&old, &new).expect("a difference");
        assert_eq!(
            accounts.lines(8),
            [
                "users added: `bob`",
                "users removed: `gone`",
                "users changed: `ada (password, shell)`",
                "groups added: `new`",
                "groups removed: `old`",
                "groups changed: `wheel (members)`",
            ]
        );
        let json = serde_json::to_string(&accounts).expect("JSON");
        assert!(!json.contains("$6$"), "{json}");
        assert_eq!(Accounts::between(&old, &old), None);
    }

    #[test]
    fn where_it_is_not_clear_nothing_is_said() {
        let dir = tempfile::tempdir().expect("temp dir");
        let dir = fs::utf8(dir.path()).expect("utf-8");
        let old = system(&dir, 'a', &[('c', OLD)]);
        for (letter, specs) in [
            ('b', vec![]),
            ('d', vec![('f', NEW), ('g', OLD)]),
            ('h', vec![('i', "no JSON")]),
            ('j', vec![('k', r#"{ "users": [ { "uid": 1 } ], "groups": [] }"#)]),
            ('l', vec![('m', r#"{ "users": {}, "groups": [] }"#)]),
        ] {
            let new = system(&dir, letter, &specs);
            assert_eq!(Accounts::between(&old, &new), None, "{letter}");
            assert_eq!(Accounts::between(&new, &old), None, "{letter}");
        }
        // The same file by its name, and the same users by another one.
        let other = system(&dir, 'n', &[('p', OLD)]);
        assert_eq!(Accounts::between(&old, &other), None);
    }
}
