//! Pieces of Nix that values are put into.

use studio_core::Result;
use studio_core::error::OrSay;
use studio_core::nix::literal;

/// A string.
pub(super) fn string(text: &str) -> Result<String> {
    literal::string(text).or_say(|| format!("`{}` cannot stand in a Nix file", text.escape_debug()))
}

/// A name in an attribute path.
pub(super) fn name(text: &str) -> Result<String> {
    literal::attribute_name(text)
        .or_say(|| format!("`{}` cannot stand in a Nix file", text.escape_debug()))
}

/// A list of strings on one line.
pub(super) fn strings<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<String> {
    let items: Result<Vec<String>> = texts.into_iter().map(string).collect();
    Ok(list(&items?))
}

/// A list of expressions on one line.
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => "[ ]".to_owned(),
        _ => format!("[ {} ]", items.join(" ")),
    }
}
