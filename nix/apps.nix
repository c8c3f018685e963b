# `nix run .#flake-switch`: an app for each program that a user types.
#
# What there is, and what each is for, is read from the pages that the programs wrote about themselves; CI compares the two.
{ lib, studio }:
let
  pages = ../docs/commands;
  names = map (page: lib.removeSuffix ".md" page) (
    builtins.filter (page: page != "README.md") (builtins.attrNames (builtins.readDir pages))
  );
  # The program that is run with privilege is nothing that a user types.
  typed = builtins.filter (name: name != "studio-activate") names;
  # A page begins with a note, the name and a sentence, with an empty line after each.
  about = name: builtins.elemAt (lib.splitString "\n\n" (builtins.readFile (pages + "/${name}.md"))) 2;
  apps = lib.genAttrs typed (name: {
    type = "app";
    program = "${studio}/bin/${name}";
    meta.description = about name;
  });
in
apps // { default = apps.studio; }
