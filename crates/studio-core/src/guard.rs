//! What must not be swept into a commit by accident: very large files, private keys, foreign repositories, conflicts.
//!
//! A snapshot takes every file that is not ignored and may push it, so it asks more than `git add` does. Each stop names
//! the files and says how to ignore or allow them. Only what HEAD does not have is asked: what was once taken is history.

use crate::config::Allowance;
use crate::error::{Error, Result};
use crate::git::{Change, Changes, Nature, Repo};
use crate::ui;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;

/// The largest new file that goes in unasked, in bytes.
const LARGEST: u64 = 10_000_000;

/// How much new files may have together, in bytes.
const LARGEST_SUM: u64 = 100_000_000;

/// How much of a file is looked at for keys and conflict markers, in bytes.
const LOOKED_AT: u64 = 1_000_000;

/// Endings of files that hold private keys in a binary form.
const KEY_ENDINGS: [&str; 5] = [".p12", ".pfx", ".kdbx", ".jks", ".keystore"];

/// One reason to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    path: String,
    reason: Reason,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    Large(u64),
    LargeTogether(u64),
    Key,
    Repository,
    Unmerged,
    Markers(usize),
}

impl Reason {
    fn words(&self) -> String {
        match self {
            Reason::Large(bytes) => format!("a new file of {}", megabytes(*bytes)),
            Reason::LargeTogether(bytes) => {
                format!(
                    "new files of {} together, of which this is one of the largest",
                    megabytes(*bytes)
                )
            }
            Reason::Key => "looks like a private key".to_owned(),
            Reason::Repository => {
                "a git repository of its own, whose files git would not take".to_owned()
            }
            Reason::Unmerged => "has unresolved conflicts".to_owned(),
            Reason::Markers(line) => format!("has conflict markers in line {line}"),
        }
    }

    /// Whether `--allow` helps.
    fn allowable(&self) -> bool {
        !matches!(self, Reason::Unmerged)
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

/// The reasons to stop in one repository; `prefix` is where it lies, from the top of the studio.
pub fn problems(
    repo: &Repo,
    prefix: &str,
    changes: &Changes,
    allowance: &Allowance,
) -> Result<Vec<Problem>> {
    let mut found = Vec::new();
    let mut new_files: Vec<(u64, String)> = Vec::new();
    for change in &changes.list {
        let path = format!("{prefix}{}", change.shown());
        let path = path.trim_end_matches('/').to_owned();
        let allowed = allowance.covers(&path);
        let mut stop = |reason: Reason| {
            let no_secret = reason == Reason::Key && allowance.covers_secret(&path);
            if !(allowed && reason.allowable() || no_secret) {
                found.push(Problem { path: path.clone(), reason });
            }
        };
        match change.nature {
            Nature::Deleted => {}
            Nature::Unmerged => stop(Reason::Unmerged),
            Nature::NestedRepository => stop(Reason::Repository),
            Nature::New | Nature::Modified => {
                let Some((size, content)) = look(repo, change) else { continue };
                let new = change.nature == Nature::New;
                if new && size > LARGEST {
                    stop(Reason::Large(size));
                }
                if new && !allowed {
                    new_files.push((size, path.clone()));
                }
                if new && is_key(&path, &content) {
                    stop(Reason::Key);
                }
                if let Some(line) = conflict_line(&content) {
                    stop(Reason::Markers(line));
                }
            }
        }
    }
    let sum: u64 = new_files.iter().map(|(size, _)| size).sum();
    let one_is_named = found.iter().any(|problem| matches!(problem.reason, Reason::Large(_)));
    if sum > LARGEST_SUM && !one_is_named {
        new_files.sort_by(|a, b| b.cmp(a));
        let largest = new_files.into_iter().take(3);
        found.extend(largest.map(|(_, path)| Problem { path, reason: Reason::LargeTogether(sum) }));
    }
    Ok(found)
}

/// Stops if there is any reason to.
pub fn refuse(problems: Vec<Problem>) -> Result<()> {
    let Some(first) = problems.first() else { return Ok(()) };
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| format!("{}: {}", problem.path, problem.reason.words()))
        .collect();
    let error = Error::new(format!(
        "{} should not go into a snapshot as {}; nothing was changed",
        ui::count(problems.len(), "file"),
        if problems.len() == 1 { "it is" } else { "they are" }
    ))
    .because(lines.join("\n"));
    if matches!(first.reason, Reason::Unmerged | Reason::Markers(_)) {
        let error = error.hint("resolve the conflicts: `git status` lists them");
        return Err(match first.reason {
            Reason::Markers(_) => {
                error.hint(format!("or, if they belong there: `--allow {}`", first.path))
            }
            _ => error,
        });
    }
    let mut paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    paths.dedup();
    let list = |form: fn(&str) -> String, between: &str| {
        paths.iter().take(5).map(|path| form(path)).collect::<Vec<_>>().join(between)
    };
    Err(error
        .hint(format!(
            "leave out what does not belong: in `.gitignore`,\n{}",
            list(|path| format!("/{path}"), "\n")
        ))
        .hint(format!("take what does: `{}`", list(|path| format!("--allow {path}"), " ")))
        .hint(format!(
            "or for good, in `studio.toml`:\n[snapshot]\nallow = [{}]",
            list(|path| format!("{path:?}"), ", ")
        )))
}

/// The size and the beginning of a file; `None` for what is not a file any more, or never was.
fn look(repo: &Repo, change: &Change) -> Option<(u64, Vec<u8>)> {
    let path = repo.top().as_std_path().join(std::ffi::OsStr::from_bytes(&change.path));
    let meta = path.symlink_metadata().ok()?;
    if !meta.is_file() {
        return None;
    }
    let mut content = Vec::new();
    File::open(path).ok()?.take(LOOKED_AT).read_to_end(&mut content).ok()?;
    Some((meta.len(), content))
}

fn is_key(path: &str, content: &[u8]) -> bool {
    let lower = path.to_lowercase();
    if KEY_ENDINGS.iter().any(|ending| lower.ends_with(ending)) {
        return true;
    }
    // The PEM header stands at the beginning of a line; a document that speaks of it usually quotes it within one.
    content.split(|byte| *byte == b'\n').any(|line| {
        (line.starts_with(b"-----BEGIN ") && find(line, b"PRIVATE KEY"))
            || line.starts_with(b"AGE-SECRET-KEY-1")
            || line.starts_with(b"PuTTY-User-Key-File-")
    })
}

/// The line with the first conflict marker, if all three are there in order.
fn conflict_line(content: &[u8]) -> Option<usize> {
    let mut opened = None;
    let mut divided = false;
    for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
        if line.starts_with(b"<<<<<<< ") {
            opened = Some(number + 1);
            divided = false;
        } else if line == b"=======" && opened.is_some() {
            divided = true;
        } else if line.starts_with(b">>>>>>> ") && divided {
            return opened;
        }
    }
    None
}

fn find(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_by_their_first_line_and_talk_about_keys_is_not() {
        assert!(is_key("id_ed25519", b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3B\n"));
        assert!(is_key("host.pem", b"junk\n-----BEGIN RSA PRIVATE KEY-----\n"));
        assert!(is_key("key.txt", b"# created: 2024\nAGE-SECRET-KEY-1QQQ\n"));
        assert!(is_key("Vault.KDBX", b""));
        assert!(!is_key("readme.md", b"a key begins with `-----BEGIN PRIVATE KEY-----`\n"));
        assert!(!is_key("cert.pem", b"-----BEGIN CERTIFICATE-----\n"));
    }

    #[test]
    fn conflict_markers_count_only_in_order() {
        assert_eq!(conflict_line(b"a\n<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> other\n"), Some(2));
        assert_eq!(conflict_line(b"=======\ntitle\n=======\n>>>>>>> quoted\n"), None);
    }
}
