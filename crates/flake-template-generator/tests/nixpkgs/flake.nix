# Stands in for nixpkgs: functions of the same names that note what they are given, and modules that are only merged. It
# finds slips of the pen (a name that nobody gives, a path that is not there), not whether something would run.
{
  outputs =
    { self }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];

      lib = {
        genAttrs = names: make: builtins.listToAttrs (map (name: { inherit name; value = make name; }) names);
        importTOML = path: builtins.fromTOML (builtins.readFile path);
        splitString = separator: text: builtins.filter builtins.isString (builtins.split "[${separator}]" text);
        getAttrFromPath =
          path: set:
          if path == [ ] then set else lib.getAttrFromPath (builtins.tail path) set.${builtins.head path};
        fileset = {
          unions = map (path: if builtins.pathExists path then path else throw "there is no ${toString path}");
          toSource =
            { root, fileset }:
            builtins.path {
              name = "source";
              path = root;
              filter = path: _: builtins.any (file: toString file == path || dirOf path == toString file) fileset;
            };
        };
        nixosSystem =
          { modules }:
          let
            config = merged {
              inherit lib config;
              pkgs = self.legacyPackages.${config.nixpkgs.hostPlatform};
              modulesPath = toString ./modules;
            } modules;
            build = name: made config.nixpkgs.hostPlatform { inherit name; };
          in
          {
            config = config // {
              system = config.system // {
                build = (config.system.build or { }) // {
                  toplevel = build "nixos-system-${config.networking.hostName}";
                };
              };
            };
          };
        inherit merged;
      };

      merged =
        args: modules:
        let
          load =
            module:
            if builtins.isFunction module then
              load (module args)
            else if builtins.isPath module || builtins.isString module then
              load (import module)
            else
              builtins.foldl' both (removeAttrs module [ "imports" ]) (map load (module.imports or [ ]));
        in
        builtins.foldl' both { } (map load modules);

      both =
        one: other:
        if builtins.isAttrs one && builtins.isAttrs other then
          builtins.mapAttrs (name: _: if one ? ${name} && other ? ${name} then both one.${name} other.${name} else (one // other).${name}) (
            one // other
          )
        else if builtins.isList one && builtins.isList other then
          one ++ other
        else
          throw "two modules say something else";

      # A package that notes what it was made of.
      made =
        system: args:
        derivation {
          name = args.name or args.pname;
          inherit system;
          builder = "/bin/sh";
          args = [
            "-c"
            "echo made >$out"
          ];
          note = builtins.toJSON (removeAttrs args [ "meta" ]);
        }
        // {
          given = args;
        };
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs systems (
        system:
        lib.genAttrs [
          "clippy"
          "git"
          "nixfmt-tree"
          "ripgrep"
          "rust-analyzer"
          "rustfmt"
        ] (name: made system { inherit name; })
        // {
          inherit lib;
          python3Packages.requests = made system { name = "requests"; };
          stdenv.hostPlatform = {
            inherit system;
            isDarwin = builtins.match ".*-darwin" system != null;
          };
          mkShell = args: made system ({ name = "shell"; } // args);
          rustPlatform.buildRustPackage =
            args: if builtins.pathExists args.cargoLock.lockFile then made system args else throw "there is no lock file";
        }
      );
    };
}
