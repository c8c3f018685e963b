# The lattice for Nix without flakes, and what the flakes here are made of: `nodes`, `levels`, `facade`, `whole`, `tests`.
{
  system ? builtins.currentSystem,
  release ? false,
  # The one that the flake is locked to.
  nixpkgs ?
    let
      lock = builtins.fromJSON (builtins.readFile ./flake.lock);
    in
    builtins.fetchTree lock.nodes.${lock.nodes.root.inputs.nixpkgs}.locked,
  pkgs ? import nixpkgs { inherit system; },
  # The crates from outside of the lattice, by name; see nixpkgs.nix.
  externals ? { },
}:
import ./lattice.nix (import ./nixpkgs.nix { inherit pkgs release externals; })
