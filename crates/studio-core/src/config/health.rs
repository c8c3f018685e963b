//! The `[[health]]` tables of `studio.toml`, read strictly.
//!
//! Not here: running what they say ([`crate::health`]).

use super::Seconds;
use super::file::{unknown, wrong_type};
use crate::error::{Error, Result};
use crate::health::HealthCheck;
use camino::Utf8Path;
use toml_edit::{Item, TableLike, Value};

/// What a table may say.
const KEYS: [&str; 5] = ["name", "command", "timeout", "retries", "pause"];

/// More runs than this are a mistake.
const MOST_RETRIES: i64 = 1000;

/// How many seconds one run may take if the table does not say.
const TIMEOUT: u64 = 30;

/// How many seconds lie between two runs if the table does not say.
const PAUSE: u64 = 1;

/// Reads what stands at `health` in the file `path`.
pub(super) fn health(path: &Utf8Path, item: &Item) -> Result<Vec<HealthCheck>> {
    let bad = || wrong_type(path, "health", "a list of tables: `[[health]]`", item.type_name());
    let tables: Vec<&dyn TableLike> = match item {
        Item::ArrayOfTables(tables) => tables.iter().map(|table| table as &dyn TableLike).collect(),
        Item::Value(Value::Array(values)) => values
            .iter()
            .map(|value| {
                value.as_inline_table().map(|table| table as &dyn TableLike).ok_or_else(bad)
            })
            .collect::<Result<_>>()?,
        _ => return Err(bad()),
    };
    let mut checks: Vec<HealthCheck> = vec![];
    for table in tables {
        let check = one(path, table)?;
        if checks.iter().any(|other| other.name == check.name) {
            return Err(Error::new(format!(
                "`{path}` has two health checks that are called `{}`",
                check.name
            ))
            .hint("give one of them another `name`"));
        }
        checks.push(check);
    }
    Ok(checks)
}

fn one(path: &Utf8Path, table: &dyn TableLike) -> Result<HealthCheck> {
    if let Some((key, _)) = table.iter().find(|(key, _)| !KEYS.contains(key)) {
        let known = KEYS.map(|key| format!("health.{key}"));
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        return Err(unknown(path, &format!("health.{key}"), &known));
    }
    let name = name(path, table)?;
    let command = command(path, &name, table)?;
    let retries = match table.get("retries") {
        None => 0,
        Some(item) => item
            .as_integer()
            .filter(|number| (0..=MOST_RETRIES).contains(number))
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| {
                let wanted = format!("a whole number from 0 to {MOST_RETRIES}");
                wrong(path, &name, "retries", &wanted, item)
            })?,
    };
    Ok(HealthCheck {
        timeout: seconds(path, &name, table, "timeout")?.unwrap_or(TIMEOUT),
        pause: seconds(path, &name, table, "pause")?.unwrap_or(PAUSE),
        name,
        command,
        retries,
    })
}

/// A length of time, in seconds; `None` if the table does not say.
fn seconds(path: &Utf8Path, name: &str, table: &dyn TableLike, key: &str) -> Result<Option<u64>> {
    let Some(item) = table.get(key) else { return Ok(None) };
    let text = item
        .as_str()
        .ok_or_else(|| wrong(path, name, key, "a length of time such as `\"30s\"`", item))?;
    let parsed: Seconds = text.parse().map_err(|cause| {
        Error::new(format!(
            "`{path}`: `{key}` of the health check `{name}` has a value that it cannot have"
        ))
        .because(cause)
    })?;
    Ok(Some(parsed.get()))
}

/// What the check is called: something that fits into one line of a message.
fn name(path: &Utf8Path, table: &dyn TableLike) -> Result<String> {
    let Some(item) = table.get("name") else {
        return Err(Error::new(format!("`{path}` has a health check without a `name`"))
            .hint("say what it looks at: `name = \"ssh\"`"));
    };
    let text = item
        .as_str()
        .ok_or_else(|| wrong_type(path, "health.name", "a string", item.type_name()))?;
    if text.trim().is_empty() || text.len() > 200 || text.chars().any(char::is_control) {
        return Err(Error::new(format!(
            "`{path}` has a health check whose name cannot be shown: `{}`",
            text.escape_debug().take(60).collect::<String>()
        ))
        .hint("use 1 to 200 characters in one line"));
    }
    Ok(text.to_owned())
}

/// The program and its arguments; whether the machine has it is found out there.
fn command(path: &Utf8Path, name: &str, table: &dyn TableLike) -> Result<Vec<String>> {
    let hint =
        "name a program and its arguments: `command = [\"systemctl\", \"is-active\", \"sshd\"]`";
    let Some(item) = table.get("command") else {
        return Err(
            Error::new(format!("`{path}`: the health check `{name}` has no `command`")).hint(hint)
        );
    };
    let bad = || wrong(path, name, "command", "a list of strings", item).hint(hint);
    let mut words = vec![];
    for word in item.as_array().ok_or_else(bad)? {
        words.push(word.as_str().ok_or_else(bad)?.to_owned());
    }
    if words.first().is_none_or(|program| program.trim().is_empty()) {
        return Err(Error::new(format!(
            "`{path}`: the `command` of the health check `{name}` names no program"
        ))
        .hint(hint));
    }
    if words.iter().any(|word| word.contains('\0')) {
        return Err(Error::new(format!(
            "`{path}`: the `command` of the health check `{name}` contains a NUL"
        )));
    }
    Ok(words)
}

fn wrong(path: &Utf8Path, name: &str, key: &str, wanted: &str, found: &Item) -> Error {
    // A list of other things than strings is a list, which is not what is wrong with it; a number out of bounds, too.
    let found = match found {
        Item::Value(Value::Integer(number)) => format!("{}", number.value()),
        Item::Value(Value::Array(_)) => {
            return Error::new(format!(
                "`{path}`: `{key}` of the health check `{name}` must be {wanted}, but it has something else in it"
            ));
        }
        other => super::file::article(other.type_name()),
    };
    Error::new(format!(
        "`{path}`: `{key}` of the health check `{name}` must be {wanted}, but it is {found}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml_edit::DocumentMut;

    fn read(text: &str) -> Result<Vec<HealthCheck>> {
        let document: DocumentMut = text.parse().expect("TOML");
        health("studio.toml".into(), document.get("health").expect("health"))
    }

    #[test]
    fn what_a_table_does_not_say_has_a_default() {
        let checks = read(
            "[[health]]\nname = \"ssh\"\ncommand = [\"sshd-ok\"]\n\
             [[health]]\nname = \"web page\"\ncommand = [\"curl\", \"-f\", \"http://localhost\"]\n\
             timeout = \"5s\"\nretries = 3\npause = \"2m\"\n",
        )
        .expect("valid");
        let check = |name: &str, command: &[&str], timeout, retries, pause| HealthCheck {
            name: name.to_owned(),
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            timeout,
            retries,
            pause,
        };
        let web = check("web page", &["curl", "-f", "http://localhost"], 5, 3, 120);
        assert_eq!(checks, [check("ssh", &["sshd-ok"], 30, 0, 1), web.clone()]);
        let inline = "health = [{ name = \"web page\", command = [\"curl\", \"-f\", \
                      \"http://localhost\"], timeout = \"5s\", retries = 3, pause = \"2m\" }]";
        assert_eq!(read(inline).expect("valid"), [web]);
        assert_eq!(read("health = []").expect("none"), []);
    }

    #[test]
    fn what_is_wrong_is_named_with_what_it_must_be() {
        let with =
            |line: &str| format!("[[health]]\nname = \"ssh\"\ncommand = [\"sshd-ok\"]\n{line}\n");
        let of = "of the health check `ssh`";
        for (text, message) in [
            (
                "health = 3".to_owned(),
                "`health` must be a list of tables: `[[health]]`, but it is an integer".to_owned(),
            ),
            (
                "[health]\nname = \"x\"".to_owned(),
                "`health` must be a list of tables: `[[health]]`, but it is a table".to_owned(),
            ),
            (
                with("retries = -1"),
                format!("`retries` {of} must be a whole number from 0 to 1000, but it is -1"),
            ),
            (
                with("retries = \"2\""),
                format!("`retries` {of} must be a whole number from 0 to 1000, but it is a string"),
            ),
            (
                with("timeout = 5"),
                format!("`timeout` {of} must be a length of time such as `\"30s\"`, but it is 5"),
            ),
            (with("timeout = \"5\""), format!("`timeout` {of} has a value that it cannot have")),
            (
                "[[health]]\nname = 1".to_owned(),
                "`health.name` must be a string, but it is an integer".to_owned(),
            ),
            (
                "[[health]]\nname = \"ssh\"".to_owned(),
                "the health check `ssh` has no `command`".to_owned(),
            ),
            (
                "[[health]]\nname = \"ssh\"\ncommand = \"a b\"".to_owned(),
                format!("`command` {of} must be a list of strings, but it is a string"),
            ),
            (
                "[[health]]\nname = \"ssh\"\ncommand = [\"a\", 1]".to_owned(),
                format!(
                    "`command` {of} must be a list of strings, but it has something else in it"
                ),
            ),
            (
                "[[health]]\nname = \"ssh\"\ncommand = []".to_owned(),
                format!("the `command` {of} names no program"),
            ),
        ] {
            let error = read(&text).expect_err(&text);
            assert_eq!(error.message(), format!("`studio.toml`: {message}"));
        }
        for (text, message) in [
            (with("timeuot = \"5s\""), "has a setting `health.timeuot` that is not known"),
            ("[[health]]\ncommand = [\"a\"]".to_owned(), "has a health check without a `name`"),
            (
                "[[health]]\nname = \"a\\nb\"".to_owned(),
                "has a health check whose name cannot be shown: `a\\nb`",
            ),
            (format!("{}{}", with(""), with("")), "has two health checks that are called `ssh`"),
        ] {
            let error = read(&text).expect_err(&text);
            assert_eq!(error.message(), format!("`studio.toml` {message}"));
            assert_eq!(error.hints().len(), 1, "{message}");
        }
    }
}
