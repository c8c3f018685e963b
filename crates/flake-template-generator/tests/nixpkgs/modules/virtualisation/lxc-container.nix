{ pkgs, ... }:
{
  boot.isContainer = true;
  system.build.tarball = pkgs.mkShell { name = "tarball"; };
}
