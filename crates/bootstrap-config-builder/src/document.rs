//! The text of the file: what is there already, with our keys set in it.
//!
//! Comments, order, other tables and keys that are not known stay as they are: people and other programs put them there.
//! Not here: reading and writing files.

use crate::choice::Choices;
use crate::faults::Faults;
use crate::input::article;
use crate::keys::{Key, Place};
use crate::value::Value;
use camino::Utf8Path;
use std::fmt;
use studio_core::{Error, Result};
use toml_edit::{DocumentMut, Item, Table, TableLike};

/// What stands at the top of a new file.
const TITLE: &str = "# Made by `bootstrap-config-generator`, which sets its keys again when it is run.\n\
                     # What else is in here stays: comments, other keys, other tables.\n";

/// A file as it is to be.
#[derive(Debug, PartialEq, Eq)]
pub struct Merged {
    /// The whole text.
    pub text: String,
    /// What is another value than before.
    pub changes: Vec<Change>,
}

/// A key whose value in the file is not what holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key.
    pub key: Key,
    /// What stands there; `None` if nothing does.
    pub old: Option<String>,
    /// What is to stand there.
    pub new: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.key.name();
        match &self.old {
            Some(old) => write!(f, "`{name}`: {}, was {}", short(&self.new), short(old)),
            None => write!(f, "`{name}`: {}, was not there", short(&self.new)),
        }
    }
}

/// A value in one line of a report.
fn short(text: &str) -> String {
    match text {
        "" => "nothing".to_owned(),
        text => visible(text).chars().take(MOST).collect(),
    }
}

/// How many characters of a value a report shows.
const MOST: usize = 160;

/// Sets all keys in `old`, the text of the file as it is; without one, makes a new one. `shown` is how the user calls it.
pub fn merge(old: Option<&str>, shown: &Utf8Path, choices: &Choices) -> Result<Merged> {
    let mut start = old.map_or_else(|| title() + &tables(), str::to_owned);
    let read = |text: &str| -> Result<DocumentMut> {
        text.parse().map_err(|cause| unreadable(shown, text, &cause))
    };
    let mut document = read(&start)?;
    if document.is_empty() {
        // Comments alone are the top of the file, not its end.
        start = format!("{}\n{}", start.trim_end(), tables());
        document = read(&start)?;
    }
    let mut changes = vec![];
    for (key, choice) in choices.iter() {
        let target = choices.text(Key::Target);
        let (path, name): (Vec<&str>, &str) = match (key.row().place, &target) {
            (Place::Table(table, name), _) => (vec![table], name),
            (Place::TableIfAny(table, name), _) if choice.value.is_some() => (vec![table], name),
            (Place::OfTarget(name), Some(target)) if choice.value.is_some() => {
                (vec!["target", target], name)
            }
            (Place::OfTarget(_), None) if choice.value.is_some() => {
                return Err(Error::new(format!("`{}` needs a target", key.name()))
                    .because(format!("it comes from {}", choice.source))
                    .hint("say which: `--target aarch64-linux-android`"));
            }
            _ => continue,
        };
        let table = table_at(document.as_table_mut(), &path, shown)?;
        let value = match &choice.value {
            Some(value) => value.to_toml(),
            None => "".into(),
        };
        if let Some(old) = set(table, name, value.clone()) {
            changes.push(Change { key, old, new: value.to_string() });
        }
    }
    let mut text = match changes.is_empty() {
        // Not one byte of it, then.
        true => start,
        false => with_line_ends(document.to_string(), old.unwrap_or_default()),
    };
    for (key, choice) in choices.iter() {
        let Place::Header(label) = key.row().place else { continue };
        let value = choice.value.as_ref().map(Value::to_string).unwrap_or_default();
        // A comment has one line, whatever a folder is called.
        let value = visible(&value);
        if let Some((new, old)) = with_label(&text, label, &value) {
            text = new;
            changes.push(Change { key, old: Some(old), new: value });
        }
    }
    changes.sort_by_key(|change| change.key);
    Ok(Merged { text, changes })
}

/// The comments at the top of a new file.
fn title() -> String {
    let mut text = TITLE.to_owned();
    for row in Key::ALL.map(Key::row) {
        if let Place::Header(label) = row.place {
            text.push_str(&format!("# {label}:\n"));
        }
    }
    text
}

/// Our tables in our order, still empty.
fn tables() -> String {
    let mut tables: Vec<&str> = vec![];
    for row in Key::ALL.map(Key::row) {
        match row.place {
            Place::Table(table, _) if !tables.contains(&table) => tables.push(table),
            _ => {}
        }
    }
    tables.iter().map(|table| format!("\n[{table}]\n")).collect()
}

fn unreadable(shown: &Utf8Path, text: &str, cause: &toml_edit::TomlError) -> Error {
    Faults::of(shown.as_str(), text)
        .syntax(cause)
        .hint("correct it, or move it away and a new one is made; nothing was changed")
}

/// The table of this path, made if it is not there.
fn table_at<'a>(
    root: &'a mut Table,
    path: &[&str],
    shown: &Utf8Path,
) -> Result<&'a mut dyn TableLike> {
    let mut table: &mut dyn TableLike = root;
    for (at, name) in path.iter().enumerate() {
        let item = table.entry(name).or_insert_with(|| {
            let mut new = Table::new();
            // `[target]` alone says nothing.
            new.set_implicit(at + 1 < path.len());
            Item::Table(new)
        });
        let found = item.type_name();
        table = item.as_table_like_mut().ok_or_else(|| {
            Error::new(format!(
                "`{shown}`: `{}` must be a table, but it is {}",
                path[..=at].join("."),
                article(found)
            ))
            .hint("take it away or give it another name; nothing was changed")
        })?;
    }
    Ok(table)
}

/// Sets a key if it has another value, with the comments around it left alone; gives what stood there before.
fn set(table: &mut dyn TableLike, name: &str, new: toml_edit::Value) -> Option<Option<String>> {
    match table.get_mut(name) {
        Some(Item::Value(old)) => {
            if same(old, &new) {
                return None;
            }
            let decor = old.decor().clone();
            let before = old.clone().decorated("", "").to_string();
            *old = new;
            *old.decor_mut() = decor;
            Some(Some(before))
        }
        Some(other) if !other.is_none() => {
            let before = article(other.type_name());
            *other = Item::Value(new);
            Some(Some(before))
        }
        _ => {
            table.insert(name, Item::Value(new));
            Some(None)
        }
    }
}

fn same(one: &toml_edit::Value, other: &toml_edit::Value) -> bool {
    use toml_edit::Value::{Boolean, Integer, String};
    match (one, other) {
        (String(one), String(other)) => one.value() == other.value(),
        (Integer(one), Integer(other)) => one.value() == other.value(),
        (Boolean(one), Boolean(other)) => one.value() == other.value(),
        _ => false,
    }
}

/// `text` with the line ends that `like` has, if all of those are of Windows.
fn with_line_ends(text: String, like: &str) -> String {
    let all = like.matches('\n').count();
    if all == 0 || like.matches("\r\n").count() < all {
        return text;
    }
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// `text` with `# LABEL: VALUE` in the comments at its top, and what stood there; `None` if it has no such line, or has it
/// with this value. Who took the line away does not want it.
fn with_label(text: &str, label: &str, value: &str) -> Option<(String, String)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\r', '\n']);
        let comment = match content.strip_prefix('#') {
            Some(comment) => comment,
            None if content.trim().is_empty() => "",
            None => return None,
        };
        let old = comment
            .trim_start()
            .split_once(':')
            .filter(|(name, _)| name.eq_ignore_ascii_case(label));
        if let Some((_, old)) = old {
            let new = format!("# {label}: {value}");
            let new = new.trim_end();
            if content == new || old.trim() == value {
                return None;
            }
            let rest = &text[at + content.len()..];
            return Some((format!("{}{new}{rest}", &text[..at]), old.trim().to_owned()));
        }
        at += line.len();
    }
    None
}

/// The text in one line, with escapes for what a terminal would act on.
fn visible(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() {
            true => line.extend(c.escape_default()),
            false => line.push(c),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_set_only_in_the_comments_at_the_top() {
        let text = "# A\n#  System: old \n\n# b\n[nix]\n# System: x\n";
        let (new, old) = with_label(text, "System", "new").expect("there");
        assert_eq!(new, "# A\n# System: new\n\n# b\n[nix]\n# System: x\n");
        assert_eq!(old, "old");
        assert_eq!(with_label(&new, "System", "new"), None);
        assert_eq!(with_label("[nix]\n# System: x\n", "System", "new"), None);
        assert_eq!(with_label("# System: x", "system", "y").expect("there").0, "# system: y");
    }

    #[test]
    fn line_ends_of_windows_stay() {
        assert_eq!(with_line_ends("a\nb\n".into(), "x\r\ny\r\n"), "a\r\nb\r\n");
        assert_eq!(with_line_ends("a\nb\n".into(), "x\r\ny\n"), "a\nb\n");
    }
}
