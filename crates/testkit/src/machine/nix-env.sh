#!/bin/sh
# A nix-env that can be stopped before and after the real one does its work: `before-profile`, `after-profile`, and the
# same with `-2` when an attempt calls it a second time, on its way back.
set -eu
stop() {
  for point in "$1" "$1-$number"; do
    [ -e "$STUDIO_ROOT/stop-in-$point" ] || continue
    touch "$STUDIO_ROOT/run/reached-$point"
    while [ -e "$STUDIO_ROOT/stop-in-$point" ]; do sleep 0.02; done
  done
}
calls=$STUDIO_ROOT/run/nix-env-calls
echo "$STUDIO_TRANSACTION" >> "$calls"
number=$(grep -cx "$STUDIO_TRANSACTION" "$calls")
stop before-profile
"@real@" "$@"
stop after-profile
