# Evaluates flake.nix with functions of nixpkgs that only note what they are given. It finds slips of the pen in modules (a
# path that is not there, an attribute that nobody gives); `offline` is what builds.
let
  lib = import ./offline/lib.nix // {
    mkEnableOption = _: lib.mkOption { default = false; };
    mkOption = option: option // { isOption = true; };
    mkIf = condition: content: if condition then content else { };
    literalExpression = text: text;
    types = {
      package = "package";
      bool = "boolean";
      str = "string";
      listOf = type: [ type ];
    };
  };

  # A package that notes what it was made of.
  made =
    args:
    args
    // {
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
    legacyPackages = lib.genAttrs lib.platforms.unix pkgsFor;
  };
  self = (import ../flake.nix).outputs { inherit self nixpkgs; };

  pkgs = pkgsFor "x86_64-linux";

  # The values of options: those that are given, and defaults. There is no other option.
  valuesOf =
    options: given:
    let
      unknown = builtins.attrNames (removeAttrs given (builtins.attrNames options));
      valueOf =
        name: option:
        if !option ? isOption then
          valuesOf option (given.${name} or { })
        else
          given.${name} or option.default;
    in
    if unknown != [ ] then throw "there is no option ${toString unknown}" else builtins.mapAttrs valueOf options;

  # What a module makes of these values.
  configOf = configOn "x86_64-linux";
  configOn =
    system: module: given:
    let
      made = module {
        inherit lib;
        pkgs = pkgsFor system;
        config = {
          programs.studio = valuesOf made.options.programs.studio given;
          programs.git.package = pkgs.git;
          nix.package = pkgs.nix;
        };
      };
    in
    made.config;

  # `clean.enable`
  pathsOf =
    options:
    builtins.concatLists (
      lib.mapAttrsToList (
        name: option:
        if option ? isOption then [ name ] else map (below: "${name}.${below}") (pathsOf option)
      ) options
    );

  # The same for what its options give as examples.
  examplesOf =
    options:
    builtins.mapAttrs (
      _: option: if !option ? isOption then examplesOf option else option.example or option.default
    ) options;
  exampleOf =
    module:
    let
      made = module {
        inherit lib pkgs;
        config = { };
      };
      examples = examplesOf made.options.programs.studio;
    in
    examples
    // {
      enable = true;
      clean = examples.clean // {
        enable = true;
      };
    };
in
{
  outputs = builtins.attrNames self;
  version = self.packages.x86_64-linux.default.version;
  install = builtins.mapAttrs (_: set: set.default.installPhase) self.packages;
  source = self.packages.x86_64-linux.default.src;
  overlay = (self.overlays.default pkgs { }).studio.pname;
  apps = self.apps.x86_64-linux;
  templates = builtins.mapAttrs (_: template: {
    inherit (template) description;
    files = builtins.attrNames (builtins.readDir template.path);
  }) self.templates;
  shell = map (tool: tool.name) self.devShells.aarch64-darwin.default.packages;
  hook = self.devShells.x86_64-linux.default.shellHook;
  checks = builtins.mapAttrs (_: builtins.attrNames) self.checks;
  skipped = self.checks.x86_64-linux.suite.checkFlags;
  suite = self.checks.x86_64-linux.suite.STUDIO_TEST_BUSYBOX;
  formatter = self.formatter.aarch64-linux.name;
  options = builtins.mapAttrs (_: module: pathsOf (module {
    inherit lib pkgs;
    config = { };
  }).options.programs.studio) {
    nixos = self.nixosModules.default;
    home = self.homeModules.default;
  };
  nixos = {
    off = configOf self.nixosModules.default { };
    on = configOf self.nixosModules.default { enable = true; };
    full = configOf self.nixosModules.default (exampleOf self.nixosModules.default);
    cleaned = configOf self.nixosModules.default {
      enable = true;
      clean.enable = true;
    };
    plain = configOf self.nixosModules.default {
      enable = true;
      gitAliases = false;
    };
  };
  home = {
    off = configOf self.homeModules.default { };
    on = configOf self.homeModules.default { enable = true; };
    mac = configOn "aarch64-darwin" self.homeModules.default {
      enable = true;
      clean.enable = true;
    };
    full = configOf self.homeModules.default (exampleOf self.homeModules.default);
    settings = (exampleOf self.homeModules.default).settings;
  };
}
