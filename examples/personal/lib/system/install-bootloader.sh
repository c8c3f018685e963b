# One boot entry for every generation of the system profile; the profile's own one is the default.
# Everything is written beside its place and renamed into it, the default last: a machine that loses
# power here starts the old system or the new one.
set -eu
PATH=@path@
toplevel=$1
profiles=$STUDIO_ROOT/nix/var/nix/profiles
boot=$STUDIO_ROOT/boot

put() {
  cat > "$1.tmp"
  mv "$1.tmp" "$1"
}

# Copies a kernel or an initrd once; gives its name on the boot partition.
stow() {
  from=$(readlink -f "$1")
  name=EFI/nixos/${from##*/}.efi
  if [ ! -e "$boot/$name" ]; then
    put "$boot/$name" < "$from"
  fi
  printf '/%s' "$name"
}

default=$(readlink "$profiles/system") || {
  echo "there is no system profile in $profiles" >&2
  exit 1
}
default=${default##*/}
mkdir -p "$boot/loader/entries" "$boot/EFI/nixos"

kept=" "
for link in "$profiles"/system-*-link; do
  [ -e "$link/init" ] || continue
  number=${link##*/system-}
  number=${number%-link}
  system=$(readlink -f "$link")
  kernel=$(stow "$link/kernel")
  initrd=$(stow "$link/initrd")
  put "$boot/loader/entries/nixos-generation-$number.conf" <<EOF
title NixOS
version Generation $number NixOS $(cat "$link/nixos-version")
linux $kernel
initrd $initrd
options init=$system/init $(cat "$link/kernel-params")
EOF
  kept="$kept$number "
done

if [ -e "$toplevel/faults/bootloader" ]; then
  echo "cannot write $boot/loader/loader.conf: faults.bootloader is on" >&2
  exit 1
fi

default=${default#system-}
default=${default%-link}
put "$boot/loader/loader.conf" <<EOF
timeout 5
default nixos-generation-$default.conf
EOF

# Entries of generations that are gone.
for entry in "$boot"/loader/entries/nixos-generation-*.conf; do
  number=${entry##*/nixos-generation-}
  case $kept in
    *" ${number%.conf} "*) ;;
    *) rm -f "$entry" ;;
  esac
done
