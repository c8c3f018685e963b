//! `studio --doctor`: how what was found is shown. What is looked at is `studio_core::doctor`'s.

use crate::words::text_of;
use camino::Utf8Path;
use std::fmt::Write;
use studio_core::cli::{Common, Context, Done};
use studio_core::config::Key;
use studio_core::doctor::{self, Finding, State};
use studio_core::error::{Exit, Result};
use studio_core::ui;

/// Looks at everything and reports it.
pub(crate) fn doctor(
    cx: &Context,
    root: &Utf8Path,
    flags: &[(Key, &str)],
    json: bool,
    common: &Common,
) -> Result<Done> {
    let findings = doctor::examine(cx, root, flags);
    let broken = findings.iter().any(|finding| finding.state == State::Broken);
    let exit = if broken { Exit::Failed } else { Exit::Done };
    if json {
        return Ok(Done::report(text_of(&findings)?, exit));
    }
    let color = ui::stdout_color(common.color, cx.env.no_color()).unwrap_or(false);
    cx.ui.step(summary(&findings));
    Ok(Done::report(table(&findings, color), exit))
}

fn word(state: State) -> (&'static str, &'static str) {
    match state {
        State::Fine => ("fine", "32"),
        State::Look => ("look", "1;33"),
        State::Broken => ("broken", "1;31"),
    }
}

/// `16 checks: 14 fine, 1 worth a look, 1 broken`.
fn summary(findings: &[Finding]) -> String {
    let words = [(State::Fine, "fine"), (State::Look, "worth a look"), (State::Broken, "broken")];
    let counted = words.map(|(state, word)| {
        let number = findings.iter().filter(|finding| finding.state == state).count();
        (number > 0).then(|| format!("{number} {word}"))
    });
    let counted: Vec<String> = counted.into_iter().flatten().collect();
    format!("{}: {}", ui::count(findings.len(), "check"), counted.join(", "))
}

/// A row for each check; why, and how to mend it, stand below what was found.
fn table(findings: &[Finding], color: bool) -> String {
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or_default();
    let mut text = String::new();
    for finding in findings {
        let (word, style) = word(finding.state);
        let state = match color {
            true => format!("\x1b[{style}m{word:6}\x1b[m"),
            false => format!("{word:6}"),
        };
        let below = format!("{:6}  {:width$}  ", "", "");
        let mut found = finding.found.lines();
        let first = found.next().unwrap_or_default();
        let _ = writeln!(text, "{state}  {:width$}  {first}", finding.check);
        let why = finding.why.iter().flat_map(|why| why.lines());
        for line in found.chain(why) {
            let _ = writeln!(text, "{below}  {line}");
        }
        for mend in &finding.mend {
            let _ = writeln!(text, "{below}> {mend}");
        }
    }
    text
}
