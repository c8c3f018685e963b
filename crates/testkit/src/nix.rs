//! A real Nix in a sandbox: its store, state and settings lie in the sandbox, so no `/nix` is
//! needed and the machine's own Nix is untouched. Not here: getting one; `cargo xtask test` does.

use crate::{Outcome, Sandbox};
use camino::{Utf8Path, Utf8PathBuf};

/// A real Nix, and the static busybox that builds the example's derivations.
#[derive(Clone, Debug)]
pub struct RealNix {
    /// The folder with `nix`, `nix-env`, `nix-store`.
    pub bin: Utf8PathBuf,
    /// The busybox.
    pub busybox: Utf8PathBuf,
}

/// The example flake as two bare repositories, as if on a server.
#[derive(Clone, Debug)]
pub struct PersonalFlake {
    /// The flake itself: the upstream of studios.
    pub upstream: Utf8PathBuf,
    /// The source of its only input, which is the submodule `inputs/motd`.
    pub motd: Utf8PathBuf,
}

/// What every Nix here is told: flakes on, no network, no sandbox (it needs more than a test may
/// have), no build users.
const CONF: &str = "experimental-features = nix-command flakes\nsandbox = false\nsubstituters =\n\
                    build-users-group =\nflake-registry =\n";

impl RealNix {
    /// The Nix that `cargo xtask test` chose: `STUDIO_TEST_NIX` and `STUDIO_TEST_BUSYBOX`.
    ///
    /// # Panics
    /// If there is none: a test of ours that needs Nix fails rather than pass without one.
    pub fn find() -> RealNix {
        let variable = |name: &str| {
            let value = std::env::var(name).unwrap_or_default();
            assert!(
                !value.is_empty(),
                "{name} is not set; run the tests by `cargo xtask test`, which gets a real nix"
            );
            Utf8PathBuf::from(value)
        };
        RealNix { bin: variable("STUDIO_TEST_NIX"), busybox: variable("STUDIO_TEST_BUSYBOX") }
    }
}

impl Sandbox {
    /// Puts a real Nix on the sandbox's PATH, with a store of its own below `nix`.
    ///
    /// The settings are there twice, as a file and as `NIX_CONFIG`, because a program under test
    /// may pass on either alone. Variables of the machine's own Nix (`NIX_REMOTE`, `NIX_PATH`, …)
    /// need no care: a sandbox starts empty.
    pub fn with_nix(mut self, nix: &RealNix) -> Sandbox {
        let path = self
            .environment()
            .into_iter()
            .rev()
            .find(|(name, _)| name == "PATH")
            .expect("PATH is set")
            .1;
        self.set("PATH", format!("{}:{path}", nix.bin));
        let root = self.root().join("nix");
        for (name, below) in [
            ("NIX_STORE_DIR", "store"),
            ("NIX_STATE_DIR", "var/nix"),
            ("NIX_LOG_DIR", "var/log/nix"),
            ("NIX_CONF_DIR", "etc/nix"),
        ] {
            self.set(name, root.join(below));
        }
        self.set("NIX_CONFIG", CONF);
        self.write("nix/etc/nix/nix.conf", CONF);
        self
    }

    /// The example flake, below `server` in a sandbox that has [a Nix](Sandbox::with_nix); takes a
    /// third of a second.
    ///
    /// Its commits are the same in every sandbox but for the path of the sandbox, which stands in
    /// `flake.lock`.
    #[track_caller]
    pub fn personal_flake(&self, nix: &RealNix) -> PersonalFlake {
        let script = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/make.sh");
        let server = self.root().join("server");
        let words = ["sh", script.as_str(), server.as_str(), nix.busybox.as_str()];
        let _: String = Outcome::ok(&self.run_words("", &words));
        PersonalFlake { upstream: server.join("upstream.git"), motd: server.join("motd.git") }
    }
}
