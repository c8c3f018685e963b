//! A template with values in it: everything that is wrong is told at once, and then nothing comes out.
//!
//! Nix files are filled by their [syntax](nix). Of other texts it is not known what is code in them, so only such values
//! go in as are code nowhere. What is not text is taken as it is. Not here: where values come from (`values`).

pub mod nix;
mod scan;

use crate::template::{Template, TemplateFile};
use crate::values::{Found, Values};
use scan::{Placeholder, scan};
use std::collections::BTreeSet;
use studio_core::generated::Tree;
use studio_core::nix::literal::Value;
use studio_core::nix::syntax::{self, Problem};
use studio_core::{Error, Result};

/// The name under which the config lies beside the flake.
pub const CONFIG: &str = "config.toml";

/// What came of a template.
#[derive(Debug, Default)]
pub struct Filled {
    /// The files, if nothing is wrong.
    pub tree: Tree,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// The keys of all placeholders.
    pub used: BTreeSet<String>,
}

/// Fills all files of a template.
pub fn fill(template: &Template, values: &Values) -> Result<Filled> {
    syntax::with_room(|| {
        let mut filled = Filled::default();
        for file in &template.files {
            let bytes = match std::str::from_utf8(&file.bytes) {
                Ok(text) => filled.file(file, text, values).into_bytes(),
                Err(_) => file.bytes.clone(),
            };
            filled.tree.add(&file.path, bytes, file.kind)?;
        }
        if let Some(config) = values.config_bytes() {
            filled.tree.add(CONFIG, config, Default::default()).map_err(|_| {
                Error::new(format!("the template has a `{CONFIG}` of its own"))
                    .hint("rename it there: the config is put beside the flake under this name")
            })?;
        }
        Ok(filled)
    })?
}

impl Filled {
    /// The text of one file, or anything if there are problems.
    fn file(&mut self, file: &TemplateFile, text: &str, values: &Values) -> String {
        let (placeholders, slips) = scan(text, &|key| values.knows(key));
        let before = self.problems.len();
        let at = |at: usize, message: String| Problem::at(&file.shown, text, at, message);
        self.problems.extend(slips.into_iter().map(|slip| at(slip.at, slip.message)));
        let mut found = Vec::with_capacity(placeholders.len());
        for placeholder in placeholders {
            match values.find(&placeholder.key) {
                Found::Value(value) => found.push((placeholder.clone(), value)),
                Found::Nothing(message) => {
                    self.problems.push(at(placeholder.range.start, message));
                    // So that what else is wrong with it is told, too.
                    found.push((placeholder.clone(), Value::String("value".to_owned())));
                }
            }
            self.used.insert(placeholder.key);
        }
        let result = match file.path.ends_with(".nix") {
            true => nix::fill(&file.shown, text, &found),
            false => plain(&file.shown, text, &found),
        };
        let filled = result.unwrap_or_else(|problems| {
            self.problems.extend(problems);
            String::new()
        });
        self.problems[before..].sort_by_key(|problem| (problem.line, problem.column));
        filled
    }
}

/// Fills a text of an unknown syntax.
fn plain(file: &str, text: &str, values: &[(Placeholder, Value)]) -> Result<String, Vec<Problem>> {
    let (mut filled, mut problems, mut end) = (String::new(), Vec::new(), 0);
    for (placeholder, value) in values {
        let range = placeholder.range.clone();
        filled.push_str(&text[end..range.start]);
        end = range.end;
        match nix::as_text(value).filter(|text| text.chars().all(is_plain)) {
            Some(text) => filled.push_str(&text),
            None => {
                let message = format!(
                    "the value of `{}` cannot be written here: in files that are not Nix only letters, digits and `-_.:/+@` \
                     can",
                    placeholder.key
                );
                problems.push(Problem::at(file, text, range.start, message));
            }
        }
    }
    filled.push_str(&text[end..]);
    if problems.is_empty() { Ok(filled) } else { Err(problems) }
}

/// Whether a character means itself in nearly every syntax.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "-_.:/+@".contains(c)
}

#[cfg(test)]
mod tests;
