# A machine with a dot in its name: nixosConfigurations."box.example" needs the quotes.
{
  imports = [ ../modules/heartbeat.nix ];
}
