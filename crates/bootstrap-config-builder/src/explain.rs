//! `--explain`: every key, its value, who says so, and what was asked in vain.

use crate::choice::{Choice, Choices, Source};
use crate::keys::Key;
use crate::value::Value;
use studio_core::{OrSay, Result};
use unicode_width::UnicodeWidthStr;

/// How an explanation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// How many characters of a value are shown to people.
const MOST: usize = 200;

/// The explanation.
pub fn explain(choices: &Choices, format: Format) -> Result<String> {
    match format {
        Format::Table => Ok(table(choices)),
        Format::Json => json(choices),
    }
}

fn table(choices: &Choices) -> String {
    let mut rows = vec![["key", "value", "source"].map(str::to_owned)];
    for (key, choice) in choices.iter() {
        rows.push([key.name(), shown(choice.value.as_ref()), choice.source.to_string()]);
        // Why it is not what could have been found out.
        let missed = choice.missed.iter().map(|why| [String::new(), String::new(), why.clone()]);
        rows.extend(missed);
    }
    let widest = |at: usize| rows.iter().map(|row| row[at].width()).max().unwrap_or_default();
    // One long value does not push every source out of sight.
    let widths = [widest(0), widest(1).min(44)];
    let lines = rows.iter().map(|[key, value, source]| {
        let [key, value] = [(key, widths[0]), (value, widths[1])]
            .map(|(text, width)| text.clone() + &" ".repeat(width.saturating_sub(text.width())));
        format!("{key}  {value}  {source}").trim_end().to_owned()
    });
    lines.collect::<Vec<String>>().join("\n")
}

/// A value in one line, without what a terminal would act on.
fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "-".to_owned() };
    let text = value.to_string();
    let line: String = match text.chars().any(char::is_control) {
        true => text.chars().take(MOST + 1).collect::<String>().escape_debug().collect(),
        false => text.chars().take(MOST + 1).collect(),
    };
    match line.chars().count() > MOST {
        true => line.chars().take(MOST).chain(['…']).collect(),
        false => line,
    }
}

fn json(choices: &Choices) -> Result<String> {
    let one = |(key, choice): (Key, &Choice)| {
        let from = match &choice.source {
            Source::Default => None,
            source => Some(source.to_string()),
        };
        serde_json::json!({
            "key": key.name(),
            "value": choice.value.as_ref().map(Value::to_json),
            "source": choice.source.kind(),
            "from": from,
            "missed": choice.missed,
        })
    };
    let all: Vec<serde_json::Value> = choices.iter().map(one).collect();
    serde_json::to_string_pretty(&all).or_say(|| "the explanation is not JSON".to_owned())
}
