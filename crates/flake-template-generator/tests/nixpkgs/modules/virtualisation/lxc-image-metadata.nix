{ pkgs, ... }:
{
  system.build.metadata = pkgs.mkShell { name = "metadata"; };
}
