//! `studio --list` and `studio --snapshots`: what there is.

use crate::words::{age, cut, json_of};
use camino::Utf8Path;
use std::fmt::Write;
use studio_core::cli::{Context, Done};
use studio_core::error::Result;
use studio_core::home::Home;
use studio_core::{studio, ui};

pub(crate) fn studios(home: &Home, json: bool) -> Result<Done> {
    let studios = studio::list(home)?;
    if json {
        return json_of(&studios);
    }
    let width = studios.iter().map(|studio| studio.name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for studio in &studios {
        let branch = studio.branch.as_deref().unwrap_or("(detached)");
        let commit = studio.commit.as_deref().map_or("?", |commit| &commit[..12]);
        let _ = writeln!(text, "{:width$}  {commit}  {branch}  {}", studio.name, studio.path);
    }
    Ok(Done::with(text))
}

/// All snapshots, newest first: id, age, what it has for itself, subject, and why it stays.
pub(crate) fn snapshots(
    cx: &Context,
    home: &Home,
    other_root: Option<&Utf8Path>,
    json: bool,
) -> Result<Done> {
    let snapshots = studio::catalog(cx, home, other_root)?;
    if json {
        return json_of(&snapshots);
    }
    if snapshots.is_empty() {
        cx.ui.step("there is no snapshot yet");
    }
    let mut text = String::new();
    for snapshot in &snapshots {
        let generations = snapshot.generations.iter().map(ToString::to_string);
        let marks: Vec<String> =
            snapshot.pinned.then(|| "pinned".to_owned()).into_iter().chain(generations).collect();
        let marks =
            if marks.is_empty() { String::new() } else { format!("  ({})", marks.join(", ")) };
        let _ = writeln!(
            text,
            "{}  {:>14}  {:>10}  {}{marks}",
            snapshot.id.short(),
            age(cx, snapshot.taken),
            ui::size(snapshot.size),
            cut(snapshot.subject.as_deref())
        );
    }
    Ok(Done::with(text))
}
