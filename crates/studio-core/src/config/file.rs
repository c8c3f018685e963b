//! `config.toml` of the user and `studio.toml` of the flake: read strictly, so that a misspelt key is no silent one.
//!
//! Not here: what a value means; [`Key`] and its users know.

use super::Key;
use super::health::health;
use crate::error::{Error, Result};
use crate::health::HealthCheck;
use crate::names::nearest;
use crate::{fs, ui};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;
use toml_edit::{DocumentMut, Item};

/// What a flake lets into its snapshots although it looks as if it should not be there. Paths are from the top of the
/// repository: files, or folders with all that is in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// What may be large, secret-looking or a repository: `snapshot.allow`.
    pub paths: Vec<String>,
    /// What is no secret although it looks like one: `secrets.allow`.
    pub no_secrets: Vec<String>,
}

impl Allowance {
    /// Whether whatever there is at a path may go in.
    pub fn covers(&self, path: &str) -> bool {
        among(&self.paths, path)
    }

    /// Whether what looks like a secret at a path may go in.
    pub fn covers_secret(&self, path: &str) -> bool {
        self.covers(path) || among(&self.no_secrets, path)
    }
}

fn among(allowed: &[String], path: &str) -> bool {
    allowed.iter().any(|allowed| {
        path.strip_prefix(allowed.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// A settings file that was read.
#[derive(Clone, Debug)]
pub struct SettingsFile {
    path: Utf8PathBuf,
    values: BTreeMap<&'static str, String>,
    allowance: Allowance,
    strict: bool,
    health: Vec<HealthCheck>,
}

impl SettingsFile {
    /// Reads `path`; `None` if there is no such file. `known` says which settings may stand in it.
    pub(super) fn read(
        path: &Utf8Path,
        known: impl Fn(Key) -> bool,
    ) -> Result<Option<SettingsFile>> {
        match fs::read_optional(path)? {
            Some(text) => parse(path, &text, known).map(Some),
            None => Ok(None),
        }
    }

    /// Where it lies.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The value of a setting, if the file has it.
    pub fn value(&self, key: Key) -> Option<&str> {
        self.values.get(key.row().name).map(String::as_str)
    }

    /// What `[snapshot]` and `[secrets]` allow.
    pub fn allowance(&self) -> &Allowance {
        &self.allowance
    }

    /// Whether a secret is a reason to stop: `secrets.strict`. Else it is told and the work goes on.
    pub fn is_strict_about_secrets(&self) -> bool {
        self.strict
    }

    /// The `[[health]]` tables, in the order in which they stand there.
    pub fn health(&self) -> &[HealthCheck] {
        &self.health
    }
}

impl SettingsFile {
    /// Takes one value; `name` is that of a setting, with its table.
    fn take(&mut self, keys: &[Key], name: &str, item: &Item) -> Result<()> {
        let Some(key) = keys.iter().find(|key| key.row().name == name) else {
            let table = name.split_once('.').map_or("", |(table, _)| table);
            let all: Vec<&str> = keys
                .iter()
                .map(|key| key.row().name)
                .filter(|name| name.starts_with(table))
                .collect();
            return Err(unknown(&self.path, name, &all));
        };
        let row = key.row();
        let text = match row.number {
            true => item.as_integer().map(|number| number.to_string()),
            false => item.as_str().map(str::to_owned),
        };
        let text =
            text.ok_or_else(|| wrong_type(&self.path, name, row.wanted, item.type_name()))?;
        self.values.insert(row.name, text);
        Ok(())
    }
}

fn parse(path: &Utf8Path, text: &str, known: impl Fn(Key) -> bool) -> Result<SettingsFile> {
    let document: DocumentMut =
        text.parse().map_err(|cause| Error::new(format!("`{path}` is not TOML")).because(cause))?;
    let keys: Vec<Key> = Key::ALL.into_iter().filter(|key| known(*key)).collect();
    // Only the flake has snapshots to make, and says what its machines are there for.
    let tables: &[&str] =
        if known(Key::Upstream) { &[] } else { &["snapshot", "secrets", "health"] };
    let mut file = SettingsFile {
        path: path.to_owned(),
        values: BTreeMap::new(),
        allowance: Allowance::default(),
        strict: false,
        health: vec![],
    };
    let in_table = |name: &str| {
        let prefix = format!("{name}.");
        keys.iter().any(|key| key.row().name.starts_with(&prefix))
    };
    for (name, item) in document.iter() {
        if in_table(name) {
            let table = item
                .as_table_like()
                .ok_or_else(|| wrong_type(path, name, "a table", item.type_name()))?;
            for (below, item) in table.iter() {
                file.take(&keys, &format!("{name}.{below}"), item)?;
            }
        } else if keys.iter().any(|key| key.row().name == name) {
            file.take(&keys, name, item)?;
        } else if name == "snapshot" && tables.contains(&name) {
            file.allowance.paths = allowed(path, item)?;
        } else if name == "secrets" && tables.contains(&name) {
            secrets(&mut file, item)?;
        } else if name == "health" && tables.contains(&name) {
            file.health = health(path, item)?;
        } else {
            let all: Vec<&str> =
                keys.iter().map(|key| key.row().name).chain(tables.iter().copied()).collect();
            return Err(unknown(path, name, &all));
        }
    }
    Ok(file)
}

fn allowed(path: &Utf8Path, item: &Item) -> Result<Vec<String>> {
    let table = item
        .as_table_like()
        .ok_or_else(|| wrong_type(path, "snapshot", "a table", item.type_name()))?;
    let mut allowed = vec![];
    for (name, item) in table.iter() {
        if name != "allow" {
            return Err(unknown(path, &format!("snapshot.{name}"), &["snapshot.allow"]));
        }
        allowed = paths(path, "snapshot.allow", item)?;
    }
    Ok(allowed)
}

/// Takes the `[secrets]` table.
fn secrets(file: &mut SettingsFile, item: &Item) -> Result<()> {
    let path = file.path.clone();
    let table = item
        .as_table_like()
        .ok_or_else(|| wrong_type(&path, "secrets", "a table", item.type_name()))?;
    for (name, item) in table.iter() {
        match name {
            "strict" => {
                let bad = || wrong_type(&path, "secrets.strict", "a boolean", item.type_name());
                file.strict = item.as_bool().ok_or_else(bad)?;
            }
            "allow" => file.allowance.no_secrets = paths(&path, "secrets.allow", item)?,
            _ => {
                let known = ["secrets.strict", "secrets.allow"];
                return Err(unknown(&path, &format!("secrets.{name}"), &known));
            }
        }
    }
    Ok(())
}

/// Paths from the top of the repository, without a slash at their ends.
fn paths(file: &Utf8Path, name: &str, item: &Item) -> Result<Vec<String>> {
    let bad = || wrong_type(file, name, "a list of paths", item.type_name());
    let entries = item.as_array().ok_or_else(bad)?.iter();
    let path = |entry: &toml_edit::Value| entry.as_str().ok_or_else(bad).map(in_the_flake);
    entries.map(path).collect()
}

/// A path as it is compared: `./keys/` is `keys`.
fn in_the_flake(path: &str) -> String {
    path.trim_start_matches("./").trim_end_matches('/').to_owned()
}

/// A key that is not known, with the nearest one that is.
pub(super) fn unknown(path: &Utf8Path, name: &str, known: &[&str]) -> Error {
    let error = Error::new(format!("`{path}` has a setting `{name}` that is not known"));
    match nearest(name, known.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("known here: {}", ui::names(known, 20))),
    }
}

/// A value of another type than it must have; `found` is the name of the type that it has.
pub(super) fn wrong_type(path: &Utf8Path, name: &str, wanted: &str, found: &str) -> Error {
    Error::new(format!("`{path}`: `{name}` must be {wanted}, but it is {}", article(found)))
}

/// The noun with `a` or `an`.
pub(super) fn article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

/// Sets values in the user's settings file in one write, keeping everything else in it, comments too.
pub fn remember(path: &Utf8Path, values: &[(Key, &str)]) -> Result<()> {
    let text = fs::read_optional(path)?.unwrap_or_default();
    let mut document: DocumentMut =
        text.parse().map_err(|cause| Error::new(format!("`{path}` is not TOML")).because(cause))?;
    for (key, value) in values {
        document[key.row().name] = toml_edit::value(*value);
    }
    fs::write_atomic(path, document.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flake(text: &str) -> Result<SettingsFile> {
        parse(Utf8Path::new("studio.toml"), text, |key| key.row().in_flake)
    }

    fn user(text: &str) -> Result<SettingsFile> {
        parse(Utf8Path::new("config.toml"), text, |key| key.row().in_user)
    }

    #[test]
    fn the_policy_of_cleaning_is_a_table_of_the_user() {
        let file = user("[clean]\nkeep = 5\nyounger-than = \"2w\"").expect("read");
        assert_eq!(file.value(Key::CleanKeep), Some("5"));
        assert_eq!(file.value(Key::CleanYoungerThan), Some("2w"));
        assert_eq!(user("clean.keep = 5").expect("read").value(Key::CleanKeep), Some("5"));
        for (text, why) in [
            ("clean = 5", "`config.toml`: `clean` must be a table, but it is an integer"),
            (
                "[clean]\nkeep = \"5\"",
                "`config.toml`: `clean.keep` must be a number, but it is a string",
            ),
            ("[clean]\nkep = 5", "`config.toml` has a setting `clean.kep` that is not known"),
        ] {
            assert_eq!(user(text).expect_err(text).message(), why);
        }
        let error = user("[clean]\nkep = 5").expect_err("misspelt");
        assert_eq!(error.hints(), ["did you mean `clean.keep`?"]);
        let error = flake("[clean]\nkeep = 5").expect_err("not the flake's to say");
        assert_eq!(error.message(), "`studio.toml` has a setting `clean` that is not known");
    }

    #[test]
    fn a_misspelt_key_is_refused_and_the_nearest_one_named() {
        let error = flake("tagret = \"home\"").expect_err("unknown");
        assert_eq!(error.message(), "`studio.toml` has a setting `tagret` that is not known");
        assert_eq!(error.hints(), ["did you mean `target`?"]);
        assert!(flake("upstream = \"x\"").is_err(), "the flake cannot say where it lies");
    }

    #[test]
    fn a_value_of_the_wrong_type_is_refused() {
        let error = flake("host = 3").expect_err("wrong type");
        assert_eq!(error.message(), "`studio.toml`: `host` must be a string, but it is an integer");
        let error = flake("confirm-within = 60").expect_err("wrong type");
        assert_eq!(
            error.message(),
            "`studio.toml`: `confirm-within` must be a length of time such as `\"60s\"`, but it is an integer"
        );
        assert!(flake("[snapshot]\nallow = \"x\"").is_err());
    }

    #[test]
    fn what_is_allowed_is_read() {
        let file =
            flake("target = \"home\"\n[snapshot]\nallow = [\"big/\", \"key.pem\"]").expect("valid");
        assert_eq!(file.value(Key::Target), Some("home"));
        assert_eq!(file.allowance().paths, ["big", "key.pem"]);
    }

    #[test]
    fn what_is_said_of_secrets_is_read() {
        let file = flake("[secrets]\nstrict = true\nallow = [\"./tests/\"]").expect("valid");
        assert!(file.is_strict_about_secrets());
        assert!(file.allowance().covers_secret("tests/keys/one"));
        assert!(!file.allowance().covers("tests/keys/one"));
        assert!(!file.allowance().covers_secret("tests2"));
        assert!(!flake("").expect("valid").is_strict_about_secrets());
        for (text, why) in [
            ("secrets = 5", "`studio.toml`: `secrets` must be a table, but it is an integer"),
            (
                "[secrets]\nstrict = \"yes\"",
                "`studio.toml`: `secrets.strict` must be a boolean, but it is a string",
            ),
            (
                "[secrets]\nallow = [5]",
                "`studio.toml`: `secrets.allow` must be a list of paths, but it is an array",
            ),
            (
                "[secrets]\nalow = []",
                "`studio.toml` has a setting `secrets.alow` that is not known",
            ),
        ] {
            assert_eq!(flake(text).expect_err(text).message(), why);
        }
        assert!(user("[secrets]\nstrict = true").is_err(), "the flake's to say");
    }

    #[test]
    fn an_allowed_folder_allows_what_is_in_it_only() {
        let allowance = Allowance { paths: vec!["assets".into()], no_secrets: vec![] };
        assert!(allowance.covers("assets/big.bin"));
        assert!(allowance.covers("assets"));
        assert!(!allowance.covers("assets2/big.bin"));
    }

    #[test]
    fn what_the_documents_show_is_valid() {
        let docs = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        if !docs.exists() {
            // A package is built without documents.
            return;
        }
        for (name, checks) in [("settings.md", 1), ("workflow.md", 2)] {
            let text = std::fs::read_to_string(docs.join(name)).expect(name);
            // What comes before is of `config.toml`.
            let text = text.split_once("## Tables of `studio.toml`").map_or(&*text, |(_, of)| of);
            let (_, rest) = text.split_once("```toml\n").expect("an example");
            let (example, _) = rest.split_once("```").expect("its end");
            assert_eq!(flake(example).expect(name).health().len(), checks, "{name}");
        }
    }

    #[test]
    fn remembering_keeps_comments() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = fs::utf8(dir.path()).expect("utf-8").join("config.toml");
        fs::write_new(&path, b"# mine\neditor = \"vi\" # short\n").expect("write");
        remember(&path, &[(Key::Upstream, "/flake")]).expect("remember");
        let text = fs::read_optional(&path).expect("read").expect("there");
        assert_eq!(text, "# mine\neditor = \"vi\" # short\nupstream = \"/flake\"\n");
    }
}
