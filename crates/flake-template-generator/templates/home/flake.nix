{
  description = @description@;

  inputs = {
    nixpkgs.url = @nixpkgs@;
    home-manager = {
      url = @home_manager@;
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs =
    {
      self,
      nixpkgs,
      home-manager,
    }:
    {
      homeConfigurations.@user@ = home-manager.lib.homeManagerConfiguration {
        pkgs = nixpkgs.legacyPackages.@system@;
        modules = [ ./home.nix ];
      };
    };
}
