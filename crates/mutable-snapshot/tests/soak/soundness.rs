//! What must hold after every kill, and once other commands have healed it.

use crate::world::{Command, World};
use camino::Utf8PathBuf;

/// What somebody has in a studio and must not lose.
pub struct Holdings {
    files: Vec<String>,
    /// Names and commits of all branches.
    branches: Vec<(String, String)>,
    /// The id that the uncommitted file has as a blob.
    precious: String,
}

impl World {
    /// What there is in the studio of this round.
    pub fn holdings(&self) -> Holdings {
        let refs = "git for-each-ref --format='%(refname) %(objectname)' refs/heads";
        let refs = self.sandbox.sh(&self.at, refs).ok();
        let pair = |line: &str| {
            let (name, commit) = line.split_once(' ').expect("two words");
            (name.to_owned(), commit.to_owned())
        };
        Holdings {
            files: self.sandbox.picture(&self.at),
            branches: refs.lines().map(pair).collect(),
            precious: self.sandbox.sh(&self.at, "git hash-object precious").ok(),
        }
    }

    /// Right after a kill, before anything else runs.
    pub fn faults_after_kill(&self, command: Command, before: &Holdings) {
        if command != Command::Hydrate {
            let files = self.sandbox.picture(&self.at);
            assert_eq!(files, before.files, "files of the studio changed\n{}", self.story());
        }
        self.nothing_is_lost(before);
        // What has its place is whole, whoever looks.
        self.verify_all();
    }

    /// After commands of all kinds.
    pub fn faults_when_healed(&self, before: &Holdings) {
        self.nothing_is_lost(before);
        self.verify_all();
        for name in self.names("studios") {
            self.look_through(&self.sandbox.studio_home().join("studios").join(name));
        }
    }

    /// Whether a studio is whole.
    pub fn look_through(&self, studio: &Utf8PathBuf) {
        for look in ["git fsck --strict --no-dangling", "git status --porcelain"] {
            let outcome = self.sandbox.run(studio, look);
            let said = (outcome.code, outcome.stdout.as_str());
            assert_eq!(said, (Some(0), ""), "`{look}` in {studio}:\n{outcome}\n{}", self.story());
        }
    }

    /// Every branch has what it had, what was uncommitted is there or in a commit, and every snapshot's commit is kept.
    fn nothing_is_lost(&self, before: &Holdings) {
        for (name, commit) in &before.branches {
            let kept = self
                .sandbox
                .run(&self.at, &format!("git merge-base --is-ancestor {commit} {name}"));
            assert_eq!(kept.code, Some(0), "{name} had {commit}\n{kept}\n{}", self.story());
        }
        let there = std::fs::read_to_string(self.at.join("precious"));
        if there.ok().as_deref() != Some(&self.precious) {
            let all = self.sandbox.run(&self.at, "git rev-list --objects --branches").ok();
            assert!(
                all.lines().any(|line| line.starts_with(&before.precious)),
                "what was uncommitted is nowhere\n{}",
                self.story()
            );
        }
        self.all_snapshots_are_kept();
    }

    /// In the mirror, or where somebody pushed them before a studio was removed.
    fn all_snapshots_are_kept(&self) {
        let mirror = self.names("mirrors").pop().expect("a mirror");
        let mirror = self.sandbox.studio_home().join("mirrors").join(mirror);
        let mut command = self.sandbox.command("git", &mirror);
        let upstream = self.sandbox.root().join("upstream.git/objects");
        command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", upstream);
        let asked = self.taken.join("\n") + "\n";
        let output = command
            .args(["cat-file", "--batch-check"])
            .write_stdin(asked)
            .output()
            .expect("git is there");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!text.contains("missing"), "{mirror}: {text}\n{}", self.story());
    }

    /// Every snapshot that is there is read as a whole.
    fn verify_all(&self) {
        let all = self.names("snapshots");
        let verify = |id: &String| {
            let outcome = self.sandbox.run("", &format!("studio --verify {id} --full"));
            (outcome.code != Some(0)).then(|| outcome.to_string())
        };
        let faults: Vec<String> = std::thread::scope(|scope| {
            let halves = all.chunks(all.len().div_ceil(2).max(1));
            let workers: Vec<_> = halves
                .map(|half| scope.spawn(|| half.iter().filter_map(verify).collect::<Vec<_>>()))
                .collect();
            workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
        });
        assert!(faults.is_empty(), "{}\n{}", faults.join("\n"), self.story());
    }

    /// What lies in a folder of `STUDIO_HOME`, without what is being made or removed.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = self.sandbox.studio_home().join(folder).read_dir_utf8() else {
            return vec![];
        };
        let names = entries.flatten().map(|entry| entry.file_name().to_owned());
        names.filter(|name| !name.starts_with('.')).collect()
    }
}
