//! What differs between two commits, in git's own words and as a list. Objects are read; no work tree is looked at.

use super::Repo;
use crate::error::{OrSay, Result};
use crate::names::CommitId;
use serde::Serialize;
use std::collections::HashMap;

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
    /// Lines that only the new one has; nothing where it is no text.
    pub insertions: Option<u64>,
    /// Lines that only the old one has.
    pub deletions: Option<u64>,
}

/// The commits by which one leads to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Between {
    /// Those that only the new one has, newest first.
    pub commits: Vec<Told>,
    /// How many only the old one has: none where the new one was made on top of it.
    pub left_behind: usize,
}

/// A commit as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Its id.
    pub commit: CommitId,
    /// The first line of its message; what is no UTF-8 in it is replaced.
    pub subject: String,
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
            .git(["diff-tree", "-r", "-z", "--no-renames", "--raw", "--numstat"])
            .args([old.as_str(), new.as_str(), "--"])
            .run()?;
        let mut files = files(&said.stdout);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// The commits by which `old` leads to `new`.
    pub fn between(&self, old: &CommitId, new: &CommitId) -> Result<Between> {
        let said = self
            .git(["log", "-z", "--no-show-signature", "--left-right", "--format=%m%H%s"])
            .arg(format!("{old}...{new}"))
            .arg("--")
            .run()?;
        let mut between = Between::default();
        for line in said.stdout.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
            match line.split_first() {
                Some((b'>', rest)) => {
                    let (id, subject) = rest.split_at(rest.len().min(new.as_str().len()));
                    between.commits.push(Told {
                        commit: CommitId::new(&String::from_utf8_lossy(id))
                            .or_say(|| "git did not list the commits")?,
                        subject: String::from_utf8_lossy(subject).into_owned(),
                    });
                }
                _ => between.left_behind += 1,
            }
        }
        Ok(between)
    }
}

/// What `git diff-tree -z --raw --numstat` says: for each file its modes, ids and a letter, and then its path; after all of
/// them for each file the numbers of lines and its path.
fn files(said: &[u8]) -> Vec<ChangedFile> {
    let mut fields = said.split(|byte| *byte == 0).filter(|field| !field.is_empty());
    let mut files: Vec<ChangedFile> = vec![];
    let mut places: HashMap<String, usize> = HashMap::new();
    while let Some(field) = fields.next() {
        let text = String::from_utf8_lossy(field);
        if text.starts_with(':') {
            let path = String::from_utf8_lossy(fields.next().unwrap_or_default()).into_owned();
            places.insert(path.clone(), files.len());
            files.push(ChangedFile {
                path,
                change: match text.rsplit(' ').next() {
                    Some("A") => "added",
                    Some("D") => "removed",
                    _ => "changed",
                },
                insertions: None,
                deletions: None,
            });
            continue;
        }
        let mut parts = text.splitn(3, '\t');
        let (insertions, deletions, path) = (parts.next(), parts.next(), parts.next());
        // What is no text has dashes.
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        if let Some(at) = path.and_then(|path| places.get(path)) {
            let file = &mut files[*at];
            (file.insertions, file.deletions) = (number(insertions), number(deletions));
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::Sandbox;

    #[test]
    fn commits_and_files_between_two_are_those_of_git() {
        let sandbox = Sandbox::new();
        let script = r"git init -q repo && cd repo
            printf 'a\nb\n' > text && printf '\0\1' > blob && echo x > 'odd
name' && echo : > :x && git add -A && git commit -qm one
            git switch -qc side && git commit -q --allow-empty -m beside && git switch -q main
            printf 'a\nc\nd\n' > text && printf '\0\2' > blob && rm 'odd
name' && echo y > new && echo :: > :x && git add -A && git commit -qm 'two: more'
            git commit -q --allow-empty -m three
            git rev-parse main~2 side main";
        let commits = sandbox.sh("", script).ok();
        let ids: Vec<CommitId> = commits.lines().map(|id| CommitId::new(id).expect("id")).collect();
        let [one, side, main] = ids.as_slice() else { panic!("{commits}") };
        let repo = Repo::open(&sandbox.root().join("repo")).expect("repo");
        let told = |old, new| {
            let between = repo.between(old, new).expect("commits");
            let subjects: Vec<String> =
                between.commits.into_iter().map(|told| told.subject).collect();
            (subjects.join(", "), between.left_behind)
        };
        assert_eq!(told(one, main), ("three, two: more".to_owned(), 0));
        assert_eq!(told(side, main), ("three, two: more".to_owned(), 1));
        assert_eq!(told(main, side), ("beside".to_owned(), 2));
        assert_eq!(told(main, main), (String::new(), 0));
        assert_eq!(repo.between(one, main).expect("commits").commits[0].commit, *main);
        let files: Vec<String> = repo
            .changed_files(one, main)
            .expect("files")
            .into_iter()
            .map(|file| {
                format!(
                    "{} {:?} {:?} {:?}",
                    file.change, file.path, file.insertions, file.deletions
                )
            })
            .collect();
        assert_eq!(
            files,
            [
                "changed \":x\" Some(1) Some(1)",
                "changed \"blob\" None None",
                "added \"new\" Some(1) Some(0)",
                "removed \"odd\\nname\" Some(0) Some(1)",
                "changed \"text\" Some(2) Some(1)",
            ]
        );
    }
}
