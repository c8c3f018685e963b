//! The texts are those of nixpkgs, pkgs/stdenv/generic/check-meta.nix; the last is that of 26.05.

use super::Case;

const FLAKE: &str =
    "{\n  outputs = _: { x = import ./hosts/demo.nix (throw (import ./message.nix)); };\n}\n";

/// As the module system says who wants it: nixpkgs, lib/modules.nix, `mergeDefinitions`.
const MODULE: &str = r#"{
  outputs =
    _:
    let
      nixpkgs = import (builtins.toFile "nixpkgs.nix" "message: { openssl = throw message; }");
      pkgs = nixpkgs (import ./message.nix);
    in
    {
      x = builtins.seq pkgs (
        builtins.addErrorContext "while evaluating the option `environment.systemPackages':" (
          builtins.addErrorContext "while evaluating definitions from `${toString ./hosts/demo.nix}':" pkgs.openssl
        )
      );
    };
}
"#;

const HOST: &str = "package: {\n  packages = [\n    (package + \"\")\n  ];\n}\n";

pub const CASES: &[Case] = &[
    Case {
        name: "unfree",
        files: &[
            ("flake.nix", FLAKE),
            ("hosts/demo.nix", HOST),
            (
                "message.nix",
                r#"''
  Package ‘google-chrome-102.0.5005.61’ in /nix/store/vrkp5raqkgiaa3xs62i8pm53hc8qrg5s-source/pkgs/applications/networking/browsers/google-chrome/default.nix:162 has an unfree license (‘unfree’), refusing to evaluate.

  a) To temporarily allow unfree packages, you can use an environment variable
     for a single invocation of the nix tools.

       $ export NIXPKGS_ALLOW_UNFREE=1

     Note: When using `nix shell`, `nix build`, `nix develop`, etc with a flake,
           then pass `--impure` in order to allow use of environment variables.

  b) For `nixos-rebuild` you can set
    { nixpkgs.config.allowUnfree = true; }
  in configuration.nix to override this.
''
"#,
            ),
        ],
        ask: "nix eval --json \"$flake#x\"",
        known: "it is asked for at `hosts/demo.nix:2`\n\
                allow it in a module: `nixpkgs.config.allowUnfreePredicate = pkg: builtins.elem \
                (lib.getName pkg) [ \"google-chrome\" ];`\n\
                or, where the flake imports nixpkgs itself, the same as \
                `config.allowUnfreePredicate` in `import nixpkgs { … }`; a flake does not see \
                `NIXPKGS_ALLOW_…` and `~/.config/nixpkgs`",
    },
    Case {
        name: "insecure",
        files: &[
            ("flake.nix", MODULE),
            (
                "hosts/demo.nix",
                "{ pkgs, ... }:\n{\n  environment.systemPackages = [ pkgs.openssl ];\n}\n",
            ),
            (
                "message.nix",
                r#"''
  Package ‘openssl-1.1.1w’ in /nix/store/vrkp5raqkgiaa3xs62i8pm53hc8qrg5s-source/pkgs/development/libraries/openssl/default.nix:210 is marked as insecure, refusing to evaluate.


  Known issues:
   - OpenSSL 1.1 is reaching its end of life on 2023/09/11

  You can install it anyway by allowing this package, using the
  following methods:

  a) To temporarily allow all insecure packages, you can use an environment
     variable for a single invocation of the nix tools:

       $ export NIXPKGS_ALLOW_INSECURE=1
''
"#,
            ),
        ],
        ask: "nix eval --json \"$flake#x\"",
        known: "it is asked for at `hosts/demo.nix:3`\n\
                if you can live with that: `nixpkgs.config.permittedInsecurePackages = [ \
                \"openssl-1.1.1w\" ];` in a module; a flake does not see `NIXPKGS_ALLOW_…` and \
                `~/.config/nixpkgs`",
    },
    Case {
        name: "broken",
        files: &[
            ("flake.nix", FLAKE),
            ("hosts/demo.nix", HOST),
            (
                "message.nix",
                r#"''
  Package ‘python3.12-tensorflow-2.16.1’ in /nix/store/r0cagi8m69wr8pzvbkzw3443bygnxzaa-source/pkgs/development/python-modules/tensorflow/bin.nix:212 is marked as broken, refusing to evaluate.

  a) To temporarily allow broken packages, you can use an environment variable
     for a single invocation of the nix tools.

       $ export NIXPKGS_ALLOW_BROKEN=1
''
"#,
            ),
        ],
        ask: "nix eval --json \"$flake#x\"",
        known: "it is asked for at `hosts/demo.nix:2`\n\
                leave `python3.12-tensorflow` out, or try it all the same: \
                `nixpkgs.config.allowBroken = true;` in a module; a flake does not see \
                `NIXPKGS_ALLOW_…` and `~/.config/nixpkgs`",
    },
    Case {
        name: "unfree-since-26.05",
        files: &[
            ("flake.nix", FLAKE),
            ("hosts/demo.nix", HOST),
            (
                "message.nix",
                r#"''
  Refusing to evaluate package 'terraform-1.14.6' in /nix/store/vrkp5raqkgiaa3xs62i8pm53hc8qrg5s-source/pkgs/applications/networking/cluster/terraform/default.nix:85 because it has an unfree license (‘bsl11’)

  a) To temporarily allow unfree packages, you can use an environment variable
     for a single invocation of the nix tools.
''
"#,
            ),
        ],
        ask: "nix eval --json \"$flake#x\"",
        known: "it is asked for at `hosts/demo.nix:2`\n\
                allow it in a module: `nixpkgs.config.allowUnfreePredicate = pkg: builtins.elem \
                (lib.getName pkg) [ \"terraform\" ];`\n\
                or, where the flake imports nixpkgs itself, the same as \
                `config.allowUnfreePredicate` in `import nixpkgs { … }`; a flake does not see \
                `NIXPKGS_ALLOW_…` and `~/.config/nixpkgs`",
    },
];
