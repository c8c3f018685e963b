# Makes the running system (or the one in the folder STUDIO_ROOT) the one that this file belongs to.
#
# Actions    check: only ask whether it may be   boot: from the next start on
#            switch: now and from then on        test: now only
#            dry-activate: say what would be done
# exit code  0 done, 1 not done, 2 the activation script failed, 4 units failed, 11 another one is at
#            work, 100 it takes a reboot.
PATH=@path@
toplevel=@toplevel@
action=${1-}
root=${STUDIO_ROOT:-/}
root=${root%/}
export STUDIO_ROOT="$root"

say() { printf '%s\n' "$*" >&2; }
die() {
  say "error: $2"
  exit "$1"
}

case $action in
  check | switch | boot | test | dry-activate) ;;
  *)
    say "usage: switch-to-configuration check|switch|boot|test|dry-activate"
    exit 1
    ;;
esac

if [ -z "$root" ]; then
  # This is an example: it must not take over a machine that is something else.
  [ -e /etc/NIXOS ] || die 1 "this machine is not nixos (no /etc/NIXOS); set STUDIO_ROOT to a folder to try it there"
  [ "$(id -u)" = 0 ] || die 1 "only root may switch the system"
else
  case $root in /*) ;; *) die 1 "STUDIO_ROOT must be an absolute path, it is $root" ;; esac
  [ -d "$root" ] || die 1 "STUDIO_ROOT is $root, and there is no such folder"
fi

current=$root/run/current-system
states=$root/run/units
logs=$root/var/log/units
mkdir -p "$root/run/nixos" "$states" "$logs"

# Not every busybox has flock. Without it the kernel is asked who holds a lock on the file, and a link
# that names this process is ours.
lock=$root/run/nixos/switch-to-configuration.lock
held() { die 11 "Could not acquire lock"; }
exec 9> "$lock"
if @busybox@ --list | grep -qx flock; then
  @busybox@ flock -n 9 || held
else
  ! grep -q "FLOCK .*:$(stat -c %i "$lock") " /proc/locks 2> /dev/null || held
  if ! ln -s $$ "$lock.owner" 2> /dev/null; then
    owner=$(readlink "$lock.owner") || owner=gone
    # A process that died without tidying up does not count, nor one that only got its number.
    ! grep -q switch-to-configuration "/proc/$owner/cmdline" 2> /dev/null || held
    rm -f "$lock.owner"
    ln -s $$ "$lock.owner" 2> /dev/null || held
  fi
  trap 'rm -f "$lock.owner"' EXIT
  trap 'exit 130' INT TERM HUP
fi

if [ "${NIXOS_NO_CHECK-}" != 1 ]; then
  @preSwitchCheck@ "$toplevel" "$action" || die 1 "pre-switch checks failed"
fi
[ "$action" != check ] || exit 0

if [ "$action" = switch ] || [ "$action" = boot ]; then
  @installBootloader@ "$toplevel" || die 1 "failed to install the boot loader"
fi
[ "$action" != boot ] || exit 0

if [ -e "$current" ] && ! cmp -s "$current/init-interface-version" "$toplevel/init-interface-version"; then
  say "Warning: this NixOS configuration has an init that is incompatible with the current one."
  say "The new configuration won't become active until you reboot the system."
  exit 100
fi

# The plan: a unit is stopped when it is gone, restarted when it changed, started when it does not run.
units() { [ ! -d "$1/etc/systemd/system" ] || ls "$1/etc/systemd/system"; }
state() { cat "$states/$1" 2> /dev/null || echo inactive; }
stop= restart= start=
for unit in $(units "$current"); do
  [ -e "$toplevel/etc/systemd/system/$unit" ] || stop="$stop $unit"
done
for unit in $(units "$toplevel"); do
  if [ "$(state "$unit")" != active ]; then
    start="$start $unit"
  elif ! cmp -s "$current/etc/systemd/system/$unit" "$toplevel/etc/systemd/system/$unit"; then
    restart="$restart $unit"
  fi
done

# "a b" becomes "a, b".
list() { printf '%s' "$*" | sed 's/ /, /g'; }
tell() {
  text=$1
  shift
  [ $# = 0 ] || say "$text the following units: $(list "$@")"
}

if [ "$action" = dry-activate ]; then
  tell "would stop" $stop
  say "would activate the configuration..."
  tell "would restart" $restart
  tell "would start" $start
  exit 0
fi

run_unit() {
  program=$(sed -n 's/^ExecStart=//p' "$toplevel/etc/systemd/system/$1")
  # 9 is the lock: a unit that stays must not keep it.
  if "$program" > "$logs/$1" 2>&1 9>&-; then
    echo active > "$states/$1"
  else
    echo failed > "$states/$1"
  fi
}

code=0
tell "stopping" $stop
for unit in $stop $restart; do
  rm -f "$states/$unit"
done

say "activating the configuration..."
"$toplevel/activate" 9>&- || code=2

tell "restarting" $restart
for unit in $restart; do run_unit "$unit"; done
tell "starting" $start
for unit in $start; do run_unit "$unit"; done

failed=$(cd "$states" && grep -lx failed -- * 2> /dev/null)
if [ -n "$failed" ]; then
  say "warning: the following units failed: $(list $failed)"
  for unit in $failed; do
    say "x $unit - $(sed -n 's/^Description=//p' "$toplevel/etc/systemd/system/$unit" 2> /dev/null)"
    tail -n 5 "$logs/$unit" | sed 's/^/    /' >&2
  done
  code=4
fi
exit $code
