# One machine: its modules, and what can be built of them under the attribute names of nixos.
{
  modules,
  pkgs,
  self,
}:
{
  host,
  system,
  ...
}@args:
let
  here = pkgs system;

  evaluate =
    extra:
    let
      config = modules {
        modules = [ ../../modules/base.nix ] ++ args.modules ++ extra;
        args = {
          inherit host;
          pkgs = here;
        };
      };
    in
    config;

  config = evaluate [ ];

  toplevelOf = config: specialisations: import ./toplevel.nix {
    inherit config specialisations;
    pkgs = here;
    # Null on a tree with changes: then nobody can say which commit it was.
    revision = self.rev or null;
  };

  toplevel = toplevelOf config (
    builtins.mapAttrs (_: one: toplevelOf (evaluate [ one.configuration ]) { }) config.specialisation
  );

  vm =
    bootLoader:
    import ./vm.nix {
      inherit toplevel bootLoader;
      pkgs = here;
      name = config.networking.hostName;
    };
in
{
  pkgs = here;
  config = config // {
    system = config.system // {
      build = {
        inherit toplevel;
        vm = vm false;
        vmWithBootLoader = vm true;
      };
    };
  };
}
