{
  description = "two machines and a home that build without network";

  # One input, and it is ours: its source is the submodule at inputs/motd.
  inputs.motd.url = "git+@MOTD_URL@";

  outputs =
    { self, ... }@inputs:
    let
      lib = import ./lib { inherit inputs self; };

      # What the machines below are; packages and checks are given for both.
      machine = "@SYSTEM@";
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];

      forEach = names: make: builtins.listToAttrs (map (name: { inherit name; value = make name; }) names);
    in
    {
      # Every file in hosts/ is a machine, every file in home/ is a home.
      nixosConfigurations = forEach (lib.namesIn ./hosts) (
        host:
        lib.nixosSystem {
          inherit host;
          system = machine;
          modules = [ (./hosts + "/${host}.nix") ];
        }
      );

      homeConfigurations = forEach (lib.namesIn ./home) (
        user:
        lib.homeConfiguration {
          inherit user;
          system = machine;
          modules = [ (./home + "/${user}.nix") ];
        }
      );

      packages = forEach systems (system: rec {
        hello = (lib.pkgs system).hello;
        default = hello;
      });

      devShells = forEach systems (system: {
        default = lib.devShell system;
      });

      checks = forEach systems (system: import ./checks.nix { inherit lib self system; });
    };
}
