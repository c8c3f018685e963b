//! The pool that snapshots share their files with, and the verification that stands on it: damage of every kind, what stays
//! quick, other devices, and many at once.

mod damage;
mod devices;
mod quick;
mod together;

use camino::Utf8PathBuf;
use testkit::{Outcome, Sandbox};

/// What verification says where nothing had to be read.
const BY_LOOKS: &str = "looks as it did when it was sealed";

/// A studio of which snapshots were taken, each with a file of its own and all others in common.
struct Shelf {
    sandbox: Sandbox,
    studio: Utf8PathBuf,
    snapshots: Vec<Utf8PathBuf>,
}

impl Shelf {
    fn of(number: usize) -> Shelf {
        let sandbox = Sandbox::new();
        let studio = sandbox.studio("try");
        let mut shelf = Shelf { sandbox, studio, snapshots: vec![] };
        (0..number).for_each(|_| shelf.take());
        shelf
    }

    /// One more, after a change of one file.
    fn take(&mut self) {
        self.sandbox.write(self.studio.join("motd"), format!("{}\n", self.snapshots.len()));
        self.snapshots.push(self.run("git mutable-snapshot -q --no-push").ok().into());
    }

    /// Runs a command in the studio; `#2` in it is the id of the third snapshot.
    fn run(&self, line: &str) -> Outcome {
        let ids = self.snapshots.iter().enumerate().rev();
        let line = ids.fold(line.to_owned(), |line, (n, path)| {
            line.replace(&format!("#{n}"), path.file_name().expect("an id"))
        });
        self.sandbox.run(&self.studio, &line)
    }

    /// Runs a script in a snapshot.
    fn sh(&self, n: usize, script: &str) -> String {
        self.sandbox.sh(&self.snapshots[n], script).ok()
    }

    /// An outcome with the numbers of snapshots in the place of their ids.
    fn shown(&self, outcome: &Outcome) -> String {
        self.snapshots.iter().enumerate().fold(outcome.to_string(), |text, (n, path)| {
            let id = path.file_name().expect("an id");
            text.replace(id, &format!("#{n}")).replace(&id[..12], &format!("#{n}"))
        })
    }

    /// Whether a sound snapshot is found sound by its looks alone.
    #[track_caller]
    fn is_quick(&self, n: usize) -> bool {
        let outcome = self.run(&format!("studio -v --verify #{n}"));
        outcome.ok();
        outcome.stderr.contains(BY_LOOKS)
    }

    /// Whether a snapshot is sound, found out by reading it.
    #[track_caller]
    fn is_sound(&self, n: usize) -> bool {
        let full = self.run(&format!("studio -v --verify #{n} --full"));
        assert!(!full.stderr.contains(BY_LOOKS), "{full}");
        assert!(matches!(full.code, Some(0 | 1)), "{full}");
        full.code == Some(0) && self.sh(n, "git --no-optional-locks status --porcelain").is_empty()
    }

    /// The studio is gone, all snapshots but the last are old, and those are cleaned away.
    fn clean_all_but_the_last(&mut self) {
        let last = self.snapshots.len() - 1;
        for path in &self.snapshots[..last] {
            self.sandbox.run("", &format!("touch -d 2025-01-01 {path}")).ok();
        }
        self.sandbox.run("", "studio --remove try --force").ok();
        self.studio = self.sandbox.home();
        let cleaned = self.run("studio --clean --keep 1 --younger-than 0 --yes");
        cleaned.ok();
        assert!(self.snapshots[..last].iter().all(|path| !path.exists()), "{cleaned}");
    }

    fn home(&self) -> Utf8PathBuf {
        self.sandbox.studio_home()
    }

    /// Where the pool has the content of a file of the last snapshot.
    fn pooled(&self, file: &str) -> Utf8PathBuf {
        let last = self.snapshots.len() - 1;
        let id = self.sh(last, &format!("git rev-parse HEAD:{file}"));
        self.home().join("pool").join(&id[..2]).join(&id[2..])
    }

    /// Flips a bit in a file so that only its ctime tells.
    fn flip(&self, file: &str) {
        let script = r#"
            was=$(stat -c %y "$0"); mode=$(stat -c %a "$0"); chmod u+w "$0"
            byte=$(dd if="$0" bs=1 skip=4 count=1 status=none | od -An -tu1)
            printf "\\$(printf %o $((byte ^ 1)))" | dd of="$0" bs=1 seek=4 conv=notrunc status=none
            chmod $mode "$0"; touch -d "$was" "$0""#;
        self.sandbox.run_words("", &["sh", "-euc", script, file]).ok();
    }
}

/// Whether images of disks can be mounted: by root, with loop devices and a maker of file systems.
fn can_mount_images(sandbox: &Sandbox) -> bool {
    let script = "truncate -s 8M trial; mkfs.ext4 -q trial; mkdir trials
        unshare --mount mount -o loop trial trials";
    let can = sandbox.sh("", script).code == Some(0);
    if !can {
        skipped("images of disks cannot be mounted here");
    }
    can
}

/// Says why a test shows nothing on this machine.
#[expect(clippy::print_stderr, reason = "who reads the output of a test is to know")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
