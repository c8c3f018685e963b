//! The list for people: one line a generation, newest first, in columns that fit a terminal.

use super::Listed;
use crate::clock;
use bytesize::ByteSize;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What stands for something that is not known.
const UNKNOWN: &str = "-";

/// Between two columns.
const GAP: &str = "  ";

/// How wide a subject may get where there is no terminal to fill.
const SUBJECT_IN_PIPES: usize = 30;

/// Below this a subject says nothing; a narrower terminal wraps.
const NARROWEST_SUBJECT: usize = 10;

/// The names of the columns; the first is as wide as the numbers of a few years.
const HEADER: [&str; 8] =
    [" gen", "made", "commit", "subject", "kernel", "health", "size", "state"];

/// Where the columns stand that are treated differently from the others.
const SUBJECT: usize = 3;
const KERNEL: usize = 4;
/// Numbers, which are compared by their last digits.
const TO_THE_RIGHT: [usize; 2] = [0, 6];

/// The list with a line of names above it; `columns` is how wide the terminal is, if it goes to one.
pub fn table(generations: &[Listed], columns: Option<usize>) -> String {
    if generations.is_empty() {
        return String::new();
    }
    let mut rows: Vec<[String; 8]> = vec![HEADER.map(str::to_owned)];
    rows.extend(generations.iter().rev().map(row));
    let kernels = generations.iter().any(|listed| listed.kernel.is_some());
    let shown: Vec<usize> = (0..HEADER.len()).filter(|at| *at != KERNEL || kernels).collect();
    let widest = |at: usize| rows.iter().map(|row| row[at].width()).max().unwrap_or_default();
    let mut widths: Vec<usize> = (0..HEADER.len()).map(widest).collect();
    let most = match columns {
        Some(columns) => {
            let others: usize =
                shown.iter().filter(|at| **at != SUBJECT).map(|at| widths[*at]).sum();
            let gaps = GAP.len() * (shown.len() - 1);
            columns.saturating_sub(others + gaps).max(NARROWEST_SUBJECT)
        }
        None => SUBJECT_IN_PIPES,
    };
    widths[SUBJECT] = widths[SUBJECT].min(most);
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells: Vec<String> = shown.iter().map(|at| cell(&row[*at], *at, &widths)).collect();
            cells.join(GAP).trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}

fn row(listed: &Listed) -> [String; 8] {
    let unknown = || UNKNOWN.to_owned();
    let commit = match (&listed.snapshot, &listed.commit) {
        (Some(snapshot), _) => snapshot.short().to_owned(),
        (None, Some(commit)) => commit.chars().take(12).collect(),
        (None, None) => unknown(),
    };
    let subject = match (&listed.subject, listed.there) {
        (_, false) => "(gone)".to_owned(),
        (Some(subject), true) => plain(subject),
        (None, true) => unknown(),
    };
    let marks: Vec<&str> = listed.marks.iter().map(|mark| mark.word()).collect();
    [
        listed.generation.to_string(),
        clock::local(listed.made),
        commit,
        subject,
        listed.kernel.clone().unwrap_or_else(unknown),
        listed.health.map_or_else(unknown, |health| health.word().to_owned()),
        listed
            .closure_size
            .map_or_else(unknown, |bytes| ByteSize(bytes).display().iec().to_string()),
        marks.join(", "),
    ]
}

fn cell(text: &str, at: usize, widths: &[usize]) -> String {
    let text = cut(text, widths[at]);
    let blanks = " ".repeat(widths[at].saturating_sub(text.width()));
    if TO_THE_RIGHT.contains(&at) { blanks + &text } else { text + &blanks }
}

/// A text of other people's making without what a terminal would act on.
pub(in crate::switch) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The text in at most so many columns.
fn cut(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let mut room = most.saturating_sub(1);
    let fits = |c: &char| {
        let width = c.width().unwrap_or_default();
        let fits = width <= room;
        room = room.saturating_sub(width);
        fits
    };
    let kept: String = text.chars().take_while(fits).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_by_the_columns_that_it_takes() {
        assert_eq!(cut("motd: two", 9), "motd: two");
        assert_eq!(cut("motd: two", 8), "motd: t…");
        assert_eq!(cut("motd: two", 7), "motd:…");
        // Each of these takes two columns.
        assert_eq!(cut("日本語の件名", 7), "日本語…");
        assert_eq!(cut("日本語の件名", 8), "日本語…");
    }
}
