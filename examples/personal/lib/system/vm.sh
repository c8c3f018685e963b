# Starts the machine in a folder of its own. What it keeps is in the disk image:
#   NIX_DISK_IMAGE   the image, made when missing (default: ./@name@.qcow2)
#   USE_TMPDIR=1     use TMPDIR for what is not kept; else a new folder, gone in the end
#   QEMU_OPTS, "$@"  shown, as there is no qemu to hand them to
# the exit code is 0 when the machine came up with all its units.
set -eu
PATH=@path@
toplevel=@toplevel@
image=${NIX_DISK_IMAGE:-./@name@.qcow2}
# A relative name is about the folder that this was called in.
case $image in /*) ;; *) image=$PWD/$image ;; esac

if [ ! -e "$image" ]; then
  echo "there is no disk image yet, making $image"
  echo "boots=0" > "$image"
fi
boots=$(sed -n 's/^boots=//p' "$image")
case $boots in '' | *[!0-9]*)
  echo "error: $image is not a disk image of this machine; remove it or name another in NIX_DISK_IMAGE" >&2
  exit 1
  ;;
esac

if [ "${USE_TMPDIR-}" = 1 ] && [ -n "${TMPDIR-}" ]; then
  temporary=$TMPDIR
else
  temporary=$(mktemp -d "${TMPDIR:-/tmp}/nix-vm.XXXXXX")
  trap 'rm -rf "$temporary"' EXIT
  trap 'exit 130' INT TERM HUP
fi
export STUDIO_ROOT="$temporary/root"
mkdir -p "$STUDIO_ROOT"

boots=$((boots + 1))
echo "@name@: boot $boots of $image"
[ -z "${QEMU_OPTS-}$*" ] || echo "@name@: qemu options: ${QEMU_OPTS-} $*"

if [ -n "@bootLoader@" ]; then
  # The long way: write boot entries on an empty disk, then start what they name.
  mkdir -p "$STUDIO_ROOT/nix/var/nix/profiles"
  ln -sfn "$toplevel" "$STUDIO_ROOT/nix/var/nix/profiles/system-1-link"
  ln -sfn system-1-link "$STUDIO_ROOT/nix/var/nix/profiles/system"
  "$toplevel/bin/switch-to-configuration" boot 2>&1
  entry=$(sed -n 's/^default //p' "$STUDIO_ROOT/boot/loader/loader.conf")
  init=$(sed -n 's/^options init=\([^ ]*\).*/\1/p' "$STUDIO_ROOT/boot/loader/entries/$entry")
  echo "systemd-boot: $entry"
else
  init=$toplevel/init
fi
echo "[    0.000000] Linux version $(cat "$toplevel/nixos-version")"
echo "[    0.000000] Command line: init=$init $(cat "$toplevel/kernel-params")"

status=0
"$init" || status=$?
[ ! -e "$STUDIO_ROOT/etc/motd" ] || cat "$STUDIO_ROOT/etc/motd"
echo "boots=$boots" > "$image.tmp"
mv "$image.tmp" "$image"
if [ $status = 0 ]; then
  echo "@name@ login: (powered off)"
else
  echo "@name@: did not come up (exit code $status)"
fi
exit $status
