# NixOS: `programs.studio.enable = true;` puts the toolkit on everybody's PATH, and its commands into git.
#
# There are no settings here, because there is no file of them for a whole machine: what belongs to the machine stands in
# `studio.toml` of its flake and travels with each snapshot, what belongs to a user in the `config.toml` that
# home-module.nix writes.
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

    gitAliases = lib.mkOption {
      type = lib.types.bool;
      default = true;
      description = ''
        Whether git knows the commands (`git flake-rollback`, `git flake rollback`) outside of studios too; inside
        them it does anyway.
      '';
    };

    sudo = {
      users = lib.mkOption {
        type = lib.types.listOf lib.types.str;
        default = [ ];
        example = [ "ada" ];
        description = ''
          Users who may switch without a password. The rule is for one program, {command}`studio-activate` of the
          running system, but what that activates is the caller's choice: who is named here is root in effect.
        '';
      };

      groups = lib.mkOption {
        type = lib.types.listOf lib.types.str;
        default = [ ];
        example = [ "wheel" ];
        description = "Groups whose members may do the same.";
      };
    };

    clean = {
      enable = lib.mkEnableOption "a timer of each user that removes snapshots that nothing needs (`studio --clean`)";

      dates = lib.mkOption {
        type = lib.types.str;
        default = "weekly";
        example = "Sun 03:00";
        description = "When that is; {manpage}`systemd.time(7)` has the form.";
      };
    };
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    # `git flake-rollback` has to work anywhere. Aliases, because a program called `git-NAME` on PATH would take the place
    # of what a studio keeps.
    programs.git = lib.mkIf cfg.gitAliases {
      enable = true;
      config = [ { include.path = "${cfg.package}/share/studio/aliases.gitconfig"; } ];
    };
    # sudo compares files and not only names, so this holds for the toolkit of the running system alone, by whatever path
    # it is called; docs/elevation.md says more.
    security.sudo.extraRules = lib.mkIf (cfg.sudo.users != [ ] || cfg.sudo.groups != [ ]) [
      {
        inherit (cfg.sudo) users groups;
        runAs = "root";
        commands = [
          {
            command = "/run/current-system/sw/bin/studio-activate";
            options = [ "NOPASSWD" ];
          }
        ];
      }
    ];
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
    # Of each user, because studios and snapshots are theirs. Where $STUDIO_HOME is set, their systemd has to know it too.
    systemd.user = lib.mkIf cfg.clean.enable {
      services.studio-clean = {
        description = "remove snapshots that nothing needs";
        path = [
          config.nix.package
          config.programs.git.package
        ];
        serviceConfig = {
          Type = "oneshot";
          ExecStart = "${cfg.package}/bin/studio --clean --yes";
        };
      };
      timers.studio-clean = {
        description = "remove snapshots that nothing needs";
        wantedBy = [ "timers.target" ];
        timerConfig = {
          OnCalendar = cfg.clean.dates;
          # What was missed while the machine was off is done when it runs.
          Persistent = true;
        };
      };
    };
  };
}
