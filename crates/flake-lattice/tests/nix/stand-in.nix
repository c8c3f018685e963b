# What a lattice takes of nixpkgs, without nixpkgs: `buildRustCrate` notes what it is given, and its build shows what a
# shell makes of it. What it does with options, features and variables is what the real one does in build-crate.nix and
# configure-crate.nix of pkgs/build-support/rust/build-rust-crate; that a crate compiles is not seen here.
{ system }:
let
  inherit (builtins)
    attrNames
    concatStringsSep
    elem
    filter
    readDir
    readFile
    substring
    ;

  # Its arguments; whatever else it is given becomes a variable of the build.
  known = [
    "build"
    "buildDependencies"
    "crateBin"
    "crateName"
    "crateRenames"
    "dependencies"
    "edition"
    "extraRustcOpts"
    "features"
    "libName"
    "libPath"
    "links"
    "preBuild"
    "procMacro"
    "release"
    "src"
    "version"
  ];

  # Those below, near and far, are linked from the folder of each.
  names = map (one: one.crateName);
in
{
  buildRustCrate =
    args:
    let
      unknown = filter (name: !elem name known) (attrNames args);
      features = map (feature: "--cfg feature=\\\"${feature}\\\"") (args.features or [ ]);
      options = concatStringsSep " " (features ++ args.extraRustcOpts or [ ] ++ [ "--edition ${args.edition}" ]);
    in
    if unknown != [ ] then
      throw "buildRustCrate knows no ${concatStringsSep ", " unknown}"
    else
      derivation {
        name = "rust_${args.crateName}-${args.version}";
        inherit system;
        outputs = [
          "out"
          "lib"
        ];
        # As in the real one, what it depends on is there when it is built.
        below = map (one: one.lib) (args.dependencies or [ ] ++ args.buildDependencies or [ ]);
        builder = "/bin/sh";
        args = [
          "-euc"
          ''
            export CARGO_PKG_NAME=${args.crateName}
            export CARGO_PKG_VERSION=${args.version}
            ${args.preBuild or ""}
            LIB_RUSTC_OPTS="${options}"
            [ -e "${args.src}/${args.libPath}" ]
            {
              for word in $LIB_RUSTC_OPTS; do
                # As the compiler does it.
                case $word in
                  @*)
                    while IFS= read -r line || [ -n "$line" ]; do
                      printf '%s\n' "$line"
                    done < "''${word#@}"
                    ;;
                  *) printf '%s\n' "$word" ;;
                esac
              done
              printf '%s\n' "$CARGO_PKG_NAME $CARGO_PKG_VERSION"
            } > "$lib"
            echo > "$out"
          ''
        ];
      }
      // {
        inherit (args) crateName;
        libName = args.libName or args.crateName;
        # As `mkDerivation` has it.
        meta.outputsToInstall = [ "out" ];
        given =
          args
          // {
            src = attrNames (readDir args.src);
            dependencies = names (args.dependencies or [ ]);
            extraRustcOpts = map (one: if substring 0 1 one == "@" then readFile (substring 1 (-1) one) else one) (
              args.extraRustcOpts or [ ]
            );
          }
          // (if args ? buildDependencies then { buildDependencies = names args.buildDependencies; } else { });
      };

  linkFarm =
    name: entries:
    derivation {
      inherit name system;
      builder = "/bin/sh";
      args = [
        "-euc"
        (concatStringsSep "\n" (map (entry: "echo '${entry.name}' ${entry.path} >> $out") entries))
      ];
    };
}
