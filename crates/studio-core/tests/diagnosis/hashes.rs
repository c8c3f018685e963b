//! Hashes that are not those of what was fetched, in all their spellings.

use super::{Case, SYSTEM};

/// A source whose hash is in `hash.nix`.
const FLAKE: &str = r#"{
  outputs = _: {
    x = derivation {
      name = "source";
      system = import ./system.nix;
      builder = "@BUSYBOX@";
      args = [ "sh" "-c" "echo hi > $out" ];
      outputHashMode = "flat";
      outputHashAlgo = "sha256";
      outputHash = import ./hash.nix;
    };
  };
}
"#;

/// The commit is the one that the case makes; the hash is another one.
const LOCK: &str = r#"{
  "nodes": {
    "dep": {
      "locked": {
        "lastModified": 1767323045,
        "narHash": "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
        "ref": "refs/heads/main",
        "rev": "a0bb99867d408bee787545c1a445d6ab870aadcc",
        "revCount": 1,
        "type": "git",
        "url": "file://@ROOT@/dep"
      },
      "original": { "type": "git", "url": "file://@ROOT@/dep" }
    },
    "root": { "inputs": { "dep": "dep" } }
  },
  "root": "root",
  "version": 7
}
"#;

pub const CASES: &[Case] = &[
    Case {
        name: "hash",
        files: &[
            ("flake.nix", FLAKE),
            ("system.nix", SYSTEM),
            (
                "hash.nix",
                "# of what is fetched\n\"sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=\"\n",
            ),
        ],
        ask: "nix build --no-link \"$flake#x\"",
        known: "the hash is at `hash.nix:2`; if what came is right, in the studio: `sed -i \
                's|sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=|sha256-mOpuTyFvL7S2n/+bOkSELDhobKaF8/VdxIxdP7EQe+Q=|' \
                hash.nix`",
    },
    // As `git flake-check` asks.
    Case {
        name: "hash-checked",
        files: &[
            (
                "flake.nix",
                "{\n  outputs = _: { checks.${import ./system.nix}.x = import ./source.nix; };\n}\n",
            ),
            (
                "source.nix",
                r#"derivation {
  name = "source";
  system = import ./system.nix;
  builder = "@BUSYBOX@";
  args = [ "sh" "-c" "echo hi > $out" ];
  outputHashMode = "flat";
  outputHash = "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
}
"#,
            ),
            ("system.nix", SYSTEM),
        ],
        ask: "nix flake check --keep-going --print-build-logs \"$flake\"",
        known: "the hash is at `source.nix:7`; if what came is right, in the studio: `sed -i \
                's|sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=|sha256-mOpuTyFvL7S2n/+bOkSELDhobKaF8/VdxIxdP7EQe+Q=|' \
                source.nix`",
    },
    // Written in the base 32 of Nix, said by Nix in base 64.
    Case {
        name: "hash-base32",
        files: &[
            ("flake.nix", FLAKE),
            ("system.nix", SYSTEM),
            ("hash.nix", "\"094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic\"\n"),
        ],
        ask: "nix build --no-link \"$flake#x\"",
        known: "the hash is at `hash.nix:1`; if what came is right, in the studio: `sed -i \
                's|094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic|sha256-mOpuTyFvL7S2n/+bOkSELDhobKaF8/VdxIxdP7EQe+Q=|' \
                hash.nix`",
    },
    Case {
        name: "hash-placeholder",
        files: &[
            ("flake.nix", FLAKE),
            ("system.nix", SYSTEM),
            ("hash.nix", "let\n  lib = import ./lib.nix;\nin\nlib.fakeHash\n"),
            // nixpkgs, lib/fake: the same, in one piece.
            (
                "lib.nix",
                "{\n  fakeHash = \"sha256-\" + \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\";\n}\n",
            ),
        ],
        ask: "nix build --no-link \"$flake#x\"",
        known: "`hash.nix:4` has a placeholder; put the hash that nix got there",
    },
    Case {
        name: "hash-elsewhere",
        files: &[
            ("flake.nix", FLAKE),
            ("system.nix", SYSTEM),
            ("hash.nix", "\"sha256-LPJNul+wow4m6Dsqxbninhs\" + \"WHlwfp0JecwQzYpOLmCQ=\"\n"),
        ],
        ask: "nix build --no-link \"$flake#x\"",
        known: "no file of your flake has this hash, so an input has it: update that one, `nix \
                flake update INPUT`",
    },
    Case {
        name: "download",
        files: &[
            (
                "flake.nix",
                "{\n  outputs = _: {\n    x = builtins.fetchurl {\n      url = \"file://@ROOT@/download/hello\";\n      \
                 sha256 = \"0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73\";\n    };\n  };\n}\n",
            ),
            ("hello", "hello"),
        ],
        ask: "nix eval \"$flake#x\"",
        known: "the hash is at `flake.nix:5`; if what came is right, in the studio: `sed -i \
                's|0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73|sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=|' \
                flake.nix`",
    },
    Case {
        name: "locked-input",
        files: &[
            (
                "flake.nix",
                "{\n  inputs.dep.url = \"git+file://@ROOT@/dep\";\n  outputs = { self, dep }: { x = dep.x; };\n}\n",
            ),
            ("flake.lock", LOCK),
        ],
        ask: r#"cd "$HOME/.."
            git init -q dep; echo '{ outputs = _: { x = 1; }; }' > dep/flake.nix
            git -C dep add -A; git -C dep commit -qm dep
            nix eval "$flake#x""#,
        known: "`dep` in `flake.lock` is not what its address gives now; if that is right, lock it \
                anew in the studio: `nix flake update dep`",
    },
];
