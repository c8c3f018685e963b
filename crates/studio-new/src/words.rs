//! Words that the lists of this command share.

use studio_core::cli::{Context, Done};
use studio_core::error::{OrSay, Result};
use studio_core::verdict::ago;

/// How many characters of a subject are shown.
const SUBJECT: usize = 50;

/// How long ago something was.
pub(crate) fn age(cx: &Context, moment: i64) -> String {
    ago(cx.env.now().saturating_sub(moment))
}

/// The beginning of a subject, without characters that a terminal would obey.
pub(crate) fn cut(subject: Option<&str>) -> String {
    let Some(subject) = subject else { return "(its commit cannot be read)".to_owned() };
    let shown = subject.escape_debug().to_string();
    match shown.char_indices().nth(SUBJECT) {
        Some((end, _)) => format!("{}…", shown[..end].trim_end()),
        None => shown,
    }
}

/// JSON for stdout.
pub(crate) fn json_of(what: &impl serde::Serialize) -> Result<Done> {
    text_of(what).map(Done::with)
}

/// The same as text.
pub(crate) fn text_of(what: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string_pretty(what).or_say(|| "the result cannot be written as JSON")
}
