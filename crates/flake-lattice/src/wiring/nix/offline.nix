# How a crate of a lattice is built with a Rust compiler alone: no nixpkgs, no network, no program but it and `/bin/sh`.
# What is linked (tests, build scripts, macros for the compiler) takes a linker, and crates from outside take cargo.
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
    elem
    elemAt
    genList
    listToAttrs
    match
    path
    replaceStrings
    substring
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

  only = condition: set: if condition then set else { };

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

  # What links, for `name`; it calls what lies beside it.
  linking =
    name:
    if toolchain.linker or null == null then
      throw "${name} needs a linker, and there was no `cc` on PATH when the lattice was generated"
    else
      {
        linker = program toolchain.linker;
        PATH = dirOf toolchain.linker;
      };

  # What is built for a crate from outside of the lattice: nothing, unless it needs some of it.
  outside =
    crate: name: needs:
    if needs == [ ] then
      [ ]
    else if crate.externals == null then
      throw "${name} needs ${concatStringsSep ", " needs}, and no crates from outside are in the lattice: generate it with `--vendor`, or build it by cargo"
    else
      [ crate.externals ];

  # Dependencies for compile.sh, and for the compiler.
  listed = dependencies: concatStringsSep "" (map (one: "${one} ${one.library}\n") dependencies);
  named = map (one: "--extern=${one.library}=${one}/lib${one.library}.${one.extension}");

  shared = if match ".*-darwin" system == null then "so" else "dylib";

  profile = if release then [ "-Copt-level=3" ] else [ "-Cembed-bitcode=no" ];

  featured = map (feature: "--cfg=feature=\"${feature}\"");

  # `CARGO_FEATURE_NAME`
  variable =
    let
      letters = text: genList (at: substring at 1 text) 26;
      from = letters "abcdefghijklmnopqrstuvwxyz" ++ [ "-" ];
      to = letters "ABCDEFGHIJKLMNOPQRSTUVWXYZ" ++ [ "_" ];
    in
    feature: {
      name = "CARGO_FEATURE_${replaceStrings from to feature}";
      value = "1";
    };
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
      externals ? [ ],
      features ? [ ],
      flags ? [ ],
      env ? { },
      procMacro ? false,
      links ? null,
      script ? null,
      # They are among those that were built.
      scriptExternals ? [ ],
    }:
    let
      isOneFile = files == [ root ];
      src = if isOneFile then folder + "/${root}" else source folder files;
      title = "${name}-${crate.version}";
      hasScript = script != null;
      others = outside crate name (externals ++ (if hasScript then [ "its build script" ] else [ ]));
      all = dependencies ++ others;
      built = derivation (
        common
        // env
        // only (others != [ ]) { inherit (crate) externals; }
        // only (hasScript || procMacro) (linking name)
        // only hasScript (
          listToAttrs (map variable features)
          // only (links != null) { CARGO_MANIFEST_LINKS = links; }
          // {
            inherit features script src;
            inherit (crate) edition;
          }
        )
        // {
          inherit library;
          name = title;
          dependencies = listed all;
          flags = lines (
            [
              "--crate-name=${library}"
              "--edition=${crate.edition}"
              "--emit=link"
              "--cap-lints=allow"
              "-Cmetadata=${title}"
              "--remap-path-prefix=${src}=${name}${if isOneFile then "/${root}" else ""}"
            ]
            ++ (
              if procMacro then
                [
                  "--crate-type=proc-macro"
                  "--extern=proc_macro"
                  "-Cprefer-dynamic"
                  "-Clinker=${(linking name).linker}"
                ]
              else
                [ "--crate-type=lib" ]
            )
            ++ profile
            ++ featured features
            ++ map (flag: "--cfg=${flag}") flags
            ++ named dependencies
            ++ [ (if isOneFile then "${src}" else "${src}/${root}") ]
          );
        }
      );
    in
    built
    // {
      inherit library;
      extension = if procMacro then shared else "rlib";
    };

  # The crates from outside that the package in `folder` depends on, each as it says, all at once.
  mkExternals =
    name: folder:
    let
      built = derivation (
        linking name
        // {
          inherit name rustc system;
          inherit (toolchain) version host;
          builder = "/bin/sh";
          args = [ ./externals.sh ];
          program = ./externals.rs;
          cargo =
            if toolchain.cargo or null == null then
              throw "${name} needs cargo, and there was none when the lattice was generated"
            else
              program toolchain.cargo;
          release = if release then "true" else "false";
          src = path {
            path = folder;
            name = "externals";
          };
        }
      );
    in
    # To compile.sh it is a crate that nobody names.
    built // { library = "externals"; };

  # Integration tests: `roots` are files by the name of the test. Without a linker there are none.
  mkTests =
    crate:
    {
      folder,
      files,
      roots,
      dependencies,
      externals ? [ ],
      # What the build script says to the linker.
      linkArgs ? [ ],
      # Those with a `main`.
      ownHarness ? [ ],
      features ? [ ],
      flags ? [ ],
      env ? { },
    }:
    let
      src = source folder files;
      mkTest =
        test: root:
        let
          name = "${crate.name}-test-${test}-${crate.version}";
          others = outside crate name externals;
        in
        derivation (
          common
          // env
          // linking name
          // only (others != [ ]) { inherit (crate) externals; }
          // {
            inherit name test;
            harness = if elem test ownHarness then "own" else "standard";
            CARGO_MANIFEST_DIR = src;
            dependencies = listed (dependencies ++ others);
            flags = lines (
              [
                "--crate-name=${replaceStrings [ "-" ] [ "_" ] test}"
                "--edition=${crate.edition}"
                "--cap-lints=allow"
              ]
              ++ profile
              ++ featured features
              ++ map (flag: "--cfg=${flag}") flags
              ++ named dependencies
              ++ map (argument: "-Clink-arg=${argument}") linkArgs
              ++ [ "${src}/${root}" ]
            );
          }
        );
    in
    if toolchain.linker or null == null then
      { }
    else
      listToAttrs (
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
