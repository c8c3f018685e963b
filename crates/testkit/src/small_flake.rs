//! A flake of a few lines whose derivations are built by a static busybox: real checks, hosts and VMs without network.
//!
//! For tests of one command. The walk through the whole workflow has its flake in `examples/`.

use crate::{RealNix, Sandbox};
use camino::Utf8PathBuf;

/// `make NAME SCRIPT` is a derivation that runs the script with busybox.
const FLAKE: &str = r#"{
  outputs =
    { self }:
    let
      busybox = "${self}/busybox/busybox";
      make =
        name: script:
        derivation {
          inherit name;
          system = "@SYSTEM@";
          builder = busybox;
          args = [ "sh" "-euc" script ];
          PATH = "${self}/busybox";
        };
      vm =
        name:
        make name ''
          busybox mkdir -p $out/bin
          busybox cat > $out/bin/run-demo-vm < ${./vm.sh}
          busybox chmod +x $out/bin/run-demo-vm
        '';
    in
    {
      packages.@SYSTEM@ = {
        default = make "hello" "echo > $out";
        tool = derivation {
          name = "tool";
          system = "@SYSTEM@";
          outputs = [ "bin" "out" ];
          builder = busybox;
          args = [ "sh" "-euc" "echo program > $bin; echo library > $out" ];
        };
      };
      homeConfigurations.ada.activationPackage = make "home-of-ada" "echo > $out";
      checks.@SYSTEM@ = import ./checks.nix { inherit make; };
      nixosConfigurations = {
        demo.config.system.build = {
          toplevel = make "nixos-system-demo" "echo > $out";
          vm = vm "nixos-vm";
          vmWithBootLoader = vm "nixos-vm-with-bootloader";
        };
        "box.example".config.system.build = {
          toplevel = make "nixos-system-box" "echo > $out";
          vm = throw "the box is broken";
        };
      };
    };
}
"#;

/// What stands for a VM: it tells where its disk is and writes to it.
const VM: &str = r#"#!/bin/sh
if [ -e "$NIX_DISK_IMAGE" ]; then echo "runs so far: $(wc -l < "$NIX_DISK_IMAGE")"; else echo "a new disk"; fi
echo run >> "$NIX_DISK_IMAGE"
[ "$USE_TMPDIR" = 1 ] && [ -d "$TMPDIR" ] || exit 9
echo "disk: $NIX_DISK_IMAGE"
exit "${VM_EXIT:-0}"
"#;

impl Sandbox {
    /// A snapshot of the small flake, in its place; `files` are added to it, or replace those that it has.
    #[must_use]
    pub fn small_snapshot(&self, nix: &RealNix, files: &[(&str, &str)]) -> Utf8PathBuf {
        let system = format!("{}-linux", std::env::consts::ARCH);
        let flake = FLAKE.replace("@SYSTEM@", &system);
        self.write("new/flake.nix", flake);
        self.write("new/vm.sh", VM);
        self.write(
            "new/checks.nix",
            "{ make }: { good = make \"good\" \"echo fine; echo > $out\"; }\n",
        );
        for (path, text) in files {
            self.write(format!("new/{path}"), text);
        }
        let script = format!(
            "mkdir -p busybox && cp {} busybox/busybox
             git init -q && git add -A && git commit -qm 'a small flake'
             cd .. && n=$(ls | grep -c '^flake-' || true) && mv new flake-$n
             cd \"$(studio -q small-$n --upstream $PWD/flake-$n)\" && git mutable-snapshot -q --no-push",
            nix.busybox,
        );
        self.sh("new", &script).ok().into()
    }
}

/// What differs from run to run and between versions of Nix, for insta's `filters`: ids, hashes, times, nix's progress.
pub fn filters() -> Vec<(&'static str, &'static str)> {
    vec![
        (r"\bscratch/\d{8}-\d{6}-[0-9a-f]{4}\b", "scratch/[ID]"),
        (r"\b[0-9a-f]{40}\b", "[COMMIT]"),
        (r"\b[0-9a-f]{12}\b", "[COMMIT]"),
        (r"/tmp/studio-test-\w+", "[SANDBOX]"),
        (r"/[0-9a-df-np-sv-z]{32}-", "/[HASH]-"),
        (r"(x86_64|aarch64)-linux", "[SYSTEM]"),
        (r"\b\d+\.\d s\b", "[TIME]"),
        (r#""took_ms": \d+"#, r#""took_ms": [TIME]"#),
        (r#""nix": "[^"]*""#, r#""nix": "[VERSION]""#),
        (r"(?m)^(evaluating flake|checking |derivation evaluated|running \d+ flake check).*\n", ""),
        (
            r"(?m)^(this derivation will be built:|building '|  \S+\.drv$|all checks passed!).*\n",
            "",
        ),
        (r"(?m)^warning: unknown flake output .*\n", ""),
        (r"(?m)^(copying |unpacking|fetching ).*\n", ""),
        // What is built at the same time begins in any order, and Nix 2.34 counts some things that 2.26 does not.
        (r"(?m)^building [^\n ]+\n", ""),
        (r"(?m)^(built|fetched) \d+ of \d+[^\n]*  [\d:]+s?\n", ""),
    ]
}
