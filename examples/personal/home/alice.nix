# Alice's home, on any machine.
{ pkgs, ... }:
{
  home.username = "alice";
  home.homeDirectory = "/home/alice";

  home.packages = [ pkgs.hello ];

  home.file.".config/greeting".text = ''
    hello alice
    ${pkgs.message}
  '';
  home.file.".profile".text = ''
    PATH="$HOME/.local/state/home-manager/gcroots/current-home/home-path/bin:$PATH"
  '';
}
