//! `studio --clean`, `--pin` and `--unpin`: what is said and asked. What is done is `studio_core::studio`'s.

use crate::words::{age, cut, json_of};
use std::fmt::Write;
use studio_core::cli::{Context, Done};
use studio_core::error::{Error, Result};
use studio_core::home::Home;
use studio_core::studio::{self, Cleaned, Goes, Need, Plan};
use studio_core::ui;

/// How many snapshots are shown before the question.
const SHOWN: usize = 15;

/// How it is cleaned.
pub(crate) struct How {
    /// Whether it is only shown what would go.
    pub dry_run: bool,
    /// Whether the user said yes already.
    pub yes: bool,
    /// Whether JSON is wanted.
    pub json: bool,
}

/// Shows what goes, asks, and removes it.
pub(crate) fn clean(cx: &Context, home: &Home, plan: &Plan, how: How) -> Result<Done> {
    if how.dry_run {
        say_what_stays(cx, plan);
        return match how.json {
            true => json_of(&json(plan, None)),
            false => Ok(Done::with(rows(cx, &plan.goes))),
        };
    }
    if !plan.goes.is_empty() {
        let shown = &plan.goes[..plan.goes.len().min(SHOWN)];
        let mut text = rows(cx, shown);
        let more = plan.goes.len() - shown.len();
        if more > 0 {
            let _ = writeln!(text, "and {more} more; `--dry-run` lists all");
        }
        cx.ui.step(text.trim_end());
    }
    say_what_stays(cx, plan);
    // What is left of snapshots that are gone is nobody's, and needs no answer.
    if !plan.goes.is_empty() && !how.yes {
        let snapshots = ui::count(plan.goes.len(), "snapshot");
        match cx.ui.confirm(&format!("remove {snapshots}?"), false) {
            Some(true) => {}
            Some(false) => return Err(Error::new("nothing was removed, as you said")),
            None => {
                return Err(Error::new(format!(
                    "{snapshots} would go, and nobody is here to be asked; nothing was removed"
                ))
                .hint("to remove what is shown: `studio --clean --yes`"));
            }
        }
    }
    let cleaned = studio::clean(cx, home, plan)?;
    for id in &cleaned.spared {
        cx.ui.step(format!("{} stays: somebody needs it now", id.short()));
    }
    let removed = what(cleaned.removed.len(), plan.remains);
    if !removed.is_empty() {
        let freed = match cleaned.spared.is_empty() {
            true => format!(", which freed {}", ui::size(plan.frees)),
            false => String::new(),
        };
        cx.ui.step(format!("removed {removed}{freed}"));
    }
    match how.json {
        true => json_of(&json(plan, Some(&cleaned))),
        false => Ok(Done::silent()),
    }
}

fn rows(cx: &Context, goes: &[Goes]) -> String {
    let mut text = String::new();
    for one in goes {
        let subject = cut(one.subject.as_deref());
        let _ = writeln!(text, "{}  {:>14}  {subject}", one.id.short(), age(cx, one.taken));
    }
    text
}

fn say_what_stays(cx: &Context, plan: &Plan) {
    let stays: usize = plan.stays.values().sum();
    if stays > 0 {
        let why: Vec<String> =
            plan.stays.iter().map(|(need, number)| format!("{number} {}", words(*need))).collect();
        let stay = if stays == 1 { "stays" } else { "stay" };
        let snapshots = ui::count(stays, "snapshot");
        cx.ui.step(format!("{snapshots} {stay}: {}", why.join(", ")));
    }
    if plan.is_empty() {
        cx.ui.step("there is nothing to remove");
    } else {
        let goes = what(plan.goes.len(), plan.remains);
        cx.ui.step(format!("to remove: {goes}, which frees {}", ui::size(plan.frees)));
    }
}

/// `4 snapshots and 2 remains of earlier ones`.
fn what(snapshots: usize, remains: usize) -> String {
    let snapshots = (snapshots > 0).then(|| ui::count(snapshots, "snapshot"));
    let remains = match remains {
        0 => None,
        1 => Some("1 remainder of earlier ones".to_owned()),
        several => Some(format!("{several} remains of earlier ones")),
    };
    let both: Vec<String> = snapshots.into_iter().chain(remains).collect();
    both.join(" and ")
}

fn words(need: Need) -> &'static str {
    match need {
        Need::AtWork => "running, booted or being switched to",
        Need::Generation => "with a generation",
        Need::Pin => "pinned",
        Need::InUse => "in use",
        Need::Studio => "of studios",
        Need::Last => "of the last",
        Need::Young => "young",
    }
}

fn json(plan: &Plan, cleaned: Option<&Cleaned>) -> serde_json::Value {
    let mut json = serde_json::json!({
        "goes": plan.goes,
        "stays": plan.stays,
        "remains": plan.remains,
        "frees": plan.frees,
    });
    if let Some(cleaned) = cleaned {
        json["removed"] = serde_json::json!(cleaned.removed);
        json["spared"] = serde_json::json!(cleaned.spared);
    }
    json
}

/// Pins a snapshot.
pub(crate) fn pin(cx: &Context, home: &Home, text: &str) -> Result<Done> {
    let (id, new) = studio::pin(cx, home, text)?;
    let already = if new { "" } else { " already" };
    cx.ui.step(format!("the snapshot {} is pinned{already}: it stays until `--unpin`", id.short()));
    Ok(Done::silent())
}

/// Unpins a snapshot.
pub(crate) fn unpin(cx: &Context, home: &Home, text: &str) -> Result<Done> {
    let id = studio::unpin(cx, home, text)?;
    cx.ui.step(format!("the snapshot {} is not pinned any more", id.short()));
    Ok(Done::silent())
}
