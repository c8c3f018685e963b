#!/bin/sh
# The activation program of a hand-made system. What it does beside its work is told by files in the system and in the
# root folder of the machine:
#   stop-in-POINT   stand still there until the file is gone; POINT is `test`, `boot`, `after-test`, `after-boot`, each
#                   also with `-NAME` of the system behind it
#   exit-ACTION     (in the system) or exit-ACTION-NAME (in the root folder) end with the status in it: `4` when all is
#                   done, as the real one does, `late N` too, `hang` never, all others before anything is done
# exit code 11: another one is at work.
set -eu
top=${0%/bin/*}
root=$STUDIO_ROOT
name=${top##*/}
name=${name#*-}
echo "$1 $name" >> "$root/calls"

# As the real one: a lock that a child which stays does not keep.
mkdir -p "$root/run/nixos"
lock=$root/run/nixos/switch-to-configuration.lock
exec 9>> "$lock"
if command -v flock > /dev/null; then
  flock -n 9 || exit 11
else
  ! grep -q "FLOCK .*:$(stat -c %i "$lock") " /proc/locks 2> /dev/null || exit 11
fi

stop() {
  for point in "$1" "$1-$name"; do
    [ -e "$root/stop-in-$point" ] || continue
    touch "$root/run/reached-$point"
    while [ -e "$root/stop-in-$point" ]; do sleep 0.02 9>&-; done
  done
}
status=
for file in "$top/exit-$1" "$root/exit-$1-$name"; do
  [ ! -e "$file" ] || status=$(cat "$file")
done
late=
case $status in
  4) late=4 status= ;;
  late*) late=${status#late } status= ;;
esac

stop "$1"
[ "$status" != hang ] || while :; do sleep 0.05 9>&-; done
[ -z "$status" ] || exit "$status"
case $1 in
  test)
    [ ! -e "$top/on-test" ] || . "$top/on-test"
    # a unit that the new system does not have is stopped
    rm -rf "$root/run/units"
    mkdir -p "$root/run/units"
    [ ! -d "$top/units" ] || cp "$top/units/"* "$root/run/units/"
    [ ! -d "$root/units-of-$name" ] || cp "$root/units-of-$name/"* "$root/run/units/"
    ln -sfn "$top" "$root/run/.current-system"
    mv -T "$root/run/.current-system" "$root/run/current-system"
    ;;
  boot)
    mkdir -p "$root/boot"
    readlink "$root/nix/var/nix/profiles/system" > "$root/boot/default.tmp"
    # a full disk shows itself no later than here
    sync "$root/boot/default.tmp"
    mv "$root/boot/default.tmp" "$root/boot/default"
    ;;
esac
stop "after-$1"
[ -z "$late" ] || exit "$late"
