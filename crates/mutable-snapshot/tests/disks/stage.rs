//! A studio on a small disk, what somebody has in it, and what each command must leave alone.

use camino::Utf8PathBuf;
use testkit::{FileSystem, Outcome, Sandbox};

/// What is done on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Command {
    Snapshot,
    Studio,
    /// The very first command of all, on an empty disk.
    First,
    Hydrate,
    Undo,
    Clean,
}

impl Command {
    pub const ALL: [Command; 6] = [
        Command::Snapshot,
        Command::Studio,
        Command::First,
        Command::Hydrate,
        Command::Undo,
        Command::Clean,
    ];
}

/// What a command that fails must leave as it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    /// All files of the studio.
    files: Vec<String>,
    /// Its branches, its HEAD, and what git says of it.
    git: String,
    /// Upstream's branches.
    upstream: String,
    /// Which studios and snapshots there are. A mirror may be there already: it is nobody's work.
    list: String,
}

impl Picture {
    /// Whether a command that failed may leave this: the same, or what it says that it has done.
    pub fn may_follow(&self, before: &Picture, outcome: &Outcome) -> bool {
        let saved =
            outcome.stderr.contains("; what was uncommitted is saved, and the files are as");
        let gone = outcome.stderr.contains("gone already, and cleaning again does the rest");
        self.files == before.files
            && self.upstream == before.upstream
            && (self.git != before.git) == saved
            && (self.list != before.list) == gone
    }
}

pub struct Stage {
    pub sandbox: Sandbox,
    pub studio: Utf8PathBuf,
    command: Command,
    round: u64,
    /// What `git mutable-snapshot` would be given.
    snapshots: Vec<Utf8PathBuf>,
}

impl Stage {
    pub fn new(kind: FileSystem, command: Command) -> Stage {
        let sandbox = Sandbox::on_disk(kind).expect("it was possible before");
        sandbox.upstream();
        let script =
            "mkdir -p d/e; for n in $(seq 12); do echo $n >d/$n.nix; echo $n >d/e/$n.nix; done
            head -c 30000 /dev/urandom >large
            git add . && git commit -qm files && git push -q ../upstream.git HEAD:main";
        sandbox.sh("seed", script).ok();
        let studio = match command {
            Command::First => sandbox.studio_home().join("studios/first"),
            _ => sandbox.studio("try"),
        };
        Stage { sandbox, studio, command, round: 0, snapshots: vec![] }
    }

    /// Gives the command something to do that it has not done yet.
    pub fn prepare(&mut self) {
        self.round += 1;
        let round = self.round;
        let sandbox = &self.sandbox;
        match self.command {
            Command::Snapshot => {
                // As if it were the first: the pool and what is kept to be quick are made again.
                let script = format!(
                    "echo {round} >>hosts/demo.nix; git add hosts/demo.nix; echo more >>hosts/demo.nix
                     head -c 20000 /dev/urandom >new; rm -rf ../../pool ../../cache"
                );
                sandbox.sh(&self.studio, &script).ok();
            }
            Command::Studio => {}
            Command::First => {
                sandbox.sh(sandbox.studio_home(), "find . -mindepth 1 -delete").ok();
            }
            Command::Hydrate | Command::Undo => {
                // Ten files become others, and something is uncommitted.
                let script = format!(
                    "for n in $(seq 10); do echo {round} $n >d/$n.nix; done
                     git add . && git commit -qm {round} && git push -q ../upstream.git HEAD:main"
                );
                sandbox.sh("seed", &script).ok();
                let hydrate = match self.command {
                    Command::Undo => "git mutable-hydrate origin/main",
                    _ => "",
                };
                let script =
                    format!("git fetch -q\n{hydrate}\nhead -c 20000 /dev/urandom >precious");
                sandbox.sh(&self.studio, &script).ok();
            }
            Command::Clean => {
                let old = sandbox.studio(&format!("old-{round}"));
                let script = "for n in 1 2; do
                        head -c 20000 /dev/urandom >new; git mutable-snapshot -q --no-push
                    done";
                let taken = sandbox.sh(&old, script).ok();
                self.snapshots = taken.lines().map(Utf8PathBuf::from).collect();
                let name = old.file_name().expect("a name").to_owned();
                sandbox.run("", &format!("studio --remove {name} --force")).ok();
                let touch = format!("touch -d @{} snapshots/*", testkit::NOW - 30 * 86_400);
                sandbox.sh(sandbox.studio_home(), &touch).ok();
            }
        }
    }

    /// Runs the command.
    pub fn run(&self) -> Outcome {
        let upstream = self.sandbox.root().join("upstream.git");
        let (dir, line) = match self.command {
            Command::Snapshot => (self.studio.as_str(), "git mutable-snapshot".to_owned()),
            Command::Hydrate => (self.studio.as_str(), "git mutable-hydrate origin/main".into()),
            Command::Undo => (self.studio.as_str(), "git mutable-undo".into()),
            Command::Studio => ("", format!("studio new-{} --upstream {upstream}", self.round)),
            Command::First => ("", format!("studio first --upstream {upstream}")),
            Command::Clean => ("", "studio --clean --yes --keep 0 --younger-than 0".to_owned()),
        };
        self.sandbox.run(dir, &line)
    }

    /// What a command that fails must leave as it is.
    pub fn picture(&self) -> Picture {
        let sandbox = &self.sandbox;
        let (mut files, mut git) = (vec![], String::new());
        if self.command != Command::First {
            files = sandbox.picture(&self.studio);
            let script = "git for-each-ref refs/heads; git symbolic-ref HEAD
                GIT_OPTIONAL_LOCKS=0 git status --porcelain";
            git = sandbox.sh(&self.studio, script).ok();
        }
        let upstream = sandbox.sh("upstream.git", "git for-each-ref").ok();
        let script = "find studios snapshots -mindepth 1 -maxdepth 1 2>/dev/null | sort";
        let list = sandbox.sh(sandbox.studio_home(), script).ok();
        Picture { files, git, upstream, list }
    }

    /// What the command did, once it works.
    pub fn look_at_result(&self, outcome: &Outcome) {
        let path = outcome.ok();
        let sandbox = &self.sandbox;
        match self.command {
            Command::Snapshot => {
                let id = path.rsplit('/').next().expect("an id");
                sandbox.run("", &format!("studio --verify {id} --full")).ok();
                sandbox.run(&self.studio, &format!("cmp new {path}/new")).ok();
                assert_eq!(sandbox.run(&self.studio, "git status --porcelain").ok(), "");
            }
            Command::Studio | Command::First => {
                let script = "git status --porcelain; git fsck --strict --no-dangling";
                assert_eq!(sandbox.sh(&path, script).ok(), "");
                let name = path.rsplit('/').next().expect("a name");
                sandbox.run("", &format!("studio --remove {name}")).ok();
            }
            Command::Hydrate => {
                assert_eq!(sandbox.run(&self.studio, "git status --porcelain").ok(), "");
                assert_eq!(
                    sandbox.read(self.studio.join("d/1.nix")),
                    format!("{} 1\n", self.round)
                );
                let found = "git rev-list --objects --branches | grep -c ' precious$'";
                let found: u64 = sandbox.sh(&self.studio, found).ok().parse().expect("a number");
                assert!(found >= self.round, "precious is in {found} commits");
            }
            Command::Undo => {
                assert_eq!(sandbox.run(&self.studio, "git status --porcelain").ok(), "");
                // The work that was in the way is on a branch.
                let found = "git rev-list --objects --branches | grep -c ' precious$'";
                let found: u64 = sandbox.sh(&self.studio, found).ok().parse().expect("a number");
                assert!(found >= self.round, "precious is in {found} commits");
            }
            Command::Clean => {
                for snapshot in &self.snapshots {
                    assert!(!sandbox.seen(snapshot).exists(), "{snapshot} is there");
                }
            }
        }
        let left = "find . -maxdepth 2 -name '.t*-*'; find . -name '*.lock' -path '*/.git/*'";
        assert_eq!(sandbox.sh(sandbox.studio_home(), left).ok(), "", "remains");
    }
}
