#!/bin/sh
# What CI would refuse first, asked before a commit. Put here by `nix develop` (nix/shell.nix); without it: remove this file,
# or `git commit --no-verify`. It looks at files as they lie there, staged or not.
set -eu

# git names the repository in variables, and programs that look at others would look at this one.
unset $(git rev-parse --local-env-vars)
exec cargo xtask ci --only fmt --only tidy --only clippy
