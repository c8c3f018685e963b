//! What of the configuration differs between two commits: the commits that lie between, how much changed in which file, and
//! the inputs that are locked to something else.
//!
//! Read from the repositories of this machine. Not here: which commit a generation was built from (`generations`).

use super::Sources;
use super::generations::plain;
use crate::clock;
use crate::error::Result;
use crate::git::{Between, ChangedFile, Repo};
use crate::names::CommitId;
use crate::nix::lock::{FlakeInput, LockFile, MovedInput};
use crate::ui;
use serde::Serialize;

/// How many commits are listed before a switch.
const MOST: usize = 10;

/// How many characters of a commit tell it from others, for people; as everywhere here.
const SHORT: usize = 12;

/// What differs between two commits of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Configuration {
    /// The commits between, newest first.
    #[serde(flatten)]
    pub between: Between,
    /// The files that differ.
    pub files: Vec<ChangedFile>,
    /// The inputs that are locked to something else.
    pub inputs: Vec<MovedInput>,
}

impl Configuration {
    /// Compares two commits, and gives the repository that has both; or says why that cannot be done.
    pub(super) fn of(
        sources: Sources,
        old: &CommitId,
        new: &CommitId,
    ) -> Result<(Configuration, Repo), String> {
        if let Some(absent) = [old, new].into_iter().find(|commit| !sources.has(commit)) {
            return Err(format!("the commit {} is not on this machine", absent.short()));
        }
        let Some(repo) = sources.with_both(old, new) else {
            return Err(format!("no repository has both {} and {}", old.short(), new.short()));
        };
        let compared = Configuration::read(&repo, old, new);
        compared.map(|found| (found, repo)).map_err(|error| error.message().to_owned())
    }

    fn read(repo: &Repo, old: &CommitId, new: &CommitId) -> Result<Configuration> {
        let lock = |commit| -> Result<Option<LockFile>> {
            let text = repo.file_in(repo.tree_of(commit)?, "flake.lock")?;
            // What cannot be read has no inputs that could be told; nix will say what is wrong with it.
            Ok(text.and_then(|text| LockFile::parse(&String::from_utf8_lossy(&text)).ok()))
        };
        let files = repo.changed_files(old, new)?;
        // A lock that did not change need not be read.
        let inputs = match files.iter().any(|file| file.path == "flake.lock") {
            true => LockFile::moved(lock(old)?.as_ref(), lock(new)?.as_ref()),
            false => vec![],
        };
        Ok(Configuration { between: repo.between(old, new)?, files, inputs })
    }

    /// All of it in lines: at most so many commits, and the files in numbers.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = self.commit_lines(MOST);
        lines.extend(self.stat());
        lines.extend(self.input_lines());
        lines
    }

    /// The commits, at most so many of them.
    pub fn commit_lines(&self, most: usize) -> Vec<String> {
        let Between { commits, left_behind } = &self.between;
        let mut lines = vec![];
        if !commits.is_empty() {
            lines.push(format!("commits: {}", commits.len()));
            let shown = commits.iter().take(most);
            lines.extend(
                shown.map(|told| format!("  {} {}", told.commit.short(), plain(&told.subject))),
            );
            if commits.len() > most {
                lines.push(format!("  and {} more", commits.len() - most));
            }
        }
        if *left_behind > 0 {
            lines.push(format!("commits that are not in it: {left_behind}"));
        }
        lines
    }

    /// The files in numbers, in git's words.
    fn stat(&self) -> Option<String> {
        let sum = |of: &dyn Fn(&ChangedFile) -> Option<u64>| -> u64 {
            self.files.iter().filter_map(of).sum()
        };
        let mut parts = vec![format!("{} changed", ui::count(self.files.len(), "file"))];
        for (lines, what) in [
            (sum(&|file| file.insertions), "insertions(+)"),
            (sum(&|file| file.deletions), "deletions(-)"),
        ] {
            match lines {
                0 => {}
                1 => parts.push(format!("1 {}", what.replace("ns(", "n("))),
                lines => parts.push(format!("{lines} {what}")),
            }
        }
        (!self.files.is_empty()).then(|| format!("configuration: {}", parts.join(", ")))
    }

    /// The inputs, a line each: what they were, what they are, with dates, and where that is shown.
    pub fn input_lines(&self) -> Vec<String> {
        if self.inputs.is_empty() {
            return vec![];
        }
        let names = self.inputs.iter().map(|input| input.name.len()).max().unwrap_or_default();
        let mut lines = vec!["inputs:".to_owned()];
        lines.extend(self.inputs.iter().map(|input| {
            let what = match (&input.old, &input.new) {
                (None, Some(new)) => format!("added at {}", at(new)),
                (Some(old), None) => format!("removed, was at {}", at(old)),
                (Some(old), Some(new)) if old.source != new.source => {
                    format!(
                        "{} {} → {} {}",
                        plain(&old.source),
                        at(old),
                        plain(&new.source),
                        at(new)
                    )
                }
                (Some(old), Some(new)) => format!("{} → {}", at(old), at(new)),
                (None, None) => String::new(),
            };
            let link = input.link.as_ref().map_or(String::new(), |link| format!("  {link}"));
            let name = plain(&input.name);
            format!("  {name:names$}  {what}{link}")
        }));
        lines
    }
}

/// `2026-01-02 (1a2b3c4d5e6f)`, as far as it is known.
fn at(input: &FlakeInput) -> String {
    let rev = input.rev.as_deref().map(|rev| plain(&rev.chars().take(SHORT).collect::<String>()));
    match (input.modified.map(clock::date), rev) {
        (Some(date), Some(rev)) => format!("{date} ({rev})"),
        (Some(date), None) => date,
        (None, Some(rev)) => rev,
        (None, None) => "an unknown date".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Told;

    fn input(name: &str, source: &str, rev: &str, modified: i64) -> FlakeInput {
        let rev = Some(rev.to_owned()).filter(|rev| !rev.is_empty());
        FlakeInput {
            name: name.to_owned(),
            source: source.to_owned(),
            rev,
            modified: Some(modified).filter(|modified| *modified > 0),
        }
    }

    #[test]
    fn commits_files_and_inputs_have_lines() {
        let commit = |n: usize| Told {
            commit: CommitId::new(&format!("{n:040x}")).expect("an id"),
            subject: format!("change \u{1b}[31m {n}"),
        };
        let file = |path: &str, insertions, deletions| ChangedFile {
            path: path.to_owned(),
            change: "changed",
            insertions,
            deletions,
        };
        let moved = |name: &str, old, new, link: Option<&str>| MovedInput {
            name: name.to_owned(),
            old,
            new,
            link: link.map(str::to_owned),
        };
        let (day, later) = (1_767_323_045, 1_769_323_045);
        let configuration = Configuration {
            between: Between { commits: (1..=12).map(commit).collect(), left_behind: 2 },
            files: vec![
                file("a", Some(1), Some(0)),
                file("b", None, None),
                file("c", Some(0), Some(3)),
            ],
            inputs: vec![
                moved(
                    "nixpkgs",
                    Some(input("nixpkgs", "github:NixOS/nixpkgs", "0123456789", day)),
                    Some(input("nixpkgs", "github:NixOS/nixpkgs", "abcdef0123", later)),
                    Some("https://github.com/NixOS/nixpkgs/compare/0123456789...abcdef0123"),
                ),
                moved("new", None, Some(input("new", "x", "", later)), None),
                moved("gone", Some(input("gone", "x", "aaaaaaaaaa", 0)), None, None),
                moved(
                    "other",
                    Some(input("other", "x", "", 0)),
                    Some(input("other", "y", "", day)),
                    None,
                ),
            ],
        };
        insta::assert_snapshot!(configuration.lines().join("\n"), @r"
        commits: 12
          000000000000 change  [31m 1
          000000000000 change  [31m 2
          000000000000 change  [31m 3
          000000000000 change  [31m 4
          000000000000 change  [31m 5
          000000000000 change  [31m 6
          000000000000 change  [31m 7
          000000000000 change  [31m 8
          000000000000 change  [31m 9
          000000000000 change  [31m 10
          and 2 more
        commits that are not in it: 2
        configuration: 3 files changed, 1 insertion(+), 3 deletions(-)
        inputs:
          nixpkgs  2026-01-02 (0123456789) → 2026-01-25 (abcdef0123)  https://github.com/NixOS/nixpkgs/compare/0123456789...abcdef0123
          new      added at 2026-01-25
          gone     removed, was at aaaaaaaaaa
          other    x an unknown date → y 2026-01-02
        ");
        assert_eq!(Configuration::default().lines(), [""; 0]);
    }
}
