//! Nix literals from values, so that no value can become code.
//!
//! What comes out evaluates to exactly what went in, on every version; tests compare thousands of random values with what
//! Nix makes of them. Not here: where in a file a literal stands, and whether one may stand there.

use std::collections::BTreeMap;

/// The words that stand for themselves nowhere but in quotes. `or` is none to Nix, except where it is.
const KEYWORDS: [&str; 10] =
    ["assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with"];

/// The widest literal that stays on one line, in characters.
const WIDTH: usize = 80;

/// A value that Nix has a literal for.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(String),
    /// Values in their order.
    List(Vec<Value>),
    /// Values by name.
    Set(BTreeMap<String, Value>),
}

/// There is no literal for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsayable {
    /// Strings end there.
    #[error("it contains a NUL character, which strings of Nix cannot")]
    Nul,
    /// Infinite, not a number, or so small that Nix refuses it.
    #[error("it is a number that Nix has no literal for")]
    Number,
    /// Text behind a dollar sign that would take its beginning, or what follows it, for an interpolation.
    #[error("it stands right behind a `$`; escape that: `\\$` in \"…\", `''$` in ''…''")]
    BehindDollar,
}

impl Value {
    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::String(_) => "text",
            Value::List(_) => "a list",
            Value::Set(_) => "a table",
        }
    }

    /// Its literal, which can stand wherever an expression can, as an operand, an argument or in a list, too. `column` is
    /// that of the line it begins on; it counts where one line is not enough.
    pub fn literal(&self, column: usize) -> Result<String, Unsayable> {
        Ok(match self {
            Value::Bool(true) => "true".to_owned(),
            Value::Bool(false) => "false".to_owned(),
            Value::Int(number) => int(*number),
            Value::Float(number) => float(*number)?,
            Value::String(text) => string(text)?,
            Value::List(values) => {
                let items: Result<Vec<String>, Unsayable> =
                    values.iter().map(|value| value.literal(column + 2)).collect();
                enclosed("[", items?, "]", column)
            }
            Value::Set(values) => {
                let bindings: Result<Vec<String>, Unsayable> = values
                    .iter()
                    .map(|(name, value)| {
                        let value = value.literal(column + 2)?;
                        Ok(format!("{} = {value};", attribute_name(name)?))
                    })
                    .collect();
                enclosed("{", bindings?, "}", column)
            }
        })
    }
}

/// All on one line where they fit, else one to a line.
fn enclosed(open: &str, items: Vec<String>, close: &str, column: usize) -> String {
    if items.is_empty() {
        return format!("{open} {close}");
    }
    let line = format!("{open} {} {close}", items.join(" "));
    if line.chars().count() <= WIDTH && !line.contains('\n') {
        return line;
    }
    let pad = " ".repeat(column + 2);
    let lines: String = items.iter().map(|item| format!("{pad}{item}\n")).collect();
    format!("{open}\n{lines}{}{close}", " ".repeat(column))
}

/// A minus is an operator, so a number that has one is put in parentheses.
fn int(number: i64) -> String {
    if number == i64::MIN {
        // Its digits without the minus are too large.
        return format!("({} - 1)", i64::MIN + 1);
    }
    if number < 0 { format!("({number})") } else { number.to_string() }
}

fn float(number: f64) -> Result<String, Unsayable> {
    // Nix takes the range error that C reports for subnormal numbers for a wrong literal.
    if !number.is_finite() || number.is_subnormal() {
        return Err(Unsayable::Number);
    }
    // The shortest digits that come back as the same number. Nix wants a point, before the exponent if there is one.
    let digits = format!("{:?}", number.abs());
    let digits = match digits.split_once('e') {
        Some((whole, exponent)) if !whole.contains('.') => format!("{whole}.0e{exponent}"),
        _ => digits,
    };
    Ok(if number.is_sign_negative() { format!("(-{digits})") } else { digits })
}

/// Text in double quotes.
pub fn string(text: &str) -> Result<String, Unsayable> {
    Ok(format!("\"{}\"", string_content(text, "")?))
}

/// Text between double quotes that are there already, behind what is between them as `before`. What follows may be
/// anything.
pub fn string_content(text: &str, before: &str) -> Result<String, Unsayable> {
    let mut content = String::with_capacity(text.len() + 8);
    if is_open_dollar(before) {
        match text.chars().next() {
            None => return Err(Unsayable::BehindDollar),
            Some('{') => content.push('\\'),
            Some(_) => {}
        }
    }
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\0' => return Err(Unsayable::Nul),
            '\\' => content.push_str("\\\\"),
            '"' => content.push_str("\\\""),
            '\n' => content.push_str("\\n"),
            // As it is, it would come out as a line break.
            '\r' => content.push_str("\\r"),
            '\t' => content.push_str("\\t"),
            // At the end, a brace may follow.
            '$' if matches!(chars.peek(), None | Some('{')) => content.push_str("\\$"),
            other => content.push(other),
        }
    }
    Ok(content)
}

/// Whether text between double quotes ends in a dollar sign that makes an interpolation of a brace behind it.
fn is_open_dollar(text: &str) -> bool {
    let Some(rest) = text.strip_suffix('$') else { return false };
    let backslashes = rest.len() - rest.trim_end_matches('\\').len();
    backslashes % 2 == 0
}

/// Text in an indented string, `''…''`, behind the text `before` that is in it already. What follows may be anything.
///
/// What could be taken for something else, or changes how far the string is indented, becomes a string of its own in it:
/// `${"…"}`.
pub fn indented_content(text: &str, before: &str) -> Result<String, Unsayable> {
    let is_bare = !text.is_empty()
        && !text.starts_with(char::is_whitespace)
        && !text.ends_with(char::is_whitespace)
        && !text.contains(['\'', '$', '\\'])
        && !text.contains(char::is_control);
    let is_behind_dollar = before.ends_with('$');
    if is_bare && !(is_behind_dollar && text.starts_with('{')) {
        return Ok(text.to_owned());
    }
    if is_behind_dollar && !before.ends_with("''$") {
        return Err(Unsayable::BehindDollar);
    }
    Ok(format!("${{{}}}", string(text)?))
}

/// A name in an attribute path: bare where it can be, in quotes else.
pub fn attribute_name(name: &str) -> Result<String, Unsayable> {
    if is_identifier(name) { Ok(name.to_owned()) } else { string(name) }
}

/// Whether a text is a name that can be bound and referred to.
pub fn is_identifier(text: &str) -> bool {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    let goes_on = |c: char| starts(c) || c.is_ascii_digit() || c == '\'' || c == '-';
    text.starts_with(starts) && text.chars().all(goes_on) && !KEYWORDS.contains(&text)
}

/// Text in a comment, of either kind: its line ends nowhere, and `*/` is not in it, whatever stands before and behind it.
/// It is for people; what is in the way becomes a space.
pub fn comment(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut comment = String::with_capacity(text.len());
    for char in plain {
        // One at the beginning may have a star before it.
        if char == '/' && (comment.is_empty() || comment.ends_with('*')) {
            comment.push(' ');
        }
        comment.push(char);
    }
    if comment.ends_with('*') {
        comment.push(' ');
    }
    comment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_and_nothing_in_it_is_code() {
        for (text, literal) in [
            ("", r#""""#),
            ("plain", r#""plain""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("${x} $x $${x}", r#""\${x} $x $\${x}""#),
            ("\\${x}", r#""\\\${x}""#),
            ("ends in $", r#""ends in \$""#),
            ("\r\n\t''", r#""\r\n\t''""#),
        ] {
            assert_eq!(string(text).as_deref(), Ok(literal));
        }
        assert_eq!(string("a\0b"), Err(Unsayable::Nul));
        for (before, content) in
            [("$", Ok("\\{x}")), ("\\\\$", Ok("\\{x}")), ("\\$", Ok("{x}")), ("a", Ok("{x}"))]
        {
            assert_eq!(string_content("{x}", before).as_deref(), content.as_ref().copied());
        }
        assert_eq!(string_content("", "$"), Err(Unsayable::BehindDollar));
    }

    #[test]
    fn in_an_indented_string_only_what_is_plain_stands_as_it_is() {
        for (text, content) in [
            ("plain text", "plain text"),
            ("", r#"${""}"#),
            (" x", r#"${" x"}"#),
            ("it's", r#"${"it's"}"#),
            ("a\nb", r#"${"a\nb"}"#),
            ("${x}", r#"${"\${x}"}"#),
            ("\"{x}\"", "\"{x}\""),
        ] {
            assert_eq!(indented_content(text, "").as_deref(), Ok(content));
        }
        assert_eq!(indented_content("x", "cost: $").as_deref(), Ok("x"));
        assert_eq!(indented_content("{x}", "cost: $"), Err(Unsayable::BehindDollar));
        assert_eq!(indented_content("{x}", "cost: ''$").as_deref(), Ok(r#"${"{x}"}"#));
    }

    #[test]
    fn names_are_bare_where_they_can_be() {
        for bare in ["a", "_", "a-b'c", "x86_64-linux", "true"] {
            assert_eq!(attribute_name(bare).as_deref(), Ok(bare));
        }
        for quoted in ["", "1a", "a.b", "or", "let", "-a", "ä", "a b"] {
            assert_eq!(attribute_name(quoted), Ok(format!("\"{quoted}\"")));
        }
    }

    #[test]
    fn numbers_are_operands() {
        let shown = |value: Value| value.literal(0);
        assert_eq!(shown(Value::Int(-1)).as_deref(), Ok("(-1)"));
        assert_eq!(shown(Value::Int(i64::MIN)).as_deref(), Ok("(-9223372036854775807 - 1)"));
        for (number, literal) in
            [(1.0, "1.0"), (0.5, "0.5"), (1e21, "1.0e21"), (1.5e-9, "1.5e-9"), (-0.0, "(-0.0)")]
        {
            assert_eq!(shown(Value::Float(number)).as_deref(), Ok(literal));
        }
        for none in [f64::NAN, f64::INFINITY, 5e-324] {
            assert_eq!(shown(Value::Float(none)), Err(Unsayable::Number));
        }
    }

    #[test]
    fn what_is_long_is_spread_over_lines() {
        let word = |word: &str| Value::String(word.to_owned());
        let short = Value::List(vec![word("a"), Value::Bool(true)]);
        assert_eq!(short.literal(4).as_deref(), Ok("[ \"a\" true ]"));
        let long = Value::List(vec![word(&"a".repeat(50)), short.clone(), word(&"b".repeat(50))]);
        let text = format!(
            "[\n      \"{}\"\n      [ \"a\" true ]\n      \"{}\"\n    ]",
            "a".repeat(50),
            "b".repeat(50)
        );
        assert_eq!(long.literal(4), Ok(text));
        let set = BTreeMap::from([("in".to_owned(), Value::Int(1)), ("a".to_owned(), short)]);
        assert_eq!(
            Value::Set(set).literal(0).as_deref(),
            Ok("{ a = [ \"a\" true ]; \"in\" = 1; }")
        );
        assert_eq!(Value::Set(BTreeMap::new()).literal(0).as_deref(), Ok("{ }"));
    }

    #[test]
    fn a_comment_does_not_end_in_it() {
        for (text, shown) in [
            ("a\nb", "a b"),
            ("*/ x", "* / x"),
            ("/", " /"),
            ("**", "** "),
            ("a/b", "a/b"),
            ("\0\r", "  "),
        ] {
            assert_eq!(comment(text), shown);
        }
    }
}
