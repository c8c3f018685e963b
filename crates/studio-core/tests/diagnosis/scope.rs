//! Names that are not there: attributes, variables, arguments of modules; and what goes round in circles.

use super::{Case, SYSTEM};

pub const CASES: &[Case] = &[
    Case {
        name: "attribute",
        files: &[
            (
                "flake.nix",
                "{\n  outputs = _: {\n    x = import ./hosts/demo.nix { pkgs = { hello = 1; }; };\n  };\n}\n",
            ),
            ("hosts/demo.nix", "{ pkgs }:\n[\n  pkgs.hello\n  pkgs.thunderbird\n]\n"),
        ],
        ask: "nix eval --json \"$flake#x\"",
        known: "it is asked for at `hosts/demo.nix:4`\n\
                packages are found by `nix search nixpkgs thunderbird`",
    },
    Case {
        name: "attribute-near",
        files: &[
            (
                "flake.nix",
                "{\n  outputs = _: {\n    x = import ./hosts/demo.nix { pkgs = { firefox = 1; }; };\n  };\n}\n",
            ),
            ("hosts/demo.nix", "{ pkgs }:\n[\n  pkgs.fierfox\n]\n"),
        ],
        ask: "nix eval --json \"$flake#x\"",
        known: "it is asked for at `hosts/demo.nix:3`",
    },
    Case {
        name: "variable",
        files: &[
            (
                "flake.nix",
                "{\n  outputs = _: {\n    x = import ./hosts/demo.nix { pkgs = { hello = 1; }; };\n  };\n}\n",
            ),
            ("hosts/demo.nix", "{ pkgs }:\nwith pkgs;\n[\n  hello\n  thunderbird\n]\n"),
        ],
        ask: "nix eval --json \"$flake#x\"",
        known: "it is used at `hosts/demo.nix:5`\n\
                packages are found by `nix search nixpkgs thunderbird`",
    },
    Case {
        name: "variable-near",
        files: &[
            (
                "flake.nix",
                "{\n  outputs = _: { x = import ./home.nix { settings = { a = 1; }; }; };\n}\n",
            ),
            ("home.nix", "{ settings }:\n{\n  a = setings.a;\n}\n"),
        ],
        ask: "nix eval --json \"$flake#x\"",
        known: "it is used at `home.nix:3`\ndid you mean `settings`, which is in the same file?",
    },
    Case {
        name: "module-argument",
        files: &[
            ("flake.nix", "{\n  outputs = _: { x = import ./module.nix { config = { }; }; };\n}\n"),
            ("module.nix", "{ config, ... }:\n{\n  on = lib.mkForce true;\n}\n"),
        ],
        ask: "nix eval --json \"$flake#x\"",
        known: "`module.nix:3` uses it; a module that does takes it: `{ lib, ... }:` at its beginning",
    },
    // nixpkgs, lib/modules.nix, `applyModuleArgs`.
    Case {
        name: "special-argument",
        files: &[
            (
                "flake.nix",
                "{\n  outputs = _: {\n    x = builtins.addErrorContext\n      \"while evaluating the module \
                 argument `inputs' in \\\"${toString ./module.nix}\\\":\"\n      (import ./lib.nix { }).inputs;\n  \
                 };\n}\n",
            ),
            ("lib.nix", "args: args\n"),
            ("module.nix", "{ inputs, ... }:\n{\n}\n"),
        ],
        ask: "nix eval --json \"$flake#x\"",
        known: "`module.nix` wants the argument `inputs`; give it where the configuration is made: \
                `specialArgs = { inherit inputs; };` (home-manager: `extraSpecialArgs`)",
    },
    // nixpkgs, lib/modules.nix: the context of an option's value.
    Case {
        name: "recursion",
        files: &[
            (
                "flake.nix",
                "{\n  outputs = _: {\n    x = builtins.addErrorContext\n      \"while evaluating the option \
                 `services.demo.port':\"\n      (import ./hosts/demo.nix).port;\n  };\n}\n",
            ),
            (
                "hosts/demo.nix",
                "let\n  config = {\n    port = config.next + 1;\n    next = config.port - 1;\n  };\nin\nconfig\n",
            ),
        ],
        ask: "nix eval --json \"$flake#x\"",
        known: "it goes round through `hosts/demo.nix:3`, for the option `services.demo.port`\n\
                usual causes: `imports` that depend on `config` or `pkgs` (make them unconditional, \
                with `lib.mkIf` inside), and an overlay that takes from `final` what it redefines \
                (take it from `prev`)",
    },
    // nixpkgs, lib/modules.nix: the context of the argument `config`.
    Case {
        name: "recursion-imports",
        files: &[(
            "flake.nix",
            "{\n  outputs = _: {\n    x = builtins.addErrorContext\n      \"if you get an infinite recursion \
             here, you probably reference `config` in `imports`. If you are trying to achieve a conditional \
             import behavior dependent on `config`, consider importing unconditionally, and using \
             `mkEnableOption` and `mkIf` to control its effect.\"\n      (let config = config; in config);\n  \
             };\n}\n",
        )],
        ask: "nix eval --json \"$flake#x\"",
        known: "it goes round through `flake.nix:5`",
    },
    // As `git flake-check` asks.
    Case {
        name: "several",
        files: &[
            (
                "flake.nix",
                "{\n  outputs = _: {\n    checks.${import ./system.nix} = {\n      one = (import ./lib.nix).helo;\n      two = \
                 1 + \"a\";\n    };\n  };\n}\n",
            ),
            ("lib.nix", "{ hello = 1; }\n"),
            ("system.nix", SYSTEM),
        ],
        ask: "nix flake check --keep-going --print-build-logs \"$flake\"",
        known: "it is asked for at `flake.nix:4`\nin your flake it comes from `flake.nix:5`",
    },
    Case {
        name: "somewhere",
        files: &[
            ("flake.nix", "{\n  outputs = _: { x = import ./hosts/demo.nix; };\n}\n"),
            ("hosts/demo.nix", "{\n  a = 1 + \"a\";\n}\n"),
        ],
        ask: "nix eval --json \"$flake#x\"",
        known: "in your flake it comes from `hosts/demo.nix:2`",
    },
];
