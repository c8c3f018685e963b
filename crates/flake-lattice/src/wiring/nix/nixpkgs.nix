# How a crate of a lattice is built by nixpkgs: with `buildRustCrate`.
#
# The same for every lattice. `lattice.nix` says what there is to build, `offline.nix` is another way to build it.
{
  pkgs,
  release ? false,
}:
let
  source = import ./source.nix;
in
{
  # A crate: what is in `folder` as a library that names `dependencies`.
  mkNode =
    crate:
    {
      name,
      folder,
      library ? builtins.replaceStrings [ "-" ] [ "_" ] name,
      files ? [ "lib.rs" ],
      root ? "lib.rs",
      dependencies ? [ ],
      needs ? [ ],
      flags ? [ ],
      env ? { },
    }:
    pkgs.buildRustCrate (
      env
      // {
        inherit dependencies release;
        inherit (crate) edition version;
        crateName =
          if needs == [ ] then
            name
          else
            throw "${name} needs ${builtins.concatStringsSep ", " needs}, which is not done here: build it by cargo";
        libName = library;
        libPath = root;
        crateBin = [ ];
        src = source folder files;
        extraRustcOpts = [ "--cap-lints=allow" ] ++ map (flag: "--cfg=${flag}") flags;
      }
    );

  # A folder of links to what is in others.
  mkFolder =
    name: packages:
    pkgs.linkFarm name (
      map (package: {
        inherit (package) name;
        path = package.lib or package;
      }) packages
    );

  # They would need what tests depend on besides.
  mkTests = _: _: { };
}
