# May this system take over? Arguments: the new system, the action.
PATH=@path@
toplevel=$1
action=$2
current=$STUDIO_ROOT/run/current-system

if [ -e "$toplevel/faults/check" ]; then
  echo "pre-switch check 'faults' failed: faults.check is on" >&2
  exit 1
fi

# These are about a running system, so not about its next start.
case $action in boot | dry-activate) exit 0 ;; esac
[ -e "$current/switch-inhibitors" ] || exit 0

blocked=0
while IFS= read -r line; do
  line=${line#  }
  line=${line%,}
  key=${line%%:*}
  case $key in *'"'*) ;; *) continue ;; esac
  old=$(sed 's/^  //; s/,$//' "$current/switch-inhibitors" | grep -F -- "$key:" | head -n 1)
  if [ -n "$old" ] && [ "$old" != "$line" ]; then
    echo "switch inhibitor $key changed:${old#*:} ->${line#*:}" >&2
    blocked=1
  fi
done < "$toplevel/switch-inhibitors"
if [ $blocked = 1 ]; then
  echo "this cannot be switched to while running; use 'boot' and reboot" >&2
  exit 1
fi
