# One home: its modules, and the package that puts it in place, under home-manager's names.
{ modules, pkgs }:
{ user, system, ... }@args:
let
  here = pkgs system;
  inherit (here) quote;

  base = {
    home.username = user;
    home.homeDirectory = "/home/${user}";
    home.packages = [ ];
    # Path below the home -> { text }
    home.file = { };
  };

  config = modules {
    modules = [ base ] ++ args.modules;
    args = {
      inherit user;
      pkgs = here;
    };
  };
  files = config.home.file;

  home-files = here.build "home-files" (
    "mkdir -p $out\n"
    + builtins.concatStringsSep "" (
      map (path: ''
        mkdir -p "$(dirname $out/${quote path})"
        ln -s ${here.text "home-file" files.${path}.text} $out/${quote path}
      '') (builtins.attrNames files)
    )
  );

  activate = here.program "activate" {
    path = "${here.applets}/bin";
    user = config.home.username;
    home = config.home.homeDirectory;
  } (builtins.readFile ./activate.sh);
in
{
  inherit config;
  activationPackage = here.build "home-manager-generation" ''
    mkdir -p $out
    cp ${activate} $out/activate
    sed -i "s|@generation@|$out|g" $out/activate
    # Since 1 it is the caller who sets the profile.
    echo 1 > $out/gen-version
    ln -s ${home-files} $out/home-files
    ln -s ${here.bins "home-manager-path" config.home.packages} $out/home-path
  '';
}
