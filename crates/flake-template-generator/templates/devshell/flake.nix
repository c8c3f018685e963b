{
  description = @description@;

  inputs.nixpkgs.url = @nixpkgs@;

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = @systems@;
      packages = @packages@;

      eachSystem = make: lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
    in
    {
      devShells = eachSystem (pkgs: {
        default = pkgs.mkShell {
          packages = map (path: lib.getAttrFromPath (lib.splitString "." path) pkgs) packages;
        };
      });

      formatter = eachSystem (pkgs: pkgs.nixfmt-tree);
    };
}
