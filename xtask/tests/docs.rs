//! What the documents name is there: commands with their options, and files.

use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;
use testkit::Sandbox;

fn root() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask has a parent").to_owned()
}

/// The documents that people wrote, and the README.
fn documents() -> Vec<(String, String)> {
    let docs = root().join("docs");
    let mut files: Vec<Utf8PathBuf> = docs
        .read_dir_utf8()
        .expect("docs")
        .flatten()
        .map(|entry| entry.path().to_owned())
        .filter(|path| path.extension() == Some("md"))
        .collect();
    files.push(root().join("README.md"));
    files.sort();
    let read = |path: &Utf8PathBuf| std::fs::read_to_string(path).expect("readable");
    files.iter().map(|path| (path.file_name().expect("named").to_owned(), read(path))).collect()
}

/// The program that a line calls, and the options that it gives: `git flake-switch --yes`, `studio --clean`.
fn call(words: &[&str]) -> Option<(String, Vec<String>)> {
    let rest = match words {
        ["git", rest @ ..] => rest,
        rest => rest,
    };
    let (program, rest) = rest.split_first()?;
    let ours = *program == "studio"
        || ["flake-", "mutable-"].iter().any(|family| program.starts_with(family));
    let plain = program.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    if !ours || !plain {
        return None;
    }
    let options = rest.iter().filter_map(|word| {
        let option = word.strip_prefix("--")?;
        let end =
            option.find(|c: char| !(c.is_ascii_lowercase() || c == '-')).unwrap_or(option.len());
        (end > 0).then(|| format!("--{}", &option[..end]))
    });
    Some(((*program).to_owned(), options.collect()))
}

#[test]
fn commands_and_options_that_documents_name_are_there() {
    let sandbox = Sandbox::new();
    let mut helps: BTreeMap<String, String> = BTreeMap::new();
    let (mut missing, mut seen) = (vec![], 0);
    for (name, text) in documents() {
        // What stands between two backticks, in a line or in a block of several; and in blocks each line.
        for part in text.split(['`', '\n']) {
            for piece in part.split([';', '|', '(', ')', '&', '#']) {
                let words: Vec<&str> = piece.split_whitespace().collect();
                let words = match words.as_slice() {
                    ["$", rest @ ..] => rest,
                    rest => rest,
                };
                let Some((program, options)) = call(words) else { continue };
                let help = helps.entry(program.clone()).or_insert_with(|| {
                    let outcome = sandbox.run_words("", &[&program, "--help"]);
                    if outcome.code == Some(0) { outcome.stdout } else { String::new() }
                });
                if help.is_empty() {
                    // Prose may begin with a word of ours; a command does with one that is there.
                    if piece.trim() == program || !options.is_empty() {
                        missing.push(format!("{name}: there is no `{program}`"));
                    }
                    continue;
                }
                seen += options.len();
                // Options of subcommands are in the help of those.
                for option in options.iter().filter(|option| !help.contains(option.as_str())) {
                    let below = words.iter().any(|word| {
                        let outcome = sandbox.run_words("", &[&program, word, "--help"]);
                        outcome.code == Some(0) && outcome.stdout.contains(option.as_str())
                    });
                    if !below {
                        missing.push(format!("{name}: `{program}` has no `{option}`"));
                    }
                }
            }
        }
    }
    assert!(seen > 30, "only {seen} options were looked for");
    missing.sort();
    missing.dedup();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// The words by which each command, and each command below it, is asked for its short help.
fn commands(sandbox: &Sandbox) -> Vec<Vec<String>> {
    let xtask = Utf8Path::new(env!("CARGO_BIN_EXE_xtask"));
    let folder = root().join("crates");
    let mut found = vec![];
    let crates = folder.read_dir_utf8().expect("crates").flatten();
    let mut names: Vec<String> = crates.map(|entry| entry.file_name().to_owned()).collect();
    names.extend(["studio", "mutable-redo", "bootstrap-config-generator"].map(str::to_owned));
    for name in names {
        // What is below `studio-activate` is typed by programs, with every option that there is.
        if !xtask.with_file_name(&name).is_file() || name == "studio-activate" {
            continue;
        }
        let help = sandbox.run_words("", &[&name, "-h"]).ok();
        let below = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        let below = below.take_while(|line| !line.is_empty());
        // What begins further in goes on with the line before.
        let below = below.filter(|line| !line.starts_with("   "));
        let below = below.filter(|line| line.split_whitespace().next() != Some("help"));
        found.extend(below.filter_map(|line| {
            Some(vec![name.clone(), line.split_whitespace().next()?.to_owned()])
        }));
        found.push(vec![name]);
    }
    found
}

#[test]
fn each_short_help_fits_a_screen() {
    let mut sandbox = Sandbox::new();
    sandbox.set("COLUMNS", "80");
    let commands = commands(&sandbox);
    assert!(commands.len() > 25, "{commands:?}");
    let mut large = vec![];
    for words in commands {
        let mut asked: Vec<&str> = words.iter().map(String::as_str).collect();
        asked.push("-h");
        let help = sandbox.run_words("", &asked).ok();
        let (rows, columns) =
            (help.lines().count(), help.lines().map(|line| line.chars().count()).max());
        if rows > 24 || columns > Some(80) {
            large.push(format!("{}: {rows} lines, {columns:?} columns", asked.join(" ")));
        }
    }
    assert!(large.is_empty(), "{}", large.join("\n"));
}

#[test]
fn files_that_documents_name_are_there() {
    let mut missing = vec![];
    for (name, text) in documents() {
        for part in text
            .split('`')
            .filter(|part| part.starts_with("crates/") && !part.contains([' ', '*', '\n', '<']))
        {
            if !root().join(part).exists() {
                missing.push(format!("{name}: there is no `{part}`"));
            }
        }
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            let folder = if name == "README.md" { root() } else { root().join("docs") };
            if !path.is_empty() && !path.contains("://") && !folder.join(path).exists() {
                missing.push(format!("{name}: a link leads to `{link}`"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
