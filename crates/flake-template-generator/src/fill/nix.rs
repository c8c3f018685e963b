//! Values in Nix: what surrounds a placeholder decides how its value is written, and nothing else may change.
//!
//! For parsing, a name of the same length stands in for each placeholder, so that every position is that of the
//! template. What comes out is parsed again: outside of the values it has to have the same nodes and tokens.

use super::scan::Placeholder;
use rnix::{Root, SyntaxKind, SyntaxNode, SyntaxToken, TextRange, TextSize};
use std::ops::Range;
use studio_core::nix::literal::{self, Unsayable, Value};
use studio_core::nix::syntax::{self, Problem};

/// Where a placeholder stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Where any expression can.
    Expression,
    /// Between double quotes.
    Quotes,
    /// In an indented string.
    Indented,
    /// In an attribute path.
    Attribute,
    /// Where a name is bound or inherited.
    Name,
    /// In a comment.
    Comment,
}

/// A value and where it goes.
struct Leaf<'a> {
    placeholder: &'a Placeholder,
    value: &'a Value,
    place: Place,
    /// The first byte of the text of the string that it is in.
    text_start: usize,
}

/// The text with a value in place of each placeholder, which are in order; else everything that is wrong.
pub fn fill(
    file: &str,
    text: &str,
    values: &[(Placeholder, Value)],
) -> Result<String, Vec<Problem>> {
    let mut plain = text.to_owned();
    for (number, (placeholder, _)) in values.iter().enumerate() {
        plain.replace_range(placeholder.range.clone(), &stand_in(number, placeholder.range.len()));
    }
    if !syntax::tame(&plain) {
        let message =
            "it is nested so deeply, or an expression in it is so long, that it is not read";
        return Err(vec![Problem::at(file, text, 0, message)]);
    }
    let problems = syntax::faults(file, &plain);
    if !problems.is_empty() {
        return Err(problems
            .into_iter()
            .map(|problem| in_template(problem, text, values))
            .collect());
    }
    let root = Root::parse(&plain).syntax();
    let mut problems = Vec::new();
    let mut leaves = Vec::new();
    let mut token = root.first_token();
    for (placeholder, value) in values {
        // Forward from the one before: looked up from the root, each would cost as much as the text is long.
        while let Some(before) = &token
            && usize::from(before.text_range().end()) <= placeholder.range.start
        {
            token = before.next_token();
        }
        match place(token.as_ref(), text, &placeholder.range) {
            Ok((place, text_start)) => leaves.push(Leaf { placeholder, value, place, text_start }),
            Err(message) => {
                problems.push(Problem::at(file, text, placeholder.range.start, message))
            }
        }
    }
    let mut filled = Filled { text: String::with_capacity(text.len()), pieces: vec![], end: 0 };
    for leaf in &leaves {
        if let Err(message) = filled.take(text, leaf) {
            problems.push(Problem::at(file, text, leaf.placeholder.range.start, message));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    filled.text.push_str(&text[filled.end..]);
    match filled.differs_from(&root) {
        None => Ok(filled.text),
        Some(at) => {
            let key = leaves.iter().rev().find(|leaf| leaf.placeholder.range.start <= at);
            let key = key.map_or("", |leaf| leaf.placeholder.key.as_str());
            let message =
                format!("with the value of `{key}` what is around it would mean something else");
            Err(vec![Problem::at(file, text, at, message)])
        }
    }
}

/// A name as long as the placeholder, and as a rule one that is there once.
fn stand_in(number: usize, length: usize) -> String {
    const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut name = String::from("_");
    let mut rest = number;
    while name.len() < length && rest > 0 {
        name.push(char::from(DIGITS[rest % DIGITS.len()]));
        rest /= DIGITS.len();
    }
    name.extend(std::iter::repeat_n('_', length - name.len()));
    name
}

/// A problem of the text with stand-ins, as one of the template.
fn in_template(problem: Problem, text: &str, values: &[(Placeholder, Value)]) -> Problem {
    let source = text.split('\n').nth(problem.line - 1).unwrap_or_default();
    let mut message = problem.message;
    for (number, (placeholder, _)) in values.iter().enumerate() {
        let stand_in = format!("`{}`", stand_in(number, placeholder.range.len()));
        message = message.replace(&stand_in, &format!("`{}`", &text[placeholder.range.clone()]));
    }
    Problem { message, source: source.trim_end_matches('\r').to_owned(), ..problem }
}

/// Where a placeholder stands, and where the text of its string begins; or why it cannot stand there.
fn place(
    token: Option<&SyntaxToken>,
    text: &str,
    range: &Range<usize>,
) -> Result<(Place, usize), String> {
    use SyntaxKind::*;
    let key = &text[range.clone()];
    let nowhere = || format!("`{key}` cannot stand here");
    let token = token.ok_or_else(nowhere)?;
    let start = usize::from(token.text_range().start());
    match token.kind() {
        TOKEN_COMMENT => Ok((Place::Comment, start)),
        TOKEN_STRING_CONTENT => {
            let string = token.parent().ok_or_else(nowhere)?;
            let is_indented = string.first_token().is_some_and(|open| open.text() == "''");
            Ok((if is_indented { Place::Indented } else { Place::Quotes }, start))
        }
        TOKEN_IDENT => {
            let is_alone = token.text_range() == text_range(range)
                && !text[..range.start].ends_with(|c: char| c.is_ascii_digit());
            if !is_alone {
                return Err(format!(
                    "`{key}` stands in the middle of a name; put the whole in quotes"
                ));
            }
            Ok((place_of_name(token).ok_or_else(nowhere)?, start))
        }
        TOKEN_PATH_ABS | TOKEN_PATH_HOME | TOKEN_PATH_REL | TOKEN_PATH_SEARCH => Err(format!(
            "`{key}` stands in a path, where nothing can be quoted; write `(./. + \"/{key}\")`"
        )),
        TOKEN_URI => Err(format!("`{key}` stands in an address; put that in quotes")),
        _ => Err(nowhere()),
    }
}

fn place_of_name(token: &SyntaxToken) -> Option<Place> {
    use SyntaxKind::*;
    let ident = token.parent()?;
    let above = ident.parent()?;
    Some(match above.kind() {
        NODE_ATTRPATH => Place::Attribute,
        NODE_INHERIT | NODE_IDENT_PARAM | NODE_PAT_BIND => Place::Name,
        NODE_PAT_ENTRY if above.first_child().as_ref() == Some(&ident) => Place::Name,
        _ => Place::Expression,
    })
}

fn offset(at: usize) -> TextSize {
    TextSize::try_from(at).unwrap_or_default()
}

fn text_range(range: &Range<usize>) -> TextRange {
    TextRange::new(offset(range.start), offset(range.end))
}

/// What is filled in so far.
struct Filled {
    text: String,
    /// For each placeholder its bytes in the template, and those of the value.
    pieces: Vec<(Range<usize>, Range<usize>)>,
    /// How much of the template is in it.
    end: usize,
}

impl Filled {
    fn take(&mut self, template: &str, leaf: &Leaf<'_>) -> Result<(), String> {
        let range = leaf.placeholder.range.clone();
        self.text.push_str(&template[self.end..range.start]);
        self.end = range.end;
        let start = self.text.len();
        let before = &self.text[self.start(leaf.text_start).min(start)..];
        let key = &leaf.placeholder.key;
        let result = written(leaf, before, indent(&self.text)).map_err(|fault| match fault {
            Fault::Unsayable(cause) => {
                format!("the value of `{key}` cannot be written here: {cause}")
            }
            Fault::Kind(wanted) => {
                format!(
                    "the value of `{key}` is {}, and {wanted} is wanted here",
                    leaf.value.kind()
                )
            }
            Fault::Name => {
                format!("the value of `{key}` is no name that can be bound: {}", shown(leaf.value))
            }
            Fault::Escaped => {
                format!("`{key}` stands behind a `\\`, which would take the first character")
            }
        });
        // Where a value cannot stand, nothing does, and what comes next is looked at all the same.
        let written = result.as_deref().unwrap_or_default();
        self.text.push_str(written);
        self.pieces.push((range, start..self.text.len()));
        result.map(|_| ())
    }

    /// Where something is now that began at this byte of the template; a placeholder begins where its value does.
    fn start(&self, at: usize) -> usize {
        self.behind(self.pieces.partition_point(|(old, _)| old.start < at), at)
    }

    /// The same for where something ended.
    fn end(&self, at: usize) -> usize {
        self.behind(self.pieces.partition_point(|(old, _)| old.end <= at), at)
    }

    /// Where a byte is that stands behind so many placeholders.
    fn behind(&self, pieces: usize, at: usize) -> usize {
        match pieces.checked_sub(1).and_then(|last| self.pieces.get(last)) {
            Some((old, new)) => new.end + at.saturating_sub(old.end),
            None => at,
        }
    }

    /// The first place of the template where more than the values is other; `None` if there is none.
    fn differs_from(&self, template: &SyntaxNode) -> Option<usize> {
        let parsed = Root::parse(&self.text);
        if !parsed.errors().is_empty() {
            return Some(self.pieces.first().map_or(0, |(old, _)| old.start));
        }
        let (olds, news): (Vec<_>, Vec<_>) = self.pieces.iter().cloned().unzip();
        let new = parsed.syntax();
        let mut new = shape(&new, &news);
        for (kind, old) in shape(template, &olds) {
            let wanted = (kind, self.start(old.start)..self.end(old.end));
            if new.next() != Some(wanted) {
                return Some(old.start);
            }
        }
        new.next().map(|_| self.end)
    }
}

/// The nodes and tokens outside of some parts of the text, in order; without blanks and the text of strings.
fn shape<'a>(
    root: &SyntaxNode,
    parts: &'a [Range<usize>],
) -> impl Iterator<Item = (SyntaxKind, Range<usize>)> + use<'a> {
    root.descendants_with_tokens().filter_map(|element| {
        let (kind, range) = (element.kind(), Range::<usize>::from(element.text_range()));
        let nearest = parts.partition_point(|part| part.start <= range.start).checked_sub(1);
        let is_inside = nearest.is_some_and(|at| range.end <= parts[at].end);
        let is_plain =
            matches!(kind, SyntaxKind::TOKEN_WHITESPACE | SyntaxKind::TOKEN_STRING_CONTENT);
        (!is_inside && !is_plain).then_some((kind, range))
    })
}

/// Why a value cannot be written where its placeholder stands.
enum Fault {
    Unsayable(Unsayable),
    /// This kind of value is wanted.
    Kind(&'static str),
    Name,
    Escaped,
}

impl From<Unsayable> for Fault {
    fn from(cause: Unsayable) -> Fault {
        Fault::Unsayable(cause)
    }
}

fn written(leaf: &Leaf<'_>, before: &str, indent: usize) -> Result<String, Fault> {
    let text = || as_text(leaf.value).ok_or(Fault::Kind("text"));
    match leaf.place {
        Place::Expression => Ok(leaf.value.literal(indent)?),
        Place::Quotes => {
            let backslashes = before.len() - before.trim_end_matches('\\').len();
            if backslashes % 2 == 1 {
                return Err(Fault::Escaped);
            }
            Ok(literal::string_content(&text()?, before)?)
        }
        Place::Indented if before.ends_with("''\\") => Err(Fault::Escaped),
        Place::Indented => Ok(literal::indented_content(&text()?, before)?),
        Place::Attribute => Ok(literal::attribute_name(&text()?)?),
        Place::Name => {
            let text = text()?;
            if literal::is_identifier(&text) { Ok(text) } else { Err(Fault::Name) }
        }
        Place::Comment => {
            let text = as_text(leaf.value).map_or_else(|| leaf.value.literal(0), Ok)?;
            Ok(literal::comment(&text))
        }
    }
}

/// A value as part of a text, if it can be.
pub fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Bool(bool) => Some(bool.to_string()),
        Value::List(_) | Value::Set(_) => None,
    }
}

/// A value for a message, which is short and has one line.
fn shown(value: &Value) -> String {
    let text = as_text(value).unwrap_or_else(|| value.kind().to_owned());
    format!("`{}`", text.escape_debug().take(60).collect::<String>())
}

/// How far the last line is indented, in characters.
fn indent(text: &str) -> usize {
    let line = &text[text.rfind('\n').map_or(0, |end| end + 1)..];
    line.len() - line.trim_start_matches(' ').len()
}
