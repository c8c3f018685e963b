# Evaluates flake.nix without nixpkgs: functions of the same names that only note what they are given. It finds slips of
# the pen (a path that is not there, an attribute that nobody gives), not whether the package builds.
let
  lib = {
    genAttrs = names: make: builtins.listToAttrs (map (name: { inherit name; value = make name; }) names);
    importTOML = path: builtins.fromTOML (builtins.readFile path);
    optionalAttrs = condition: set: if condition then set else { };
    fileset = {
      unions = map (path: if builtins.pathExists path then path else throw "there is no ${toString path}");
      toSource = { root, fileset }: builtins.seq (builtins.deepSeq fileset root) "/stand-in/source";
    };
    licenses = {
      mit = "MIT";
      asl20 = "Apache-2.0";
    };
    platforms.unix = systems;
    mkEnableOption = _: { default = false; };
    mkOption = option: option;
    mkIf = condition: content: if condition then content else { };
    literalExpression = text: text;
    types = {
      package = "package";
      bool = "boolean";
    };
  };
  systems = [
    "x86_64-linux"
    "aarch64-linux"
    "x86_64-darwin"
    "aarch64-darwin"
  ];

  # A package that notes what it was made of.
  made = args: args // {
    outPath = "/stand-in/${args.pname or args.name or "package"}";
    overrideAttrs = change: made (args // change args);
  };

  pkgsFor =
    system:
    let
      pkgs = {
        inherit lib;
        stdenv = rec {
          hostPlatform = {
            inherit system;
            isLinux = builtins.match ".*-linux" system != null;
            rust.cargoShortTarget = system;
          };
          buildPlatform.canExecute = platform: platform == hostPlatform;
        };
        rustPlatform = {
          buildRustPackage = made;
          rustLibSrc = "/stand-in/rust-src";
        };
        mkShell = made;
        pkgsStatic.busybox = made { name = "busybox"; };
        formats.toml = _: {
          type = "toml";
          generate = name: value: builtins.toFile name (builtins.toJSON value);
        };
        callPackage =
          file: given:
          let
            function = import file;
            wanted = builtins.functionArgs function;
          in
          function (builtins.intersectAttrs wanted pkgs // given);
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
      ] (name: made { inherit name; });
    in
    pkgs;

  nixpkgs = {
    inherit lib;
    legacyPackages = lib.genAttrs systems pkgsFor;
  };
  self = (import ../flake.nix).outputs { inherit self nixpkgs; };

  pkgs = pkgsFor "x86_64-linux";
  # The configuration of a module whose options have their defaults, but for what is given.
  configOf = configOn "x86_64-linux";
  configOn =
    system: module: given:
    let
      made = module {
        inherit lib;
        pkgs = pkgsFor system;
        config.programs.studio = builtins.mapAttrs (_: option: option.default) made.options.programs.studio // given;
      };
    in
    made.config;
in
{
  outputs = builtins.attrNames self;
  version = self.packages.x86_64-linux.default.version;
  install = builtins.mapAttrs (_: set: set.default.installPhase) self.packages;
  source = self.packages.x86_64-linux.default.src;
  overlay = (self.overlays.default pkgs { }).studio.pname;
  shell = map (tool: tool.name) self.devShells.aarch64-darwin.default.packages;
  checks = builtins.mapAttrs (_: builtins.attrNames) self.checks;
  skipped = self.checks.x86_64-linux.suite.checkFlags;
  suite = self.checks.x86_64-linux.suite.STUDIO_TEST_BUSYBOX;
  formatter = self.formatter.aarch64-linux.name;
  nixos = {
    off = configOf self.nixosModules.default { };
    on = configOf self.nixosModules.default { enable = true; };
  };
  home = {
    off = configOf self.homeModules.default { };
    on = configOf self.homeModules.default { enable = true; };
    mac = configOn "aarch64-darwin" self.homeModules.default { enable = true; };
    full = configOf self.homeModules.default {
      enable = true;
      settings.target = "home";
    };
  };
}
