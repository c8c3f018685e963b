# What this project takes of `lib` of nixpkgs. It does what it does there; nothing else is in it.
let
  inherit (builtins)
    any
    listToAttrs
    pathExists
    stringLength
    substring
    ;
  beginsWith = start: text: substring 0 (stringLength start) text == start;
in
{
  genAttrs =
    names: make:
    listToAttrs (
      map (name: {
        inherit name;
        value = make name;
      }) names
    );

  importTOML = path: builtins.fromTOML (builtins.readFile path);

  optionalAttrs = condition: set: if condition then set else { };

  # The separators here have no sign in them that `split` takes for a pattern.
  splitString = separator: text: builtins.filter builtins.isString (builtins.split separator text);

  removeSuffix =
    end: text:
    let
      length = stringLength text - stringLength end;
    in
    if length >= 0 && substring length (-1) text == end then substring 0 length text else text;

  mapAttrsToList = make: set: map (name: make name set.${name}) (builtins.attrNames set);

  concatLines = lines: builtins.concatStringsSep "" (map (line: "${line}\n") lines);

  makeBinPath = packages: builtins.concatStringsSep ":" (map (package: "${package}/bin") packages);

  # A set of files is the list of the paths that it was made of: files, and folders with all that is in them.
  fileset = {
    unions = map (path: if pathExists path then path else throw "there is no ${toString path}");

    toSource =
      { root, fileset }:
      let
        # What is in it, what lies below that, and the folders on the way there.
        isIn =
          path: one:
          path == one || beginsWith "${one}/" path || beginsWith "${path}/" one;
      in
      builtins.path {
        name = "source";
        path = root;
        filter = path: _: any (one: isIn path (toString one)) fileset;
      };
  };

  licenses = {
    mit.spdxId = "MIT";
    asl20.spdxId = "Apache-2.0";
  };

  platforms.unix = [
    "x86_64-linux"
    "aarch64-linux"
    "x86_64-darwin"
    "aarch64-darwin"
  ];
}
