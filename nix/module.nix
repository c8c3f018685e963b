# NixOS: `programs.studio.enable = true;` puts the toolkit on everybody's PATH, and its commands into git.
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
    # `git flake-rollback` has to work anywhere. Aliases, because a program called `git-NAME` on PATH would take the place
    # of what a studio keeps.
    programs.git = {
      enable = true;
      config = [ { include.path = "${cfg.package}/share/studio/aliases.gitconfig"; } ];
    };
  };
}
