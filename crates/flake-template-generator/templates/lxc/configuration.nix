{
  lib,
  pkgs,
  modulesPath,
  ...
}:
let
  packages = @packages@;
in
{
  imports = [
    (modulesPath + "/virtualisation/lxc-container.nix")
    (modulesPath + "/virtualisation/lxc-image-metadata.nix")
  ];

  networking.hostName = @host_name@;

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

  # What was first made decides how state on the disk is read; it stays when the system is upgraded.
  system.stateVersion = @state_version@;
}
