{ lib, pkgs, ... }:
let
  packages = @packages@;
in
{
  networking.hostName = @host_name@;
  time.timeZone = @time_zone@;
  i18n.defaultLocale = @locale@;

  users.users.@user@ = {
    isNormalUser = true;
    extraGroups = [ "wheel" ];
    openssh.authorizedKeys.keys = [ @ssh_key@ ];
  };
  # There is no password that could be asked for: who has the key may become root.
  security.sudo.wheelNeedsPassword = false;

  services.openssh = {
    enable = true;
    settings = {
      PasswordAuthentication = false;
      PermitRootLogin = "no";
    };
  };

  environment.systemPackages = map (path: lib.getAttrFromPath (lib.splitString "." path) pkgs) packages;

  nix.settings.experimental-features = [
    "nix-command"
    "flakes"
  ];

  # What was first installed decides how state on the disk is read; it stays when the system is upgraded.
  system.stateVersion = @state_version@;
}
