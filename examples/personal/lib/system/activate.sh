# Puts /etc in place and names the running system. It goes on after a failure, as a half-activated
# system is worse than one with a fault, and says so in the end by its exit code.
PATH=@path@
toplevel=@toplevel@
root=${STUDIO_ROOT-}
status=0

if [ -z "$root" ] && [ ! -e /etc/NIXOS ]; then
  echo "error: this machine is not nixos; set STUDIO_ROOT to a folder" >&2
  exit 1
fi
mkdir -p "$root/etc" "$root/run" "$root/var"

link() {
  ln -sfn "$1" "$2.tmp" && mv -T "$2.tmp" "$2"
}

echo "setting up /etc..." >&2
etc=$(readlink -f "$toplevel/etc")
(cd "$etc" && find . ! -type d) | sed 's|^\./||' | while IFS= read -r file; do
  mkdir -p "$root/etc/$(dirname "$file")"
  link "$etc/$file" "$root/etc/$file" || exit 1
done || status=1
# Links of an older system that this one does not have.
find "$root/etc" -type l | while IFS= read -r path; do
  case $(readlink "$path") in
    "$etc"/*) ;;
    */*-etc/*) rm -f "$path" ;;
  esac
done

if [ -e "$toplevel/faults/hang" ]; then
  seconds=$(cat "$toplevel/faults/hang")
  echo "standing still for $seconds s: faults.hang is on" >&2
  sleep "$seconds"
fi
if [ -e "$toplevel/faults/activate" ]; then
  echo "Activation script snippet 'faults' failed (1): faults.activate is on" >&2
  status=1
fi

link "$toplevel" "$root/run/current-system" || status=1
exit $status
