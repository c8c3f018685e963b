//! The syntax of every `.nix` file of a folder, before any of it is evaluated: all faults at once, with the line shown.
//!
//! Files are parsed in parallel, without nix. nix stops at its first fault and looks only at files that it happens to
//! import; here a file that nothing imports yet is looked at too. Not here: whether names exist, which is evaluation.

use crate::error::{Error, OrSay, Result};
use crate::ui;
use camino::{Utf8Path, Utf8PathBuf};
use rnix::{ParseError, Root, SyntaxKind, TextRange};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many faults of one file are told; after the first few a parser mostly sees what the first one caused.
const PER_FILE: usize = 3;

/// How many faults are shown at most.
const SHOWN: usize = 50;

/// The widest part of a source line that is shown.
const WIDTH: usize = 120;

/// The parser calls itself for what is nested; what [`tame`] lets through fits into this with room to spare.
const STACK: usize = 16 << 20;

/// The deepest nesting that is parsed.
const DEEPEST: usize = 400;

/// The longest chain of operators and operands that is parsed.
const LONGEST: usize = 2000;

/// What parsing found.
#[derive(Clone, Debug, Default)]
pub struct Syntax {
    /// How many files were parsed.
    pub files: usize,
    /// What is wrong in them, by file and line.
    pub problems: Vec<Problem>,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, relative to the folder.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// The line itself.
    pub source: String,
}

impl Problem {
    /// One at this byte of the text of a file.
    pub fn at(file: &str, text: &str, at: usize, message: impl Into<String>) -> Problem {
        problem(file, text, at, message.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        if self.source.trim().is_empty() {
            return Ok(());
        }
        // A line that is too long is shown around the fault.
        let start = self.column.saturating_sub(WIDTH / 2).min(self.column - 1);
        let start = if self.source.chars().count() <= WIDTH { 0 } else { start };
        let shown: String = self.source.chars().skip(start).take(WIDTH).collect();
        let before = self.source.chars().skip(start).take(self.column - 1 - start);
        // Tabs stay tabs, so that the caret stands under its character whatever their width is.
        let pad: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        write!(f, "\n  {}\n  {pad}^", shown.trim_end())
    }
}

impl Syntax {
    /// An error that shows all problems, if there are any.
    pub fn into_result(self) -> Result<usize> {
        if self.problems.is_empty() {
            return Ok(self.files);
        }
        let mut files: Vec<&str> = self.problems.iter().map(|at| at.file.as_str()).collect();
        files.dedup();
        let mut error = Error::new(format!(
            "{} in {}",
            ui::count(self.problems.len(), "syntax error"),
            ui::count(files.len(), "file")
        ));
        for problem in self.problems.iter().take(SHOWN) {
            error = error.because(problem);
        }
        if self.problems.len() > SHOWN {
            error = error.because(format!("and {} more", self.problems.len() - SHOWN));
        }
        Err(error)
    }
}

/// Parses every `.nix` file below `folder`, which is not changed meanwhile.
///
/// `accepts` has the last word on a file that seems wrong: nix itself, whose grammar may be newer than the parser's.
pub fn check(folder: &Utf8Path, accepts: &(dyn Fn(&Utf8Path) -> bool + Sync)) -> Result<Syntax> {
    let mut files = Vec::new();
    collect(folder.as_std_path(), &mut files)?;
    files.sort();
    let next = AtomicUsize::new(0);
    let problems: Mutex<Vec<(usize, Vec<Problem>)>> = Mutex::default();
    let failure: Mutex<Option<Error>> = Mutex::default();
    let work = || {
        while let Some((at, file)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            files.get(at).map(|file| (at, file))
        } {
            match check_file(folder, file, accepts) {
                Ok(found) if found.is_empty() => {}
                Ok(found) => lock(&problems).push((at, found)),
                Err(error) => {
                    lock(&failure).get_or_insert(error);
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(files.len());
    std::thread::scope(|scope| -> Result<()> {
        for _ in 0..threads {
            std::thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, work)
                .or_say(|| "no thread can be started")?;
        }
        Ok(())
    })?;
    if let Some(error) = failure.into_inner().unwrap_or_else(|poison| poison.into_inner()) {
        return Err(error);
    }
    let mut problems = problems.into_inner().unwrap_or_else(|poison| poison.into_inner());
    problems.sort_by_key(|(at, _)| *at);
    let problems = problems.into_iter().flat_map(|(_, found)| found).collect();
    Ok(Syntax { files: files.len(), problems })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poison| poison.into_inner())
}

/// All regular files called `*.nix`; links are not followed, as what they lead to is in the folder or not ours.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let say = || format!("cannot read `{}`", folder.display());
    for entry in folder.read_dir().or_say(say)? {
        let entry = entry.or_say(say)?;
        let kind = entry.file_type().or_say(say)?;
        let path = entry.path();
        if kind.is_dir() && entry.file_name() != ".git" {
            collect(&path, files)?;
        } else if kind.is_file() && path.extension().is_some_and(|end| end == "nix") {
            files.push(path);
        }
    }
    Ok(())
}

fn check_file(
    folder: &Utf8Path,
    path: &Path,
    accepts: &(dyn Fn(&Utf8Path) -> bool + Sync),
) -> Result<Vec<Problem>> {
    let file = path.strip_prefix(folder).unwrap_or(path).display().to_string();
    let bytes = std::fs::read(path).or_say(|| format!("cannot read `{}`", path.display()))?;
    // Nix takes any bytes in strings and comments; everywhere else the replacement is a fault as the bytes were.
    let text = String::from_utf8_lossy(&bytes);
    let found = faults(&file, &text);
    if found.is_empty() {
        return Ok(found);
    }
    let path = Utf8PathBuf::from_path_buf(path.to_owned());
    Ok(if path.is_ok_and(|path| accepts(&path)) { vec![] } else { found })
}

/// The faults in the text of a file; for who has room on the [stack](with_room).
pub fn faults(file: &str, text: &str) -> Vec<Problem> {
    if !tame(text) {
        return vec![];
    }
    let parsed = Root::parse(text);
    let errors = parsed.errors();
    // Deeper than the parser goes is unusual, not wrong; nix will look at it.
    if errors.contains(&ParseError::RecursionLimitExceeded) {
        return vec![];
    }
    let mut found: Vec<Problem> = errors
        .iter()
        .map(|error| {
            let (at, message) = explain(error, text);
            problem(file, text, at, message)
        })
        .collect();
    found.sort_by_key(|at| (at.line, at.column));
    found.dedup_by_key(|at| at.line);
    found.truncate(PER_FILE);
    found
}

/// Does something that parses, on a stack that is large enough for every text that is [`tame`].
pub fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let thread = thread.spawn_scoped(scope, work).or_say(|| "no thread can be started")?;
        thread.join().map_err(|_| Error::new("the parser of Nix died"))
    })
}

/// Whether the parser can take the text: its stack ends with nested lists and repeated signs, and the time that it needs
/// for one chain of operators grows with the square of its length. What is beyond that is no fault; nix will look at it.
pub fn tame(text: &str) -> bool {
    use SyntaxKind::*;
    // One entry for each bracket that is open: whether it is a list, and the length of the chain in it so far.
    let mut open = vec![(false, 0)];
    for (kind, _) in rnix::tokenize(text) {
        match kind {
            TOKEN_L_BRACE | TOKEN_L_PAREN | TOKEN_INTERPOL_START => open.push((false, 0)),
            TOKEN_L_BRACK => open.push((true, 0)),
            TOKEN_R_BRACE | TOKEN_R_PAREN | TOKEN_INTERPOL_END | TOKEN_R_BRACK => {
                // One that was never opened is the parser's to tell.
                if open.len() > 1 {
                    open.pop();
                }
            }
            TOKEN_WHITESPACE | TOKEN_COMMENT => {}
            TOKEN_SEMICOLON | TOKEN_COMMA => {
                if let Some((_, chain)) = open.last_mut() {
                    *chain = 0;
                }
            }
            _ => {
                if let Some((false, chain)) = open.last_mut() {
                    *chain += 1;
                }
            }
        }
        if open.len() > DEEPEST || open.last().is_some_and(|(_, chain)| *chain > LONGEST) {
            return false;
        }
    }
    true
}

fn problem(file: &str, text: &str, at: usize, message: String) -> Problem {
    let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    Problem {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: text[line_start..at].chars().count() + 1,
        message,
        source: text[line_start..].lines().next().unwrap_or_default().to_owned(),
    }
}

/// Where an error is and what it means, in words of the language rather than of the parser.
fn explain(error: &ParseError, text: &str) -> (usize, String) {
    let start = |range: &TextRange| usize::from(range.start());
    let piece = |range: &TextRange| {
        let piece = text.get(start(range)..usize::from(range.end())).unwrap_or_default();
        // The range may go on to the end of the file; its first token is the one that does not fit.
        match rnix::tokenize(piece).next().map(|(_, first)| first.trim()) {
            Some(first) if !first.is_empty() && !first.contains('\n') => format!("`{first}`"),
            _ => "this".to_owned(),
        }
    };
    // What is missing at the end is missing after the last thing that is there.
    let end = text.trim_end().len();
    match error {
        ParseError::Unexpected(range) => (start(range), format!("{} is unexpected", piece(range))),
        ParseError::UnexpectedExtra(range) => {
            (start(range), format!("{} is unexpected: the expression is complete", piece(range)))
        }
        ParseError::UnexpectedWanted(found, range, wanted) => {
            let mut message = format!("{} is unexpected, wanted {}", piece(range), words(wanted));
            let semicolon = SyntaxKind::TOKEN_SEMICOLON;
            if *found == SyntaxKind::TOKEN_ASSIGN && wanted.contains(&semicolon) {
                // The name of this binding was taken for a part of the value before it.
                if let Some(line) = line_before_binding(text, start(range)) {
                    message.push_str(&format!("; is one missing at the end of line {line}?"));
                }
            }
            (start(range), message)
        }
        ParseError::UnexpectedDoubleBind(range) => {
            (start(range), "this pattern is named twice".to_owned())
        }
        ParseError::UnexpectedEOF => (end, "the file ends too early".to_owned()),
        ParseError::UnexpectedEOFWanted(wanted) => {
            (end, format!("the file ends too early, wanted {}", words(wanted)))
        }
        ParseError::DuplicatedArgs(range, name) => {
            (start(range), format!("the argument `{name}` is there twice"))
        }
        other => (0, other.to_string()),
    }
}

/// The line that ends with the value before a binding, if the binding begins a line of its own; `at` is its `=`.
fn line_before_binding(text: &str, at: usize) -> Option<usize> {
    let before = text.get(..at)?;
    let (above, name) = before.rsplit_once('\n')?;
    let is_name = |c: char| c.is_alphanumeric() || "_-'.\"".contains(c);
    let code = |line: &str| line.split('#').next().is_some_and(|code| !code.trim().is_empty());
    if name.trim().is_empty() || !name.trim().chars().all(is_name) {
        return None;
    }
    above.lines().enumerate().filter(|(_, line)| code(line)).last().map(|(line, _)| line + 1)
}

fn words(kinds: &[SyntaxKind]) -> String {
    // Whatever an expression may start with.
    if kinds.contains(&SyntaxKind::TOKEN_L_PAREN) && kinds.contains(&SyntaxKind::TOKEN_L_BRACK) {
        return "an expression".to_owned();
    }
    // A keyword that may stand for a name is no news beside it.
    let odd = |kind: SyntaxKind| matches!(kind, SyntaxKind::TOKEN_OR | SyntaxKind::TOKEN_CUR_POS);
    let mut words: Vec<String> =
        kinds.iter().filter(|kind| !odd(**kind)).map(|kind| word(*kind)).collect();
    words.dedup();
    words.join(" or ")
}

fn word(kind: SyntaxKind) -> String {
    use SyntaxKind::*;
    let sign = match kind {
        TOKEN_SEMICOLON => ";",
        TOKEN_ASSIGN => "=",
        TOKEN_COLON => ":",
        TOKEN_COMMA => ",",
        TOKEN_DOT => ".",
        TOKEN_AT => "@",
        TOKEN_ELLIPSIS => "...",
        TOKEN_L_BRACE => "{",
        TOKEN_R_BRACE => "}",
        TOKEN_L_BRACK => "[",
        TOKEN_R_BRACK => "]",
        TOKEN_L_PAREN => "(",
        TOKEN_R_PAREN => ")",
        TOKEN_IN => "in",
        TOKEN_THEN => "then",
        TOKEN_ELSE => "else",
        TOKEN_INHERIT => "inherit",
        TOKEN_STRING_END => "\"",
        TOKEN_IDENT => return "a name".to_owned(),
        TOKEN_STRING_START => return "a string".to_owned(),
        TOKEN_INTERPOL_START => "${",
        TOKEN_INTERPOL_END => "}",
        other => {
            let name = format!("{other:?}").to_lowercase();
            return name.trim_start_matches("token_").trim_start_matches("node_").to_owned();
        }
    };
    format!("`{sign}`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs;

    fn shown(text: &str) -> String {
        let lines: Vec<String> = faults("a.nix", text).iter().map(Problem::to_string).collect();
        lines.join("\n")
    }

    #[test]
    fn faults_are_shown_with_their_line() {
        assert_eq!(shown("{ a = 1; }"), "");
        assert_eq!(
            shown("{\n\ta = 1\n\tb = 2;\n}\n"),
            "a.nix:3:4: `=` is unexpected, wanted `;`; is one missing at the end of line 2?\n  \tb = 2;\n  \t  ^"
        );
        // Across lines that hold no code; and not where the binding begins in the middle of a line.
        assert!(shown("{\n a = 1\n\n # x\n b.c = 2;\n}").contains("end of line 2?"));
        assert!(!shown("{ a = 1 b = 2; }").contains("end of line"));
        assert_eq!(
            shown("{ a = [ 1 2; }"),
            "a.nix:1:12: `;` is unexpected, wanted an expression\n  { a = [ 1 2; }\n             ^"
        );
        assert_eq!(
            shown("{ /*ä*/ a = [ (\n"),
            "a.nix:1:16: the file ends too early\n  { /*ä*/ a = [ (\n                 ^"
        );
    }

    #[test]
    fn what_is_nested_deeply_or_very_long_does_not_end_the_program() {
        std::thread::Builder::new()
            .stack_size(STACK)
            .spawn(|| {
                for part in
                    ["[", "(", "{a=", "x: ", "-", "!", "if a then ", "let a = ", "a.${", "1+"]
                {
                    shown(&part.repeat(10_000));
                    shown(&part.repeat(100));
                }
            })
            .expect("thread")
            .join()
            .expect("no overflow");
    }

    #[test]
    fn all_files_are_read_and_only_files() {
        let dir = tempfile::tempdir().expect("temp dir");
        let root = fs::utf8(dir.path()).expect("utf-8");
        fs::create_dir_all(&root.join("sub/.git")).expect("mkdir");
        for (name, text) in [
            ("good.nix", "{ }".as_bytes()),
            ("sub/bad.nix", b"{ a = ; }"),
            ("sub/bytes.nix", b"{ a = \"\xff\"; }"),
            ("sub/odd.nix", b"{ \xff = 1; }"),
            ("sub/.git/bad.nix", b"{"),
            ("bad.txt", b"{"),
        ] {
            fs::write_new(&root.join(name), text).expect("write");
        }
        fs::symlink_atomic("nowhere".into(), &root.join("link.nix")).expect("link");
        let syntax = check(&root, &|_| false).expect("readable");
        let shown: Vec<String> = syntax.problems.iter().map(Problem::to_string).collect();
        assert_eq!(
            shown,
            [
                "sub/bad.nix:1:7: `;` is unexpected, wanted an expression\n  { a = ; }\n        ^",
                "sub/odd.nix:1:3: `\u{fffd}` is unexpected, wanted a name\n  { \u{fffd} = 1; }\n    ^",
            ]
        );
        assert_eq!(syntax.files, 4);
        assert_eq!(check(&root, &|_| true).expect("readable").problems, []);
    }
}
