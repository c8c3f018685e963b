{
  description = "a nixpkgs for this project alone: no network, and the compiler of the machine";

  # What the machine has is said by a file beside this one, because an evaluation cannot look around:
  # `path`, where its programs are; `bash`, the one that builds; `crates`, the URL of the folder of archives that cargo has
  # fetched; `attributes`, what packages of Rust get besides their own.
  outputs =
    _:
    let
      lib = import ./lib.nix;
      machine = builtins.fromJSON (builtins.readFile ./machine.json);
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs lib.platforms.unix (system: import ./. { inherit system machine; });
    };
}
