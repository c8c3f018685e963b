# home-manager: `programs.studio.enable = true;`, and settings that would otherwise stand in config.toml.
packages:
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.programs.studio;
  toml = pkgs.formats.toml { };
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

    settings = lib.mkOption {
      inherit (toml) type;
      default = { };
      example = {
        upstream = "git@example.org:me/machines.git";
        target = "home";
        editor = "hx";
        clean.keep = 50;
      };
      description = ''
        What stands in {file}`$XDG_CONFIG_HOME/studio/config.toml`; `studio --show-config` lists what there is.
        While this is empty the file is left to `studio`, which remembers the upstream in it on first use.
      '';
    };

    gitAliases = lib.mkOption {
      type = lib.types.bool;
      default = true;
      description = ''
        Whether git knows the commands (`git flake-rollback`, `git flake rollback`) outside of studios too; inside
        them it does anyway. It takes effect where home-manager writes git's configuration (`programs.git.enable`).
      '';
    };

    clean = {
      enable = lib.mkEnableOption "a timer that removes snapshots that nothing needs (`studio --clean`), where there is a systemd";

      dates = lib.mkOption {
        type = lib.types.str;
        default = "weekly";
        example = "Sun 03:00";
        description = "When that is; {manpage}`systemd.time(7)` has the form.";
      };
    };
  };

  config = lib.mkIf cfg.enable {
    home.packages = [ cfg.package ];
    xdg.configFile = lib.mkIf (cfg.settings != { }) {
      "studio/config.toml".source = toml.generate "studio-config.toml" cfg.settings;
    };
    # The same for homes and packages of this user as the NixOS module does for the system, at login. Where
    # $STUDIO_HOME is set, systemd has to know it too (`systemd.user.sessionVariables`).
    systemd.user.services = lib.mkIf pkgs.stdenv.hostPlatform.isLinux {
      studio-recover = {
        Unit = {
          Description = "finish or take back an interrupted switch";
          # home-manager leaves it alone when it switches.
          X-SwitchMethod = "keep-old";
        };
        Service = {
          Type = "oneshot";
          ExecStart = "${cfg.package}/bin/studio-activate recover --user";
        };
        Install.WantedBy = [ "default.target" ];
      };
      studio-clean = lib.mkIf cfg.clean.enable {
        Unit.Description = "remove snapshots that nothing needs";
        Service = {
          Type = "oneshot";
          # git and nix are the user's own, wherever this user has them from.
          Environment = [
            "PATH=%h/.nix-profile/bin:/etc/profiles/per-user/%u/bin:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:/usr/local/bin:/usr/bin:/bin"
          ];
          ExecStart = "${cfg.package}/bin/studio --clean --yes";
        };
      };
    };
    systemd.user.timers = lib.mkIf (pkgs.stdenv.hostPlatform.isLinux && cfg.clean.enable) {
      studio-clean = {
        Unit.Description = "remove snapshots that nothing needs";
        Timer = {
          OnCalendar = cfg.clean.dates;
          # What was missed while the machine was off is done when it runs.
          Persistent = true;
        };
        Install.WantedBy = [ "timers.target" ];
      };
    };
    programs.git.includes = lib.mkIf cfg.gitAliases [
      { path = "${cfg.package}/share/studio/aliases.gitconfig"; }
    ];
  };
}
