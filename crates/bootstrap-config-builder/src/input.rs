//! The file that `--config-file` names: flat keys in the words of the flags, or the tables that this program writes.
//!
//! It is read strictly: what is not known, of another type or said twice is a mistake, and all mistakes are shown at once.
//! Not here: files that are written to; there, what is not known is somebody else's ([`crate::document`]).

use crate::faults::Faults;
use crate::keys::{Key, Place};
use crate::value::{Bad, Value};
use camino::Utf8Path;
use std::collections::BTreeMap;
use std::ops::Range;
use studio_core::names::nearest;
use studio_core::{Error, Result, fs, ui};
use toml_edit::{Document, Item};

/// What the file says of each key, and where.
#[derive(Debug, Default)]
pub struct Input {
    values: BTreeMap<Key, (Option<Value>, String)>,
    /// What `[target.TRIPLE]` says, by triple.
    of_targets: BTreeMap<(String, Key), (Option<Value>, String)>,
}

impl Input {
    /// Reads the file; `shown` is how the user calls it.
    pub fn read(path: &Utf8Path, shown: &Utf8Path) -> Result<Input> {
        let text = fs::read_optional(path)?.ok_or_else(|| {
            Error::new(format!("there is no file `{shown}`"))
                .hint("`--config-file` names what is read; what is written is `--output`")
        })?;
        let folder = path.parent().unwrap_or(Utf8Path::new("."));
        parse(&text, shown, folder)
    }

    /// What it says of a key, with `FILE:LINE`; `target` is the triple that is built for.
    pub fn get(&self, key: Key, target: Option<&str>) -> Option<(Option<Value>, String)> {
        let of_target = target.and_then(|target| self.of_targets.get(&(target.to_owned(), key)));
        self.values.get(&key).or(of_target).cloned()
    }
}

/// A table or a list of keys is being read.
struct Reader<'a> {
    faults: Faults<'a>,
    folder: &'a Utf8Path,
    input: Input,
}

fn parse(text: &str, shown: &Utf8Path, folder: &Utf8Path) -> Result<Input> {
    let faults = Faults::of(shown.as_str(), text);
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(cause) => return Err(faults.syntax(&cause)),
    };
    let mut reader = Reader { faults, folder, input: Input::default() };
    for (name, item) in document.as_table() {
        let span = document.as_table().key(name).and_then(toml_edit::Key::span);
        match item.as_table_like() {
            Some(table) if name == "target" => reader.targets(table),
            Some(table) => reader.table(name, span, table),
            None => reader.flat(name, span, item),
        }
    }
    reader.faults.error()?;
    Ok(reader.input)
}

impl Reader<'_> {
    /// `rust-channel = "beta"`
    fn flat(&mut self, name: &str, span: Option<Range<usize>>, item: &Item) {
        let flag = name.replace('_', "-");
        match Key::ALL.into_iter().find(|key| key.row().flag == flag) {
            Some(key) => self.take(key, None, span, item),
            None => {
                let known: Vec<&str> = Key::ALL.iter().map(|key| key.row().flag).collect();
                self.unknown(name, &flag, span, &known);
            }
        }
    }

    /// `[rust]`
    fn table(
        &mut self,
        table: &str,
        span: Option<Range<usize>>,
        content: &dyn toml_edit::TableLike,
    ) {
        let keys: Vec<(Key, &str)> = Key::ALL
            .into_iter()
            .filter_map(|key| match key.row().place {
                Place::Table(of, name) | Place::TableIfAny(of, name) if of == table => {
                    Some((key, name))
                }
                _ => None,
            })
            .collect();
        if keys.is_empty() {
            let mut known: Vec<&str> =
                Key::ALL.iter().filter_map(|key| key.row().place.table()).collect();
            known.dedup();
            return self.unknown(table, table, span, &known);
        }
        for (name, item) in content.iter() {
            let span = content.key(name).and_then(toml_edit::Key::span);
            let same = |known: &str| known.replace('_', "-") == name.replace('_', "-");
            match keys.iter().find(|(_, known)| same(known)) {
                Some((key, _)) => self.take(*key, None, span, item),
                None => {
                    let known: Vec<&str> = keys.iter().map(|(_, known)| *known).collect();
                    self.unknown(&format!("{table}.{name}"), name, span, &known);
                }
            }
        }
    }

    /// `[target.TRIPLE]`
    fn targets(&mut self, content: &dyn toml_edit::TableLike) {
        let keys = || {
            Key::ALL.into_iter().filter_map(|key| match key.row().place {
                Place::OfTarget(name) => Some((key, name)),
                _ => None,
            })
        };
        let known: Vec<&str> = keys().map(|(_, name)| name).collect();
        for (triple, item) in content.iter() {
            let span = content.key(triple).and_then(toml_edit::Key::span);
            let Some(table) = item.as_table_like() else {
                self.faults.add(span, format!("`target.{triple}` must be a table"));
                continue;
            };
            for (name, item) in table.iter() {
                let span = table.key(name).and_then(toml_edit::Key::span);
                match keys().find(|(_, known)| *known == name) {
                    Some((key, _)) => self.take(key, Some(triple), span, item),
                    None => {
                        self.unknown(&format!("target.{triple}.{name}"), name, span, &known);
                    }
                }
            }
        }
    }

    fn take(&mut self, key: Key, triple: Option<&str>, span: Option<Range<usize>>, item: &Item) {
        let row = key.row();
        let read = match item.as_value() {
            Some(value) => row.kind.of_toml(value),
            None => Err(Bad { wanted: row.kind.wanted() }),
        };
        let mut value = match read {
            Ok(value) => value,
            Err(bad) => {
                let span = item.span().or(span);
                let found = match item {
                    Item::Value(value) if value.to_string().len() < 40 => {
                        value.to_string().trim().to_owned()
                    }
                    _ => article(item.type_name()),
                };
                return self.faults.add(span, format!("wanted {}, found {found}", bad.wanted));
            }
        };
        // A file that lies elsewhere means what lies beside it.
        if let (Key::ProjectRoot | Key::Output, Some(Value::Text(text))) = (key, &mut value) {
            *text = self.folder.join(&*text).into_string();
        }
        let place = self.faults.line(span.clone());
        let before = match triple {
            Some(triple) => self.input.of_targets.insert((triple.to_owned(), key), (value, place)),
            None => self.input.values.insert(key, (value, place)),
        };
        if let Some((_, place)) = before {
            self.faults.add(span, format!("`{}` is said twice, before at {place}", key.name()));
        }
    }

    fn unknown(&mut self, name: &str, looked_up: &str, span: Option<Range<usize>>, known: &[&str]) {
        let why = match nearest(looked_up, known.iter().copied()) {
            Some(near) => format!("`{name}` is not known; did you mean `{near}`?"),
            None => format!("`{name}` is not known; known here: {}", ui::names(known, 12)),
        };
        self.faults.add(span, why);
    }
}

/// The noun with `a` or `an`.
pub fn article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}
