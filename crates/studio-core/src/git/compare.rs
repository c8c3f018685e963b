//! What differs between two commits, in git's own words and as a list. Objects are read; no work tree is looked at.

use super::Repo;
use crate::error::Result;
use crate::names::CommitId;
use serde::Serialize;

/// How a difference is to be shown to people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Only how much changed in each file.
    pub stat: bool,
    /// Whether in colours; `None` leaves it to git, which knows whether its pager is at work.
    pub color: Option<bool>,
    /// How wide the terminal is, if it goes to one.
    pub columns: Option<usize>,
}

/// One file that differs between two commits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedFile {
    /// From the top of the repository; what is no UTF-8 in it is replaced.
    pub path: String,
    /// `added`, `removed` or `changed`.
    pub change: &'static str,
}

impl Repo {
    /// `git diff OLD NEW`, by the user's own settings of it, but without a pager.
    pub fn diff(&self, old: &CommitId, new: &CommitId, shown: Shown) -> Result<String> {
        let mut program = self.git(["--no-pager", "diff"]);
        if let Some(color) = shown.color {
            program = program.arg(if color { "--color=always" } else { "--color=never" });
        }
        if shown.stat {
            program = program.arg(match shown.columns {
                Some(columns) => format!("--stat={columns}"),
                None => "--stat".to_owned(),
            });
        }
        // `--` because a file may have the name of a commit.
        let said = program.args([old.as_str(), new.as_str(), "--"]).run()?;
        Ok(said.text())
    }

    /// The files that differ, sorted by path; a renamed one is one removed and one added.
    pub fn changed_files(&self, old: &CommitId, new: &CommitId) -> Result<Vec<ChangedFile>> {
        let said = self
            .git(["diff-tree", "-r", "-z", "--no-renames", "--name-status"])
            .args([old.as_str(), new.as_str(), "--"])
            .run()?;
        let mut fields = said.stdout.split(|byte| *byte == 0).filter(|field| !field.is_empty());
        let mut files = vec![];
        while let (Some(status), Some(path)) = (fields.next(), fields.next()) {
            files.push(ChangedFile {
                path: String::from_utf8_lossy(path).into_owned(),
                change: match status {
                    b"A" => "added",
                    b"D" => "removed",
                    _ => "changed",
                },
            });
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }
}
