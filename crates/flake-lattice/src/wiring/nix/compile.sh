# Compiles one crate, with the compiler and what a shell has built in: in a sandbox of Nix there are no other programs.
#
# From offline.nix: $rustc, $flagsPath with its flags, $dependenciesPath with the path and the library of each crate that
# the source names, $library, $out.
set -eu

# The compiler writes down where it stands, and Nix builds wherever it likes.
here=$PWD
cd /

# Whether a path in the store was not seen before: `known_HASH` says so.
is_new() {
  hash=${1##*/}
  hash=${hash%%-*}
  eval "seen=\${known_$hash:-}"
  [ -z "$seen" ] || return
  eval "known_$hash=1"
}

# All that is below. Each crate has a list of what is below it, so who has been seen brings nothing new; the highest come
# first, so that few lists are read. Were it said to Nix, evaluation would take the square of the number of crates.
while read -r path name; do
  is_new "$path" || continue
  printf '%s\n' "$path"
  while read -r below; do
    if is_new "$below"; then printf '%s\n' "$below"; fi
  done < "$path/lib$name.dependencies"
done < "$dependenciesPath" > "$here/below"
while read -r path; do
  printf '%s%s\n' -Ldependency= "$path"
done < "$here/below" > "$here/search"

# An integration test is a program, which says itself whether it passes.
if [ -n "${test:-}" ]; then
  "$rustc" "@$flagsPath" "@$here/search" --test -o "$here/test" "-Clinker=$linker"
  cd "$CARGO_MANIFEST_DIR"
  "$here/test" --color never
  printf 'passed\n' > "$out"
  exit
fi

"$rustc" "@$flagsPath" "@$here/search" --out-dir "$out"

# What is copied with this crate, and kept while it is kept.
while read -r path; do
  printf '%s\n' "$path"
done < "$here/below" > "$out/lib$library.dependencies"
