# What the kernel would start: brings the system up in the root folder, from nothing.
PATH=@path@
toplevel=@toplevel@
root=${STUDIO_ROOT-}

echo "<<< NixOS Stage 2 >>>"
mkdir -p "$root/run"
rm -rf "$root/run/units" "$root/run/current-system"
ln -sfn "$toplevel" "$root/run/booted-system"
"$toplevel/bin/switch-to-configuration" test 2>&1
