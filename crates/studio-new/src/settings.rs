//! `studio --show-config`: every setting, and where it comes from.

use crate::words::json_of;
use std::fmt::Write;
use studio_core::cli::{Context, Done};
use studio_core::config::{Key, Settings};
use studio_core::error::Result;
use studio_core::home::Home;
use studio_core::studio;

pub(crate) fn show(cx: &Context, home: &Home, settings: Settings, json: bool) -> Result<Done> {
    // In a studio or a snapshot the flake has its say too.
    let settings = match studio::Place::here(cx) {
        Ok(studio::Place::Studio(studio)) => settings.with_flake(studio.repo.top())?,
        Ok(studio::Place::Snapshot(snapshot)) => settings.with_flake(snapshot.path())?,
        Err(_) => settings,
    };
    let mut rows = vec![("home".to_owned(), Some(home.root().to_string()), home_origin(cx))];
    for key in Key::ALL {
        let value = settings.get(key);
        let origin = value.as_ref().map(|value| value.origin.to_string()).unwrap_or_default();
        rows.push((key.row().name.to_owned(), value.map(|value| value.text), origin));
    }
    let checks: Vec<&str> = settings.health().iter().map(|check| check.name.as_str()).collect();
    let flake = settings.flake().filter(|_| !checks.is_empty());
    rows.push((
        "health".to_owned(),
        flake.map(|_| checks.join(", ")),
        flake.map(|file| file.path().to_string()).unwrap_or_default(),
    ));
    if json {
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(name, value, origin)| serde_json::json!({ "name": name, "value": value, "origin": origin }))
            .collect();
        return json_of(&rows);
    }
    let width = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (name, value, origin) in rows {
        let _ = match value {
            Some(value) => writeln!(text, "{name:width$}  {value}  ({origin})"),
            None => writeln!(text, "{name:width$}  (not set)"),
        };
    }
    Ok(Done::with(text))
}

fn home_origin(cx: &Context) -> String {
    match cx.env.get("STUDIO_HOME") {
        Some(_) => "$STUDIO_HOME".to_owned(),
        None => "default".to_owned(),
    }
}
