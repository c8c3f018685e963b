{
  description = @description@;

  # There are no inputs, so this evaluates without a network and needs no lock file.
  outputs =
    { self }:
    let
      systems = @systems@;
      eachSystem =
        make:
        builtins.listToAttrs (
          map (system: {
            name = system;
            value = make system;
          }) systems
        );

      # A folder with the config alone in it. Files reach the store as they are; no shell ever sees their text.
      folder = builtins.path {
        name = "config";
        path = ./.;
        filter = path: _: baseNameOf path == "config.toml";
      };
    in
    {
      # Nix itself makes this one, on every system: a folder with links to what is in the other folder.
      packages = eachSystem (_: {
        default = derivation {
          name = "config";
          system = "builtin";
          builder = "builtin:buildenv";
          derivations = [
            "true"
            5
            1
            folder
          ];
          # The builder wants to link a list of packages, too.
          manifest = "config.toml";
          preferLocalBuild = true;
        };
      });

      # The same while evaluating, where nothing has to be built.
      lib = rec {
        text = builtins.readFile ./config.toml;
        config = builtins.fromTOML text;
      };
    };
}
