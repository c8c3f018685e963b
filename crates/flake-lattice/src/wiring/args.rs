//! What the user may say about the Nix side of a lattice, and what was said.

use super::{Builder, Options, Outside, TOOLCHAIN_FILE, Toolchain, Wiring, With};
use crate::place::TOOL;
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use studio_core::cli::Context;
use studio_core::error::{Error, Exit, OrSay, Result};
use studio_core::{fs, generated};
use toml_edit::DocumentMut;

/// The file in the folder of the lattice that says how it is wired, so that it can be done the same way again.
pub const WIRING_FILE: &str = "wiring.json";

/// How a lattice is built by Nix.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct WiringArgs {
    /// What builds a node: `offline`, a compiler alone, or `nixpkgs`
    #[arg(long, value_name = "BUILDER", default_value = "offline", hide_possible_values = true)]
    #[arg(help_heading = "Nix", hide_default_value = true)]
    builder: Builder,
    /// How flakes of nodes know each other: `import`, `root`, `closure` or `direct`
    #[arg(long, value_name = "HOW", hide_possible_values = true, hide_short_help = true)]
    #[arg(help_heading = "Nix")]
    wiring: Option<Wiring>,
    /// The compiler of the offline builder; by default `$RUSTC` or the one on PATH
    #[arg(long, value_name = "PATH", help_heading = "Nix", hide_short_help = true)]
    rustc: Option<Utf8PathBuf>,
    /// Take the compiler from `[rust]` in this `config.toml`
    #[arg(long, value_name = "FILE", conflicts_with = "rustc", hide_short_help = true)]
    #[arg(help_heading = "Nix")]
    config: Option<Utf8PathBuf>,
    /// Put the sources of its dependencies beside it, so that Nix can build them
    #[arg(long, help_heading = "Nix")]
    vendor: bool,
    /// The nixpkgs of the builder of that name
    #[arg(long, value_name = "FLAKE", default_value = NIXPKGS, hide_short_help = true)]
    #[arg(help_heading = "Nix")]
    nixpkgs: String,
}

const NIXPKGS: &str = "github:NixOS/nixpkgs/nixos-unstable";

/// What of it stands in [`WIRING_FILE`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// How nodes know each other.
    pub wiring: Wiring,
    /// What builds them.
    pub builder: Builder,
    /// The reference of nixpkgs, where that is what builds them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nixpkgs: Option<String>,
    /// What became of the crates from outside.
    #[serde(default, skip_serializing_if = "is_left")]
    pub outside: Outside,
}

fn unsaid(file: &Utf8Path) -> String {
    format!("`{file}` does not say how the lattice is wired")
}

fn is_left(outside: &Outside) -> bool {
    *outside == Outside::Left
}

impl Record {
    /// That of the lattice in a folder.
    pub fn read(folder: &Utf8Path) -> Result<Record> {
        let file = folder.join(WIRING_FILE);
        serde_json::from_slice(&fs::read(&file)?).or_say(|| unsaid(&file))
    }

    /// That of options.
    pub(super) fn of(options: &Options) -> Record {
        let (builder, nixpkgs) = match &options.builder {
            With::Offline(_) => (Builder::Offline, None),
            With::Nixpkgs(reference) => (Builder::Nixpkgs, Some(reference.clone())),
        };
        Record { wiring: options.wiring, builder, nixpkgs, outside: options.outside }
    }

    pub(super) fn to_json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self);
        Ok(text.or_say(|| "the wiring cannot be written down")? + "\n")
    }
}

impl Options {
    /// How the lattice in a folder is wired.
    pub fn read(folder: &Utf8Path) -> Result<Options> {
        let record = Record::read(folder)?;
        let builder = match (record.builder, record.nixpkgs) {
            (Builder::Offline, _) => With::Offline(Toolchain::read(folder)?),
            (Builder::Nixpkgs, Some(reference)) => With::Nixpkgs(reference),
            (Builder::Nixpkgs, None) => {
                return Err(Error::new(unsaid(&folder.join(WIRING_FILE))));
            }
        };
        Ok(Options { wiring: record.wiring, builder, outside: record.outside })
    }
}

impl Toolchain {
    /// The compiler that the lattice in a folder is built with.
    pub fn read(folder: &Utf8Path) -> Result<Toolchain> {
        let file = folder.join(TOOLCHAIN_FILE);
        let bytes = fs::read(&file)?;
        serde_json::from_slice(&bytes)
            .or_say(|| format!("`{file}` does not say which compiler to use"))
    }
}

impl WiringArgs {
    /// What is meant.
    pub fn options(&self, cx: &Context) -> Result<Options> {
        let builder = match self.builder {
            Builder::Nixpkgs => With::Nixpkgs(self.nixpkgs.clone()),
            Builder::Offline => With::Offline(Toolchain::find(cx, self.compiler(cx)?.as_deref())?),
        };
        if self.vendor && self.builder == Builder::Nixpkgs {
            return Err(Error::new("`--vendor` is of the offline builder alone")
                .because("what `buildRustCrate` is to build on has to be built by it, too")
                .hint("leave out `--vendor`, and give those crates to `default.nix` as `externals`")
                .exit(Exit::Usage));
        }
        Ok(Options { wiring: self.wiring(), builder, outside: self.outside() })
    }

    fn outside(&self) -> Outside {
        if self.vendor { Outside::Vendored } else { Outside::Left }
    }

    fn wiring(&self) -> Wiring {
        self.wiring.unwrap_or(match self.builder {
            Builder::Offline => Wiring::Import,
            // What is an input of the whole has to be one of the nodes.
            Builder::Nixpkgs => Wiring::Root,
        })
    }

    /// The compiler that was named.
    fn compiler(&self, cx: &Context) -> Result<Option<Utf8PathBuf>> {
        let Some(config) = &self.config else {
            return Ok(self.rustc.as_ref().map(|rustc| cx.env.cwd().join(rustc)));
        };
        let config = cx.env.cwd().join(config);
        let text = String::from_utf8(fs::read(&config)?);
        let text = text.or_say(|| format!("`{config}` is no text"))?;
        let document: DocumentMut = text.parse().or_say(|| format!("`{config}` is no TOML"))?;
        let rustc = document.get("rust").and_then(|rust| rust.get("rustc")?.as_str());
        rustc.map(|rustc| Some(cx.env.cwd().join(rustc))).ok_or_else(|| {
            Error::new(format!("`{config}` names no compiler"))
                .hint("add it there: `rustc = \"PATH\"` in `[rust]`, or give `--rustc PATH`")
        })
    }

    /// Whether the lattice in a folder is wired so already, and nobody touched it. Starts no program.
    pub fn is_current(&self, cx: &Context, folder: &Utf8Path) -> bool {
        let Ok(there) = Options::read(folder) else { return false };
        let wanted = Record {
            wiring: self.wiring(),
            builder: self.builder,
            nixpkgs: (self.builder == Builder::Nixpkgs).then(|| self.nixpkgs.clone()),
            outside: self.outside(),
        };
        let compiler = match &there.builder {
            With::Nixpkgs(_) => true,
            With::Offline(toolchain) => {
                let named = self.compiler(cx).ok().flatten();
                toolchain.rustc.is_file() && named.is_none_or(|rustc| rustc == toolchain.rustc)
            }
        };
        let is_untouched =
            || generated::by_hand(folder, TOOL).is_ok_and(|(_, changes)| changes.is_empty());
        compiler && Record::of(&there) == wanted && is_untouched()
    }
}
