//! Names that lead nowhere, and names that lead round in a circle.

use super::complaint::{Complaint, between, option};
use super::source::nearest;
use super::{Diagnosis, Source, shell_word};

/// What every module is given that wants it.
const MODULE_ARGUMENTS: [&str; 5] = ["config", "lib", "modulesPath", "options", "pkgs"];

/// A module wants an argument that nobody gives: `inputs`, as a rule.
pub fn missing_argument(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    let name = complaint.message.strip_prefix("attribute '")?.split_once("' missing")?.0;
    // nixpkgs has closed the quote by an apostrophe, and by a backtick since 2024.
    let wanted = complaint.trace.iter().find_map(|doing| {
        let rest = doing.strip_prefix("while evaluating the module argument `")?;
        let rest = rest.strip_prefix(name)?.strip_prefix(['\'', '`'])?;
        between(rest, "\"", "\"")
    })?;
    let file = source.and_then(|source| source.path(wanted));
    let module = file.map_or_else(|| "a module".to_owned(), |file| format!("`{file}`"));
    Some(Diagnosis::of_flake([format!(
        "{module} wants the argument `{name}`; give it where the configuration is made: \
         `specialArgs = {{ inherit {name}; }};` (home-manager: `extraSpecialArgs`)"
    )]))
}

/// A set has no such attribute. Names that are near are nix's to propose: it alone knows what the set has.
pub fn missing_attribute(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    let name = complaint.message.strip_prefix("attribute '")?.split_once("' missing")?.0;
    let (place, named) = source?.nearest_place(complaint)?;
    let mut hints = vec![format!("it is asked for at {place}")];
    let text = named.text.unwrap_or_default();
    if text.contains(&format!("pkgs.{name}")) && !complaint.has_proposal() {
        hints.push(find_package(name));
    }
    Some(Diagnosis::of_flake(hints))
}

/// Nothing in sight has this name.
pub fn undefined_variable(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    let name = complaint.message.strip_prefix("undefined variable '")?.split_once('\'')?.0;
    let source = source?;
    let (place, named) = source.nearest_place(complaint)?;
    let hint = if MODULE_ARGUMENTS.contains(&name) {
        format!(
            "{place} uses it; a module that does takes it: `{{ {name}, ... }}:` at its beginning"
        )
    } else {
        format!("it is used at {place}")
    };
    let mut hints = vec![hint];
    let text = source.text(&place.file)?;
    let words = rnix::tokenize(&text);
    let words: Vec<&str> = words
        .filter(|(kind, _)| *kind == rnix::SyntaxKind::TOKEN_IDENT)
        .map(|(_, word)| word)
        .collect();
    if let Some(near) = nearest(name, words.iter().copied()) {
        hints.push(format!("did you mean `{near}`, which is in the same file?"));
    } else if !MODULE_ARGUMENTS.contains(&name) {
        let upto: Vec<&str> = text.lines().take(named.line?).collect();
        if upto.join("\n").contains("with pkgs;") {
            hints.push(find_package(name));
        }
    }
    Some(Diagnosis::of_flake(hints))
}

/// A value that is needed to know itself.
pub fn infinite_recursion(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    if !complaint.message.starts_with("infinite recursion encountered") {
        return None;
    }
    let option = complaint.trace.iter().rev().find_map(|doing| option(doing));
    let place = source.and_then(|source| source.nearest_place(complaint));
    let mut hints = vec![];
    match (place, option) {
        (Some((place, _)), Some(option)) => {
            hints.push(format!("it goes round through {place}, for the option `{option}`"));
        }
        (Some((place, _)), None) => hints.push(format!("it goes round through {place}")),
        (None, Some(option)) => hints.push(format!("it goes round through the option `{option}`")),
        (None, None) => {}
    }
    let is_said = |doing: &String| doing.contains("you probably reference `config` in `imports`");
    if !complaint.trace.iter().any(is_said) {
        hints.push(
            "usual causes: `imports` that depend on `config` or `pkgs` (make them unconditional, with \
             `lib.mkIf` inside), and an overlay that takes from `final` what it redefines (take it \
             from `prev`)"
                .to_owned(),
        );
    }
    Some(Diagnosis::of_flake(hints))
}

fn find_package(name: &str) -> String {
    format!("packages are found by `nix search nixpkgs {}`", shell_word(name))
}
