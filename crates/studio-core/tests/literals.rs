//! Random values in every place where a literal can stand, and what Nix makes of them: all of a place in one evaluation.

use serde_json::json;
use std::collections::BTreeMap;
use studio_core::nix::literal::{self, Value};
use testkit::{Dice, RealNix, Sandbox, rounds};

/// What goes wrong in escaping, more often than chance would have it.
const NASTY: [&str; 38] = [
    "\\",
    "\"",
    "$",
    "{",
    "}",
    "${",
    "$${",
    "''",
    "'",
    "'''",
    "''$",
    "''\\",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "#",
    "/*",
    "*/",
    "//",
    " ",
    "  ",
    "@",
    ";",
    "=",
    "inherit",
    "${builtins.abort \"code\"}",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "ä",
    "🦀",
    "\u{301}",
    "%",
    "`id`",
    "a",
];

fn text(dice: &mut Dice) -> String {
    let mut text = String::new();
    for _ in 0..dice.below(9) {
        match dice.below(4) {
            0 => text.extend(char::from_u32(1 + dice.below(0xd7ff) as u32)),
            1 => text.push(char::from(b' ' + dice.below(95) as u8)),
            _ => text.push_str(dice.of(&NASTY)),
        }
    }
    text
}

fn texts() -> Vec<String> {
    let mut dice = Dice::new();
    (0..rounds(300, 10_000)).map(|_| text(&mut dice)).collect()
}

/// What Nix makes of a list of these expressions.
#[track_caller]
fn evaluated(expressions: &[String]) -> Vec<serde_json::Value> {
    let sandbox = Sandbox::new().with_nix(&RealNix::find());
    sandbox.write("all.nix", format!("[\n{}\n]\n", expressions.join("\n")));
    let json = sandbox.run("", "nix-instantiate --eval --strict --json all.nix").ok();
    serde_json::from_str(&json).expect("JSON")
}

#[track_caller]
fn same(given: &[String], found: &[serde_json::Value], wanted: impl Fn(&str) -> serde_json::Value) {
    assert_eq!(given.len(), found.len());
    for (given, found) in given.iter().zip(found) {
        assert_eq!(*found, wanted(given), "for {given:?}");
    }
}

#[test]
fn strings_come_out_as_they_went_in() {
    let texts = texts();
    let literals: Vec<String> =
        texts.iter().map(|text| literal::string(text).expect("no NUL")).collect();
    same(&texts, &evaluated(&literals), |text| json!(text));
}

#[test]
fn so_do_parts_of_strings_whatever_is_around_them() {
    let texts = texts();
    // What is written, and what it is without anything in it.
    for (before, after, plain) in [
        ("", "{x}", ("", "{x}")),
        ("\\$", "{x}", ("$", "{x}")),
        ("$", " ", ("$", " ")),
        ("a$$", "${\"b\"}", ("a$$", "b")),
        ("\\\\$", "$", ("\\$", "$")),
        ("${\"a\"}", "$", ("a", "$")),
        ("'", "\\\"", ("'", "\"")),
    ] {
        // Nothing behind an open dollar sign is refused.
        let is_said =
            |text: &&String| literal::string_content(text, before).is_ok() || !text.is_empty();
        let texts: Vec<String> = texts.iter().filter(is_said).cloned().collect();
        let part = |text: &String| {
            let content = literal::string_content(text, before).expect("no NUL");
            format!("\"{before}{content}{after}\"")
        };
        let literals: Vec<String> = texts.iter().map(part).collect();
        same(&texts, &evaluated(&literals), |text| json!(format!("{}{text}{}", plain.0, plain.1)));
    }
}

#[test]
fn so_do_parts_of_indented_strings() {
    let texts = texts();
    // What is written, and what it is without anything in it.
    for (before, after, plain) in [
        ("", "", ("", "")),
        ("a ", " b", ("a ", " b")),
        ("\n    a\n      ", "\n    b\n  ", ("a\n  ", "\nb\n")),
        ("'", "' ", ("'", "' ")),
        ("'''", "'''", ("''", "''")),
        ("''$", "{x}", ("$", "{x}")),
        ("", "${\"b\"}", ("", "b")),
        ("''\\n", "''$", ("\n", "$")),
    ] {
        let part = |text: &String| {
            let content = literal::indented_content(text, before).expect("no NUL");
            format!("''{before}{content}{after}''")
        };
        let literals: Vec<String> = texts.iter().map(part).collect();
        same(&texts, &evaluated(&literals), |text| json!(format!("{}{text}{}", plain.0, plain.1)));
    }
}

#[test]
fn names_are_the_names_that_were_given() {
    let texts = texts();
    let sets: Vec<String> = texts
        .iter()
        .map(|text| {
            let name = literal::attribute_name(text).expect("no NUL");
            format!("(let set = {{ {name} = 1; \"the rest\".{name} = 2; }}; in [ set (set.{name} + set.\"the rest\".{name}) ])")
        })
        .collect();
    same(&texts, &evaluated(&sets), |text| json!([{ text: 1, "the rest": { text: 2 } }, 3]));
}

#[test]
fn comments_end_where_they_end() {
    let texts = texts();
    let commented: Vec<String> = texts
        .iter()
        .map(|text| {
            let text = literal::comment(text);
            format!("# {text}\n1 /*{text}*/ /* *{text} */ /* {text}/ */ #{text}\n")
        })
        .collect();
    same(&texts, &evaluated(&commented), |_| json!(1));
}

fn value(dice: &mut Dice, depth: u64) -> Value {
    match dice.below(if depth == 0 { 4 } else { 6 }) {
        0 => Value::Bool(dice.below(2) == 0),
        1 => Value::Int(dice.of(&[0, 1, -1, 42, i64::MAX, i64::MIN, i64::MIN + 1])),
        2 => Value::Float(dice.of(&[0.1, -0.1, 1e300, -1e-300, 1.5e21, 123_456.789, 0.0, 7e7])),
        3 => Value::String(text(dice)),
        4 => Value::List((0..dice.below(4)).map(|_| value(dice, depth - 1)).collect()),
        _ => {
            let pairs = (0..dice.below(4)).map(|_| (text(dice), value(dice, depth - 1)));
            Value::Set(pairs.collect::<BTreeMap<_, _>>())
        }
    }
}

fn json_of(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::String(value) => json!(value),
        Value::List(values) => values.iter().map(json_of).collect(),
        Value::Set(values) => {
            values.iter().map(|(name, value)| (name.clone(), json_of(value))).collect()
        }
    }
}

#[test]
fn values_of_every_kind_come_out_as_they_went_in() {
    let mut dice = Dice::new();
    let values: Vec<Value> = (0..rounds(300, 10_000)).map(|_| value(&mut dice, 3)).collect();
    let literals: Vec<String> =
        values.iter().map(|value| value.literal(0).expect("sayable")).collect();
    for (value, found) in values.iter().zip(evaluated(&literals)) {
        assert_eq!(found, json_of(value));
    }
}
