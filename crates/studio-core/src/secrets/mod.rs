//! Secrets that lie open in a flake: Nix copies the whole of it into its store, where everybody on the machine may read
//! it, and pushing takes it to the remote.
//!
//! [`look`] goes through the files of commits and says where something lies that should be encrypted; [`Policy::judge`]
//! warns of it, or refuses where the flake is strict. What was looked at is remembered by what git calls it, so that a
//! snapshot after a change reads what changed. Few false alarms matter more than the last secret: what is not sure to be
//! one by its form or by its name is passed over. Not here: large files and new keys, which never go in unasked
//! ([`crate::guard`]).

mod crypt;
mod der;
mod known;
mod named;
mod report;
mod scan;
mod text;
mod tokens;

pub use report::Policy;
pub use scan::{Part, Place, Search, look};

use serde::{Deserialize, Serialize};

/// What is remembered of files is of no use once other things are looked for: raised with each change of the rules.
const RULES: u32 = 1;

/// A comment with this, in the line of a secret or in the one before it, says that it is none.
pub const MARK: &str = "studio: allow-secret";

/// What sort of a secret it is, as far as another remedy helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// A key that a program reads from a file.
    PrivateKey,
    /// A key that the options of NixOS take as text, too.
    WireGuardKey,
    /// What a service gave out.
    Token,
    /// A password, in the open.
    Password,
    /// What was made of a password so that it can be checked.
    Hash,
}

/// A secret in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its sort.
    pub kind: Kind,
    /// What it seems to be, with its article: `a GitHub token`. Nothing of the secret itself.
    pub what: String,
    /// Its line, from 1.
    pub line: usize,
}

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Role {
    /// As an expression of Nix, too.
    Nix,
    /// By its content alone.
    Any,
}

impl Role {
    fn of(name: &[u8]) -> Role {
        if name.ends_with(b".nix") { Role::Nix } else { Role::Any }
    }
}

/// How much of a file tells whether it is binary.
const BEGINNING: usize = 8 << 10;

/// The secrets in a file, in the order of their lines.
fn findings(role: Role, content: &[u8]) -> Vec<Finding> {
    if content[..content.len().min(BEGINNING)].contains(&0) {
        // Whatever git-crypt, age and others encrypt is binary as well.
        return der::finding(content).into_iter().collect();
    }
    let text::Seen { spots: mut found, named } = text::look(content);
    if role == Role::Nix && named {
        found.extend(named::spots(content));
    }
    if found.is_empty() {
        return vec![];
    }
    // Of one line the first counts: what is known by its form says more than what is known by its name.
    found.sort_by_key(|spot| spot.at);
    let mut findings: Vec<(usize, bool, Finding)> = found
        .into_iter()
        .filter(|spot| !marked(content, spot.at))
        .map(|spot| {
            let line = content[..spot.at].iter().filter(|byte| **byte == b'\n').count() + 1;
            (line, spot.by_name, Finding { kind: spot.kind, what: spot.what, line })
        })
        .collect();
    findings.sort_by_key(|(line, by_name, _)| (*line, *by_name));
    findings.dedup_by_key(|(line, ..)| *line);
    findings.into_iter().map(|(.., finding)| finding).collect()
}

/// Something found, before it is known in which line.
#[derive(Debug)]
struct Spot {
    at: usize,
    kind: Kind,
    what: String,
    by_name: bool,
}

/// Whether a comment says that it is none.
fn marked(content: &[u8], at: usize) -> bool {
    let line_start = |at: usize| {
        content[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |before| before + 1)
    };
    let start = line_start(at);
    let start = if start == 0 { 0 } else { line_start(start - 1) };
    let end =
        content[at..].iter().position(|byte| *byte == b'\n').map_or(content.len(), |n| at + n);
    content[start..end].windows(MARK.len()).any(|window| window == MARK.as_bytes())
}

/// Whether a text has as many signs as one that chance made.
fn varied(text: &[u8]) -> bool {
    let mut seen = [false; 256];
    text.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    seen.iter().filter(|seen| **seen).count() >= 8
}

/// Whether it also has nothing of what stands for a secret in a manual.
fn random(text: &[u8]) -> bool {
    let lower = text.to_ascii_lowercase();
    let has = |word: &str| lower.windows(word.len()).any(|window| window == word.as_bytes());
    let of_one = |run: &[u8]| run.iter().all(|byte| *byte == run[0]);
    varied(text)
        && text.iter().any(u8::is_ascii_digit)
        && text.iter().any(u8::is_ascii_alphabetic)
        && !text.windows(5).any(of_one)
        && !["example", "1234567890", "abcdefgh", "placeholder", "your"].into_iter().any(has)
}

#[cfg(test)]
mod tests;
