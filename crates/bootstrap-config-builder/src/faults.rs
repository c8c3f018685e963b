//! Mistakes in a TOML file, each with its place, its line and a caret under it; all of them at once.
//!
//! Not here: what a mistake is.

use std::ops::Range;
use studio_core::{Error, ui};
use unicode_width::UnicodeWidthStr;

/// The mistakes of one file.
#[derive(Debug)]
pub struct Faults<'a> {
    path: &'a str,
    text: &'a str,
    found: Vec<(usize, String)>,
}

impl<'a> Faults<'a> {
    /// Of the file at `path`, as the user names it, which holds `text`.
    pub fn of(path: &'a str, text: &'a str) -> Faults<'a> {
        Faults { path, text, found: vec![] }
    }

    /// Adds one at this place.
    pub fn add(&mut self, span: Option<Range<usize>>, why: impl AsRef<str>) {
        let at = span.map_or(0, |span| span.start);
        let (line, column, shown) = place(self.text, at);
        let indent = " ".repeat(shown.chars().take(column - 1).collect::<String>().width());
        let why = why.as_ref();
        self.found
            .push((at, format!("{}:{line}:{column}: {why}\n  {shown}\n  {indent}^", self.path)));
    }

    /// The line of a place, as `FILE:LINE`.
    pub fn line(&self, span: Option<Range<usize>>) -> String {
        format!("{}:{}", self.path, place(self.text, span.map_or(0, |span| span.start)).0)
    }

    /// What is no TOML at all.
    pub fn syntax(mut self, cause: &toml_edit::TomlError) -> Error {
        let words: Vec<&str> = cause.message().lines().map(str::trim).collect();
        self.add(cause.span(), words.join(", "));
        let (_, fault) = self.found.remove(0);
        Error::new(format!("`{}` is not TOML", self.path)).because(fault)
    }

    /// An error with all of them, if there are any, in the order of the file.
    pub fn error(mut self) -> Result<(), Error> {
        if self.found.is_empty() {
            return Ok(());
        }
        self.found.sort();
        let count = ui::count(self.found.len(), "mistake");
        let error = Error::new(format!("{count} in `{}`", self.path));
        Err(self.found.into_iter().fold(error, |error, (_, fault)| error.because(fault)))
    }
}

/// Line and column of a place, from 1 on, and that line without what a terminal would act on, cut where it gets long.
fn place(text: &str, at: usize) -> (usize, usize, String) {
    let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let begin = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[..at].matches('\n').count() + 1;
    let column = text[begin..at].chars().count() + 1;
    let whole = text[begin..].lines().next().unwrap_or_default();
    let shown = whole.chars().map(|c| if c.is_control() { ' ' } else { c });
    (line, column, shown.take(column.max(120)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters_and_survive_any_offset() {
        let text = "a = 1\n\u{e9}\u{e9} = \t[\n";
        let at = text.find('[').expect("there");
        assert_eq!(place(text, at), (2, 7, "\u{e9}\u{e9} =  [".to_owned()));
        assert_eq!(place(text, 7).0, 2, "in the middle of a character");
        assert_eq!(place(text, 1000).0, 3);
        assert_eq!(place("", 0), (1, 1, String::new()));
    }
}
