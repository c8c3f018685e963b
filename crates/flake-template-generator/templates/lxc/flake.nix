{
  description = @description@;

  inputs.nixpkgs.url = @nixpkgs@;

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = @systems@;

      containerOn =
        system:
        lib.nixosSystem {
          modules = [
            ./configuration.nix
            { nixpkgs.hostPlatform = system; }
          ];
        };
    in
    {
      nixosConfigurations.@host_name@ = containerOn @system@;

      # `incus image import` takes both: the files, and what they are.
      packages = lib.genAttrs systems (
        system:
        let
          inherit (containerOn system) config;
        in
        {
          default = config.system.build.tarball;
          metadata = config.system.build.metadata;
        }
      );
    };
}
