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
  # A hook for commits, where there is none: only in a checkout of this repository, and a user's own is left alone. It is
  # a copy, because what is in the store may be collected.
  shellHook = ''
    (
      top=$(git rev-parse --show-toplevel 2>/dev/null) || exit 0
      [ -f "$top/nix/pre-commit.sh" ] && [ -d "$top/xtask" ] || exit 0
      [ -z "$(git config core.hooksPath)" ] || exit 0
      hooks=$(git rev-parse --path-format=absolute --git-path hooks)
      hook=$hooks/pre-commit
      if [ -e "$hook" ] || [ -L "$hook" ]; then
        grep -qs '(nix/shell.nix)' "$hook" || exit 0
      fi
      cmp -s ${./pre-commit.sh} "$hook" || {
        mkdir -p "$hooks" &&
          install -m 755 ${./pre-commit.sh} "$hook.new" &&
          mv -f "$hook.new" "$hook" &&
          echo "commits are checked by $hook" >&2
      }
    )
  '';
}
