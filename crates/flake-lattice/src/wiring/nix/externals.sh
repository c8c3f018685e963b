# Builds the crates from outside of a lattice: compiles the program that does it, and starts that.
#
# From offline.nix: $rustc, $linker, $program, and what the program reads.
set -eu

here=$PWD
"$rustc" --crate-name=externals --edition=2021 "-Clinker=$linker" -o "$here/externals" "$program"
exec "$here/externals"
