//! A machine that is a folder, whose system has this toolkit as a package of its flake, and its user.
//!
//! The programs are those of this build, laid out as a release and given to the flake as an input: compiling them takes
//! more than a test has. What the flake's user changes about them are files of the flake, in `toolkit/changes`.

#![expect(clippy::disallowed_methods, reason = "tests set the scene themselves")]

use camino::{Utf8Path, Utf8PathBuf};
use testkit::{Outcome, RealNix, Sandbox};

/// The package: the programs as they were built, and in front of them what lies in `changes`, as a wrapper does it.
/// Links into the input instead of copies, because there are 200 MB of them and two packages.
const PACKAGE: &str = "\
programs:
{ pkgs, ... }:
{
  environment.systemPackages = [
    (pkgs.build \"toolkit\" ''
      mkdir $out
      cp -rl ${programs}/bin $out/bin
      chmod u+w $out/bin
      for change in ${./changes}/*; do
        [ -e \"$change\" ] || continue
        program=''${change##*/}
        [ ! -e $out/bin/$program ] || mv $out/bin/$program $out/bin/.$program-wrapped
        cp \"$change\" $out/bin/$program
      done
    '')
  ];
}
";

pub struct World {
    pub sandbox: Sandbox,
    nix: RealNix,
    upstream: Utf8PathBuf,
}

impl World {
    /// A machine without a system, a flake for it, and a toolkit installed by hand.
    pub fn new() -> World {
        let nix = RealNix::find();
        let sandbox = Sandbox::new().with_nix(&nix);
        lay_out(&sandbox);
        let upstream = sandbox.personal_flake(&nix).upstream;
        let mut world = World { sandbox, nix, upstream };
        world.add_toolkit();
        world.search(&world.sandbox.root().join("release/bin"));
        world
    }

    /// Adds the package to every machine of the flake.
    fn add_toolkit(&self) {
        let sandbox = &self.sandbox;
        sandbox.run("", &format!("git clone -q --recurse-submodules {} work", self.upstream)).ok();
        let flake = sandbox.read("work/flake.nix");
        let input = format!(
            "inputs.programs = {{ url = \"path:{}/release\"; flake = false; }};\n",
            sandbox.root()
        );
        let with_input = flake.replace("  inputs.motd", &format!("  {input}  inputs.motd"));
        let host = "(./hosts + \"/${host}.nix\")";
        let with_package =
            with_input.replace(host, &format!("{host} (import ./toolkit inputs.programs)"));
        assert!(
            with_input != flake && with_package != with_input,
            "the example is another one: {flake}"
        );
        sandbox.write("work/flake.nix", with_package);
        sandbox.write("work/toolkit/default.nix", PACKAGE);
        sandbox.write("work/toolkit/changes/.keep", "");
        let script = "git add . && nix flake lock && git add . && git commit -qm 'the toolkit' && git push -q";
        sandbox.sh("work", script).ok();
    }

    /// From now on this folder is what the user has on PATH, beside git, nix and what every system has.
    fn search(&mut self, folder: &Utf8Path) {
        let system = std::env::var("PATH").unwrap_or_default();
        self.sandbox.set("PATH", format!("{folder}:{}:{system}", self.nix.bin));
    }

    fn machine(&self) -> Utf8PathBuf {
        self.sandbox.root().join("machine")
    }

    /// The user uses the machine's own programs from now on.
    pub fn log_in(&mut self) {
        self.search(&self.machine().join("run/current-system/sw/bin"));
    }

    /// Makes a studio with the tools on PATH.
    pub fn studio_named(&self, name: &str) -> Utf8PathBuf {
        let line = format!("studio {name} --upstream {}", self.upstream);
        self.sandbox.run("home", &line).ok().into()
    }

    pub fn snapshot(&self, studio: &Utf8Path) -> Utf8PathBuf {
        self.sandbox.run(studio, "git mutable-snapshot").ok().into()
    }

    /// Runs a git command for the machine.
    #[must_use]
    pub fn run(&self, dir: &Utf8Path, command: &str) -> Outcome {
        self.sandbox.run(dir, &format!("git {command} --root {}", self.machine()))
    }

    pub fn write_program(&self, path: Utf8PathBuf, text: &str) {
        self.sandbox.write(&path, text);
        self.sandbox.run("", &format!("chmod 755 {path}")).ok();
    }

    /// The package that `studio` on PATH comes from.
    pub fn toolkit_on_path(&self) -> Utf8PathBuf {
        package(&self.sandbox.sh("", "readlink -f \"$(command -v studio)\"").ok())
    }

    /// Asserts which toolkit the system has that runs, and which the one that a reboot gives: the one of the profile.
    #[track_caller]
    pub fn assert_machine(&self, runs: &Utf8Path, stays: &Utf8Path) {
        let system = |path: &str| self.machine().join(path).canonicalize_utf8().expect("a system");
        let toolkit = |system: &Utf8Path| {
            let studio = system.join("sw/bin/studio").canonicalize_utf8();
            package(studio.expect("the system has the toolkit").as_str())
        };
        let (running, profile) =
            (system("run/current-system"), system("nix/var/nix/profiles/system"));
        assert_eq!(profile, self.boots());
        assert_eq!((toolkit(&running).as_path(), toolkit(&profile).as_path()), (runs, stays));
        assert_eq!(running == profile, runs == stays);
    }

    /// The system that the boot loader starts when nobody chooses.
    fn boots(&self) -> Utf8PathBuf {
        let loader = self.sandbox.read("machine/boot/loader/loader.conf");
        let default = loader.lines().find_map(|line| line.strip_prefix("default ")).expect("one");
        let entry = self.sandbox.read(format!("machine/boot/loader/entries/{default}"));
        let init = entry.split_whitespace().find_map(|word| word.strip_prefix("init="));
        Utf8Path::new(init.expect("it starts one")).parent().expect("in a system").to_owned()
    }

    /// What is only being tried is lost, and what the boot loader names is started.
    pub fn reboot(&self) {
        let script =
            format!("rm -rf machine/run; STUDIO_ROOT=$PWD/machine {}/activate", self.boots());
        self.sandbox.sh("", &script).ok();
    }

    /// Asserts that the garbage collector leaves a toolkit alone because of this link, and not only because of others.
    #[track_caller]
    pub fn assert_kept(&self, toolkit: &Utf8Path, link: &Utf8Path) {
        self.collect();
        let roots = self.sandbox.run("", &format!("nix-store --query --roots {toolkit}")).ok();
        assert_eq!(roots, format!("{link} -> {toolkit}"));
    }

    /// Lets go of every generation but the current one and of all that snapshots hold, and collects the garbage.
    pub fn collect(&self) {
        let script = format!(
            "nix-env --profile machine/nix/var/nix/profiles/system --delete-generations old
             rm -rf {}/roots
             nix-store --gc",
            self.sandbox.studio_home()
        );
        self.sandbox.sh("", &script).ok();
    }

    /// Asserts that every alias of a studio or snapshot names programs of this toolkit only.
    #[track_caller]
    pub fn assert_tools(&self, dir: &Utf8Path, toolkit: &Utf8Path) {
        let aliases = self.sandbox.run(dir, "git config --local --get-regexp ^alias[.]").ok();
        assert!(aliases.lines().count() > 4, "{aliases}");
        let store = self.sandbox.root().join("nix/store");
        for alias in aliases.lines() {
            let programs = alias.matches(store.as_str()).count();
            let own = alias.matches(&format!("{toolkit}/bin/")).count();
            assert!(own > 0 && own == programs, "not only of {toolkit}: {alias}");
        }
    }
}

/// Lays out the programs of this build as a release is, without what a debugger needs.
fn lay_out(sandbox: &Sandbox) {
    let switch = Utf8Path::new(env!("CARGO_BIN_EXE_flake-switch"));
    let built = switch.parent().expect("a program lies in a folder");
    let script = "mkdir stripped; find \"$0\" -maxdepth 1 -type f -perm -u+x ! -name '*.*' ! -name xtask \
                  -exec sh -c 'strip -o \"stripped/${1##*/}\" \"$1\"' sh {} ';'";
    sandbox.run_words("", &["sh", "-euc", script, built.as_str()]).ok();
    let mut dist = sandbox.command(built.join("xtask").as_str(), "");
    // Cargo's own path: a toolchain manager would look for itself in the home of the sandbox.
    dist.env("CARGO", env!("CARGO"));
    dist.args(["dist", "--prefix", "release", "--from", "stripped"]);
    dist.assert().success();
}

/// The store path that a program lies in.
fn package(program: &str) -> Utf8PathBuf {
    let bin = Utf8Path::new(program).parent().expect("a folder");
    assert_eq!(bin.file_name(), Some("bin"), "{program}");
    bin.parent().expect("a package").to_owned()
}
