# A very small module system. A module is an attribute set, a function that gives one, or a file with
# either. Sets are merged, lists are joined, and of anything else the last one counts.
{ modules, args }:
let
  isPlain = value: builtins.isAttrs value && !(value ? outPath);

  merge =
    a: b:
    if isPlain a && isPlain b then
      a // builtins.mapAttrs (name: value: if a ? ${name} then merge a.${name} value else value) b
    else if builtins.isList a && builtins.isList b then
      a ++ b
    else
      b;

  # A module and what it imports; imports come first, so the importer has the last word.
  load =
    module:
    let
      value = if builtins.isPath module then import module else module;
      result = if builtins.isFunction value then value (args // { inherit config; }) else value;
    in
    builtins.concatMap load (result.imports or [ ]) ++ [ (removeAttrs result [ "imports" ]) ];

  # The first module declares: what it does not name is a slip of the pen.
  declared = builtins.head (load (builtins.head modules));
  known =
    set:
    let
      strange = builtins.attrNames (removeAttrs set (builtins.attrNames declared));
    in
    if strange == [ ] then
      set
    else
      throw "there is no option '${builtins.head strange}'; there are: ${toString (builtins.attrNames declared)}";

  config = builtins.foldl' merge { } (map known (builtins.concatMap load modules));
in
config
