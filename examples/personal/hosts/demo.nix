# The machine that the demo switches.
{
  imports = [
    ../modules/motd.nix
    ../modules/heartbeat.nix
  ];

  boot.kernelParams = [ "quiet" ];

  # The same machine with another message; see specialisation/ in the system.
  specialisation.silent.configuration = {
    motd.text = "(silent)";
  };

  # Make the next generation fail, to see what happens then; modules/base.nix says what each one does
  # faults.unit = true;
}
