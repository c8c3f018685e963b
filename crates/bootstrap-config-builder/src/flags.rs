//! The command line of the keys: a flag for each, made from the table. Not here: the options that are no keys.

use crate::keys::{Key, Place};
use crate::value::{Kind, Value};
use clap::builder::ValueParser;
use clap::{Arg, ArgMatches, FromArgMatches};

/// What the command line says of keys.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    given: Vec<(Key, Said)>,
}

/// What somebody says of a key: a value, or that there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said(pub Option<Value>);

/// The flags that `-h` shows; `--help` shows all.
const SHORT_HELP: [Key; 3] = [Key::ProjectRoot, Key::Output, Key::DryRun];

impl Flags {
    /// What it says of this key, if anything.
    pub fn get(&self, key: Key) -> Option<&Said> {
        self.given.iter().find(|(given, _)| *given == key).map(|(_, said)| said)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Flags, clap::Error> {
        let given = Key::ALL.into_iter().filter_map(|key| {
            let said = matches.get_one::<Said>(key.row().flag)?;
            Some((key, said.clone()))
        });
        Ok(Flags { given: given.collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Flags::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Flags {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.args(Key::ALL.map(arg))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Flags::augment_args(command)
    }
}

fn arg(key: Key) -> Arg {
    let row = key.row();
    let kind = row.kind;
    let arg = Arg::new(row.flag)
        .long(row.flag)
        .short(row.short)
        .value_name(row.shown)
        .help(row.help)
        .long_help(long_help(key))
        .help_heading(row.heading())
        .hide_short_help(!SHORT_HELP.contains(&key))
        .value_parser(ValueParser::new(move |text: &str| kind.parse(text).map(Said)));
    let arg = match key {
        // A folder of its own is where that goes.
        Key::BuildRustcVersion => arg.conflicts_with(Key::Output.row().flag),
        _ => arg,
    };
    match kind {
        // `--vendor` alone means yes.
        Kind::Switch => arg.num_args(0..=1).default_missing_value("true"),
        _ => arg,
    }
}

/// With where it goes, and where else its value can come from.
fn long_help(key: Key) -> String {
    let row = key.row();
    let mut variables = format!("${}", row.variable());
    if let Some(usual) = row.usual {
        variables.push_str(&format!(", ${usual}"));
    }
    let mut text = format!("{}\n\n", row.help);
    if !matches!(row.place, Place::Header(_) | Place::Nowhere) {
        text.push_str(&format!("[key: {}] ", key.name()));
    }
    text.push_str(&format!("[env: {variables}]"));
    if let Some(probe) = row.probe {
        text.push_str(&format!(" [probe: {}]", probe.words()));
    }
    if let Some(default) = row.default {
        text.push_str(&format!(" [default: {default}]"));
    }
    text
}
