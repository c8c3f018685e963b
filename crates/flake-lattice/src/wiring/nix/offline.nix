# How a crate of a lattice is built with a Rust compiler alone: no nixpkgs, no network, no program but it and `/bin/sh`.
#
# The same for every lattice. `lattice.nix` says what there is to build, `nixpkgs.nix` is another way to build it.
{
  system,
  # The compiler; see toolchain.json.
  toolchain,
  release ? false,
}:
let
  inherit (builtins)
    appendContext
    concatStringsSep
    elemAt
    match
    replaceStrings
    ;

  source = import ./source.nix;

  # A path in the store is made a part of what is built, so that it is there in a sandbox; any other has to be there.
  program =
    path:
    let
      inStore = match "(${builtins.storeDir}/[^/]+)(/.*)?" path;
    in
    if inStore == null then path else appendContext path { ${elemAt inStore 0}.path = true; };

  rustc = program toolchain.rustc;

  lines = concatStringsSep "\n";

  # What every call of compile.sh has.
  common = {
    inherit rustc system;
    builder = "/bin/sh";
    args = [ ./compile.sh ];
    # Another one at the same place compiles otherwise.
    inherit (toolchain) version;
    # An environment variable has an end after 128 KiB.
    passAsFile = [
      "dependencies"
      "flags"
    ];
  };

  # Dependencies for compile.sh, and for the compiler.
  listed = dependencies: concatStringsSep "" (map (one: "${one} ${one.library}\n") dependencies);
  named = map (one: "--extern=${one.library}=${one}/lib${one.library}.rlib");

  profile = if release then [ "-Copt-level=3" ] else [ "-Cembed-bitcode=no" ];
in
{
  # A crate: what is in `folder` as a library that names `dependencies`.
  mkNode =
    crate:
    {
      name,
      folder,
      library ? replaceStrings [ "-" ] [ "_" ] name,
      files ? [ "lib.rs" ],
      root ? "lib.rs",
      dependencies ? [ ],
      needs ? [ ],
      flags ? [ ],
      env ? { },
    }:
    let
      isOneFile = files == [ root ];
      src = if isOneFile then folder + "/${root}" else source folder files;
      title = "${name}-${crate.version}";
      built = derivation (
        common
        // env
        // {
          inherit library;
          name =
            if needs == [ ] then
              title
            else
              throw "${name} needs ${concatStringsSep ", " needs}, which a compiler alone cannot do: build it by cargo";
          dependencies = listed dependencies;
          flags = lines (
            [
              "--crate-name=${library}"
              "--crate-type=lib"
              "--edition=${crate.edition}"
              "--emit=link"
              "--cap-lints=allow"
              "-Cmetadata=${title}"
              "--remap-path-prefix=${src}=${name}${if isOneFile then "/${root}" else ""}"
            ]
            ++ profile
            ++ map (flag: "--cfg=${flag}") flags
            ++ named dependencies
            ++ [ (if isOneFile then "${src}" else "${src}/${root}") ]
          );
        }
      );
    in
    built // { inherit library; };

  # Integration tests: `roots` are files by the name of the test. Without a linker there are none.
  mkTests =
    crate:
    {
      folder,
      files,
      roots,
      dependencies,
      flags ? [ ],
      env ? { },
    }:
    let
      src = source folder files;
      mkTest =
        name: root:
        derivation (
          common
          // env
          // {
            inherit (toolchain) linker;
            name = "${crate.name}-test-${name}-${crate.version}";
            test = name;
            # What links calls what lies beside it.
            PATH = dirOf toolchain.linker;
            CARGO_MANIFEST_DIR = src;
            dependencies = listed dependencies;
            flags = lines (
              [
                "--crate-name=${replaceStrings [ "-" ] [ "_" ] name}"
                "--edition=${crate.edition}"
                "--cap-lints=allow"
              ]
              ++ profile
              ++ map (flag: "--cfg=${flag}") flags
              ++ named dependencies
              ++ [ "${src}/${root}" ]
            );
          }
        );
    in
    if toolchain.linker or null == null then
      { }
    else
      builtins.listToAttrs (
        map (name: {
          name = "test-${name}";
          value = mkTest name roots.${name};
        }) (builtins.attrNames roots)
      );

  # A folder of links to what is in others.
  mkFolder =
    name: packages:
    derivation {
      inherit name;
      system = "builtin";
      builder = "builtin:buildenv";
      # Whether it is active, its priority, how many outputs it has, and those.
      derivations = map (package: [
        "true"
        5
        1
        package
      ]) packages;
      manifest = builtins.toFile "manifest.nix" "[ ]\n";
      preferLocalBuild = true;
      allowSubstitutes = false;
    };
}
