# What every machine has. The names at the top level here are all the options there are: a name that
# is not here is a mistake, and evaluation says so. Names are nixos' own where nixos has them.
{ host, config, ... }:
{
  networking.hostName = host;

  system.nixos.version = "26.05.example";
  # Systemd and the programs around it can be replaced while running as long as this stays the same.
  system.init.interfaceVersion = if config.faults.reboot then 3 else 2;
  # Name -> value; a value that differs from the running system's forbids to switch without a reboot.
  system.switch.inhibitors = { };

  boot.kernelParams = [ "loglevel=4" ];

  motd.text = "";

  environment.systemPackages = [ ];
  # Path below /etc -> { text }
  environment.etc = {
    "hostname".text = "${config.networking.hostName}\n";
    "NIXOS".text = "";
    "os-release".text = ''
      ID=nixos
      NAME=NixOS
      PRETTY_NAME="NixOS ${config.system.nixos.version} (network-free example)"
      VERSION_ID="${config.system.nixos.version}"
    '';
  };

  # Name -> { description, script }; the script runs once, with STUDIO_ROOT set to the root folder.
  systemd.services =
    if config.faults.unit then
      {
        faulty = {
          description = "a unit that cannot start";
          script = ''
            echo "faulty: faults.unit is on, so this does not start" >&2
            exit 1
          '';
        };
      }
    else
      { };

  # Name -> { configuration = module }
  specialisation = { };

  # Each of these makes one step fail, to see what the tools do then.
  faults = {
    eval = false; # the configuration does not evaluate
    build = false; # the system does not build
    check = false; # the check before switching says no (exit 1)
    bootloader = false; # no boot entry can be written (exit 1)
    activate = false; # the activation script fails (exit 2)
    unit = false; # a unit does not start (exit 4)
    reboot = false; # it cannot be switched to without a reboot (exit 100)
    hang = 0; # activation stands still for so many seconds
  };
}
