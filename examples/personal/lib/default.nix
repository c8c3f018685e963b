# What flake.nix is written with. A flake with network would take these from nixpkgs and
# home-manager; here they are small enough to be read.
{ inputs, self }:
let
  modules = import ./modules.nix;
  pkgs = system: import ./pkgs.nix { inherit inputs system; };
in
{
  inherit pkgs;

  # The .nix files in a folder, without the ending.
  namesIn =
    dir:
    builtins.concatMap (
      file:
      let
        found = builtins.match "(.+)\\.nix" file;
      in
      if found == null then [ ] else found
    ) (builtins.attrNames (builtins.readDir dir));

  nixosSystem = import ./system { inherit modules pkgs self; };

  homeConfiguration = import ./home { inherit modules pkgs; };

  # `nix build .#devShells.SYSTEM.default`. `nix develop` itself insists on bash, which is not here.
  devShell =
    system:
    (pkgs system).build "dev-shell" ''
      mkdir -p $out
      ln -s ${(pkgs system).applets}/bin $out/bin
    '';
}
