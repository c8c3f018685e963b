//! A sandbox in which crates are taken apart by the built program, with the cargo that runs the tests.

#![allow(dead_code, reason = "each test file uses its own part of it")]
#![allow(clippy::disallowed_methods, reason = "tests set the scene themselves")]

use camino::{Utf8Path, Utf8PathBuf};
use testkit::{Outcome, Sandbox};

pub struct Scene {
    pub sandbox: Sandbox,
    pub cargo: Utf8PathBuf,
}

impl Scene {
    /// An empty one.
    pub fn new() -> Scene {
        Scene::on(Sandbox::new())
    }

    /// One in a sandbox that is there.
    pub fn on(mut sandbox: Sandbox) -> Scene {
        // Of rustup's `cargo` only the real one behind it works without a home.
        let sysroot = std::process::Command::new("rustc").args(["--print", "sysroot"]).output();
        let sysroot = String::from_utf8(sysroot.expect("rustc runs").stdout).expect("a path");
        let bin = Utf8PathBuf::from(sysroot.trim()).join("bin");
        sandbox.set("CARGO", bin.join("cargo"));
        sandbox.set("RUSTC", bin.join("rustc"));
        sandbox.set("CARGO_NET_OFFLINE", "true");
        Scene { sandbox, cargo: bin.join("cargo") }
    }

    /// One with a copy of a crate in `crate`.
    pub fn with_crate(from: &Utf8Path) -> Scene {
        let scene = Scene::new();
        let mut todo = vec![from.to_owned()];
        while let Some(at) = todo.pop() {
            for entry in at.read_dir_utf8().expect("a folder").flatten() {
                let path = entry.path();
                match path.is_dir() {
                    true => todo.push(path.to_owned()),
                    false => {
                        let to =
                            Utf8Path::new("crate").join(path.strip_prefix(from).expect("below"));
                        scene.sandbox.write(to, std::fs::read(path).expect("readable"));
                    }
                }
            }
        }
        scene
    }

    /// One with a crate whose library is this text.
    pub fn with_source(text: &str) -> Scene {
        let scene = Scene::new();
        scene.krate("crate", text);
        scene
    }

    /// Writes a crate called `small` whose library is this text.
    pub fn krate(&self, folder: &str, text: &str) {
        let manifest = "[package]\nname = \"small\"\nversion = \"1.0.0\"\nedition = \"2021\"\n";
        self.sandbox.write(format!("{folder}/Cargo.toml"), manifest);
        self.sandbox.write(format!("{folder}/src/lib.rs"), text);
    }

    /// Writes the lattice of a crate.
    pub fn generate(&self, krate: &str, output: &str) -> Outcome {
        let words = ["flake-lattice", "generate", krate, "--output", output];
        self.sandbox.run_words("", &words)
    }

    /// Runs cargo.
    pub fn cargo(&self, folder: &str, line: &str) -> Outcome {
        let mut words = vec![self.cargo.as_str()];
        words.extend(line.split(' '));
        self.sandbox.run_words(folder, &words)
    }
}
