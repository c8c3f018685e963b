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

      apps = forEach (
        pkgs:
        import ./nix/apps.nix {
          inherit (nixpkgs) lib;
          inherit (ours pkgs) studio;
        }
      );

      # A personal flake to start from; `flake-template-generator` writes the same with one's own values.
      templates = {
        default = self.templates.nixos;
      }
      // nixpkgs.lib.genAttrs [ "home" "nixos" ] (name: {
        path = ./templates + "/${name}";
        description =
          (nixpkgs.lib.importTOML (./crates/flake-template-generator/templates + "/${name}/template.toml")).about;
        welcomeText = ''
          Put your own names in the place of `me` and `machine`, in the file `studio.toml` too, and commit all of it.
          Then `studio --upstream .` makes a studio of it.
        '';
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
