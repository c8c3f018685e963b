# A second machine from the same flake.
{
  imports = [ ../modules/motd.nix ];

  motd.text = "this is the spare one.";
}
