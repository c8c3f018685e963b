//! Every example that a command shows in its help, its man page and its page in `docs/commands` is run, in the order in which
//! it stands there.
//!
//! What cannot be as it is shown is replaced: ids by ids that there are, this machine by a folder. An example that is in
//! no stage, and a command that none has, is found too.

#![allow(clippy::disallowed_methods, reason = "tests set the scene themselves")]

use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;
use testkit::{RealNix, Sandbox, Scene};

/// Where the examples of a command are run, and what is different there.
struct Stage<'a> {
    sandbox: &'a Sandbox,
    dir: Utf8PathBuf,
    /// What is run in the place of a line.
    changed: Box<dyn Fn(&str) -> String + 'a>,
    /// Lines that end otherwise than well in this place, and how.
    otherwise: Vec<(&'static str, i32)>,
    /// What is done before a line.
    before: Vec<(&'static str, String)>,
}

impl<'a> Stage<'a> {
    fn new(sandbox: &'a Sandbox, dir: impl AsRef<Utf8Path>) -> Stage<'a> {
        let dir = dir.as_ref().to_owned();
        let changed = Box::new(str::to_owned);
        Stage { sandbox, dir, changed, otherwise: vec![], before: vec![] }
    }

    /// Puts a text in the place of another one, in every line.
    fn instead(self, text: &'static str, by: impl Into<String>) -> Stage<'a> {
        let by = by.into();
        self.changed(move |line| line.replace(text, &by))
    }

    fn changed(mut self, change: impl Fn(&str) -> String + 'a) -> Stage<'a> {
        let before = self.changed;
        self.changed = Box::new(move |line| change(&before(line)));
        self
    }

    fn ends(mut self, line: &'static str, code: i32) -> Stage<'a> {
        self.otherwise.push((line, code));
        self
    }

    fn before(mut self, line: &'static str, script: impl Into<String>) -> Stage<'a> {
        self.before.push((line, script.into()));
        self
    }

    /// Runs all examples of a program.
    fn run(&self, program: &str) {
        let examples = examples(self.sandbox, program);
        assert!(!examples.is_empty(), "`{program}` has no examples");
        let unknown = |line: &&str| !examples.iter().any(|example| example == line);
        let named = self.otherwise.iter().map(|(line, _)| *line);
        let named: Vec<&str> = named.chain(self.before.iter().map(|(line, _)| *line)).collect();
        assert_eq!(named.iter().find(|line| unknown(line)), None, "no example of `{program}`");
        for example in &examples {
            let before = self.before.iter().filter(|(line, _)| line == example);
            before.for_each(|(_, script)| _ = self.sandbox.sh(&self.dir, script).ok());
            let line = (self.changed)(example);
            let outcome =
                self.sandbox.run_words(&self.dir, &["bash", "-euo", "pipefail", "-c", &line]);
            let wanted = self.otherwise.iter().find(|(line, _)| line == example);
            let wanted = wanted.map_or(0, |(_, code)| *code);
            assert_eq!(outcome.code, Some(wanted), "`{example}` as `{line}`: {outcome}");
        }
    }
}

/// The command lines under `Examples:` in the help.
fn examples(sandbox: &Sandbox, program: &str) -> Vec<String> {
    let help = sandbox.run_words("", &["env", "COLUMNS=1000", program, "--help"]).ok();
    let (_, examples) = help.split_once("\nExamples:\n").unwrap_or_default();
    let (examples, _) = examples.split_once("\nExit status:").unwrap_or_default();
    let whole = examples.replace("\\\n", " ");
    let lines = whole.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// The first twelve digits of a commit.
fn short(sandbox: &Sandbox, dir: &Utf8Path, rev: &str) -> String {
    sandbox.sh(dir, &format!("git rev-parse --short=12 {rev}")).ok()
}

#[test]
fn of_studios_and_snapshots() {
    let mut sandbox = Sandbox::new();
    let upstream = sandbox.upstream();
    sandbox.set("EDITOR", "true");
    sandbox.studio("try-kernel");
    Stage::new(&sandbox, "")
        .instead("$(uuidgen)", "7d6cbf3a-30f5-4a5e-9f0e-6f3f6c1f9a54")
        .instead("https://example.org/me/flake.git", upstream.as_str())
        // Here somebody has to say it the first time.
        .before(
            "studio",
            format!("git config --global x.y z; studio --yes --no-editor --upstream {upstream}"),
        )
        // Nix is not there, and it says so.
        .ends("studio --doctor", 1)
        .run("studio");

    let studio = sandbox.studio_home().join("studios/main");
    let other = sandbox.studio("other");
    sandbox.write(studio.join("one"), "1\n");
    sandbox.run(&studio, "mutable-snapshot -m one").ok();
    let branch = sandbox.sh(&other, "git branch --show-current").ok();
    let operation = sandbox.sh(&studio, "git mutable-log --json | jq -r '.[0].id[:12]'").ok();
    Stage::new(&sandbox, &studio)
        .instead("1f0c9e2a", short(&sandbox, &studio, "HEAD"))
        .instead("e3100e8a826e", operation)
        .instead("main:scratch/20260102-030405-1f0c", format!("other:{branch}"))
        .run("mutable-hydrate");
    Stage::new(&sandbox, &studio).run("mutable-log");
    sandbox.push_upstream("from-elsewhere", "2\n");
    Stage::new(&sandbox, &studio)
        // There was no conflict.
        .ends("git rebase --continue", 128)
        .ends("git rebase --abort && git mutable-undo", 128)
        .run("mutable-rebase");
    Stage::new(&sandbox, &studio).run("mutable-scratch");
    let large = "mkdir -p wallpapers; head -c 11000000 /dev/zero > wallpapers/big.png";
    Stage::new(&sandbox, &studio)
        .before("git mutable-snapshot --allow wallpapers/big.png", large)
        .run("mutable-snapshot");
    Stage::new(&sandbox, &studio).run("mutable-undo");
    Stage::new(&sandbox, &studio).run("mutable-redo");
}

#[test]
fn of_checking_and_switching() {
    let scene = Scene::new();
    let (sandbox, studio) = (&scene.sandbox, scene.studio());
    let machine = scene.machine();
    Stage::new(sandbox, studio).run("flake-check");
    // Nobody is there to look at a VM that runs.
    Stage::new(sandbox, studio)
        .instead(" --no-run", "")
        .instead(" --fresh", "")
        .instead("server", "spare")
        .instead("flake-build-vm", "flake-build-vm --no-run")
        .run("flake-build-vm");

    // On a machine that is a folder, and nobody is there to be asked.
    let machine = &machine;
    let here = move |line: &str| {
        let yes = if line.ends_with("--confirm") { "" } else { " --yes" };
        let line = line.replace(" --yes", "");
        // What belongs to a user is nothing of a machine.
        let home = line.contains("--target home") || line.contains("--target profile");
        let root = match line.contains("--root /mnt") {
            true => format!(" --root {machine}-mounted"),
            false if home => String::new(),
            false => format!(" --root {machine}"),
        };
        let line = line.replace(" --root /mnt", "");
        let line = line.replace("flake-switch", &format!("flake-switch{root}{yes}"));
        ["flake-test", "flake-rollback", "flake-generations"]
            .iter()
            .fold(line, |line, command| line.replace(command, &format!("{command}{root}")))
    };
    let news = |number: u32| {
        format!(
            "echo '{{ imports = [ ../modules/motd.nix ]; environment.etc.n.text = \"{number}\"; }}' > hosts/demo.nix"
        )
    };
    // Homes belong to who runs them.
    let home = |text: &str| {
        format!(
            "echo '{{ home.username = \"ada\"; home.homeDirectory = \"'$HOME'\"; home.file.greeting.text = \"{text}\"; }}' > home/alice.nix"
        )
    };
    Stage::new(sandbox, studio)
        .changed(here)
        .before("git flake-switch --target home --host alice", home("hello"))
        .before("git flake-switch", news(1))
        .before("git flake-switch --yes", news(2))
        .before("git flake-switch --confirm-within 3m", news(3))
        // It waits for what the next example says.
        .changed(|line| match line {
            line if line.contains("--confirm-within") => format!("setsid {line} > ../log 2>&1 &"),
            line if line.contains("--confirm") => {
                format!("for n in $(seq 300); do ! {line} 2> ../said || exit 0; sleep 0.1; done; cat ../said; exit 1")
            }
            line => line.to_owned(),
        })
        .run("flake-switch");
    let newest = format!("flake-generations --root {machine} --json | jq -r '.[0].commit'");
    let built = sandbox.sh(studio, &newest).ok();
    let generations =
        || Stage::new(sandbox, studio).changed(here).instead("41", "1").instead("42", "2");
    generations().run("flake-generations");
    Stage::new(sandbox, studio).changed(here).before("git flake-test", news(4)).run("flake-test");
    let folder = format!("$HOME/.local/share/studio/snapshots/{built}");
    let switch_home = "git flake-switch --yes --target home --host alice";
    generations()
        .before("git flake-rollback --target home", format!("{}; {switch_home}", home("good bye")))
        .instead("~/.local/share/studio/snapshots/1bd7aa3be0f5e3c0ad8a5d4a1b0c7f6e2d93b845", folder)
        .instead("1bd7aa3be0f5", &built[..12])
        .run("flake-rollback");
}

/// A crate that has what the examples name.
const STRSIM: &str = "pub struct HammingResult(pub usize);
pub fn jaro(a: &str, b: &str) -> HammingResult {
    HammingResult(a.len().max(b.len()))
}
pub fn jaro_winkler(a: &str, b: &str) -> HammingResult {
    jaro(a, b)
}
";

#[test]
fn of_what_writes_flakes() {
    let nix = RealNix::find();
    let mut sandbox = Sandbox::new().with_nix(&nix);
    // Of rustup's `cargo` only the real one behind it works without a home.
    let sysroot = std::process::Command::new("rustc").args(["--print", "sysroot"]).output();
    let sysroot = String::from_utf8(sysroot.expect("rustc runs").stdout).expect("a path");
    let bin = Utf8Path::new(sysroot.trim()).join("bin");
    sandbox.set("CARGO", bin.join("cargo"));
    sandbox.set("RUSTC", bin.join("rustc"));
    sandbox.set("CARGO_NET_OFFLINE", "true");
    let toml = "[package]\nname = \"strsim\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    sandbox.write("strsim/Cargo.toml", toml);
    sandbox.write("strsim/src/lib.rs", STRSIM);
    // Steps are made of a flake.
    sandbox.write("strsim/flake.nix", "{ outputs = _: { }; }\n");
    sandbox
        .sh(
            "strsim",
            "$CARGO generate-lockfile --offline -q; git init -q; git add -A; git commit -qm strsim",
        )
        .ok();
    Stage::new(&sandbox, "strsim")
        .before(
            "flake-lattice diff old/lattice.json generated/strsim",
            "cp -r generated/strsim old",
        )
        .run("flake-lattice");
    sandbox.write("flake/flake.nix", "{\n  outputs = _: { };\n}\n");
    sandbox.write("flake/mine/flake.nix", "{ outputs = _: { owner = \"@owner@\"; }; }\n");
    let version = sandbox.sh("", "$RUSTC --version | cut -d ' ' -f 2").ok();
    Stage::new(&sandbox, "flake")
        .instead("1.89.0", version)
        .before(
            "bootstrap-config-generator -c settings.toml --check",
            "cp config.toml settings.toml",
        )
        .run("bootstrap-config-generator");
    Stage::new(&sandbox, "flake").run("flake-template-generator");
}

#[test]
fn each_command_has_its_examples_run() {
    let text = std::fs::read_to_string(
        Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/examples.rs"),
    );
    let text = text.expect("this file");
    let run: BTreeSet<&str> =
        text.split(".run(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let pages = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/commands");
    for page in pages.read_dir_utf8().expect("pages").flatten() {
        let name = page.file_name().trim_end_matches(".md").to_owned();
        // What programs call is no example to try.
        if !["README", "studio-activate"].contains(&name.as_str()) {
            assert!(run.contains(name.as_str()), "the examples of `{name}` are not run");
        }
    }
}
