# Shows the message of the day: the machine's own one, or the one of the input.
{ config, pkgs, ... }:
let
  text = if config.motd.text == "" then pkgs.message else config.motd.text;
in
{
  environment.etc."motd".text = "${text}\n";

  systemd.services.motd = {
    description = "message of the day";
    # The text is in the script, so a new text is a changed unit and restarts it.
    script = ''
      printf '%s\n' ${pkgs.quote text} > "$STUDIO_ROOT/run/motd"
    '';
  };
}
