//! What a person sees: steps, warnings, hints and errors, all on stderr, in git's voice.
//!
//! stdout belongs to data and is written once, at the end of a successful command, by [`crate::cli`].
//! No other module prints; clippy's `print_stdout` and `print_stderr` hold that line.

mod foot;

pub use foot::{Foot, clock};

use crate::error::Error;
use crate::interrupt::Drawn;
use std::fmt::Display;
use std::io::{BufRead, IsTerminal, Write};
use std::sync::{Arc, PoisonError};

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors and warnings only (`-q`).
    Quiet,
    /// What is done, a line each.
    Normal,
    /// Also the commands that are run (`-v`).
    Verbose,
}

/// Whether colours are used, as asked for by `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Who says what Nix does, as asked for by `--log-format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// We do, in a way that fits where it goes.
    #[default]
    Auto,
    /// Nix itself.
    Raw,
}

/// The voice of a command.
#[derive(Clone, Debug)]
pub struct Ui {
    verbosity: Verbosity,
    color: bool,
    /// Whether stderr is a terminal that can do more than write lines.
    terminal: bool,
    /// Whether questions may be asked: stdin and stderr are a terminal.
    interactive: bool,
    log_format: LogFormat,
    /// What is drawn at the foot of the terminal, if there is something.
    foot: Drawn,
}

impl Ui {
    /// `no_color` is whether the environment asks for none (`NO_COLOR` set and not empty, or a dumb terminal).
    pub fn new(verbosity: Verbosity, color: Color, no_color: bool) -> Ui {
        let terminal = std::io::stderr().is_terminal();
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !no_color,
        };
        Ui {
            verbosity,
            color,
            terminal,
            interactive: terminal && std::io::stdin().is_terminal(),
            log_format: LogFormat::Auto,
            foot: Arc::default(),
        }
    }

    /// The same voice, which says what Nix does in this format.
    #[must_use]
    pub fn with_log_format(self, log_format: LogFormat) -> Ui {
        Ui { log_format, ..self }
    }

    /// Who says what Nix does.
    pub fn log_format(&self) -> LogFormat {
        self.log_format
    }

    /// Whether stderr is a terminal.
    pub fn on_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether stderr may be coloured; children are told the same.
    pub fn color(&self) -> bool {
        self.color
    }

    /// Whether somebody is there to answer.
    pub fn interactive(&self) -> bool {
        self.interactive
    }

    /// How much is said.
    pub fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    /// Says what was done or is being done.
    pub fn step(&self, text: impl Display) {
        if self.verbosity >= Verbosity::Normal {
            self.line(&text.to_string());
        }
    }

    /// Says something that only helps when one is looking for a fault.
    pub fn detail(&self, text: impl Display) {
        if self.verbosity >= Verbosity::Verbose {
            self.line(&self.paint("2", &text.to_string()));
        }
    }

    /// Says that something is not as it should be, although the work goes on.
    pub fn warn(&self, text: impl Display) {
        self.labelled("1;33", "warning", &text.to_string());
    }

    /// Says what could be typed next.
    pub fn hint(&self, text: impl Display) {
        if self.verbosity >= Verbosity::Normal {
            self.labelled("1;36", "hint", &text.to_string());
        }
    }

    /// Says why the command failed.
    pub fn error(&self, error: &Error) {
        self.labelled("1;31", "error", error.message());
        for cause in error.causes() {
            for line in cause.lines() {
                self.line(&format!("  {line}"));
            }
        }
        for hint in error.hints() {
            self.labelled("1;36", "hint", hint);
        }
    }

    /// Asks a question that is answered by yes or no; `None` where nobody is there to answer.
    pub fn confirm(&self, question: &str, default: bool) -> Option<bool> {
        if !self.interactive {
            return None;
        }
        let choices = if default { "[Y/n]" } else { "[y/N]" };
        loop {
            // The end of input is nobody's yes.
            let Some(answer) = self.answer(&format!("{question} {choices} ")) else {
                return Some(false);
            };
            match answer.to_lowercase().as_str() {
                "" => return Some(default),
                "y" | "yes" => return Some(true),
                "n" | "no" => return Some(false),
                _ => self.line("please answer `y` or `n`"),
            }
        }
    }

    /// Asks for a text; whoever types nothing takes the default. `None` where nobody is there to answer, or nobody will:
    /// at the end of input.
    pub fn ask(&self, question: &str, default: &str) -> Option<String> {
        if !self.interactive {
            return None;
        }
        let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
        let answer = self.answer(&format!("{question}{shown}: "))?;
        Some(if answer.is_empty() { default.to_owned() } else { answer })
    }

    /// What is typed behind a prompt, without the white space around it; `None` at the end of input.
    fn answer(&self, prompt: &str) -> Option<String> {
        self.in_place(prompt);
        let mut answer = String::new();
        if std::io::stdin().lock().read_line(&mut answer).unwrap_or(0) == 0 {
            self.line("");
            return None;
        }
        Some(answer.trim().to_owned())
    }

    /// Writes `text` as it is, for the output of a child; under `-q` its last lines come with the error, if there is one.
    pub fn passthrough(&self, text: &str) {
        if !text.is_empty() && self.verbosity >= Verbosity::Normal {
            self.line(text.trim_end_matches('\n'));
        }
    }

    /// Writes a line that another program of ours said, with the colours that it would have here.
    pub fn relay(&self, line: &str) {
        let line = line.trim_end_matches('\n');
        let labels = [("error", "1;31"), ("warning", "1;33"), ("hint", "1;36")];
        let labelled = labels.iter().find_map(|(label, style)| {
            Some((style, label, line.strip_prefix(label)?.strip_prefix(": ")?))
        });
        match labelled {
            Some((style, label, text)) => {
                if *label != "hint" || self.verbosity >= Verbosity::Normal {
                    self.labelled(style, label, text);
                }
            }
            None => self.passthrough(line),
        }
    }

    /// Writes text as it is, without a line break: for a line of the terminal that is written over.
    pub fn in_place(&self, text: &str) {
        let mut err = std::io::stderr().lock();
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    fn labelled(&self, style: &str, label: &str, text: &str) {
        let mut lines = text.lines();
        let head = self.paint(style, &format!("{label}:"));
        self.line(&format!("{head} {}", lines.next().unwrap_or_default()));
        for line in lines {
            self.line(&format!("{}  {line}", " ".repeat(label.len())));
        }
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.color { format!("\x1b[{style}m{text}\x1b[m") } else { text.to_owned() }
    }

    /// One write per line, so that two commands on one terminal do not mix within a line.
    fn line(&self, text: &str) {
        // A closed stderr must not end the work.
        let write = || _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
        match &*self.foot.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(foot) => foot.suspend(write),
            None => write(),
        }
    }
}

/// How many columns the reader of stdout has; `None` where stdout is no terminal and nobody says otherwise.
///
/// `variable` is the value of `COLUMNS`, which comes first, as it does with git.
pub fn columns(variable: Option<&str>) -> Option<usize> {
    if let Some(columns) = variable.and_then(|text| text.parse().ok()).filter(|n| *n > 0) {
        return Some(columns);
    }
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Whether what goes to stdout is to be coloured; `None` where stdout is no terminal and nobody says otherwise.
pub fn stdout_color(choice: Color, no_color: bool) -> Option<bool> {
    match choice {
        Color::Always => Some(true),
        Color::Never => Some(false),
        Color::Auto => std::io::stdout().is_terminal().then_some(!no_color),
    }
}

/// `1 file`, `2 files`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A number of bytes for people: `812 B`, `63.2 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // In tenths, rounded down: what is said to be there is there.
    let mut tenths = u128::from(bytes) * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} {}", UNITS[unit]),
        (whole, tenth) => format!("{whole}.{tenth} {}", UNITS[unit]),
    }
}

/// `` `a`, `b` and `c` ``; after `most` names, how many more there are.
pub fn names<S: AsRef<str>>(names: &[S], most: usize) -> String {
    let ticked: Vec<String> =
        names.iter().take(most).map(|name| format!("`{}`", name.as_ref())).collect();
    if names.len() > most {
        return format!("{} and {} more", ticked.join(", "), names.len() - most);
    }
    match ticked.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let sizes = [0, 1023, 1024, 1536, 64 << 20, 8 << 30, u64::MAX].map(size);
        assert_eq!(sizes, ["0 B", "1023 B", "1 KiB", "1.5 KiB", "64 MiB", "8 GiB", "16383.9 PiB"]);
    }

    #[test]
    fn lists_of_names_read_as_a_sentence() {
        assert_eq!(names(&["a"], 5), "`a`");
        assert_eq!(names(&["a", "b", "c"], 5), "`a`, `b` and `c`");
        assert_eq!(names(&["a", "b", "c"], 2), "`a`, `b` and 1 more");
    }
}
