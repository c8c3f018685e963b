//! One `STUDIO_HOME` on which everything happens, and what is done on it.

use camino::Utf8PathBuf;
use std::time::{Duration, Instant};
use testkit::{Dice, End, Sandbox};

/// How many studios there are at a time.
const STUDIOS: usize = 2;

/// After so many rounds the older studio makes room for a new one, so that cleaning has something to remove.
const LIFE: u64 = 4;

/// What is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Command {
    Snapshot,
    Studio,
    Hydrate,
    Clean,
}

impl Command {
    pub const ALL: [Command; 4] =
        [Command::Snapshot, Command::Studio, Command::Hydrate, Command::Clean];

    pub fn name(self) -> &'static str {
        match self {
            Command::Snapshot => "git mutable-snapshot",
            Command::Studio => "studio NAME",
            Command::Hydrate => "git mutable-hydrate",
            Command::Clean => "studio --clean",
        }
    }
}

pub struct World {
    pub sandbox: Sandbox,
    pub dice: Dice,
    /// The studios, oldest first.
    pub studios: Vec<Utf8PathBuf>,
    /// The one in which is worked in this round.
    pub at: Utf8PathBuf,
    /// The commits of all snapshots that were ever taken, also if they were removed.
    pub taken: Vec<String>,
    /// What is uncommitted in this round.
    pub precious: String,
    /// How many studios there were.
    made: u64,
    /// How long each command takes where nobody disturbs it, in milliseconds.
    takes: [u64; 4],
    /// All that was done, for the one who has to understand it.
    told: Vec<String>,
}

impl World {
    pub fn new(dice: Dice) -> World {
        let sandbox = Sandbox::new();
        sandbox.upstream();
        // Enough for a kill to fall in between, and every way by which a file comes into a snapshot.
        let script = r"
            for folder in a b/c d; do
                mkdir -p $folder
                for n in $(seq 20); do echo $folder $n >$folder/$n.nix; done
            done
            echo '*.dos text eol=crlf' >.gitattributes
            printf 'one\ntwo\n' >lines.dos
            ln -s a/1.nix link
            printf '#!/bin/sh\n' >program; chmod 755 program
            git add . && git commit -qm files && git push -q ../upstream.git HEAD:main";
        sandbox.sh("seed", script).ok();
        if testkit::thorough() {
            sandbox.add_input("motd");
        }
        let mut world = World {
            sandbox,
            dice,
            studios: vec![],
            at: Utf8PathBuf::new(),
            taken: vec![],
            precious: String::new(),
            made: 0,
            takes: [0; 4],
            told: vec![],
        };
        for _ in 0..STUDIOS {
            world.renew();
        }
        world.at = world.studios[0].clone();
        for command in Command::ALL {
            world.prepare(command);
            world.sandbox.write(world.at.join("precious"), format!("{command:?}\n"));
            let begun = Instant::now();
            world.run(command);
            world.takes[command as usize] = begun.elapsed().as_millis() as u64;
        }
        world.run(Command::Snapshot);
        world
    }

    /// Takes down what is done.
    pub fn tell(&mut self, what: String) {
        self.told.push(what);
    }

    /// The last rounds.
    pub fn story(&self) -> String {
        self.told[self.told.len().saturating_sub(24)..].join("\n")
    }

    /// Somebody works in one of the studios.
    pub fn work(&mut self, round: u64) {
        let at = self.dice.below(self.studios.len() as u64);
        self.at = self.studios[usize::try_from(at).expect("small")].clone();
        self.precious = format!("precious {round}\n");
        // Something changed, something new, something staged otherwise than it is on disk.
        let script = format!(
            "echo {round} >>hosts/demo.nix; git add hosts/demo.nix; echo more-{round} >>hosts/demo.nix
             echo {round} >lines.dos; echo precious {round} >precious; git branch keep-{round}"
        );
        self.sandbox.sh(&self.at, &script).ok();
        if self.at.join("inputs/motd").is_dir() && self.dice.below(2) == 0 {
            self.sandbox.write(self.at.join("inputs/motd/message"), format!("{round}\n"));
        }
        self.age();
    }

    /// Gives a command something to do.
    pub fn prepare(&mut self, command: Command) {
        if command != Command::Clean {
            return;
        }
        // Snapshots whose studio is gone.
        self.renew();
        let old = self.studios.pop().expect("a studio was made");
        for n in 0..3 {
            let script = format!(
                "for n in $(seq 20); do echo {n} $n >d/$n.nix; done; git mutable-snapshot -q --no-push"
            );
            let path = self.sandbox.sh(&old, &script).ok();
            self.taken.push(path.rsplit('/').next().expect("an id").to_owned());
        }
        self.remove(&old);
        self.age();
    }

    /// Starts a command and kills it.
    pub fn kill(&mut self, command: Command) -> End {
        let (dir, words) = self.words(command);
        // Also a little later than it takes, because a busy machine is slower.
        let after = Duration::from_millis(self.dice.below(self.takes[command as usize] * 5 / 4));
        let whole_group = self.dice.below(3) != 0;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let end = self.sandbox.killed(&dir, &words, after, whole_group);
        let whom = if whole_group { "its group" } else { "it alone" };
        self.tell(format!("{dir}: {words:?}, after {after:?} kill {whom}: {end:?}"));
        end
    }

    /// Commands that come after a kill, and every one works: in a thorough run one of each kind in any order, else another
    /// one like the one that was killed, and a snapshot.
    pub fn heal(&mut self, killed: Command) {
        let mut left = vec![killed, Command::Snapshot];
        if testkit::thorough() {
            left = Command::ALL.to_vec();
        }
        while !left.is_empty() {
            let at = self.dice.below(left.len() as u64);
            let command = left.remove(usize::try_from(at).expect("small"));
            self.run(command);
        }
    }

    /// Now and then a studio makes room for a new one.
    pub fn turn_over(&mut self, round: u64) {
        if round % LIFE == LIFE - 1 {
            let old = self.studios.remove(0);
            // What upstream has is not lost with a studio, and that is known without `--force`. Under names of its own,
            // because here the clock stands still, and with it what tells scratch branches of two studios apart.
            let name = old.file_name().expect("a name");
            let push = format!("git push -q origin 'refs/heads/*:refs/heads/{name}/*'");
            self.sandbox.sh(&old, &push).ok();
            self.sandbox.run("", &format!("studio --remove {name}")).ok();
            self.renew();
        }
        // One whose command was killed too late.
        for name in self.names("studios") {
            let studio = self.sandbox.studio_home().join("studios").join(name);
            if !self.studios.contains(&studio) {
                self.remove(&studio);
            }
        }
    }

    /// The last commands of all, after which nothing may be left.
    pub fn give_up_everything(&mut self) {
        // A command that was killed alone may have left a child at work.
        std::thread::sleep(Duration::from_millis(300));
        // Where the next command is one that has nothing to do, it heals all the same.
        for studio in self.studios.clone() {
            self.sandbox.write(studio.join("last"), "last\n");
            self.at = studio;
            self.run(Command::Snapshot);
        }
        self.run(Command::Clean);
    }

    fn run(&mut self, command: Command) {
        let (dir, words) = self.words(command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let outcome = self.sandbox.run_words(&dir, &words);
        self.tell(format!("{dir}: {words:?}\n{outcome}"));
        assert_eq!(outcome.code, Some(0), "a command after a kill failed:\n{}", self.story());
        let path = outcome.stdout.trim_end();
        match command {
            Command::Snapshot => {
                self.taken.push(path.rsplit('/').next().expect("an id").to_owned());
                self.age();
            }
            Command::Studio => {
                let studio = Utf8PathBuf::from(path);
                self.look_through(&studio);
                self.remove(&studio);
            }
            Command::Hydrate | Command::Clean => {}
        }
    }

    fn words(&mut self, command: Command) -> (Utf8PathBuf, Vec<String>) {
        let (dir, line) = match command {
            Command::Snapshot => {
                let push = self.dice.of(&["", " --no-push"]);
                (self.at.clone(), format!("git mutable-snapshot{push}"))
            }
            Command::Hydrate => {
                let mut revs = vec!["main", "origin/main"];
                // What was cleaned away is promised to nobody.
                let snapshots = self.names("snapshots");
                let taken = self.taken.iter().filter(|id| snapshots.contains(id));
                revs.extend(taken.rev().take(4).map(String::as_str));
                let rev = self.dice.of(&revs);
                (self.at.clone(), format!("git mutable-hydrate {rev}"))
            }
            Command::Studio => {
                // One that was killed may be there as a whole; a new one gets another name.
                self.made += 1;
                let upstream = self.sandbox.root().join("upstream.git");
                ("".into(), format!("studio s{} -q --upstream {upstream}", self.made))
            }
            Command::Clean => {
                ("".into(), "studio --clean --yes --keep 1 --younger-than 0".to_owned())
            }
        };
        (dir, line.split(' ').map(str::to_owned).collect())
    }

    /// Makes a studio that stays for a while.
    fn renew(&mut self) {
        self.made += 1;
        let studio = self.sandbox.studio(&format!("s{}", self.made));
        self.studios.push(studio);
    }

    fn remove(&self, studio: &Utf8PathBuf) {
        let name = studio.file_name().expect("a name");
        self.sandbox.run("", &format!("studio --remove {name} --force")).ok();
    }

    /// Lets all snapshots be old: young ones stay, whatever cleaning is told.
    fn age(&self) {
        let moment = testkit::NOW - 30 * 86_400;
        let script = format!(
            "find snapshots -mindepth 1 -maxdepth 1 -name '[0-9a-f]*' -exec touch -d @{moment} {{}} +"
        );
        self.sandbox.sh(self.sandbox.studio_home(), &script).ok();
    }
}
