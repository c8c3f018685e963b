//! The example flake, a studio of it, and a machine that is a folder: what the tests of the switching commands start from.

use crate::{Outcome, RealNix, Sandbox, Terminal, bin_dir};
use camino::{Utf8Path, Utf8PathBuf};
use std::process::{Child, Command, Stdio};

/// The stage of a test of the switching commands.
pub struct Scene {
    /// The sandbox in which all of it lies.
    pub sandbox: Sandbox,
    studio: Utf8PathBuf,
}

impl Scene {
    /// A studio of the example flake.
    #[must_use]
    pub fn new() -> Scene {
        let nix = RealNix::find();
        let sandbox = Sandbox::new().with_nix(&nix);
        let upstream = sandbox.personal_flake(&nix).upstream;
        let line = format!("studio demo --yes --no-editor --upstream {upstream}");
        let studio = sandbox.run("home", &line).ok().into();
        Scene { sandbox, studio }
    }

    /// The studio.
    pub fn studio(&self) -> &Utf8Path {
        &self.studio
    }

    /// The root folder of the machine; there is nothing in it until the first switch.
    pub fn machine(&self) -> Utf8PathBuf {
        self.sandbox.root().join("machine")
    }

    /// Writes a file in the studio and takes a snapshot.
    pub fn snapshot(&self, file: &str, text: &str) -> Utf8PathBuf {
        self.sandbox.write(self.studio.join(file), text);
        self.sandbox.run(&self.studio, "mutable-snapshot --no-push").ok().into()
    }

    /// Changes the host `demo` and takes a snapshot.
    pub fn with_demo(&self, options: &str) -> Utf8PathBuf {
        let text = format!(
            "{{ imports = [ ../modules/motd.nix ../modules/heartbeat.nix ]; {options} }}\n"
        );
        self.snapshot("hosts/demo.nix", &text)
    }

    /// Runs a command on the machine, in a folder.
    #[must_use = "assert on the outcome, or call `.ok()`"]
    pub fn on_machine(&self, dir: impl AsRef<Utf8Path>, line: &str) -> Outcome {
        self.sandbox.run(dir, &format!("{line} --root {}", self.machine()))
    }

    /// Starts a command on the machine and does not wait for it.
    pub fn start_on_machine(&self, dir: impl AsRef<Utf8Path>, line: &str) -> Child {
        self.command_on_machine(dir.as_ref(), line)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts")
    }

    /// Starts a command on the machine with a terminal of its own.
    pub fn start_on_terminal(&self, dir: impl AsRef<Utf8Path>, line: &str) -> Terminal {
        Terminal::start(&mut self.command_on_machine(dir.as_ref(), line))
    }

    fn command_on_machine(&self, dir: &Utf8Path, line: &str) -> Command {
        let mut words = line.split(' ');
        let mut command = Command::new(bin_dir().join(words.next().expect("a command")));
        command
            .args(words)
            .args(["--root", self.machine().as_str()])
            .current_dir(dir)
            .env_clear()
            .envs(self.sandbox.environment());
        command
    }

    /// What runs (by its message of the day), the generation of the profile, and what starts at boot.
    pub fn state(&self) -> String {
        let read = |path: &str| std::fs::read_to_string(self.machine().join(path));
        let link = |path: &str| self.machine().join(path).read_link_utf8();
        let motd = read("run/current-system/etc/motd").unwrap_or("nothing".into());
        let default = read("boot/loader/loader.conf").unwrap_or_default();
        let default = default.lines().find_map(|line| line.strip_prefix("default "));
        format!(
            "runs {}, profile {}, boots {}",
            motd.lines().next().unwrap_or("nothing"),
            link("nix/var/nix/profiles/system").map_or("none".into(), |link| link.to_string()),
            default.unwrap_or("nothing")
        )
    }
}

impl Default for Scene {
    fn default() -> Self {
        Self::new()
    }
}

/// Hides hashes and listed commits, and what nix says while it checks and builds, because that differs from version to version: what is left
/// begins where the switch does.
#[must_use]
pub fn shown(outcome: &Outcome) -> String {
    let text = outcome.to_string();
    // `host `demo` changes:` is ours, `host `demo`: building ...` is the build's.
    let ours = |line: &&str| {
        let of_target =
            ["host `", "home `", "package `"].iter().any(|start| line.starts_with(start));
        line.starts_with("error: ") || (of_target && line.contains("` "))
    };
    let begin = text.lines().position(|line| ours(&line)).unwrap_or(0);
    let mut shown = String::new();
    for line in text.lines().skip(begin) {
        shown.push_str(&hide(line));
        shown.push('\n');
    }
    shown
}

fn hide(line: &str) -> String {
    let mut words: Vec<String> = vec![];
    for word in line.split(' ') {
        // Commits depend on the path of the sandbox, which stands in `flake.lock`. Those that are listed begin a line.
        let begins = !words.is_empty() && words.iter().all(String::is_empty);
        if begins
            && word.len() == 12
            && word.bytes().all(|byte| b"0123456789abcdef".contains(&byte))
        {
            words.push("COMMIT".to_owned());
            continue;
        }
        let base32 = |text: &str| {
            text.len() == 32
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let parts: Vec<String> = word
            .split('/')
            .map(|part| match part.split_once('-') {
                Some((hash, name)) if base32(hash) => format!("HASH-{name}"),
                _ => part.to_owned(),
            })
            .collect();
        words.push(parts.join("/"));
    }
    words.join(" ")
}
