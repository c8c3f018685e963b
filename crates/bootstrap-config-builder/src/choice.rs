//! Which value holds for each key, and who says so: flag, file, environment, probe, default, in this order.
//!
//! Not here: how the file is read ([`crate::input`]) and how probes work ([`crate::probe`]).

use crate::flags::{Flags, Said};
use crate::input::Input;
use crate::keys::{Key, Place};
use crate::probe::{Found, Prober};
use crate::secret;
use crate::value::Value;
use std::collections::BTreeMap;
use std::fmt;
use studio_core::config::Environment;
use studio_core::{Error, Exit, Result};

/// Who says what a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// This flag.
    Flag(&'static str),
    /// This line of the file that `--config-file` names, as `FILE:LINE`.
    File(String),
    /// This variable.
    Variable(String),
    /// It was found out, in this way.
    Probe(String),
    /// Nobody.
    Default,
}

impl Source {
    /// The word for the kind of it.
    pub fn kind(&self) -> &'static str {
        match self {
            Source::Flag(_) => "flag",
            Source::File(_) => "file",
            Source::Variable(_) => "environment",
            Source::Probe(_) => "probe",
            Source::Default => "default",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag(flag) => write!(f, "--{flag}"),
            Source::File(place) => f.write_str(place),
            Source::Variable(name) => write!(f, "${name}"),
            Source::Probe(how) => f.write_str(how),
            Source::Default => f.write_str("default"),
        }
    }
}

/// What holds for a key.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The value, if there is one.
    pub value: Option<Value>,
    /// Who says so.
    pub source: Source,
    /// Why probes that were tried gave nothing.
    pub missed: Vec<String>,
}

/// What holds for every key.
#[derive(Clone, Debug)]
pub struct Choices(BTreeMap<Key, Choice>);

impl Choices {
    /// Asks all sources for all keys; probes only where nothing else says anything.
    pub fn make(
        flags: &Flags,
        input: Option<&Input>,
        env: &Environment,
        prober: &mut Prober,
    ) -> Result<Choices> {
        let mut choices = Choices(BTreeMap::new());
        for key in Key::ALL {
            let choice = match said(key, flags, input, env, &choices)? {
                Some((Said(value), source)) => Choice { value, source, missed: vec![] },
                None => found(key, prober, &choices)?,
            };
            if let Some(what) = choice.value.as_ref().and_then(|v| secret::inside(&v.to_string())) {
                return Err(secret_refused(key, what, &choice.source));
            }
            choices.0.insert(key, choice);
        }
        Ok(choices)
    }

    /// What holds for a key; keys that come later in the table are not known while it is made.
    pub fn get(&self, key: Key) -> Option<&Choice> {
        self.0.get(&key)
    }

    /// The value of a key, if it has one.
    pub fn value(&self, key: Key) -> Option<&Value> {
        self.get(key)?.value.as_ref()
    }

    /// The value of a key as text.
    pub fn text(&self, key: Key) -> Option<String> {
        self.value(key).map(Value::to_string)
    }

    /// Whether a key that is yes or no is yes.
    pub fn is_on(&self, key: Key) -> bool {
        self.value(key) == Some(&Value::Switch(true))
    }

    /// All keys with what holds for them, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &Choice)> {
        Key::ALL.into_iter().filter_map(|key| Some((key, self.get(key)?)))
    }

    /// Sets what follows from how the command was called.
    pub fn set(&mut self, key: Key, value: Value) {
        if let Some(choice) = self.0.get_mut(&key) {
            choice.value = Some(value);
        }
    }
}

/// What somebody says of a key.
fn said(
    key: Key,
    flags: &Flags,
    input: Option<&Input>,
    env: &Environment,
    choices: &Choices,
) -> Result<Option<(Said, Source)>> {
    let row = key.row();
    if let Some(said) = flags.get(key) {
        return Ok(Some((said.clone(), Source::Flag(row.flag))));
    }
    let target = choices.text(Key::Target);
    if let Some((value, place)) = input.and_then(|input| input.get(key, target.as_deref())) {
        return Ok(Some((Said(value), Source::File(place))));
    }
    let variables = std::iter::once(row.variable()).chain(row.usual.map(str::to_owned));
    for name in variables {
        let Some(text) = env.get(&name) else { continue };
        let value = row.kind.parse(text).map_err(|bad| {
            Error::new(format!("`${name}` does not fit"))
                .because(bad)
                .because(format!("found {text:?}"))
                .hint(format!("correct it, or say it by `--{}`", row.flag))
                .exit(Exit::Usage)
        })?;
        return Ok(Some((Said(value), Source::Variable(name))));
    }
    Ok(None)
}

/// What is found out about a key of which nobody says anything, or its default.
fn found(key: Key, prober: &mut Prober, choices: &Choices) -> Result<Choice> {
    let row = key.row();
    let mut missed = vec![];
    if let Some(probe) = row.probe {
        match prober.ask(probe, choices) {
            Ok(Found { value, how }) => {
                return Ok(Choice { value: Some(value), source: Source::Probe(how), missed });
            }
            Err(why) => missed = why,
        }
    }
    let value = match row.default {
        Some(text) => row.kind.parse(text).map_err(|bad| {
            Error::new(format!("the default of `{}` does not fit", row.flag)).because(bad)
        })?,
        None => None,
    };
    Ok(Choice { value, source: Source::Default, missed })
}

/// The value itself is not shown.
fn secret_refused(key: Key, what: &str, source: &Source) -> Error {
    let into = match key.row().place {
        Place::Nowhere => "is not taken",
        _ => "does not go into a file that others read",
    };
    Error::new(format!("`{}` has {what}, which {into}", key.name()))
        .because(format!("it comes from {source}"))
        .hint("leave it out; nix has `access-tokens` and `netrc-file` for secrets, ssh has keys")
}
