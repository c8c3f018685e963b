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
    };
    programs.git.includes = lib.mkIf cfg.gitAliases [
      { path = "${cfg.package}/share/studio/aliases.gitconfig"; }
    ];
  };
}
