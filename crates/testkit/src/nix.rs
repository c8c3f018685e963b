//! A real Nix in a sandbox: its store, state and configuration lie in the sandbox, so the machine's own Nix is untouched.

use crate::Sandbox;
use camino::Utf8PathBuf;

/// A real Nix, and the static busybox that builds the example's derivations.
pub struct RealNix {
    /// The folder with `nix`, `nix-env`, `nix-store`.
    pub bin: Utf8PathBuf,
    /// The busybox.
    pub busybox: Utf8PathBuf,
}

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
    /// Puts a real Nix on the sandbox's PATH, with a store of its own.
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
        self.write(
            "nix/etc/nix/nix.conf",
            "experimental-features = nix-command flakes\nsandbox = false\nsubstituters =\nbuild-users-group =\n\
             flake-registry =\n",
        );
        self
    }
}
