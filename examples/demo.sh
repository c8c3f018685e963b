# The safe workflow from beginning to end: `cargo xtask demo` runs this, and the README's tour is its output.
#
# It runs in a home folder of its own, with git and Nix set up, the flake of this folder in
# ~/server/upstream.git, and an empty folder ~/machine that stands for the machine.

# chapter TITLE: begins a part.
chapter() { printf '\n# %s\n' "$1"; }

# run COMMAND [STATUS]: shows a command as it is typed, runs it, and goes on only if it ends as expected.
run() {
  printf '$ %s\n' "$1"
  eval "$1"
  status=$?
  if [ "${2-0}" != 0 ]; then
    printf '$ echo $?\n%s\n' $status
  fi
  if [ $status != "${2-0}" ]; then
    echo "demo: that ended with exit status $status, and ${2-0} was expected" >&2
    exit 1
  fi
}

cd ~ || exit 1

chapter "A studio is your flake in a place where nothing can go wrong"
run 'dir=$(studio --upstream ~/server/upstream.git --yes --no-editor) && cd "$dir"'
run 'git flake-switch --root ~/machine'

chapter "Change an input, and add a machine that git does not know yet"
run 'echo "hello from a studio." > inputs/motd/message'
run 'echo "{ imports = [ ../modules/motd.nix ]; }" > hosts/laptop.nix'

chapter "A snapshot holds exactly that, and never changes again"
run 'dir=$(git mutable-snapshot -m "greet from a studio") && cd "$dir"'

chapter "Ask first: does everything pass, and does it boot?"
run 'git flake-check'
run 'git flake-build-vm'

chapter "Try it until the next reboot, then keep it"
run 'git flake-test --root ~/machine'
run 'grep hello ~/machine/etc/motd'
run 'git flake-switch --root ~/machine'

chapter "A change that breaks the machine does not get far"
run 'dir=$(studio --no-editor) && cd "$dir"'
run 'echo "{ faults.activate = true; }" > modules/heartbeat.nix'
run 'git flake-switch --root ~/machine' 11

chapter "What was done in a studio can be taken back"
run 'git mutable-log'
run 'git mutable-undo'
run 'git status --short'
run 'git restore modules/heartbeat.nix'

chapter "And so can a switch"
run 'git flake-rollback --root ~/machine'
run 'git flake-generations --root ~/machine'
