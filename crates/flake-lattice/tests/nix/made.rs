//! Lattices made by hand, for tests of what is done with one.

use camino::{Utf8Path, Utf8PathBuf};
use flake_lattice::model::{
    Crate, FORMAT, Facade, ItemKind, ItemRecord, LATTICE_FILE, Lattice, Node, Reason,
};
use flake_lattice::wiring::{self, Options, Outside, Toolchain, Wiring, With};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::OnceLock;
use studio_core::generated::{self, Kind, Overwrite, Tree};
use testkit::{Outcome, RealNix, Sandbox};

/// The tool by whose name the folder is written.
pub const TOOL: &str = "flake-lattice";

/// The compiler of this machine, which is asked outside of the sandbox: there rustup knows of none.
pub fn toolchain() -> Toolchain {
    static FOUND: OnceLock<Toolchain> = OnceLock::new();
    FOUND
        .get_or_init(|| {
            let said = |args: &[&str]| {
                #[expect(clippy::disallowed_methods, reason = "tests set the scene themselves")]
                let output = Command::new("rustc").args(args).output().expect("a rustc");
                String::from_utf8(output.stdout).expect("UTF-8")
            };
            let sysroot = said(&["--print", "sysroot"]);
            let about = said(&["-vV"]);
            let after = |start: &str| {
                about.lines().find_map(|line| line.strip_prefix(start)).expect(start).to_owned()
            };
            Toolchain {
                rustc: Utf8Path::new(sysroot.trim()).join("bin/rustc"),
                version: after("rustc "),
                host: after("host: "),
                linker: Some("/usr/bin/cc".into()),
                cargo: Some(Utf8Path::new(sysroot.trim()).join("bin/cargo")),
            }
        })
        .clone()
}

/// Options with the compiler of this machine.
pub fn wired(wiring: Wiring) -> Options {
    Options { wiring, builder: With::Offline(toolchain()), outside: Outside::Left }
}

/// A lattice with its sources.
pub struct Made {
    pub lattice: Lattice,
    sources: BTreeMap<String, String>,
}

impl Made {
    /// A crate without nodes.
    pub fn new(name: &str) -> Made {
        let lattice = Lattice {
            format: FORMAT,
            tool: "0.1.0".to_owned(),
            krate: Crate {
                name: name.to_owned(),
                lib: name.replace('-', "_"),
                version: "1.2.3".to_owned(),
                edition: "2021".to_owned(),
                items: 0,
            },
            target: toolchain().host,
            features: vec!["std".to_owned()],
            cfg: vec!["unix".to_owned(), "target_os=\"linux\"".to_owned(), "made".to_owned()],
            nodes: vec![],
            facade: Facade {
                dependencies: BTreeSet::new(),
                externals: BTreeSet::new(),
                files: BTreeMap::new(),
            },
            externals: BTreeMap::new(),
            link_args: vec![],
            coarsened: vec![],
            outside: None,
            whole: None,
        };
        Made { lattice, sources: BTreeMap::new() }
    }

    /// One more node; those below it are there already.
    pub fn node(mut self, name: &str, source: &str, below: &[&str]) -> Made {
        let levels = below.iter().map(|below| self.at(below).level + 1);
        let level = levels.max().unwrap_or(0);
        let reason = |below: &&str| Reason { from: name.to_owned(), to: (*below).to_owned() };
        self.lattice.nodes.push(Node {
            name: name.to_owned(),
            level,
            items: vec![ItemRecord {
                path: format!("{}::{name}", self.lattice.krate.lib),
                kind: ItemKind::Fn,
                file: "src/lib.rs".to_owned(),
            }],
            dependencies: below
                .iter()
                .map(|name| ((*name).to_owned(), vec![reason(name)]))
                .collect(),
            externals: BTreeSet::new(),
            flags: ["feature=\"std\"", "made"]
                .iter()
                .filter(|flag| source.contains(*flag))
                .map(|flag| flag.to_string())
                .collect(),
            files: BTreeMap::new(),
            bytes: source.len() as u64,
        });
        self.lattice.krate.items += 1;
        self.file(name, "lib.rs", source)
    }

    /// One more file of a node.
    pub fn file(mut self, name: &str, file: &str, text: &str) -> Made {
        let node = self.lattice.nodes.iter_mut().find(|node| node.name == name).expect(name);
        node.files.insert(file.to_owned(), "0".repeat(64));
        self.sources.insert(format!("nodes/{name}/{file}"), text.to_owned());
        self
    }

    /// The facade.
    pub fn facade(mut self, source: &str, below: &[&str]) -> Made {
        self.lattice.facade.dependencies = below.iter().map(|name| (*name).to_owned()).collect();
        self.lattice.facade.files.insert("lib.rs".to_owned(), "0".repeat(64));
        self.sources.insert("facade/lib.rs".to_owned(), source.to_owned());
        self
    }

    fn at(&self, name: &str) -> &Node {
        self.lattice.nodes.iter().find(|node| node.name == name).expect("a node")
    }

    /// Its crates, as cargo sees them.
    pub fn crates(&self) -> Tree {
        let mut tree = Tree::new();
        let mut add = |path: &str, text: String| {
            tree.add(path, text, Kind::Plain).expect("a good path");
        };
        let json = serde_json::to_string_pretty(&self.lattice).expect("JSON");
        add(LATTICE_FILE, json + "\n");
        let members: Vec<String> = self
            .lattice
            .nodes
            .iter()
            .map(|node| format!("    \"nodes/{}\",\n", node.name))
            .collect();
        let facade = if self.lattice.facade.files.is_empty() { "" } else { "    \"facade\",\n" };
        add(
            "Cargo.toml",
            format!("[workspace]\nresolver = \"2\"\nmembers = [\n{facade}{}]\n", members.concat()),
        );
        for (path, text) in &self.sources {
            add(path, text.clone());
        }
        let manifest = |name: &str, up: &str, below: Vec<&String>| {
            let below: Vec<String> = below
                .iter()
                .map(|below| format!("{below} = {{ path = \"{up}/{below}\" }}\n"))
                .collect();
            format!(
                "[package]\nname = \"{name}\"\nversion = \"1.2.3\"\nedition = \"2021\"\n\n[lib]\npath = \"lib.rs\"\n\n\
                 [features]\ndefault = [\"std\"]\nstd = []\n\n[dependencies]\n{}",
                below.concat()
            )
        };
        for node in &self.lattice.nodes {
            let below = node.dependencies.keys().collect();
            add(&format!("nodes/{}/Cargo.toml", node.name), manifest(&node.name, "..", below));
        }
        if !facade.is_empty() {
            let below = self.lattice.facade.dependencies.iter().collect();
            let name = &self.lattice.krate.name;
            add("facade/Cargo.toml", manifest(name, "../nodes", below));
        }
        tree
    }

    /// All of it.
    pub fn tree(&self, options: &Options) -> Tree {
        let mut tree = self.crates();
        wiring::add(&mut tree, &self.lattice, options).expect("it can be wired");
        tree
    }

    /// Writes it to `folder` in the sandbox.
    pub fn write(&self, sandbox: &Sandbox, folder: &str, options: &Options) -> Utf8PathBuf {
        let place = sandbox.root().join(folder);
        generated::write(&place, &self.tree(options), TOOL, Overwrite::OnlyGenerated)
            .expect("written");
        place
    }
}

/// `a`, and `b` to `z` each on the one before.
pub fn chain(length: usize) -> Made {
    let mut made = Made::new("chain");
    for index in 0..length {
        let name = format!("n{index}");
        made = match index.checked_sub(1) {
            None => made.node(&name, "pub fn value() -> u64 { 1 }\n", &[]),
            Some(below) => {
                let below = format!("n{below}");
                made.node(
                    &name,
                    &format!("pub fn value() -> u64 {{ {below}::value() + 1 }}\n"),
                    &[&below],
                )
            }
        };
    }
    made
}

/// Nodes that each name the two below them.
pub fn diamonds(count: usize) -> Made {
    let mut made = Made::new("diamonds");
    for index in 0..count {
        let below: Vec<String> =
            (index.saturating_sub(2)..index).map(|n| format!("n{n}")).collect();
        let below: Vec<&str> = below.iter().map(String::as_str).collect();
        made = made.node(&format!("n{index}"), "pub fn value() {}\n", &below);
    }
    made
}

/// What a lattice can have: a diamond, two levels above it, a macro, a generic, a static, names that are words of Nix, a
/// file beside the source.
pub fn rich() -> Made {
    Made::new("rich-crate")
        .node("base", "pub static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);\n\
                       #[cfg(made)] pub fn next() -> u32 { COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed) }\n", &[])
        .node("let", "#[macro_export] macro_rules! twice { ($e:expr) => { ($e) + $crate::same($e) }; }\npub fn same<T>(t: T) -> T { t }\n", &[])
        .node("or", "pub fn left() -> u32 { base::next() }\n", &["base"])
        .node("in", "pub const TEXT: &str = include_str!(\"data/a text.txt\");\npub fn right() -> u32 { base::next() }\n\
                     #[cfg(feature=\"std\")] pub const VERSION: &str = concat!(env!(\"CARGO_PKG_NAME\"), \" \", env!(\"CARGO_PKG_VERSION\"));\n", &["base"])
        .file("base", "build.rs", "fn main() {\n    println!(\"cargo:rustc-cfg=made\");\n    println!(\"cargo:rustc-check-cfg=cfg(made)\");\n}\n")
        .file("in", "data/a text.txt", "hello\n")
        .node("top-node", "pub fn both() -> u32 { r#let::twice!(r#or_::left()) + r#in::right() }\n".replace("r#or_", "or").as_str(), &["in", "let", "or"])
        .facade("pub use r#in::VERSION; pub use top_node::both; pub mod parts { pub use or::left; }\n", &["in", "or", "top-node"])
}

/// A sandbox with a real Nix.
pub fn sandbox() -> Sandbox {
    Sandbox::new().with_nix(&RealNix::find())
}

/// Makes the folder a git repository with everything in it committed.
pub fn commit(sandbox: &Sandbox, folder: &str) {
    let script = "git init -q && git add -A && git commit -qm lattice";
    let _: String = sandbox.sh(folder, script).ok();
}

/// `nix`, with what it says kept out of the way.
#[must_use]
pub fn nix(sandbox: &Sandbox, dir: &str, line: &str) -> Outcome {
    sandbox.run(dir, &format!("nix {line}"))
}
