//! What placeholders stand for: what the user says, then the config, then what the template and the command know.

use std::collections::{BTreeMap, BTreeSet};
use studio_core::names::nearest;
use studio_core::nix::literal::Value;
use studio_core::nix::syntax::Problem;
use studio_core::{Error, Exit, Result};
use toml_edit::{DocumentMut, Item};

/// What came of looking for a key.
#[derive(Debug)]
pub enum Found {
    /// It stands for this.
    Value(Value),
    /// It stands for nothing: why, and what to do.
    Nothing(String),
}

/// The config.
#[derive(Debug)]
struct Config {
    path: String,
    text: String,
    document: DocumentMut,
}

/// A placeholder that the template or the command knows.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// What it is, in one line.
    pub about: String,
    /// What it stands for unless something else is said.
    pub default: Option<Value>,
}

/// All values.
#[derive(Debug, Default)]
pub struct Values {
    set: BTreeMap<String, Value>,
    config: Option<Config>,
    declared: BTreeMap<String, Declared>,
}

impl Values {
    /// What the command and then the template know, of which the latter counts.
    pub fn new(known: impl IntoIterator<Item = (String, Declared)>) -> Values {
        Values { declared: known.into_iter().collect(), ..Values::default() }
    }

    /// Takes the text of the config.
    pub fn read_config(&mut self, path: &str, text: String) -> Result<()> {
        let document = text.parse::<DocumentMut>().map_err(|cause| {
            let at = cause.span().map_or(0, |span| span.start);
            Error::new(format!("`{path}` is not TOML")).because(Problem::at(
                path,
                &text,
                at,
                cause.message(),
            ))
        })?;
        self.config = Some(Config { path: path.to_owned(), text, document });
        Ok(())
    }

    /// Takes what the user says: `KEY=TEXT`. The text becomes what is declared for the key.
    pub fn set(&mut self, words: &[String]) -> Result<()> {
        for word in words {
            let (key, text) = word.split_once('=').ok_or_else(|| {
                Error::new(format!("`--set {word}` has no `=`"))
                    .hint(format!("write `--set {word}=TEXT`"))
                    .exit(Exit::Usage)
            })?;
            let like = self.declared.get(key).and_then(|declared| declared.default.as_ref());
            let value = like_default(text, like).ok_or_else(|| {
                let wanted = like.map_or("text", Value::kind);
                Error::new(format!("`--set {key}` wants {wanted}, and `{text}` is not"))
                    .exit(Exit::Usage)
            })?;
            if self.set.insert(key.to_owned(), value).is_some() {
                return Err(Error::new(format!("`--set {key}` is there twice"))
                    .hint("a list takes its words together: `--set KEY='ONE TWO'`")
                    .exit(Exit::Usage));
            }
        }
        Ok(())
    }

    /// What the user said that no placeholder stands for.
    pub fn unused(&self, used: &BTreeSet<String>) -> Vec<String> {
        let unused = self.set.keys().filter(|key| !used.contains(*key));
        unused
            .map(|key| match nearest(key, used.iter().map(String::as_str)) {
                Some(near) => {
                    format!("`--set {key}`: no placeholder has this name (did you mean `{near}`?)")
                }
                None => format!("`--set {key}`: no placeholder has this name"),
            })
            .collect()
    }

    /// Lets a key stand for what another one stands for in the config, if that is any text.
    pub fn alias(&mut self, key: &str, other: &str) {
        if let Some(value @ Value::String(_)) = self.given(other)
            && value != Value::String(String::new())
            && let Some(declared) = self.declared.get_mut(key)
        {
            declared.default = Some(value);
        }
    }

    /// What a key is, if that is known.
    pub fn about(&self, key: &str) -> Option<&str> {
        self.declared
            .get(key)
            .map(|declared| declared.about.as_str())
            .filter(|about| !about.is_empty())
    }

    /// The config, to be put beside the flake.
    pub fn config_bytes(&self) -> Option<&[u8]> {
        self.config.as_ref().map(|config| config.text.as_bytes())
    }

    /// Whether a key stands for something.
    pub fn knows(&self, key: &str) -> bool {
        !key.is_empty() && (self.declared.contains_key(key) || self.given(key).is_some())
    }

    /// What a key stands for.
    pub fn find(&self, key: &str) -> Found {
        let declared = self.declared.get(key);
        let default = declared.and_then(|declared| declared.default.as_ref());
        if let Some(value) = self.given(key) {
            return match default {
                Some(default)
                    if std::mem::discriminant(default) != std::mem::discriminant(&value) =>
                {
                    Found::Nothing(format!(
                        "`{key}` is {}, and {} is wanted",
                        value.kind(),
                        default.kind()
                    ))
                }
                _ => Found::Value(value),
            };
        }
        match (default, declared, &self.config) {
            (Some(default), ..) => Found::Value(default.clone()),
            (None, Some(declared), _) => Found::Nothing(format!(
                "`{key}` has no value ({}); give it: `--set {key}=TEXT`",
                declared.about
            )),
            (None, None, Some(config)) if key.contains('.') => Found::Nothing(format!(
                "`{}` has no `{key}`{}; add it there, or give `--set {key}=TEXT`",
                config.path,
                self.near(key)
            )),
            (None, None, None) if key.contains('.') => Found::Nothing(format!(
                "`{key}` is looked up in the config; give one: `--config-path FILE`, or `--set {key}=TEXT`"
            )),
            (None, None, _) => {
                Found::Nothing(format!("unknown placeholder `{key}`{}", self.near(key)))
            }
        }
    }

    fn near(&self, key: &str) -> String {
        let mut all: BTreeSet<String> =
            self.declared.keys().chain(self.set.keys()).cloned().collect();
        if let Some(config) = &self.config {
            keys(config.document.as_item(), "", &mut all);
        }
        let near = nearest(key, all.iter().map(String::as_str));
        near.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"))
    }

    /// What the user or the config says.
    fn given(&self, key: &str) -> Option<Value> {
        if let Some(value) = self.set.get(key) {
            return Some(value.clone());
        }
        let config = self.config.as_ref()?;
        let item = key
            .split('.')
            .try_fold(config.document.as_item(), |item, name| item.as_table_like()?.get(name))?;
        value_of(item)
    }
}

/// The text as a value of the same kind as another one; a list takes words.
fn like_default(text: &str, like: Option<&Value>) -> Option<Value> {
    Some(match like {
        Some(Value::Bool(_)) => Value::Bool(text.parse().ok()?),
        Some(Value::Int(_)) => Value::Int(text.parse().ok()?),
        Some(Value::Float(_)) => Value::Float(text.parse().ok()?),
        Some(Value::List(_)) => Value::List(
            text.split_whitespace().map(|word| Value::String(word.to_owned())).collect(),
        ),
        Some(Value::Set(_)) => return None,
        Some(Value::String(_)) | None => Value::String(text.to_owned()),
    })
}

/// Every key of a table, with those of the tables in it.
fn keys(item: &Item, prefix: &str, all: &mut BTreeSet<String>) {
    for (name, item) in item.as_table_like().into_iter().flat_map(|table| table.iter()) {
        let key = format!("{prefix}{name}");
        keys(item, &format!("{key}."), all);
        all.insert(key);
    }
}

/// A value of TOML; dates are text.
pub fn value_of(item: &Item) -> Option<Value> {
    use toml_edit::Value as Toml;
    let of_value = |value: &Toml| value_of(&Item::Value(value.clone()));
    match item {
        Item::None => None,
        Item::Value(Toml::String(text)) => Some(Value::String(text.value().clone())),
        Item::Value(Toml::Integer(number)) => Some(Value::Int(*number.value())),
        Item::Value(Toml::Float(number)) => Some(Value::Float(*number.value())),
        Item::Value(Toml::Boolean(bool)) => Some(Value::Bool(*bool.value())),
        Item::Value(Toml::Datetime(date)) => Some(Value::String(date.value().to_string())),
        Item::Value(Toml::Array(values)) => {
            values.iter().map(of_value).collect::<Option<Vec<_>>>().map(Value::List)
        }
        Item::ArrayOfTables(tables) => {
            let tables = tables.iter().map(|table| value_of(&Item::Table(table.clone())));
            tables.collect::<Option<Vec<_>>>().map(Value::List)
        }
        table => {
            let pairs = table.as_table_like()?.iter();
            let pairs = pairs.map(|(name, item)| Some((name.to_owned(), value_of(item)?)));
            pairs.collect::<Option<BTreeMap<_, _>>>().map(Value::Set)
        }
    }
}
