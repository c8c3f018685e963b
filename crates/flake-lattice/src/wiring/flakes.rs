//! The flakes: one of the whole, and a small one beside each crate.

use super::{LockSize, Options, Wiring, With, text};
use crate::model::Lattice;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use studio_core::Result;
use studio_core::error::{Error, Exit};
use studio_core::ui;

/// With more nodes than this, and diamonds, nodes cannot have each other as plain inputs.
const FEW: usize = 12;

/// The largest sum of flakes with their closures as inputs, in bytes; it grows with the cube of the number of nodes.
const LARGEST_CLOSURES: usize = 1 << 20;

/// How to get the lattice for a system, for the flake of the whole.
const OFFLINE: &str = "import ./. { inherit system release; }";
const NIXPKGS: &str = "import ./. {\n          inherit system release;\n          \
                       pkgs = inputs.nixpkgs.legacyPackages.${system};\n        }";

/// All flakes, by path.
pub(super) fn files(lattice: &Lattice, options: &Options) -> Result<Vec<(String, String)>> {
    possible(lattice, options)?;
    let mut files = vec![("flake.nix".to_owned(), root(lattice, &options.builder)?)];
    let folders = lattice.nodes.iter().map(|node| (format!("nodes/{}", node.name), &node.name));
    let closures = match options.wiring {
        Wiring::Closure => closures(lattice),
        _ => BTreeMap::new(),
    };
    for (folder, name) in folders {
        let inputs: Vec<&str> = match options.wiring {
            Wiring::Import | Wiring::Root => vec![],
            Wiring::Closure => closures.get(name.as_str()).into_iter().flatten().copied().collect(),
            Wiring::Direct => direct(lattice, name),
        };
        let flake = match options.wiring {
            Wiring::Import => importing(lattice, name)?,
            Wiring::Root => rooted(lattice, name)?,
            Wiring::Closure | Wiring::Direct => with_inputs(lattice, name, &inputs, &closures)?,
        };
        files.push((format!("{folder}/flake.nix"), flake));
    }
    if !lattice.facade.files.is_empty() {
        let flake = match options.wiring {
            Wiring::Import | Wiring::Closure | Wiring::Direct => {
                importing_output(lattice, "facade", "..")?
            }
            Wiring::Root => rooted_output(lattice, "facade", "..")?,
        };
        files.push(("facade/flake.nix".to_owned(), flake));
    }
    let size: usize = files.iter().map(|(_, text)| text.len()).sum();
    if options.wiring == Wiring::Closure && size > LARGEST_CLOSURES {
        return Err(Error::new("there are too many nodes for `--wiring closure`")
            .because(format!(
                "the flakes of {} would have {} together",
                ui::count(lattice.nodes.len(), "node"),
                ui::size(size as u64)
            ))
            .hint("leave it at `--wiring import`, which needs no inputs and no lock files")
            .exit(Exit::Usage));
    }
    Ok(files)
}

/// Whether nodes can be wired that way.
fn possible(lattice: &Lattice, options: &Options) -> Result<()> {
    let no = |message: &str| Err(Error::new(message).exit(Exit::Usage));
    match (options.wiring, &options.builder) {
        (Wiring::Import | Wiring::Closure | Wiring::Direct, With::Nixpkgs(_)) => {
            return no("nixpkgs is an input of the flake of the whole, which nodes then need, too")
                .map_err(|error| error.hint("leave out `--wiring`, or give `--wiring root`"));
        }
        (Wiring::Closure | Wiring::Direct, With::Offline(_)) => {
            let starts = |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic());
            if let Some(node) = lattice.nodes.iter().find(|node| !starts(&node.name)) {
                return no(&format!("no input of a flake can be called `{}`", node.name)).map_err(
                    |error| {
                        error
                            .because("it begins with no letter")
                            .hint("leave it at `--wiring import`")
                    },
                );
            }
        }
        _ => {}
    }
    if options.wiring != Wiring::Direct || lattice.nodes.len() <= FEW {
        return Ok(());
    }
    let size = LockSize::largest(lattice);
    // Without diamonds there is one way to each node.
    if size.entries < lattice.nodes.len() as u64 {
        return Ok(());
    }
    Err(Error::new("there are too many ways through the lattice for `--wiring direct`")
        .because(format!(
            "the largest `flake.lock` would have {} entries and about {}",
            size.entries,
            ui::size(size.bytes)
        ))
        .hint("leave it at `--wiring import`, which needs no inputs and no lock files")
        .exit(Exit::Usage))
}

/// What a flake says it is.
fn description(lattice: &Lattice, of: &str) -> Result<String> {
    text::string(&format!("{of} of {} {}", lattice.krate.name, lattice.krate.version))
}

fn root(lattice: &Lattice, builder: &With) -> Result<String> {
    let count = ui::count(lattice.nodes.len(), "node");
    let inputs = match builder {
        With::Offline(_) => String::new(),
        With::Nixpkgs(reference) => {
            format!("  inputs.nixpkgs.url = {};\n\n", text::string(reference)?)
        }
    };
    let build = match builder {
        With::Offline(_) => OFFLINE,
        With::Nixpkgs(_) => NIXPKGS,
    };
    let systems = text::strings(system_of(&lattice.target).as_deref())?;
    Ok(format!(
        r#"# Every node, every level, the facade and the whole. `nix build .#NAME`, or `nix build` for everything.
{{
  description = {description};

{inputs}  outputs =
    inputs:
    let
      # A lattice is one of a target: which code there is was decided when it was made.
      systems = {systems};
      each =
        make:
        builtins.listToAttrs (
          map (system: {{
            name = system;
            value = make system;
          }}) systems
        );
      lattice =
        release: system:
        {build};
    in
    {{
      packages = each (system: (lattice false system).packages);
      # `nix build .#release.NAME`
      legacyPackages = each (system: {{
        release = (lattice true system).packages;
      }});
      checks = each (
        system:
        let
          all = lattice false system;
        in
        removeAttrs all.packages ([ "default" ] ++ builtins.attrNames all.levels) // all.tests
      );
    }};
}}
"#,
        description = description(lattice, &count)?,
    ))
}

fn importing(lattice: &Lattice, name: &str) -> Result<String> {
    importing_output(lattice, name, "../..")
}

/// A flake without inputs: a view of the one above it.
fn importing_output(lattice: &Lattice, name: &str, up: &str) -> Result<String> {
    Ok(format!(
        r#"{{
  description = {description};

  outputs =
    _:
    let
      lattice =
        if builtins.pathExists {up}/flake.nix then
          (import {up}/flake.nix).outputs {{ }}
        else
          throw "{name} is a part of the lattice in {up}: commit that to git, or build `path:LATTICE?dir=FOLDER`";
    in
    {{
      packages = builtins.mapAttrs (_: packages: {{ default = packages.{attribute}; }}) lattice.packages;
      checks = builtins.mapAttrs (_: packages: {{ default = packages.{attribute}; }}) lattice.packages;
    }};
}}
"#,
        description = description(lattice, name)?,
        attribute = text::name(name)?,
    ))
}

fn rooted(lattice: &Lattice, name: &str) -> Result<String> {
    rooted_output(lattice, name, "../..")
}

/// A flake whose only input is the one above it.
fn rooted_output(lattice: &Lattice, name: &str, up: &str) -> Result<String> {
    Ok(format!(
        r#"{{
  description = {description};

  inputs.lattice.url = "path:{up}";

  outputs =
    {{ lattice, ... }}:
    {{
      packages = builtins.mapAttrs (_: packages: {{ default = packages.{attribute}; }}) lattice.packages;
      checks = builtins.mapAttrs (_: packages: {{ default = packages.{attribute}; }}) lattice.packages;
    }};
}}
"#,
        description = description(lattice, name)?,
        attribute = text::name(name)?,
    ))
}

/// A flake that takes other nodes from its inputs: `inputs`, and what of them is in `closures` follows these.
fn with_inputs(
    lattice: &Lattice,
    name: &str,
    inputs: &[&str],
    closures: &BTreeMap<&str, BTreeSet<&str>>,
) -> Result<String> {
    let mut said = String::new();
    for input in inputs {
        let key = text::name(input)?;
        let _ = writeln!(said, "    {key}.url = \"path:../{input}\";");
        for below in closures.get(input).into_iter().flatten() {
            let _ = writeln!(
                said,
                "    {key}.inputs.{}.follows = {};",
                text::name(below)?,
                text::string(below)?
            );
        }
    }
    let systems = text::strings(system_of(&lattice.target).as_deref())?;
    Ok(format!(
        r#"{{
  description = {description};

  inputs = {{
{said}  }};

  outputs =
    inputs:
    let
      build =
        system:
        let
          offline = import ../../offline.nix {{
            inherit system;
            toolchain = builtins.fromJSON (builtins.readFile ../../toolchain.json);
          }};
          # What it is stands in the lattice; what is below it comes from the inputs.
          mkNode =
            crate: parts:
            if parts.name == {string} then
              offline.mkNode crate parts
            else
              inputs.${{parts.name}}.packages.${{system}}.default;
        in
        {{ default = (import ../../lattice.nix (offline // {{ inherit mkNode; }})).nodes.{attribute}; }};
      each =
        make:
        builtins.listToAttrs (
          map (system: {{
            name = system;
            value = make system;
          }}) {systems}
        );
    in
    {{
      packages = each build;
      checks = each build;
    }};
}}
"#,
        description = description(lattice, name)?,
        string = text::string(name)?,
        attribute = text::name(name)?,
    ))
}

fn direct<'a>(lattice: &'a Lattice, name: &str) -> Vec<&'a str> {
    let node = lattice.nodes.iter().find(|node| node.name == name);
    node.into_iter().flat_map(|node| node.dependencies.keys()).map(String::as_str).collect()
}

/// All that is below each node.
pub(super) fn closures(lattice: &Lattice) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut closures: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for node in &lattice.nodes {
        let mut all = BTreeSet::new();
        for below in node.dependencies.keys() {
            all.insert(below.as_str());
            all.extend(closures.get(below.as_str()).into_iter().flatten().copied());
        }
        closures.insert(&node.name, all);
    }
    closures
}

/// What Nix calls the machines that a target is for.
fn system_of(target: &str) -> Option<String> {
    let (arch, rest) = target.split_once('-')?;
    let arch = match arch {
        "i386" | "i586" | "i686" => "i686",
        "armv7" => "armv7l",
        "riscv64gc" => "riscv64",
        other => other,
    };
    let os = ["linux", "darwin", "freebsd", "netbsd"].into_iter().find(|os| rest.contains(os))?;
    Some(format!("{arch}-{os}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_have_their_names_in_nix() {
        for (target, system) in [
            ("x86_64-unknown-linux-gnu", Some("x86_64-linux")),
            ("aarch64-unknown-linux-musl", Some("aarch64-linux")),
            ("aarch64-apple-darwin", Some("aarch64-darwin")),
            ("armv7-unknown-linux-gnueabihf", Some("armv7l-linux")),
            ("x86_64-pc-windows-msvc", None),
        ] {
            assert_eq!(system_of(target).as_deref(), system);
        }
    }
}
