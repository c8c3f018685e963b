# Everything is built by one static busybox: tools/busybox.
{ inputs, system }:
rec {
  # The folder goes into the store as it is, with the busybox under its own name: it looks at that
  # name to know what to be.
  busybox =
    if builtins.pathExists ../tools/busybox then
      "${../tools}/busybox"
    else
      throw "there is no tools/busybox that git knows of: put a static one there, as README.md says";

  # Builds `$out` with a shell script.
  build = buildWith { };

  # The same with more attributes, which the script sees as variables.
  buildWith =
    attributes: name: script:
    derivation (
      {
        inherit name system;
        builder = busybox;
        args = [
          "sh"
          "-euc"
          script
        ];
        # Nobody else has these, so do not ask.
        preferLocalBuild = true;
        allowSubstitutes = false;
        PATH = "${applets}/bin";
      }
      // attributes
    );

  # One link for each thing that busybox can be; the only thing that is built without it on PATH.
  applets = buildWith { PATH = ""; } "applets" ''
    ${busybox} mkdir -p $out/bin
    for applet in $(${busybox} --list); do
      ${busybox} ln -s ${busybox} $out/bin/$applet
    done
  '';

  # A file. Its text goes by a file too: the environment has little room.
  file =
    name: mode: text:
    buildWith {
      inherit text;
      passAsFile = [ "text" ];
    } name "cp \"$textPath\" $out; chmod ${mode} $out";

  text = name: file name "0444";

  # A program: a shell script with @name@ filled in from `values`.
  program =
    name: values: script:
    let
      names = builtins.attrNames values;
    in
    file name "0555" (
      "#!${busybox} sh\n"
      + builtins.replaceStrings (map (name: "@${name}@") names) (map (name: toString values.${name}) names) script
    );

  # A word that the shell takes as it stands.
  quote = word: "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] word}'";

  # Links everything in several folders of bin/ into one.
  bins =
    name: packages:
    build name ''
      mkdir -p $out/bin
      for package in ${toString packages}; do
        for program in "$package"/bin/*; do
          [ -e "$out/bin/''${program##*/}" ] || ln -s "$program" $out/bin/
        done
      done
    '';

  message = inputs.motd.lib.message;

  hello = build "hello" ''
    mkdir -p $out/bin
    ln -s ${program "hello-program" { } "printf '%s\\n' ${quote message}\n"} $out/bin/hello
  '';
}
