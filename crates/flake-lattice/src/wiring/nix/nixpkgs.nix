# How a crate of a lattice is built by nixpkgs: with `buildRustCrate`.
#
# The same for every lattice. `lattice.nix` says what there is to build, `offline.nix` is another way to build it.
{
  pkgs,
  release ? false,
  # The crates from outside of the lattice by the names that its code knows them by, built by `buildRustCrate`, too.
  externals ? { },
}:
let
  inherit (builtins)
    attrNames
    concatStringsSep
    listToAttrs
    replaceStrings
    ;

  source = import ./source.nix;

  given =
    name: wanted:
    externals.${wanted}
      or (throw "${name} needs ${wanted}, which is not in the lattice: give it to `default.nix`, as `externals.${wanted}`");

  # A shell reads options twice on their way through `buildRustCrate`, and no quotes get through both times; the compiler
  # reads them out of a file, too.
  unread = name: options: "@${builtins.toFile "${name}-options" (concatStringsSep "\n" options)}";
  single = text: "'${replaceStrings [ "'" ] [ "'\\''" ] text}'";
in
{
  # A crate: what is in `folder` as a library that names `dependencies`.
  mkNode =
    crate:
    args@{
      name,
      folder,
      library ? replaceStrings [ "-" ] [ "_" ] name,
      files ? [ "lib.rs" ],
      root ? "lib.rs",
      dependencies ? [ ],
      features ? [ ],
      flags ? [ ],
      env ? { },
      procMacro ? false,
      script ? null,
      ...
    }:
    let
      named = args.externals or [ ];
      byScript = args.scriptExternals or [ ];
      # Code knows a crate by its library's name, unless it was given another.
      rename = wanted: {
        name = (given name wanted).crateName;
        value = wanted;
      };
      isRenamed =
        wanted:
        let
          one = given name wanted;
        in
        replaceStrings [ "-" ] [ "_" ] (one.libName or one.crateName) != replaceStrings [ "-" ] [ "_" ] wanted;
      renamed = builtins.filter isRenamed (named ++ byScript);
    in
    pkgs.buildRustCrate (
      {
        inherit features procMacro release;
        inherit (crate) edition version;
        crateName = name;
        libName = library;
        libPath = root;
        crateBin = [ ];
        src = source folder files;
        dependencies = dependencies ++ map (given name) named;
        crateRenames = listToAttrs (map rename renamed);
        extraRustcOpts = [
          "--cap-lints=allow"
        ]
        ++ (if flags == [ ] then [ ] else [ (unread name (map (flag: "--cfg=${flag}") flags)) ]);
      }
      // (
        if env == { } then
          { }
        else
          {
            # It sets those of cargo by the name of the crate, which is that of the node.
            preBuild = concatStringsSep "" (map (key: "export ${key}=${single env.${key}}\n") (attrNames env));
          }
      )
      // (if args ? links then { inherit (args) links; } else { })
      // (
        if script == null then
          { }
        else
          {
            build = script;
            buildDependencies = map (given name) byScript;
          }
      )
    );

  # They are given.
  mkExternals = _: _: null;

  # A folder of links to what is in others.
  mkFolder =
    name: packages:
    pkgs.linkFarm name (
      map (package: {
        inherit (package) name;
        path = package.lib or package;
      }) packages
    );

  # They would need what tests depend on besides.
  mkTests = _: _: { };
}
