# Compiles one crate, with the compiler and what a shell has built in: in a sandbox of Nix there are no other programs.
#
# From offline.nix: $rustc, $flagsPath with its flags, $dependenciesPath with the path and the library of each crate that
# the source names, $library, $out; $externals where it names crates from outside of the lattice; $script and $src where
# it has a build script.
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

# More flags, in place of the arguments, of which there are none.
set -- "@$flagsPath" "@$here/search"
# cargo knows by which names those from outside are called.
if [ -n "${externals:-}" ]; then
  names=$externals/externals/flags
  # Tests may depend on more.
  if [ -n "${test:-}" ] && [ -e "$externals/externals/test-flags" ]; then
    names=$externals/externals/test-flags
  fi
  set -- "$@" "@$names"
fi

# Where what is linked looks for libraries of the machine: a crate with a build script says so.
if [ -n "${linker:-}" ]; then
  while read -r path; do
    for said in "$path"/lib*.search; do
      if [ -e "$said" ]; then set -- "$@" "@$said"; fi
    done
  done < "$here/below"
fi

# An integration test is a program, which says itself whether it passes.
if [ -n "${test:-}" ]; then
  case $harness in
    own) "$rustc" "$@" -o "$here/test" "-Clinker=$linker" ;;
    *) "$rustc" "$@" --test -o "$here/test" "-Clinker=$linker" ;;
  esac
  cd "$CARGO_MANIFEST_DIR"
  case $harness in
    own) "$here/test" ;;
    *) "$here/test" --color never ;;
  esac
  printf 'passed\n' > "$out"
  exit
fi

# A build script is compiled, started as cargo does it, and heard:
# https://doc.rust-lang.org/cargo/reference/build-scripts.html
if [ -n "${script:-}" ]; then
  # The compiler makes this folder, as a shell alone makes none.
  OUT_DIR=$here/out-dir
  for feature in $features; do
    printf '%s\n' "--cfg=feature=\"$feature\""
  done > "$here/features"
  "$rustc" --crate-name=build_script_build "--edition=$edition" --cap-lints=allow "-Clinker=$linker" \
    "@$here/features" "@$externals/externals/script-flags" --out-dir "$OUT_DIR" "$src/$script"
  while IFS= read -r line; do
    export "$line"
  done < "$externals/externals/environment"
  export OUT_DIR
  export RUSTC="$rustc" CARGO_MANIFEST_DIR="$src" NUM_JOBS="${NIX_BUILD_CORES:-1}"
  cd "$src"
  "$OUT_DIR/build_script_build" > "$here/said"
  cd /
  set -- "$@" "--remap-path-prefix=$OUT_DIR=$library/out"
  : > "$here/native"
  while IFS= read -r line; do
    case $line in
      cargo:*) line=${line#cargo:} ;;
      *) continue ;;
    esac
    line=${line#:}
    value=${line#*=}
    case $line in
      rustc-cfg=*) set -- "$@" "--cfg=$value" ;;
      rustc-env=*) export "$value" ;;
      rustc-link-lib=*) set -- "$@" "-l$value" ;;
      rustc-link-search=*)
        set -- "$@" "-L$value"
        # What it made itself is a part of the library, and gone afterwards.
        case $value in
          *"$here"*) ;;
          *) printf '%s\n' "-L$value" >> "$here/native" ;;
        esac
        ;;
      rustc-flags=*)
        for flag in $value; do
          set -- "$@" "$flag"
        done
        ;;
      warning=*) printf 'warning: %s\n' "$value" >&2 ;;
      error=*)
        printf 'error: %s\n' "$value" >&2
        exit 1
        ;;
    esac
  done < "$here/said"
fi

"$rustc" "$@" --out-dir "$out"

if [ -s "$here/native" ]; then
  while IFS= read -r line; do
    printf '%s\n' "$line"
  done < "$here/native" > "$out/lib$library.search"
fi

# What is copied with this crate, and kept while it is kept.
while read -r path; do
  printf '%s\n' "$path"
done < "$here/below" > "$out/lib$library.dependencies"
