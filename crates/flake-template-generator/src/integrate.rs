//! An input more in the `flake.nix` of somebody: written into its text, so that everything else stays as it is.
//!
//! What is done is what one would type: the input beside the others, and its name among the arguments of `outputs`.
//! Where these are not written down as usual nothing is done, and what to type is said. Not here: reading and writing
//! the file.

use rnix::{Root, SyntaxKind, SyntaxNode};
use std::ops::Range;
use studio_core::nix::literal;
use studio_core::nix::syntax::{self, Problem};
use studio_core::{Error, Result};

/// What is added.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name, which can be bound.
    pub name: String,
    /// Where it comes from.
    pub url: String,
}

/// The text of a flake with the input in it; the same text if it has that already.
pub fn integrate(file: &str, text: &str, input: &Input) -> Result<String> {
    syntax::with_room(|| {
        let problems = match syntax::tame(text) {
            true => syntax::faults(file, text),
            false => vec![Problem::at(file, text, 0, "it is nested too deeply to be read")],
        };
        if let Some(problem) = problems.first() {
            return Err(Error::new(format!("`{file}` cannot be read")).because(problem));
        }
        let root = Root::parse(text).syntax();
        let edits = edits(&root, text, input).map_err(|unusual| {
            Error::new(format!("`{}` cannot be added to `{file}`", input.name))
                .because(Problem::at(file, text, unusual.at, unusual.message))
                .hint(format!("add it by hand, among the inputs: `{}`", input.binding("inputs.")))
                .hint(format!(
                    "and `{}` to the arguments of the function in `outputs`, unless it takes all inputs under one name",
                    input.name
                ))
        })?;
        let mut new = text.to_owned();
        for (range, piece) in edits.into_iter().rev() {
            new.replace_range(range, &piece);
        }
        match syntax::faults(file, &new).first() {
            None => Ok(new),
            Some(problem) => {
                Err(Error::new(format!("`{}` cannot be added to `{file}`", input.name))
                    .because(problem))
            }
        }
    })?
}

/// What is written another way than can be edited here.
struct Unusual {
    at: usize,
    message: String,
}

/// Bytes of the text, and what takes their place.
type Edit = (Range<usize>, String);

impl Input {
    fn binding(&self, prefix: &str) -> String {
        let url = literal::string(&self.url).unwrap_or_default();
        format!("{prefix}{}.url = {url};", self.name)
    }
}

/// In the order of the text.
fn edits(root: &SyntaxNode, text: &str, input: &Input) -> Result<Vec<Edit>, Unusual> {
    let unusual = |node: &SyntaxNode, message: &str| {
        Err(Unusual { at: start(node), message: message.to_owned() })
    };
    let top = match root.first_child().map(bare) {
        Some(top) if top.kind() == SyntaxKind::NODE_ATTR_SET => top,
        _ => return unusual(root, "a flake is an attribute set `{ … }`, and this is none"),
    };
    let entries = entries(&top);
    let Some(outputs) = entries.iter().find(|entry| entry.is(&["outputs"])) else {
        return unusual(&top, "it has no `outputs`");
    };
    let mut edits: Vec<Edit> = Vec::new();
    edits.extend(into_inputs(&top, &entries, outputs, text, input)?);
    edits.extend(into_arguments(outputs, text, input)?);
    edits.sort_by_key(|(range, _)| range.start);
    Ok(edits)
}

/// The edit that adds the input beside the others, unless it is there.
fn into_inputs(
    top: &SyntaxNode,
    entries: &[Entry],
    outputs: &Entry,
    text: &str,
    input: &Input,
) -> Result<Option<Edit>, Unusual> {
    let name = input.name.as_str();
    if let Some(inputs) = entries.iter().find(|entry| entry.is(&["inputs"])) {
        let set = inputs.value.clone().map(bare);
        let Some(set) = set.filter(|set| set.kind() == SyntaxKind::NODE_ATTR_SET) else {
            let message = "the inputs are not written here as `{ … }`".to_owned();
            return Err(Unusual { at: start(&inputs.node), message });
        };
        let inner = self::entries(&set);
        if let Some(there) = inner.iter().find(|entry| entry.begins_with(&[name])) {
            return there_already(there, &[name], text, input);
        }
        return Ok(Some(match inner.last() {
            Some(last) => after(last, text, &input.binding("")),
            None => into_empty(&set, text, &input.binding("")),
        }));
    }
    let dotted: Vec<&Entry> =
        entries.iter().filter(|entry| entry.begins_with(&["inputs"])).collect();
    if let Some(there) = dotted.iter().find(|entry| entry.begins_with(&["inputs", name])) {
        return there_already(there, &["inputs", name], text, input);
    }
    if let Some(last) = dotted.last() {
        return Ok(Some(after(last, text, &input.binding("inputs."))));
    }
    let at = start(&outputs.node);
    let is_spread = text[start(top)..end(top)].contains('\n');
    let gap = if is_spread { "\n\n" } else { " " };
    // Behind what stands before `outputs`, as a comment right above that belongs to it.
    if let Some(before) = entries.iter().rfind(|entry| end(&entry.node) <= at) {
        let (range, piece) = after(before, text, &input.binding("inputs."));
        return Ok(Some((range, if is_spread { format!("\n{piece}") } else { piece })));
    }
    let pad = if is_spread { indent(text, at) } else { String::new() };
    Ok(Some((at..at, format!("{}{gap}{pad}", input.binding("inputs.")))))
}

/// The input has an entry: its address may be another one, if that was of the same kind.
fn there_already(
    entry: &Entry,
    path: &[&str],
    text: &str,
    input: &Input,
) -> Result<Option<Edit>, Unusual> {
    let with_url: Vec<&str> = path.iter().copied().chain(["url"]).collect();
    let value = match entry.is(path) {
        true => {
            let set = entry.value.clone().map(bare);
            let inner = set.as_ref().map(entries).unwrap_or_default();
            inner.into_iter().find(|entry| entry.is(&["url"])).and_then(|entry| entry.value)
        }
        false if entry.is(&with_url) => entry.value.clone(),
        false => None,
    };
    let wanted = literal::string(&input.url).unwrap_or_default();
    let Some(value) = value else {
        let message =
            format!("there is an input `{}` already, and its address is not here", input.name);
        return Err(Unusual { at: start(&entry.node), message });
    };
    let range = start(&value)..end(&value);
    let found = &text[range.clone()];
    if found == wanted {
        return Ok(None);
    }
    if found.starts_with("\"path:") || found.starts_with("\"./") || found.starts_with("./") {
        return Ok(Some((range, wanted)));
    }
    let message = format!(
        "there is an input `{}` already; choose another name by `--input-name`",
        input.name
    );
    Err(Unusual { at: range.start, message })
}

/// The edit that adds the name to the arguments of `outputs`, unless they have it.
fn into_arguments(outputs: &Entry, text: &str, input: &Input) -> Result<Option<Edit>, Unusual> {
    use SyntaxKind::*;
    let function = outputs.value.clone().map(bare).filter(|value| value.kind() == NODE_LAMBDA);
    let Some(function) = function else {
        let message = "`outputs` is not written here as a function".to_owned();
        return Err(Unusual { at: start(&outputs.node), message });
    };
    let Some(pattern) = function.first_child().filter(|child| child.kind() == NODE_PATTERN) else {
        // `inputs: …` has them all.
        return Ok(None);
    };
    let names: Vec<SyntaxNode> =
        pattern.children().filter(|child| child.kind() == NODE_PAT_ENTRY).collect();
    let name = |entry: &SyntaxNode| entry.first_child().map(|name| name.text().to_string());
    if names.iter().any(|entry| name(entry).as_deref() == Some(&input.name)) {
        return Ok(None);
    }
    let token = |kind| {
        let mut tokens = pattern.children_with_tokens().filter_map(|child| child.into_token());
        tokens
            .find(|token| token.kind() == kind)
            .map(|token| Range::<usize>::from(token.text_range()))
    };
    let Some(last) = names.last() else {
        if let Some(dots) = token(TOKEN_ELLIPSIS) {
            return Ok(Some((dots.start..dots.start, format!("{}, ", input.name))));
        }
        let open = token(TOKEN_L_BRACE).map_or(end(&pattern), |brace| brace.end);
        let space = if text[open..].starts_with([' ', '\n']) { "" } else { " " };
        return Ok(Some((open..open, format!(" {}{space}", input.name))));
    };
    let at = end(last);
    let before = match names.len().checked_sub(2).and_then(|one| names.get(one)) {
        Some(previous) => end(previous),
        None => token(TOKEN_L_BRACE).map_or(start(&pattern), |brace| brace.end),
    };
    let between = &text[before..start(last)];
    let piece = match (between.find('\n'), between.rfind(',')) {
        (None, _) => format!(", {}", input.name),
        // Commas stand at the beginning of the lines.
        (Some(line), Some(comma)) if line < comma => {
            format!("\n{}, {}", indent(text, start(last)), input.name)
        }
        (Some(_), _) => format!(",\n{}{}", indent(text, start(last)), input.name),
    };
    Ok(Some((at..at, piece)))
}

/// One binding of an attribute set.
struct Entry {
    node: SyntaxNode,
    path: Vec<String>,
    value: Option<SyntaxNode>,
}

impl Entry {
    fn is(&self, path: &[&str]) -> bool {
        self.path == path
    }

    fn begins_with(&self, path: &[&str]) -> bool {
        self.path.iter().zip(path).filter(|(a, b)| a == b).count() == path.len()
    }
}

fn entries(set: &SyntaxNode) -> Vec<Entry> {
    let bindings = set.children().filter(|node| node.kind() == SyntaxKind::NODE_ATTRPATH_VALUE);
    bindings
        .map(|node| {
            let mut parts = node.children();
            let names = parts.next().into_iter().flat_map(|path| path.children());
            // A name in quotes is the same name.
            let path =
                names.map(|name| name.text().to_string().trim_matches('"').to_owned()).collect();
            Entry { path, value: parts.next(), node }
        })
        .collect()
}

/// What is in parentheses, if it is.
fn bare(node: SyntaxNode) -> SyntaxNode {
    let mut node = node;
    while node.kind() == SyntaxKind::NODE_PAREN
        && let Some(inner) = node.first_child()
    {
        node = inner;
    }
    node
}

/// A binding behind another one: on a line of its own if that one begins its line.
fn after(last: &Entry, text: &str, binding: &str) -> Edit {
    let (first, at) = (start(&last.node), end(&last.node));
    let line = text[..first].rfind('\n').map_or(0, |end| end + 1);
    let piece = match text[line..first].trim().is_empty() && line > 0 {
        true => {
            // What stands behind it on its line belongs to it.
            let rest = text[at..].find('\n').map_or(text.len(), |end| at + end);
            if text[at..rest].trim_start().starts_with('#') {
                return (rest..rest, format!("\n{}{binding}", indent(text, first)));
            }
            format!("\n{}{binding}", indent(text, first))
        }
        false => format!(" {binding}"),
    };
    (at..at, piece)
}

/// A binding in a set that has none; what else is in it, such as comments, stays.
fn into_empty(set: &SyntaxNode, text: &str, binding: &str) -> Edit {
    let (open, close) = (start(set) + 1, end(set) - 1);
    let pad = indent(text, start(set));
    let inside = &text[open..close];
    match inside.contains('\n') {
        true => {
            let at = open + inside.trim_end().len();
            (at..at, format!("\n{pad}  {binding}"))
        }
        false => {
            let space = if inside.ends_with(' ') { "" } else { " " };
            (open..open, format!(" {binding}{space}"))
        }
    }
}

/// The blanks that begin the line of a byte.
fn indent(text: &str, at: usize) -> String {
    let line = &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..at];
    line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect()
}

fn start(node: &SyntaxNode) -> usize {
    usize::from(node.text_range().start())
}

fn end(node: &SyntaxNode) -> usize {
    usize::from(node.text_range().end())
}

#[cfg(test)]
mod tests;
