# What one needs to work on this repository: `cargo xtask` does the rest.
{
  mkShell,
  stdenv,
  lib,
  cargo,
  cargo-deny,
  clippy,
  git,
  nix,
  pkgsStatic,
  rust-analyzer,
  rustc,
  rustfmt,
  rustPlatform,
}:
mkShell {
  packages = [
    cargo
    cargo-deny
    clippy
    git
    nix
    rust-analyzer
    rustc
    rustfmt
  ];
  env = {
    RUST_SRC_PATH = "${rustPlatform.rustLibSrc}";
  }
  // lib.optionalAttrs stdenv.hostPlatform.isLinux {
    # The example flakes are built by it; without this one is fetched.
    STUDIO_TEST_BUSYBOX = "${pkgsStatic.busybox}/bin/busybox";
  };
}
