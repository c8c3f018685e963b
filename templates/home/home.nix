{ lib, pkgs, ... }:
let
  user = "me";
  packages = [ "git" ];
in
{
  home.username = user;
  home.homeDirectory = if pkgs.stdenv.hostPlatform.isDarwin then "/Users/${user}" else "/home/${user}";
  home.packages = map (path: lib.getAttrFromPath (lib.splitString "." path) pkgs) packages;

  programs.home-manager.enable = true;

  # What it was first made with decides how state on the disk is read; it stays when home-manager is upgraded.
  home.stateVersion = "25.11";
}
