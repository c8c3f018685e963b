//! A crate of as many items as are wanted, each a function of its own that does what functions usually do: collect, sort,
//! write. Not here: what becomes of it.

use crate::error::{Error, Result};
use camino::Utf8Path;
use fastrand::Rng;
use std::fmt::Write;

/// How many functions below it a function calls.
const CALLS: usize = 3;
/// How many functions there are on each of its levels.
const WIDTH: usize = 10;
/// Functions call those that are at most so many levels below.
const REACH: usize = 4;
/// The number that an edit changes, as it is without one.
pub const NUMBER: u64 = 17;

/// What a function has inside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// What a person would write.
    Usual,
    /// One line, where only the number of items counts.
    Short,
}

/// A crate that was written.
pub struct Made<'a> {
    /// Where.
    folder: &'a Utf8Path,
    count: usize,
    body: Body,
}

impl Made<'_> {
    /// Writes a crate called `made` of `count` functions.
    pub fn new(folder: &Utf8Path, count: usize, body: Body) -> Result<Made<'_>> {
        let source = folder.join("src");
        std::fs::create_dir_all(&source).map_err(Error::io("make the folder", &source))?;
        let manifest = folder.join("Cargo.toml");
        let text =
            "[package]\nname = \"made\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[workspace]\n";
        std::fs::write(&manifest, text).map_err(Error::io("write", &manifest))?;
        let made = Made { folder, count, body };
        made.edit(0, NUMBER)?;
        Ok(made)
    }

    /// Writes its source again, with this number in one function.
    pub fn edit(&self, function: usize, number: u64) -> Result<()> {
        let path = self.folder.join("src/lib.rs");
        std::fs::write(&path, self.source(function, number)).map_err(Error::io("write", &path))
    }

    fn source(&self, edited: usize, number: u64) -> String {
        // The same seed each time, so that every run measures the same.
        let mut rng = Rng::with_seed(1);
        let mut text = String::new();
        for function in 0..self.count {
            let number = if function == edited { number } else { NUMBER };
            let level = function / WIDTH;
            let lowest = level.saturating_sub(REACH) * WIDTH;
            let calls = (0..CALLS).filter(|_| level > 0).map(|_| rng.usize(lowest..level * WIDTH));
            let calls: Vec<usize> = calls.collect();
            if function % WIDTH == 0 {
                let _ = writeln!(text, "pub mod level{level} {{");
            }
            self.function(function, number, &calls, &mut text);
            if function % WIDTH == WIDTH - 1 || function == self.count - 1 {
                text.push_str("}\n");
            }
        }
        text
    }

    fn function(&self, function: usize, number: u64, calls: &[usize], text: &mut String) {
        let way = |callee: &usize| format!("crate::level{}::f{callee}", callee / WIDTH);
        if self.body == Body::Short {
            let calls: String =
                calls.iter().map(|callee| format!(" ^ {}(seed)", way(callee))).collect();
            let _ = writeln!(
                text,
                "pub fn f{function}(seed: u64) -> u64 {{ seed.rotate_left({number}){calls} }}"
            );
            return;
        }
        let calls: String = calls
            .iter()
            .map(|callee| {
                format!("    lines.extend({}(seed.wrapping_add(1), &[]));\n", way(callee))
            })
            .collect();
        let _ = write!(
            text,
            "pub fn f{function}(seed: u64, words: &[String]) -> Vec<String> {{
    let mut counts = std::collections::BTreeMap::<String, u64>::new();
    for (place, word) in words.iter().enumerate() {{
        let letters = word.chars().rev().filter(|letter| letter.is_alphanumeric());
        let key: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
        *counts.entry(key).or_default() += (place as u64).wrapping_mul(seed | 1) ^ {number};
    }}
    let shown = counts.into_iter().map(|(word, count)| format!(\"{{word:>8}} {{count:04x}}\"));
    let mut lines: Vec<String> = shown.collect();
    lines.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    lines.dedup_by_key(|line| line.len() % {function}.max(2));
{calls}    lines
}}
"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_changes_one_function() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let made = Made::new(folder, 25, Body::Short).unwrap();
        let read = || std::fs::read_to_string(folder.join("src/lib.rs")).unwrap();
        let before = read();
        made.edit(12, 18).unwrap();
        let after = read();
        let changed = before.lines().zip(after.lines()).filter(|(one, other)| one != other);
        let changed: Vec<&str> = changed.map(|(_, line)| line).collect();
        assert_eq!(changed.len(), 1, "{changed:?}");
        assert!(changed[0].starts_with("pub fn f12(seed: u64) -> u64 { seed.rotate_left(18) ^ "));
        assert_eq!(after.matches("pub fn ").count(), 25);
        assert_eq!(after.matches("pub mod ").count(), 3);
    }
}
