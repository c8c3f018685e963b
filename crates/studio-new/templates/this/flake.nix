{
  description = @description@;

  inputs.nixpkgs.url = @nixpkgs@;

  outputs =
    { self, nixpkgs }:
    {
      nixosConfigurations.@host_name@ = nixpkgs.lib.nixosSystem {
        modules = [
          ./configuration.nix
          { nixpkgs.hostPlatform = @system@; }
        ];
      };
    };
}
