//! What no compiler checks, so that a review need not: every module says what it is for, no file
//! has grown too long, the change log knows the version, and nothing unfinished is left behind.

use crate::error::{Error, Result};
use crate::run;
use crate::workspace::Workspace;
use camino::Utf8Path;

/// More than this and a file has two subjects.
const LONGEST: usize = 600;

/// Words of unfinished work; put together here, so that this file may stay.
const UNFINISHED: [&str; 5] = [
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("dbg", "!("),
];

/// Looks at every file that git knows; names all that is wrong, not only the first.
pub fn check(workspace: &Workspace) -> Result<()> {
    let list = duct::cmd!("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
        .dir(&workspace.root);
    let list = run::read(&list, "git ls-files")?;
    let mut faults = Vec::new();
    for name in list.split('\0').filter(|name| !name.is_empty()) {
        // A file may be deleted and not yet committed, or be no text.
        if let Ok(text) = std::fs::read_to_string(workspace.root.join(name)) {
            faults.extend(look(Utf8Path::new(name), &text).map(|fault| format!("{name}: {fault}")));
        }
    }
    let log = std::fs::read_to_string(workspace.root.join("CHANGELOG.md")).unwrap_or_default();
    if !log.contains(&format!("[{}]", workspace.version)) {
        faults.push(format!("CHANGELOG.md: there is no section [{}]", workspace.version));
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!("the repository is untidy:\n{}", faults.join("\n"))))
}

fn look(path: &Utf8Path, text: &str) -> impl Iterator<Item = String> {
    let mut faults = Vec::new();
    let generated = path.as_str().ends_with(".lock");
    let rust = path.extension() == Some("rs");
    // What a generator is given and gives in its tests is a crate like any other.
    let golden = path.components().any(|part| part.as_str() == "golden");
    if rust && !golden && !text.trim_start().starts_with("//!") {
        faults.push("it must begin with `//!`: what it is for, and what it is not".to_owned());
    }
    let lines = text.lines().count();
    if matches!(path.extension(), Some("rs" | "nix" | "sh")) && lines > LONGEST {
        faults.push(format!("it has {lines} lines, more than {LONGEST}: split it by subject"));
    }
    for (number, line) in text.lines().enumerate().filter(|_| !generated) {
        for word in UNFINISHED {
            if line.contains(word) {
                faults.push(format!("line {}: `{word}` is unfinished work", number + 1));
            }
        }
        // In Rust it is rustfmt's matter, and may be right: in the text that a test expects.
        if line.ends_with([' ', '\t']) && !matches!(path.extension(), Some("snap" | "rs")) {
            faults.push(format!("line {}: white space at the end", number + 1));
        }
    }
    faults.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(path: &str, text: &str) -> Vec<String> {
        look(Utf8Path::new(path), text).collect()
    }

    #[test]
    fn untidy_files_are_named_with_the_line() {
        assert_eq!(faults("a.rs", "//! Good.\nfn f() {}\n"), Vec::<String>::new());
        assert_eq!(faults("a.rs", "fn f() {}\n").len(), 1);
        assert_eq!(faults("a.nix", &"x\n".repeat(LONGEST + 1)).len(), 1);
        let left = format!("//! A.\n// {} later\n", UNFINISHED[0]);
        assert_eq!(
            faults("a.rs", &left),
            [format!("line 2: `{}` is unfinished work", UNFINISHED[0])]
        );
        assert_eq!(faults("a.md", "two blanks  \n").len(), 1);
    }
}
