//! Which commits are held by what: where the work trees are, and what some commits do not reach.
//!
//! Not here: what follows from that.

use super::{Repo, commit_id};
use crate::error::{OrSay, Result};
use crate::names::CommitId;
use std::collections::{HashMap, HashSet};

impl Repo {
    /// The commits that the HEADs of all work trees are at; one without a commit has none.
    pub fn heads(&self) -> Result<Vec<CommitId>> {
        let mut heads: Vec<CommitId> = self.gix.head_id().ok().map(commit_id).into_iter().collect();
        for worktree in self.gix.worktrees().or_say(|| "the work trees cannot be listed")? {
            // The folder of a work tree may be gone, or on a disk that is not there just now; its HEAD counts all the same.
            let repo = worktree.into_repo_with_possibly_inaccessible_worktree();
            let repo = repo.or_say(|| "a work tree cannot be read")?;
            heads.extend(repo.head_id().ok().map(commit_id));
        }
        Ok(heads)
    }

    /// Those of `commits` that none of `others` reaches, and no other one of `commits` either.
    ///
    /// A commit that is not here is reached by nothing here. Others that are not here reach nothing.
    pub fn reached_by_none(
        &self,
        commits: &[CommitId],
        others: &[CommitId],
    ) -> Result<Vec<CommitId>> {
        if commits.is_empty() {
            return Ok(vec![]);
        }
        let ours = commits.iter().map(ToString::to_string);
        let lines: Vec<String> =
            ours.chain(others.iter().map(|other| format!("^{other}"))).collect();
        let said = self
            .git(["rev-list", "--topo-order", "--parents", "--ignore-missing", "--stdin"])
            .stdin(lines.join("\n"))
            .run()
            .or_say(|| format!("the commits of `{}` cannot be listed", self.top()))?;
        let text = said.text();
        // Children come before their parents.
        let mut reached: HashSet<&str> = HashSet::new();
        let mut listed: HashMap<&str, bool> = HashMap::new();
        for line in text.lines() {
            let mut ids = line.split(' ');
            let Some(commit) = ids.next() else { continue };
            listed.insert(commit, reached.contains(commit));
            reached.extend(ids);
        }
        let unreached = |commit: &&CommitId| match listed.get(commit.as_str()) {
            Some(by_another) => !by_another,
            None => !self.has(commit),
        };
        Ok(commits.iter().filter(unreached).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::Sandbox;

    #[test]
    fn a_commit_is_reached_by_its_descendants_and_one_that_is_not_here_by_nothing() {
        let sandbox = Sandbox::new();
        let commits = sandbox
            .sh(
                "",
                "git init -q repo && cd repo
                 for n in 1 2 3; do git commit -q --allow-empty -m $n; done
                 git switch -q -c side HEAD~1 && git commit -q --allow-empty -m side
                 git worktree add -q --detach ../tree HEAD~1
                 git rev-parse main~2 main~1 main side; git -C ../tree rev-parse HEAD",
            )
            .ok();
        let ids: Vec<CommitId> = commits.lines().map(|id| CommitId::new(id).expect("id")).collect();
        let [one, two, three, side, tree] = ids.as_slice() else { panic!("{commits}") };
        let repo = Repo::open(&sandbox.root().join("repo")).expect("repo");
        let mut heads = repo.heads().expect("heads");
        heads.sort();
        let mut wanted = vec![side.clone(), tree.clone()];
        wanted.sort();
        assert_eq!(heads, wanted);
        let foreign = CommitId::new(&"f".repeat(40)).expect("id");
        let ids = [one, two, three, side, &foreign];
        // By their places in the list above.
        let none = |commits: &[usize], others: &[usize]| -> Vec<usize> {
            let of = |places: &[usize]| -> Vec<CommitId> {
                places.iter().map(|place| ids[*place].clone()).collect()
            };
            let found = repo.reached_by_none(&of(commits), &of(others)).expect("listed");
            found.iter().filter_map(|id| ids.iter().position(|other| *other == id)).collect()
        };
        assert_eq!(none(&[0, 1, 2, 3], &[]), [2, 3]);
        assert_eq!(none(&[0, 1, 2, 3], &[2]), [3]);
        assert_eq!(none(&[0, 2], &[3, 4]), [2]);
        assert_eq!(none(&[0, 4], &[3]), [4]);
        assert_eq!(none(&[], &[3]), [0; 0]);
    }
}
