# Counts its starts in /var, where it outlives a switch.
{ pkgs, ... }:
{
  environment.systemPackages = [ pkgs.hello ];

  systemd.services.heartbeat = {
    description = "count the starts";
    script = ''
      file=$STUDIO_ROOT/var/lib/heartbeat
      mkdir -p "$STUDIO_ROOT/var/lib"
      beats=0
      [ ! -e "$file" ] || beats=$(cat "$file")
      echo $((beats + 1)) > "$file"
    '';
  };
}
