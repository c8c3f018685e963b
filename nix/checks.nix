# `nix flake check`: the package, and the suite with the Nix and the busybox of nixpkgs. On top of that, `cargo xtask ci`
# knows formatting, lints, documents and the demo, and a second version of Nix.
{
  lib,
  stdenv,
  git,
  nix,
  pkgsStatic,
  studio,
}:
{
  package = studio;
}
// lib.optionalAttrs stdenv.hostPlatform.isLinux {
  # Each test has a store of its own below its temporary folder, so a build may run them.
  suite = studio.overrideAttrs (old: {
    pname = "${old.pname}-suite";
    # Tests read documents, Nix files and templates, too.
    src = ../.;
    cargoTestFlags = [ "--workspace" ];
    nativeCheckInputs = [
      git
      nix
    ];
    # A build has no control groups, in which those could boot a systemd; `cargo xtask ci` runs them.
    checkFlags = [ "--skip=systemd_" ];
    STUDIO_TEST_NIX = "${nix}/bin";
    STUDIO_TEST_BUSYBOX = "${pkgsStatic.busybox}/bin/busybox";
    # Tests run the programs of other crates, from the folder that test programs lie in.
    cargoBuildType = "debug";
    cargoCheckType = "debug";
    installPhase = "touch $out";
    dontFixup = true;
  });
}
