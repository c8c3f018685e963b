# The packages and functions that this project takes of nixpkgs, where there is none: small, but real. `nix build` of this
# repository with it compiles the very `nix/package.nix`, from the crates of `Cargo.lock`, by the compiler of the machine.
#
# What differs from nixpkgs: programs are those of the machine, which are no part of what is built, and nothing happens
# after the installation (no stripping, no packed man pages).
{ system, machine }:
let
  lib = import ./lib.nix;

  # The target of the compiler, as rustc calls it.
  target =
    {
      x86_64-linux = "x86_64-unknown-linux-gnu";
      aarch64-linux = "aarch64-unknown-linux-gnu";
      x86_64-darwin = "x86_64-apple-darwin";
      aarch64-darwin = "aarch64-apple-darwin";
    }
    .${system};

  # What every build here has.
  run =
    name: script: more:
    derivation (
      {
        inherit name system;
        builder = machine.bash;
        args = [
          "-euo"
          "pipefail"
          script
        ];
        PATH = machine.path;
      }
      // more
    );

  # A program of the machine as a package.
  program =
    name:
    run name (builtins.toFile "link.sh" ''
      found=$(type -P "$name") || { echo "this machine has no $name" >&2; exit 1; }
      mkdir -p "$out/bin"
      ln -s "$found" "$out/bin/$name"
    '') { };

  # What a package of cargo is known by: the folder of its source.
  folder = package: "${package.name}-${package.version}";

  # The archive of a crate. It has to be the one of the lock file, wherever it is taken from.
  archive =
    package:
    derivation {
      name = "crate-${folder package}.tar.gz";
      system = "builtin";
      builder = "builtin:fetchurl";
      url = "${machine.crates}/${folder package}.crate";
      outputHashMode = "flat";
      outputHashAlgo = "sha256";
      outputHash = package.checksum;
      unpack = false;
      executable = false;
      preferLocalBuild = true;
    };

  isFetched =
    package:
    let
      source = package.source or null;
    in
    # Without a source it is a member of the workspace.
    source != null
    && (
      source == "registry+https://github.com/rust-lang/crates.io-index"
      || throw "${folder package} is of ${source}, and only crates.io is known here"
    );

  # Lines `FOLDER CHECKSUM ARCHIVE`, one a crate.
  fetched =
    lockFile:
    lib.concatLines (
      map (package: "${folder package} ${package.checksum} ${archive package}") (
        builtins.filter isFetched (lib.importTOML lockFile).package
      )
    );

  buildRustPackage =
    { cargoLock, ... }@args:
    make (
      {
        doCheck = true;
        cargoBuildType = "release";
        cargoCheckType = "release";
      }
      // removeAttrs args [ "cargoLock" ]
      // machine.attributes
      // {
        inherit (cargoLock) lockFile;
        crates = fetched cargoLock.lockFile;
      }
    );

  # A package, which can be made again with other attributes.
  make =
    args:
    run "${args.pname}-${args.version}" ./build.sh (
      removeAttrs args [
        "env"
        "meta"
      ]
      // args.env or { }
      // {
        inherit target;
        # An environment variable has an end after 128 KiB.
        passAsFile = [ "crates" ];
        nativeCheckInputs = if args.doCheck then args.nativeCheckInputs or [ ] else [ ];
      }
    )
    // {
      inherit (args) meta pname version;
      overrideAttrs = change: make (args // change args);
    };

  pkgs = {
    inherit lib;

    stdenv = rec {
      hostPlatform = {
        inherit system;
        isLinux = builtins.match ".*-linux" system != null;
        rust.cargoShortTarget = target;
      };
      buildPlatform.canExecute = platform: platform.system == hostPlatform.system;
    };

    rustPlatform = {
      inherit buildRustPackage;
      rustLibSrc = program "rust-src";
    };

    # `nix develop` takes the variables of the derivation, and runs the hook.
    mkShell =
      {
        packages,
        env ? { },
        shellHook ? "",
      }:
      run "shell" (builtins.toFile "shell.sh" "export >$out\n") (
        env
        // {
          inherit shellHook;
          PATH = "${lib.makeBinPath packages}:${machine.path}";
        }
      );

    pkgsStatic.busybox = program "busybox";

    callPackage =
      file: given:
      let
        function = import file;
      in
      function (builtins.intersectAttrs (builtins.functionArgs function) pkgs // given);
  }
  // lib.genAttrs [
    "cargo"
    "cargo-deny"
    "clippy"
    "git"
    "nix"
    "nixfmt-tree"
    "rust-analyzer"
    "rustc"
    "rustfmt"
  ] program;
in
pkgs
