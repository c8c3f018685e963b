# A program that stands for a virtual machine: the same name, variables and files as nixos' own.
{
  pkgs,
  toplevel,
  name,
  bootLoader,
}:
let
  run = pkgs.program "run-${name}-vm" {
    inherit toplevel name;
    path = "${pkgs.applets}/bin";
    bootLoader = if bootLoader then "1" else "";
  } (builtins.readFile ./vm.sh);
in
pkgs.build "nixos-vm" ''
  mkdir -p $out/bin
  ln -s ${toplevel} $out/system
  ln -s ${run} $out/bin/run-${name}-vm
''
