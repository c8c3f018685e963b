# The toolkit as one package. Programs, man pages and completions are laid out by `xtask dist`, which finds them
# by itself: a new command needs no edit here.
#
# `git` and `nix` are not wrapped in: the user's own are meant, those that made the repository and the store.
{
  lib,
  stdenv,
  rustPlatform,
  git,
}:
let
  manifest = lib.importTOML ../Cargo.toml;
  # Where cargo puts programs; the last part is a variable of the build, `release` unless somebody says otherwise.
  built = "target/${stdenv.hostPlatform.rust.cargoShortTarget}/$cargoBuildType";
in
rustPlatform.buildRustPackage {
  pname = "studio";
  inherit (manifest.workspace.package) version;

  # A change to a document or to the demo is no new package.
  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../Cargo.toml
      ../Cargo.lock
      ../LICENSE-APACHE
      ../LICENSE-MIT
      ../crates
      ../examples
      ../xtask
    ];
  };
  cargoLock.lockFile = ../Cargo.lock;

  # What cargo is told in a checkout.
  env = { inherit ((lib.importTOML ../.cargo/config.toml).env) LIBSQLITE3_FLAGS; };

  cargoBuildFlags = [
    "--workspace"
    "--bins"
  ];

  # Here only what needs no Nix; checks.nix runs the whole suite.
  cargoTestFlags = [
    "--workspace"
    "--lib"
  ];
  nativeCheckInputs = [ git ];

  # What was built for another machine cannot write its own pages.
  installPhase =
    if stdenv.buildPlatform.canExecute stdenv.hostPlatform then
      ''
        runHook preInstall
        ${built}/xtask dist --prefix "$out" --from ${built}
        runHook postInstall
      ''
    else
      ''
        runHook preInstall
        for program in ${built}/{studio,studio-activate,bootstrap-config-generator,mutable-*,flake-*}; do
          [ ! -x "$program" ] || install -D -m 755 -t "$out/bin" "$program"
        done
        runHook postInstall
      '';

  meta = {
    description = "Studios, immutable snapshots and safe switching for a personal flake";
    license = [
      lib.licenses.mit
      lib.licenses.asl20
    ];
    mainProgram = "studio";
    platforms = lib.platforms.unix;
  };
}
