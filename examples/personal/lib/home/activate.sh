# Links the files of this generation into the home, and takes away those of the one before.
# Nothing is changed before all checks have passed; a file of the user's own is never overwritten.
#
#   --driver-version N        1: the caller sets the profile; 0 (or nothing): this script does
#   DRY_RUN=1                 only say what would be done
#   HOME_MANAGER_BACKUP_EXT   move a file that is in the way to FILE.EXT instead of giving up.
set -eu
path=@path@
caller_path=$PATH
PATH=$path
generation=@generation@
files=$(readlink -f "$generation/home-files")
driver=0
while [ $# -gt 0 ]; do
  case $1 in
    --driver-version)
      driver=${2-}
      shift
      ;;
    *)
      echo "error: unknown argument $1" >&2
      exit 2
      ;;
  esac
  shift
done
case $driver in
  0 | 1) ;;
  *)
    echo "error: driver version '$driver' is not known here; this home knows 0 and 1" >&2
    exit 1
    ;;
esac

# In tests the home lies in a root folder, like everything else.
root=${STUDIO_ROOT-}
root=${root%/}
if [ "${USER-}" != "@user@" ]; then
  echo "error: USER is set to '${USER-}' but this home is for '@user@'" >&2
  exit 1
fi
if [ "${HOME-}" != "$root@home@" ]; then
  echo "error: HOME is set to '${HOME-}' but this home is for '$root@home@'" >&2
  exit 1
fi

roots=${XDG_STATE_HOME:-$HOME/.local/state}/home-manager/gcroots
before=$(readlink -f "$roots/current-home/home-files" 2> /dev/null || true)

names() { (cd "$1" && find . ! -type d) | sed 's|^\./||' | sort; }
# A link that some generation made.
ours() { [ -L "$1" ] && case $(readlink "$1") in */*-home-files/*) ;; *) false ;; esac; }

echo "Activating checkLinkTargets" >&2
ext=${HOME_MANAGER_BACKUP_EXT-}
clash=$(
  names "$files" | while IFS= read -r name; do
    target=$HOME/$name
    { [ -e "$target" ] || [ -L "$target" ]; } || continue
    if ours "$target" || cmp -s "$files/$name" "$target"; then continue; fi
    if [ -z "$ext" ]; then
      echo "Existing file '$target' would be clobbered"
    elif [ -e "$target.$ext" ] && [ "${HOME_MANAGER_BACKUP_OVERWRITE-}" != 1 ]; then
      echo "Existing file '$target.$ext' would be clobbered by backing up '$target'"
    fi
  done
)
if [ -n "$clash" ]; then
  echo "$clash" >&2
  echo "hint: move these files away, or set HOME_MANAGER_BACKUP_EXT to have it done" >&2
  exit 1
fi

if [ -n "${DRY_RUN-}" ]; then
  names "$files" | sed "s|^|would link $HOME/|" >&2
  exit 0
fi

echo "Activating linkGeneration" >&2
names "$files" | while IFS= read -r name; do
  target=$HOME/$name
  mkdir -p "$(dirname "$target")"
  if [ -n "$ext" ] && [ -e "$target" ] && ! ours "$target" && ! cmp -s "$files/$name" "$target"; then
    mv "$target" "$target.$ext"
  fi
  ln -sfn "$files/$name" "$target.hm-new"
  mv -T "$target.hm-new" "$target"
done
if [ -n "$before" ] && [ "$before" != "$files" ]; then
  names "$before" | while IFS= read -r name; do
    if [ ! -L "$files/$name" ] && ours "$HOME/$name"; then
      rm -f "$HOME/$name"
    fi
  done
fi

if [ "$driver" = 0 ]; then
  profiles=${XDG_STATE_HOME:-$HOME/.local/state}/nix/profiles
  mkdir -p "$profiles"
  PATH=$caller_path nix-env --profile "$profiles/home-manager" --set "$generation"
fi

mkdir -p "$roots"
ln -sfn "$generation" "$roots/current-home.new"
mv -T "$roots/current-home.new" "$roots/current-home"
