# What `nix flake check` builds. A check is a derivation: it holds when it can be built.
{
  lib,
  self,
  system,
}:
let
  pkgs = lib.pkgs system;
  check = name: script: pkgs.build "check-${name}" "${script}\ntouch $out";
  configs = map (host: host.config) (builtins.attrValues self.nixosConfigurations);
in
{
  # An empty message is a mistake: the submodule is there, but nobody wrote anything.
  motd = check "motd" ''
    message=$(printf %s ${pkgs.quote pkgs.message} | tr -d '[:space:]')
    if [ -z "$message" ]; then
      echo "the message of the day is empty: write something into inputs/motd/message" >&2
      exit 1
    fi
  '';

  # Shell scripts are only read when they run; find slips before that.
  scripts = check "scripts" ''
    for script in $(find ${./lib} -name '*.sh'); do
      sh -n "$script"
    done
  '';

  # Every machine has a name of its own.
  hosts = check "hosts" ''
    printf '%s\n' ${toString (map (config: pkgs.quote config.networking.hostName) configs)} | sort > names
    twice=$(uniq -d names)
    if [ -n "$twice" ]; then
      echo "two machines are called $twice: see networking.hostName in hosts/" >&2
      exit 1
    fi
  '';
}
