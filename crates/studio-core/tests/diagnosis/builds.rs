//! Failures of builds and of what profiles are made of. Not here: hashes of what is fetched.

use super::{Case, SYSTEM};

const PACKAGES: &str = r#"rec {
  make = name: script: derivation {
    inherit name;
    system = import ./system.nix;
    builder = "@BUSYBOX@";
    args = [ "sh" "-euc" script ];
  };
  package = name: make name "@BUSYBOX@ mkdir -p $out/bin; echo ${name} > $out/bin/tool";
  one = package "one-1.0";
  two = package "two-2.0";
}
"#;

pub const CASES: &[Case] = &[
    // nixpkgs, pkgs/build-support/buildenv/builder.pl.
    Case {
        name: "collision",
        files: &[
            (
                "flake.nix",
                r#"{
  outputs =
    _: with import ./packages.nix; {
      x = make "home-manager-path" ''
        echo "pkgs.buildEnv error: two given paths contain a conflicting subpath:
          \`${one}/bin/tool' and
          \`${two}/bin/tool'
        hint: this may be caused by two different versions of the same package in buildEnv's \`paths\` parameter
        hint: \`pkgs.nix-diff\` can be used to compare derivations" >&2
        exit 25
      '';
    };
}
"#,
            ),
            ("packages.nix", PACKAGES),
            ("system.nix", SYSTEM),
        ],
        ask: "nix build --no-link \"$flake#x\"",
        known: "`one-1.0` and `two-2.0` both have `bin/tool`: take one out of the list, or say \
                which of them wins: `(lib.hiPrio PACKAGE)`",
    },
    Case {
        name: "collision-logged",
        files: &[
            (
                "flake.nix",
                r#"{
  outputs =
    _: with import ./packages.nix; {
      x = make "home-manager-path" ''
        echo "pkgs.buildEnv error: two given paths contain a conflicting subpath:
          \`${one}/bin/tool' and
          \`${two}/bin/tool'
        hint: this may be caused by two different versions of the same package in buildEnv's \`paths\` parameter
        hint: \`pkgs.nix-diff\` can be used to compare derivations" >&2
        exit 25
      '';
    };
}
"#,
            ),
            ("packages.nix", PACKAGES),
            ("system.nix", SYSTEM),
        ],
        ask: "nix build --no-link --print-build-logs \"$flake#x\"",
        known: "`one-1.0` and `two-2.0` both have `bin/tool`: take one out of the list, or say \
                which of them wins: `(lib.hiPrio PACKAGE)`",
    },
    // The words of Nix's own builder.
    Case {
        name: "collision-builtin",
        files: &[
            (
                "flake.nix",
                r#"{
  outputs =
    _: with import ./packages.nix; {
      x = derivation {
        name = "user-environment";
        system = "builtin";
        builder = "builtin:buildenv";
        derivations = [ "true" 5 1 one "true" 5 1 two ];
        manifest = "/dummy";
      };
    };
}
"#,
            ),
            ("packages.nix", PACKAGES),
            ("system.nix", SYSTEM),
        ],
        ask: "nix build --no-link \"$flake#x\"",
        known: "`one-1.0` and `two-2.0` both have `bin/tool`: take one out of the list, or say \
                which of them wins: `(lib.hiPrio PACKAGE)`",
    },
    Case {
        name: "system",
        files: &[(
            "flake.nix",
            "{\n  outputs = _: {\n    x = derivation {\n      name = \"x\";\n      system = \
             \"riscv64-linux\";\n      builder = \"@BUSYBOX@\";\n    };\n  };\n}\n",
        )],
        ask: "nix build --no-link --option system x86_64-linux \"$flake#x\"",
        known: "this machine is x86_64-linux and builds nothing for riscv64-linux by itself: name a \
                builder in `nix.conf` (`builders = …`), or on NixOS emulate one: \
                `boot.binfmt.emulatedSystems = [ \"riscv64-linux\" ];`",
    },
    Case {
        name: "import-from-derivation",
        files: &[
            (
                "flake.nix",
                "{\n  outputs = _: {\n    x = import ((import ./packages.nix).make \"x.nix\" \"echo 1 > $out\");\n  };\n}\n",
            ),
            ("packages.nix", PACKAGES),
            ("system.nix", SYSTEM),
        ],
        ask: "nix eval --option allow-import-from-derivation false \"$flake#x\"",
        known: "what is imported at `flake.nix:3` must be built first; to allow that, in your \
                `nix.conf`: `allow-import-from-derivation = true`",
    },
];
