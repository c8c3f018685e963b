//! The texts are those of nixpkgs, lib/modules.nix and lib/options.nix.

use super::Case;

/// Throws what stands in `message.nix`, which is given the name of the file that sets the option.
const FLAKE: &str =
    "{\n  outputs = _: { x = throw (import ./message.nix (toString ./hosts/demo.nix)); };\n}\n";

pub const CASES: &[Case] = &[
    Case {
        name: "option",
        files: &[
            ("flake.nix", FLAKE),
            (
                "hosts/demo.nix",
                "{\n  services.openssh.enable = true;\n  services.opnssh.ports = [ 22 ];\n}\n",
            ),
            (
                "message.nix",
                "file: ''\n  The option `services.opnssh' does not exist. Definition values:\n  - In `${file}':\n      \
                 {\n        ports = [\n          22\n        ];\n      }\n''\n",
            ),
        ],
        ask: "nix eval \"$flake#x\"",
        known: "it is set at `hosts/demo.nix:3`\n\
                either its name is another (https://search.nixos.org/options?query=services.opnssh), or the \
                module that declares it is not among the `imports`",
    },
    Case {
        name: "option-near",
        files: &[
            ("flake.nix", FLAKE),
            ("hosts/demo.nix", "{\n  services.opnssh.ports = [ 22 ];\n}\n"),
            (
                "message.nix",
                "file: ''\n  The option `services.opnssh' does not exist. Definition values:\n  - In `${file}':\n      \
                 {\n        ports = [\n          22\n        ];\n      }\n\n  Did you mean `services.openssh'?\n''\n",
            ),
        ],
        ask: "nix eval \"$flake#x\"",
        known: "it is set at `hosts/demo.nix:2`",
    },
    Case {
        name: "type",
        files: &[
            ("flake.nix", FLAKE),
            ("hosts/demo.nix", "{\n  services.openssh.enable = \"yes\";\n}\n"),
            (
                "message.nix",
                "file: \"A definition for option `services.openssh.enable' is not of type `boolean'. Definition \
                 values:\\n- In `${file}': \\\"yes\\\"\"\n",
            ),
        ],
        ask: "nix eval \"$flake#x\"",
        known: "`hosts/demo.nix:2` gives it a string, wanted: boolean",
    },
    Case {
        name: "conflict",
        files: &[
            ("flake.nix", FLAKE),
            ("hosts/demo.nix", "{\n  networking.hostName = \"a\";\n}\n"),
            ("modules/base.nix", "{\n  # hostName twice\n  networking.hostName = \"b\";\n}\n"),
            (
                "message.nix",
                "file: ''\n  The option `networking.hostName' has conflicting definition values:\n  - In `${file}': \"a\"\n  \
                 - In `${toString ./modules/base.nix}': \"b\"\n  Use `lib.mkForce value` or `lib.mkDefault value` to \
                 change the priority on any of these definitions.\n''\n",
            ),
        ],
        ask: "nix eval \"$flake#x\"",
        known: "it is set at `hosts/demo.nix:2` and `modules/base.nix`",
    },
];
