# NixOS: `programs.studio.enable = true;` puts the toolkit on everybody's PATH.
packages:
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.programs.studio;
in
{
  options.programs.studio = {
    enable = lib.mkEnableOption "studios, snapshots and safe switching for a personal flake";

    package = lib.mkOption {
      type = lib.types.package;
      default = (packages pkgs).studio;
      defaultText = lib.literalExpression "the package of the flake that this module comes from";
      description = "The toolkit. Studios keep the one that made them.";
    };
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
  };
}
