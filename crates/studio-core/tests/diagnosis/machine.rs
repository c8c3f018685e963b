//! What the machine lacks: a daemon, a feature, room, a network.

use super::{Case, SYSTEM};

const FLAKE: &str = "{\n  outputs = _: { x = 1; };\n}\n";

pub const CASES: &[Case] = &[
    Case {
        name: "daemon",
        files: &[("flake.nix", FLAKE)],
        ask: "NIX_REMOTE=daemon nix eval \"$flake#x\"",
        known: "the daemon of Nix does not answer\nstart it: `sudo systemctl start nix-daemon`",
    },
    Case {
        name: "disk",
        files: &[
            (
                "flake.nix",
                "{\n  outputs = _: {\n    x = derivation {\n      name = \"x\";\n      system = import ./system.nix;\n      \
             builder = \"@BUSYBOX@\";\n      args = [ \"dd\" \"if=/dev/zero\" \"of=/dev/full\" \"count=1\" ];\n    };\n  \
             };\n}\n",
            ),
            ("system.nix", SYSTEM),
        ],
        ask: "nix build --no-link \"$flake#x\"",
        known: "the disk is full\nremove what Nix no longer needs: `nix store gc`",
    },
    Case {
        name: "feature",
        files: &[("flake.nix", "{\n  outputs = _: { x = 1 |> builtins.toString; };\n}\n")],
        ask: "nix eval \"$flake#x\"",
        known: "the flake needs a feature of Nix that is off; turn it on in your `nix.conf`: \
                `extra-experimental-features = pipe-operators`",
    },
    Case {
        name: "network",
        files: &[(
            "flake.nix",
            "{\n  outputs = _: {\n    x = builtins.fetchurl {\n      url = \"http://localhost:1/x\";\n      sha256 = \
             \"0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73\";\n    };\n  };\n}\n",
        )],
        ask: "nix eval --option download-attempts 1 \"$flake#x\"",
        known: "a server cannot be reached\nis this machine online? `curl -I http://localhost:1`",
    },
    Case {
        name: "lock-open",
        files: &[
            (
                "flake.nix",
                "{\n  inputs.dep.url = \"path:@ROOT@/lock-open-dep\";\n  outputs = { self, dep }: { x = 1; };\n}\n",
            ),
            (
                "flake.lock",
                "{ \"nodes\": { \"dep\": { \"locked\": { \"type\": \"path\", \"path\": \"@ROOT@/lock-open-dep\" }, \
                 \"original\": { \"type\": \"path\", \"path\": \"@ROOT@/lock-open-dep\" } }, \"root\": { \"inputs\": { \
                 \"dep\": \"dep\" } } }, \"root\": \"root\", \"version\": 7 }\n",
            ),
        ],
        ask: "cd \"$HOME/..\"; mkdir -p lock-open-dep; echo '{ outputs = _: { }; }' > lock-open-dep/flake.nix\n\
              nix eval --no-update-lock-file \"$flake#x\"",
        known: "`flake.lock` does not fit `flake.nix`\nrun `nix flake lock` in the studio and snapshot again",
    },
    Case {
        name: "lock",
        files: &[(
            "flake.nix",
            "{\n  inputs.dep.url = \"git+file://@ROOT@/lock-dep\";\n  outputs = { self, dep }: { x = 1; };\n}\n",
        )],
        ask: "cd \"$HOME/..\"; git init -q lock-dep; echo '{ outputs = _: { }; }' > lock-dep/flake.nix\n\
              git -C lock-dep add -A; git -C lock-dep commit -qm dep\n\
              nix eval --no-update-lock-file \"$flake#x\"",
        known: "`flake.lock` does not fit `flake.nix`\nrun `nix flake lock` in the studio and snapshot again",
    },
];
