//! Snapshots of every age, for tests that remove some.

use camino::{Utf8Path, Utf8PathBuf};
use testkit::Sandbox;

/// A sandbox with a studio in which `number` snapshots were taken, oldest first. Each is a day younger than the one before,
/// the last of them 30 days old.
pub struct Shelf {
    pub sandbox: Sandbox,
    pub studio: Utf8PathBuf,
    pub snapshots: Vec<Utf8PathBuf>,
}

impl Shelf {
    pub fn of(number: usize) -> Shelf {
        let sandbox = Sandbox::new();
        let studio = sandbox.studio("try");
        let mut shelf = Shelf { sandbox, studio, snapshots: vec![] };
        for n in 0..number {
            shelf.take(n, 30 + (number - n - 1) as i64);
        }
        shelf
    }

    /// Takes one more snapshot that is so many days old.
    pub fn take(&mut self, n: usize, days: i64) {
        self.sandbox.write(self.studio.join("motd"), format!("{n}\n"));
        let words = ["git", "mutable-snapshot", "--no-push", "-m", &format!("motd: {n}")];
        let snapshot = Utf8PathBuf::from(self.sandbox.run_words(&self.studio, &words).ok());
        self.age(&snapshot, days);
        self.snapshots.push(snapshot);
    }

    pub fn age(&self, snapshot: &Utf8Path, days: i64) {
        let moment = testkit::NOW - days * 86_400;
        self.sandbox.sh("", &format!("touch -d @{moment} {snapshot}")).ok();
    }

    /// Removes the studio, which else needs all of its snapshots.
    pub fn without_studio(self) -> Shelf {
        self.sandbox.run("", "studio --remove try --force").ok();
        self
    }

    /// The numbers of those that are there.
    pub fn there(&self) -> Vec<usize> {
        (0..self.snapshots.len()).filter(|n| self.snapshots[*n].exists()).collect()
    }

    pub fn id(&self, n: usize) -> &str {
        self.snapshots[n].file_name().expect("an id")
    }

    pub fn home(&self, path: &str) -> Utf8PathBuf {
        self.sandbox.studio_home().join(path)
    }

    /// Everything that a snapshot has beside its folder.
    pub fn furnish(&self, id: &str) {
        let home = self.sandbox.studio_home();
        for folder in ["verdicts", "vms"] {
            self.sandbox.write(home.join(folder).join(id).join("file"), "x\n");
        }
        let seal = home.join("cache/seals").join(id);
        if !seal.exists() {
            self.sandbox.write(seal, "x\n");
        }
        self.sandbox.write(home.join(format!("logs/{}-check-x.log", &id[..12])), "x\n");
        let script = format!(
            "mkdir -p roots/{id}; ln -s /nix/store/0c0b5hl8hzsl64hmxwhpsr2ffcrlzvz2-a roots/{id}/nixos-demo"
        );
        self.sandbox.sh(&home, &script).ok();
    }

    /// What there is of a snapshot, from its folder to its ref.
    pub fn traces(&self, id: &str) -> Vec<String> {
        let short = &id[..12];
        let script = format!(
            "find . -name '{short}*' -not -path './mirrors/*' -not -path './studios/*' -not -path './locks/*' -prune | sort;
             for mirror in mirrors/*; do git -C $mirror for-each-ref --format='%(refname)' | grep {id} || true; done"
        );
        let text = self.sandbox.sh(self.sandbox.studio_home(), &script).ok();
        text.lines().map(|line| line.replace(id, "ID").replace(short, "SHORT")).collect()
    }
}
