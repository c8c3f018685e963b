# Boots a systemd in namespaces of its own and removes it when stdin ends: when the test closes it, or has died.
#
# $1  an empty folder for all that it needs
# $2  the program systemd
# Prints the id of the process whose namespaces are to be entered.
set -eu
export folder="$1" systemd="$2"

mkdir -p "$folder/cgroup" "$folder/run" "$folder/generators"
rm -f "$folder/booting"
: > "$folder/console"
: > "$folder/messages"

# Units that every machine has, and that transient units refer to; those of the test's own are beside them.
mkdir -p "$folder/units/multi-user.target.wants"
for name in sysinit basic sockets timers shutdown umount local-fs-pre local-fs swap multi-user default; do
    printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' "$name" > "$folder/units/$name.target"
done
printf 'Requires=multi-user.target\nAfter=multi-user.target\n' >> "$folder/units/default.target"
printf 'Wants=systemd-journald.service\n' >> "$folder/units/sysinit.target"
printf 'Requires=sysinit.target basic.target\nAfter=sysinit.target basic.target\n' >> "$folder/units/multi-user.target"
cat > "$folder/units/systemd-journald.socket" <<END
[Unit]
DefaultDependencies=no
[Socket]
ListenStream=/run/systemd/journal/stdout
ListenDatagram=/run/systemd/journal/socket
PassCredentials=yes
END
# Without the capability to audit: that would be switched on for the whole machine.
cat > "$folder/units/systemd-journald.service" <<END
[Unit]
DefaultDependencies=no
Requires=systemd-journald.socket
After=systemd-journald.socket
[Service]
Type=notify
ExecStart=${systemd%/*}/systemd-journald
Sockets=systemd-journald.socket
StandardOutput=null
CapabilityBoundingSet=CAP_SYS_ADMIN CAP_DAC_OVERRIDE CAP_SYS_PTRACE CAP_CHOWN CAP_DAC_READ_SEARCH CAP_FOWNER CAP_SETUID CAP_SETGID
END

# In the namespaces of systemd, as their process 1. It has a /run of its own, and nothing that it does to itself when it
# starts reaches the machine: its id, its kernel settings, its console, its clock.
export inside='
umount -n -l "$folder/cgroup"
mount -n -t cgroup2 none /sys/fs/cgroup
mount -n -t tmpfs -o mode=755 none "$folder/run"
for link in current-system booted-system; do
    if [ -L "/run/$link" ]; then cp -P "/run/$link" "$folder/run"; fi
done
mkdir "$folder/run/lock"
mount -n --move "$folder/run" /run
mount -n --bind "$folder/console" /dev/console
mount -n --bind "$folder/messages" /dev/kmsg
for sealed in /etc /proc/sys; do
    if [ -w "$sealed" ]; then
        mount -n --rbind "$sealed" "$sealed"
        mount -n -o remount,bind,ro "$sealed"
    fi
done
: > "$folder/booting"
exec env -i PATH="$PATH" container=studio-test \
    SYSTEMD_UNIT_PATH="/run/systemd/transient:/run/systemd/system:$folder/units" \
    SYSTEMD_GENERATOR_PATH="$folder/generators" SYSTEMD_ENVIRONMENT_GENERATOR_PATH="$folder/generators" \
    setpriv --bounding-set=-sys_module,-sys_time,-sys_boot,-audit_control \
    "$systemd" --system --log-target=kmsg --log-level=info --show-status=no
'

# Outside of them, but where the groups can be seen that are to be removed in the end.
export beside='
mount -n -t cgroup2 none "$folder/cgroup"
group="$folder/cgroup/studio-test-$$"
mkdir "$group"
export group
sh -euc "echo \$\$ > \"\$group/cgroup.procs\"
         exec setpriv --pdeathsig KILL \
              unshare -m -p -C -i -u -f --kill-child --mount-proc sh -euc \"\$inside\"" < /dev/null > /dev/null &
echo $!
cat > /dev/null
# The first process of a namespace takes all others with it.
kill -9 $! || true
echo 1 > "$group/cgroup.kill" || true
wait $! || true
for attempt in $(seq 500); do
    if find "$group" -depth -type d -exec rmdir {} + 2> /dev/null; then break; fi
    sleep 0.01
done
'
user=
if [ "$(id -u)" != 0 ]; then user="-U -r"; fi
exec unshare $user -m -C --propagation private sh -euc "$beside"
