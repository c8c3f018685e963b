# The system as one folder, laid out as nixos does it.
{
  config,
  pkgs,
  revision,
  specialisations,
}:
let
  inherit (builtins) attrNames concatStringsSep mapAttrs toJSON;
  name = config.networking.hostName;
  version = config.system.nixos.version;

  each = set: make: concatStringsSep "\n" (map (key: make key set.${key}) (attrNames set));

  service = unit: text: ''
    [Unit]
    Description=${text.description}

    [Service]
    Type=oneshot
    RemainAfterExit=yes
    ExecStart=${pkgs.program "unit-script-${unit}" { path = "${pkgs.applets}/bin"; } ''
      set -eu
      PATH=@path@
      ${text.script}
    ''}
  '';

  files =
    mapAttrs (_: one: one.text) config.environment.etc
    // builtins.listToAttrs (
      map (unit: {
        name = "systemd/system/${unit}.service";
        value = service unit config.systemd.services.${unit};
      }) (attrNames config.systemd.services)
    );

  etc = pkgs.build "etc" (
    "mkdir -p $out/systemd/system\n"
    + each files (
      path: text: ''
        mkdir -p "$(dirname $out/${pkgs.quote path})"
        ln -s ${pkgs.text "etc-file" text} $out/${pkgs.quote path}
      ''
    )
  );

  # The line breaks let a shell read it too.
  inhibitors = ''
    {
    ${concatStringsSep ",\n" (
      map (key: "  ${toJSON key}: ${toJSON config.system.switch.inhibitors.${key}}") (
        attrNames config.system.switch.inhibitors
      )
    )}
    }
  '';

  info = {
    nixosVersion = version;
    configurationRevision = revision;
    hostName = name;
  };

  # What the scripts are given; each has the absolute path of all that it calls.
  values = {
    path = "${pkgs.applets}/bin";
    inherit (pkgs) busybox;
  };
  script = file: more: pkgs.program file (values // more) (builtins.readFile (./. + "/${file}.sh"));

  switch = script "switch-to-configuration" {
    preSwitchCheck = script "pre-switch-check" { };
    installBootloader = script "install-bootloader" { };
  };
  activate = script "activate" { };
  init = script "init" { };

  faults = builtins.filter (fault: config.faults.${fault} == true) (attrNames config.faults);
in
if config.faults.eval then
  throw "hosts: ${name}: faults.eval is on, so this machine does not evaluate"
else
  pkgs.build "nixos-system-${name}-${version}" ''
    ${if config.faults.build then ''
      echo "putting ${name} together"
      echo "linking kernel modules" >&2
      echo "error: faults.build is on, so this system does not build" >&2
      exit 1
    '' else ""}
    mkdir -p $out/bin $out/specialisation $out/faults

    # The scripts find the system that they belong to by their own place in it.
    cp ${switch} $out/bin/switch-to-configuration
    cp ${activate} $out/activate
    cp ${init} $out/init
    sed -i "s|@toplevel@|$out|g" $out/bin/switch-to-configuration $out/activate $out/init

    ln -s ${etc} $out/etc
    ln -s ${pkgs.bins "system-path" (config.environment.systemPackages ++ [ pkgs.applets ])} $out/sw
    ln -s ${pkgs.text "kernel-${version}" "not a kernel, but it is copied like one (${version})\n"} $out/kernel
    ln -s ${pkgs.text "initrd-${version}" "not an initrd, but it is copied like one (${version})\n"} $out/initrd
    ln -s ${pkgs.text "switch-inhibitors" inhibitors} $out/switch-inhibitors
    ln -s ${pkgs.text "nixos-version.json" "${toJSON info}\n"} $out/nixos-version.json

    printf %s ${pkgs.quote (concatStringsSep " " config.boot.kernelParams)} > $out/kernel-params
    printf %s ${pkgs.quote version} > $out/nixos-version
    printf %s ${pkgs.quote pkgs.hello.system} > $out/system
    printf %s ${toString config.system.init.interfaceVersion} > $out/init-interface-version
    # Says that bin/switch-to-configuration works in the folder STUDIO_ROOT, if that is set.
    touch $out/supports-studio-root

    for fault in ${toString faults}; do
      touch $out/faults/$fault
    done
    ${if config.faults.hang > 0 then "echo ${toString config.faults.hang} > $out/faults/hang" else ""}
    ${each specialisations (key: one: "ln -s ${one} $out/specialisation/${pkgs.quote key}")}
  ''
