//! Files that are missing, ignored, outside of the flake, or not to be read.

use super::Case;

pub const CASES: &[Case] = &[
    Case {
        name: "missing",
        files: &[
            ("flake.nix", "{\n  outputs = _: {\n    x = import ./hosts/dmeo.nix;\n  };\n}\n"),
            ("hosts/demo.nix", "1\n"),
        ],
        ask: "nix eval \"$flake#x\"",
        known: "there is no `hosts/dmeo.nix`; did you mean `hosts/demo.nix`?\n\
                it is asked for at `flake.nix:3`",
    },
    Case {
        name: "ignored",
        files: &[
            (
                "flake.nix",
                "{\n  outputs = _: {\n    x = builtins.readFile ./keys/wifi.key;\n  };\n}\n",
            ),
            (".gitignore", "result\n*.key\n"),
        ],
        ask: "nix eval \"$flake#x\"",
        known: "it is ignored by `*.key` in `.gitignore:2`, so no snapshot has it; if it may be in git, in the \
                studio: `git add --force keys/wifi.key`\n\
                it is asked for at `flake.nix:3`",
    },
    Case {
        name: "outside",
        files: &[(
            "flake.nix",
            "{\n  outputs = _: {\n    x = import /etc/nixos/hardware.nix;\n  };\n}\n",
        )],
        ask: "nix eval \"$flake#x\"",
        known: "it is asked for at `flake.nix:3`\n\
                a flake sees only its own files and inputs: copy what is there into the studio, and \
                name it by a relative path, as in `./hardware.nix`",
    },
    Case {
        name: "unlocked-tarball",
        files: &[(
            "flake.nix",
            "{\n  outputs = _: {\n    x = builtins.fetchTarball \"https://example.org/x.tar.gz\";\n  };\n}\n",
        )],
        ask: "nix eval \"$flake#x\"",
        known: "make it an input of the flake, which is locked by itself, or give `fetchTarball` a `sha256` at \
                `flake.nix:3`",
    },
    Case {
        name: "unlocked-git",
        files: &[(
            "flake.nix",
            "{\n  outputs = _: {\n    x = builtins.fetchGit \"file:///nowhere\";\n  };\n}\n",
        )],
        ask: "nix eval \"$flake#x\"",
        known: "make it an input of the flake, which is locked by itself, or give `fetchGit` a `rev` at \
                `flake.nix:3`",
    },
    Case {
        name: "denied",
        files: &[("flake.nix", "{\n  outputs = _: { x = 1; };\n}\n")],
        // Root may read everything, so it is somebody else who asks.
        ask: "cd \"$HOME/..\"; mkdir -p nix/var/nix/db nix/store; touch nix/var/nix/db/big-lock\n\
              chmod 000 nix/var/nix/db/big-lock; trap 'chmod 644 nix/var/nix/db/big-lock; chmod 700 .' EXIT\n\
              if [ \"$(id -u)\" = 0 ]; then chmod 755 .; as='setpriv --reuid=65534 --clear-groups'; fi\n\
              ${as-} nix eval \"$flake#x\"",
        known: "Nix may not read or write a file\n\
                who may: `ls -ld [ROOT]/nix/var/nix/db [ROOT]/nix/var/nix/db/big-lock`",
    },
];
