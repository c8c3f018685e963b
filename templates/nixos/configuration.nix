{ lib, pkgs, ... }:
let
  packages = [ "git" ];
in
{
  networking.hostName = "machine";
  time.timeZone = "UTC";
  i18n.defaultLocale = "en_US.UTF-8";

  users.users.me = {
    isNormalUser = true;
    extraGroups = [ "wheel" ];
    openssh.authorizedKeys.keys = [ "the public key of this user, one line" ];
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
  system.stateVersion = "25.11";
}
