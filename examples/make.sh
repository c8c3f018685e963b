#!/bin/sh
# Makes the example flake from the folders beside this file, ready to be somebody's upstream:
#
#   examples/make.sh DIR BUSYBOX
#
# gives DIR/motd.git and DIR/upstream.git, two bare repositories; the second has the first as its
# submodule inputs/motd. BUSYBOX is a static one. `git` and a `nix` with flakes must be on PATH; the
# network is not needed. The same DIR gives the same commits, whoever makes them and whenever.
set -eu

[ $# = 2 ] || {
  echo "usage: $0 DIR BUSYBOX" >&2
  exit 2
}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
busybox=$2
for name in motd.git upstream.git; do
  [ ! -e "$dir/$name" ] || {
    echo "error: $dir/$name is there already" >&2
    exit 1
  }
done

# Nothing of the caller's git may change what is made: no signatures, hooks, templates or names.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_TEMPLATE_DIR=
export GIT_CONFIG_COUNT=2
export GIT_CONFIG_KEY_0=init.defaultBranch GIT_CONFIG_VALUE_0=main
export GIT_CONFIG_KEY_1=protocol.file.allow GIT_CONFIG_VALUE_1=always
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org
export GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
export GIT_AUTHOR_DATE='2026-01-01T09:00:00Z' GIT_COMMITTER_DATE='2026-01-01T09:00:00Z'
umask 022

work=$(mktemp -d "$dir/.making-XXXXXX")
trap 'rm -rf "$work"' EXIT

# commit MESSAGE: everything in the current folder
commit() {
  git init --quiet
  git add --all
  git commit --quiet --message "$1"
}

cp -R "$here/motd" "$work/motd"
(cd "$work/motd" && commit "motd: the message of the day")
git clone --quiet --bare "$work/motd" "$work/motd.git"
git -C "$work/motd.git" remote remove origin
mv "$work/motd.git" "$dir/motd.git"

machine=$(uname -m)
[ "$machine" != arm64 ] || machine=aarch64
cp -R "$here/personal" "$work/personal"
cd "$work/personal"
# The flake is read-only where the examples come from a Nix store.
chmod -R u+w .
sed -e "s|@MOTD_URL@|file://$dir/motd.git|" -e "s|@SYSTEM@|$machine-linux|" "$here/personal/flake.nix" > flake.nix
cp "$busybox" tools/busybox
chmod 755 tools/busybox
git init --quiet
git submodule --quiet add "file://$dir/motd.git" inputs/motd
git add --all
# Nix writes the lock file only into what git knows; its notes about that are no news here.
nix flake lock 2> "$work/said" || {
  cat "$work/said" >&2
  exit 1
}
commit "flake: two machines and a home"
cd "$dir"
git clone --quiet --bare "$work/personal" "$work/upstream.git"
git -C "$work/upstream.git" remote remove origin
mv "$work/upstream.git" "$dir/upstream.git"
