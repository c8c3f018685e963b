//! A checkout of this project, a nixpkgs that needs no network, and a Nix store, all in a sandbox.
//!
//! `nix/offline` is the nixpkgs. Here it is told what the machine has: the compiler that runs the tests, the programs on
//! PATH, and the archives of crates that cargo has fetched.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use std::process::Command;
use testkit::{Outcome, RealNix, Sandbox};

/// The folder of the checkout, in the sandbox.
pub const PROJECT: &str = "project";

/// A sandbox with all of it.
pub struct Place {
    pub sandbox: Sandbox,
    /// The upstream of a personal flake.
    pub upstream: Utf8PathBuf,
    nix: RealNix,
}

impl Place {
    /// A commit of all that git knows here or would add, with a lock file.
    pub fn new() -> Place {
        let nix = RealNix::find();
        let sandbox = Sandbox::new().with_nix(&nix);
        let root = &*root();
        let upstream = sandbox.personal_flake(&nix).upstream;
        let place = Place { sandbox, upstream, nix };
        place.add_nixpkgs(root);
        // In a source that Nix has copied there is no git, and nothing that it would leave out.
        let script = "here=$PWD
             cd \"$1\"
             git ls-files --cached --others --exclude-standard --deduplicate -z >\"$here/files\" ||
                 find . -name target -prune -o -type f -print0 >\"$here/files\"
             cd \"$here\"
             mkdir project
             tar -C \"$1\" --null --files-from=files --ignore-failed-read -cf - | tar -C project -xf -
             cd project
             git init -q
             git add --all
             nix flake lock --override-input nixpkgs \"path:$here/nixpkgs\"
             git add --all
             git commit -qm 'the project'";
        place.sandbox.run_words("", &["sh", "-euc", script, "sh", root.as_str()]).ok();
        place
    }

    /// The folder `nixpkgs`.
    fn add_nixpkgs(&self, root: &Utf8Path) {
        let from = root.join("nix/offline");
        self.sandbox.run_words("", &["cp", "-R", from.as_str(), "nixpkgs"]).ok();
        let path = std::env::var("PATH").unwrap_or_default();
        let bash = self.sandbox.sh("", "command -v bash").ok();
        let machine = json!({
            "path": format!("{}/bin:{path}", sysroot()),
            "bash": bash,
            "crates": format!("file://{}", archives(root)),
            "attributes": attributes(),
        });
        self.sandbox.write("nixpkgs/machine.json", machine.to_string());
    }

    /// The checkout.
    pub fn project(&self) -> Utf8PathBuf {
        self.sandbox.root().join(PROJECT)
    }

    /// The root folder of the machine.
    pub fn machine(&self) -> Utf8PathBuf {
        self.sandbox.root().join("machine")
    }

    /// Gives the personal flake an input more, this project, and each of its machines the package.
    pub fn add_toolkit_to_the_machine(&self) {
        let sandbox = &self.sandbox;
        sandbox.run("", &format!("git clone -q --recurse-submodules {} work", self.upstream)).ok();
        let flake = sandbox.read("work/flake.nix");
        let input = format!("inputs.studio.url = \"git+file://{}\";\n", self.project());
        let with_input = flake.replace("  inputs.motd", &format!("  {input}  inputs.motd"));
        let host = "(./hosts + \"/${host}.nix\")";
        let toolkit =
            "{ environment.systemPackages = [ inputs.studio.packages.${machine}.default ]; }";
        let with_package = with_input.replace(host, &format!("{host} {toolkit}"));
        assert!(with_input != flake && with_package != with_input, "it is another one: {flake}");
        sandbox.write("work/flake.nix", with_package);
        let script = "nix flake lock && git commit -qam 'the toolkit' && git push -q";
        sandbox.sh("work", script).ok();
    }

    /// Makes a studio of the personal flake by the toolkit on PATH.
    pub fn studio(&self, name: &str) -> Utf8PathBuf {
        let line = format!("studio {name} --upstream {}", self.upstream);
        self.sandbox.run("home", &line).ok().into()
    }

    /// Asserts that every alias of a studio or snapshot names programs of this package only.
    #[track_caller]
    pub fn assert_tools(&self, dir: &Utf8Path, package: &Utf8Path) {
        let aliases = self.sandbox.run(dir, "git config --local --get-regexp ^alias[.]").ok();
        assert!(aliases.lines().count() > 4, "{aliases}");
        let store = self.sandbox.root().join("nix/store");
        for alias in aliases.lines() {
            let programs = alias.matches(store.as_str()).count();
            let own = alias.matches(&format!("{package}/bin/")).count();
            assert!(own > 0 && own == programs, "not only of {package}: {alias}");
        }
    }

    /// Removes from the store what nobody needs.
    pub fn collect(&self) {
        self.sandbox.run("", "nix-store --gc").ok();
    }

    /// From now on this folder is what the user has on PATH, beside git, nix and what every system has.
    pub fn search(&mut self, folder: &Utf8Path) {
        let system = std::env::var("PATH").unwrap_or_default();
        self.sandbox.set("PATH", format!("{folder}:{}:{system}", self.nix.bin));
    }

    /// `nix` in the checkout.
    #[must_use]
    pub fn nix(&self, line: &str) -> Outcome {
        self.sandbox.run(PROJECT, &format!("nix {line}"))
    }
}

/// The checkout that the tests are of.
pub fn root() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask has a parent").to_owned()
}

/// What is left out for time: an ordinary run neither optimises nor runs the tests of the package. With `--thorough` it is
/// the one that ships.
fn attributes() -> Value {
    if testkit::thorough() {
        return json!({});
    }
    json!({ "doCheck": false, "cargoBuildType": "debug", "CARGO_PROFILE_DEV_DEBUG": "0" })
}

/// Where the compiler is that runs the tests; asked outside of the sandbox, where rustup would know of none.
fn sysroot() -> String {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output().expect("a rustc");
    String::from_utf8(output.stdout).expect("a path").trim().to_owned()
}

/// The folder in which cargo keeps what it has fetched: beside that of the unpacked sources.
fn archives(root: &Utf8Path) -> Utf8PathBuf {
    let words = ["metadata", "--format-version", "1", "--offline", "--locked"];
    let output = Command::new(env!("CARGO")).args(words).current_dir(root).output();
    let output = output.expect("cargo starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`cargo fetch --locked` has to be run before: {said}");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let fetched = packages.iter().find(|package| package["source"].is_string());
    let manifest = fetched.and_then(|package| package["manifest_path"].as_str());
    // .../registry/src/INDEX/NAME-VERSION/Cargo.toml
    let index = Utf8Path::new(manifest.expect("a crate")).ancestors().nth(2).expect("a folder");
    let registry = index.ancestors().nth(2).expect("a folder");
    registry.join("cache").join(index.file_name().expect("a name"))
}
