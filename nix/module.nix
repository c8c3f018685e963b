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
    # The last safeguard of a switch: what a power cut has interrupted is finished or taken back at the next start. A
    # switch starts it too, because it is no longer active by then; the attempt that is being made holds a lock, and is
    # left alone.
    systemd.services.studio-recover = {
      description = "finish or take back an interrupted switch";
      wantedBy = [ "multi-user.target" ];
      after = [
        "local-fs.target"
        "nix-daemon.socket"
      ];
      # A switch that changes the toolkit must not stop what repairs another one.
      restartIfChanged = false;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = false;
        ExecStart = "${cfg.package}/bin/studio-activate recover --root /";
      };
    };
  };
}
