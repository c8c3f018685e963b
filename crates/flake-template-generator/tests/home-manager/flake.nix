# Stands in for home-manager, as the folder beside it does for nixpkgs.
{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs";

  outputs =
    { self, nixpkgs }:
    {
      lib.homeManagerConfiguration =
        { pkgs, modules }:
        rec {
          config = nixpkgs.lib.merged { inherit (pkgs) lib; inherit pkgs config; } modules;
          activationPackage = pkgs.mkShell { name = "home-of-${config.home.username}"; };
        };
    };
}
