# The lattice for Nix without flakes, and what the flakes here are made of: `nodes`, `levels`, `facade`, `whole`, `tests`.
{
  system ? builtins.currentSystem,
  release ? false,
  toolchain ? builtins.fromJSON (builtins.readFile ./toolchain.json),
}:
import ./lattice.nix (import ./offline.nix { inherit system release toolchain; })
