//! What Nix said, taken apart: one complaint an `error:`, with its message and the places that its trace names.
//!
//! Nix writes an error at the start of a line and indents all that belongs to it; the trace comes first, outermost
//! first, and the message last. So it is from 2.18 to 2.34 and with Lix, which differ in blank lines only. Not here: what a
//! message means, and whose file a place is in ([`super::source`]).

use std::collections::HashMap;

/// How far Nix indents what belongs to an error.
const INDENT: usize = 7;

/// One error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The message, its first line without `error: `, without the indentation, and without the places.
    pub message: String,
    /// What was going on, outermost first: `while evaluating the option `x':`.
    pub trace: Vec<String>,
    /// The places that are named, outermost first; that of the message itself is the last.
    pub places: Vec<Named>,
    /// What the builder said whose failure this is: its last lines, or all of them where Nix passed them on.
    pub log: Vec<String>,
}

/// A place as Nix names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The file: a path in the store, or `«REFERENCE»/PATH`.
    pub path: String,
    /// Its line, from 1; the module system names files only.
    pub line: Option<usize>,
    /// The text of the line, where Nix shows it.
    pub text: Option<String>,
    /// The option that was being evaluated, where the module system names the file.
    pub option: Option<String>,
}

impl Complaint {
    /// The complaints in all that Nix said, in their order.
    pub fn all(said: &str) -> Vec<Complaint> {
        let mut blocks: Vec<Vec<&str>> = vec![];
        let mut logs: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut open = false;
        for line in said.lines() {
            // A line of a build, with the build's name before it.
            if let Some((name, text)) = line.split_once("> ").filter(|(name, _)| is_name(name)) {
                logs.entry(name).or_default().push(text);
            }
            // So one begins that does not end a `nix flake check --keep-going`, until 2.30.
            let line = line.strip_prefix("error (ignored): ").unwrap_or(line);
            if line.starts_with("error:") {
                blocks.push(vec![]);
                open = true;
            } else if !line.is_empty() && !line.starts_with(' ') {
                open = false;
            }
            if open && let Some(block) = blocks.last_mut() {
                block.push(line);
            }
        }
        blocks.iter().map(|block| Complaint::of(block, &logs)).collect()
    }

    fn of(block: &[&str], logs: &HashMap<&str, Vec<&str>>) -> Complaint {
        // Of what follows one another in a trace, the last error is the one that happened.
        let is_head = |line: &&str| {
            line.trim_start().starts_with("error:")
                && line.len() - line.trim_start().len() <= INDENT
        };
        let head = block.iter().rposition(is_head).unwrap_or_default();
        let mut trace: Vec<String> = vec![];
        let mut places: Vec<Named> = vec![];
        let mut message = String::new();
        for (at, line) in block.iter().enumerate() {
            let text = line.trim();
            if let Some(place) = place(text) {
                places.push(place);
            } else if let (Some(quoted), Some(place)) = (quoted(text), places.last_mut()) {
                if quoted.0.is_some() && quoted.0 == place.line {
                    place.text.get_or_insert_with(|| quoted.1.to_owned());
                }
            } else if let Some(doing) = text.strip_prefix("… ") {
                if let Some(path) = doing.strip_prefix("while evaluating definitions from `") {
                    let path = without_quote(path).to_owned();
                    let option = trace.iter().rev().find_map(|doing| option(doing));
                    let option = option.map(str::to_owned);
                    places.push(Named { path, line: None, text: None, option });
                }
                trace.push(doing.to_owned());
            } else if at >= head {
                let inner = line.get(INDENT.min(line.len() - line.trim_start().len())..);
                let inner = if at == head { text.strip_prefix("error:") } else { inner };
                message.push_str(inner.unwrap_or(text).trim_end());
                message.push('\n');
            }
        }
        // Since 2.34, `nix flake check` says first which attribute it was building.
        let failed_check = message.trim().strip_prefix("failed to build attribute '");
        let message = failed_check
            .and_then(|rest| Some(rest.split_once("' failed: ")?.1))
            .unwrap_or_else(|| message.trim())
            .to_owned();
        let log = match built(&message).and_then(|name| logs.get(name)) {
            Some(lines) => lines.iter().map(|line| (*line).to_owned()).collect(),
            None => message
                .lines()
                .filter_map(|line| Some(line.trim_start().strip_prefix('>')?.to_owned()))
                .collect(),
        };
        Complaint { message, trace, places, log }
    }

    /// The message without what a builder said.
    pub fn own_words(&self) -> impl Iterator<Item = &str> {
        self.message.lines().filter(|line| !line.trim_start().starts_with('>'))
    }

    /// What stands between two texts somewhere in Nix's own words.
    pub fn between(&self, before: &str, after: &str) -> Option<&str> {
        self.own_words().find_map(|line| between(line, before, after))
    }

    /// Whether Nix itself proposes a name.
    pub fn has_proposal(&self) -> bool {
        self.own_words().any(|line| line.trim_start().starts_with("Did you mean "))
    }
}

/// The option in a line of the trace like `while evaluating the option `x':`.
pub fn option(doing: &str) -> Option<&str> {
    Some(without_quote(doing.strip_prefix("while evaluating the option `")?))
}

/// The text before the quote that closes and a colon; nixpkgs closes by an apostrophe, and in places by a backtick.
fn without_quote(text: &str) -> &str {
    text.trim_end_matches([':', '\'', '`'])
}

/// What stands between two texts.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

/// The name of the build that failed: in `builder for '/STORE/HASH-NAME.drv' failed`, since 2.31 in `Cannot build '…'`.
fn built(message: &str) -> Option<&str> {
    let rest =
        ["builder for '", "Cannot build '"].iter().find_map(|by| message.strip_prefix(by))?;
    let (path, _) = rest.split_once(".drv'")?;
    Some(path.rsplit('/').next()?.split_once('-')?.1)
}

/// Whether this may be the name of a build.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "+-._?=".contains(c))
}

/// `at PATH:LINE:COLUMN:`
fn place(text: &str) -> Option<Named> {
    let mut parts = text.strip_prefix("at ")?.strip_suffix(':')?.rsplitn(3, ':');
    let (column, line, path) = (parts.next()?, parts.next()?, parts.next()?);
    column.parse::<usize>().ok()?;
    let line = Some(line.parse().ok()?);
    Some(Named { path: path.to_owned(), line, text: None, option: None })
}

/// `3|   a line`, or `|   ^` below it, which has no number.
fn quoted(text: &str) -> Option<(Option<usize>, &str)> {
    let (number, line) = text.split_once('|')?;
    if number.is_empty() {
        return (line.trim() == "^").then_some((None, line));
    }
    Some((Some(number.parse().ok()?), line.strip_prefix(' ').unwrap_or(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_and_a_message_are_told_apart() {
        let said = "warning: x\nerror:\n       … while evaluating the option `a.b':\n\n       \
                    … while calling the 'import' builtin\n\n         at /s/flake.nix:1:22:\n\n            \
                    1| { x = import ./y.nix; }\n             |       ^\n            2|\n\n       \
                    error: attribute 'z' missing\n       at «git+file:///s?rev=1»/y.nix:3:5:\n            \
                    2| {\n            3|   a | b\n             |   ^\n       Did you mean zz?\n";
        let all = Complaint::all(said);
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.message, "attribute 'z' missing\nDid you mean zz?");
        assert!(one.has_proposal());
        assert_eq!(
            one.trace,
            ["while evaluating the option `a.b':", "while calling the 'import' builtin"]
        );
        let places: Vec<_> =
            one.places.iter().map(|at| (at.path.as_str(), at.line, at.text.as_deref())).collect();
        assert_eq!(
            places,
            [
                ("/s/flake.nix", Some(1), Some("{ x = import ./y.nix; }")),
                ("«git+file:///s?rev=1»/y.nix", Some(3), Some("  a | b")),
            ]
        );
    }

    #[test]
    fn each_error_is_one_complaint_and_a_builder_makes_none() {
        let said = "x> error: not nix\nerror: one;\n       last 1 log lines:\n       > error: inner\nnote\n  \
                    loose\nerror: two\n";
        let all = Complaint::all(said);
        let messages: Vec<&str> = all.iter().map(|one| one.message.as_str()).collect();
        assert_eq!(messages, ["one;\nlast 1 log lines:\n> error: inner", "two"]);
        assert_eq!(all[0].own_words().count(), 2);
        assert_eq!(all[0].log, [" error: inner"]);
    }

    #[test]
    fn lines_of_a_build_belong_to_its_failure() {
        let said = "a-1> one\nb> other\na-1> two\nerror: builder for '/s/00-a-1.drv' failed with exit code 1\n";
        let all = Complaint::all(said);
        assert_eq!(all[0].log, ["one", "two"]);
    }
}
