# The named files of a folder and nothing else: an edit of a `Cargo.toml` or a `flake.nix` is none of a crate.
folder: files:
let
  inherit (builtins) any elem path stringLength substring;

  start = stringLength (toString folder) + 1;
  isAbove = here: file: substring 0 (stringLength here + 1) file == here + "/";
  isWanted =
    place: type:
    let
      here = substring start (-1) (toString place);
    in
    if type == "directory" then any (isAbove here) files else elem here files;
in
path {
  path = folder;
  # Where the lattice lies is no part of what it is.
  name = "source";
  filter = isWanted;
}
