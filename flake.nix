{
  description = "Studios, immutable snapshots and safe switching for a personal NixOS or home-manager flake";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      forEach = make: nixpkgs.lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
      ours = pkgs: self.packages.${pkgs.stdenv.hostPlatform.system};
    in
    {
      packages = forEach (pkgs: rec {
        studio = pkgs.callPackage ./nix/package.nix { };
        default = studio;
      });

      overlays.default = final: _: { studio = final.callPackage ./nix/package.nix { }; };

      nixosModules.default = import ./nix/module.nix ours;
      homeModules.default = import ./nix/home-module.nix ours;

      devShells = forEach (pkgs: {
        default = pkgs.callPackage ./nix/shell.nix { };
      });

      checks = forEach (pkgs: pkgs.callPackage ./nix/checks.nix { inherit (ours pkgs) studio; });

      formatter = forEach (pkgs: pkgs.nixfmt-tree);
    };
}
