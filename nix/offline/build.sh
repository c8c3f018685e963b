# The phases of `buildRustPackage`, as far as a package of this project has them.

runHook() {
  eval "${!1:-}"
}

echo "unpacking"
cd "$NIX_BUILD_TOP"
cp -R "$src" source
chmod -R u+w source
cmp source/Cargo.lock "$lockFile"
mkdir vendor
while read -r folder checksum archive; do
  tar -C vendor -xzf "$archive"
  printf '{"files":{},"package":"%s"}' "$checksum" >"vendor/$folder/.cargo-checksum.json"
done <"$cratesPath"
export CARGO_HOME=$NIX_BUILD_TOP/cargo-home
mkdir "$CARGO_HOME"
cat >"$CARGO_HOME/config.toml" <<END
[source.crates-io]
replace-with = "vendor"
[source.vendor]
directory = "$NIX_BUILD_TOP/vendor"
END
cd source

# In a sandbox each build is at the same place. Here it is not, and programs say where they were built.
export RUSTFLAGS="--remap-path-prefix=$NIX_BUILD_TOP=/build"

cores=$NIX_BUILD_CORES
[ "$cores" != 0 ] || cores=$(nproc)

# What cargo calls the profile `dev` lies in `debug`.
cargo_with() {
  local verb=$1 type=$2
  shift 2
  [ "$type" != debug ] || type=dev
  cargo "$verb" --profile "$type" --jobs "$cores" --target "$target" --offline "$@"
}

# Flags are lists, which reach a builder as words in one variable.
# shellcheck disable=SC2086
{
  echo "building"
  cargo_with build "$cargoBuildType" ${cargoBuildFlags:-}

  if [ -n "${doCheck:-}" ]; then
    echo "checking"
    for package in $nativeCheckInputs; do
      PATH=$package/bin:$PATH
    done
    cargo_with test "$cargoCheckType" ${cargoTestFlags:-} -- ${checkFlags:-}
  fi
}

echo "installing"
eval "$installPhase"
