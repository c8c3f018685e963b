//! `flake-lattice build`: nodes, levels, the facade or everything, by Nix.

use crate::place::{Part, Place, PlaceArgs};
use crate::wiring::Toolchain;
use camino::Utf8PathBuf;
use studio_core::cli::{Context, Done};
use studio_core::error::{Error, Result};
use studio_core::fs;
use studio_core::nix::{Expression, Log, Nix};
use studio_core::store_path::StorePath;

/// Build nodes by Nix and print their paths in the store
///
/// Without a NODE everything is built, and the path is that of a folder with links to all of it. Only what changed since
/// the last time is compiled, and what is above it.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// A node, the path of an item in it, `level-NN`, `facade`, or `externals`
    #[arg(value_name = "NODE")]
    nodes: Vec<String>,
    /// Optimise
    #[arg(long)]
    release: bool,
    /// Keep what is built from the garbage collector by a link here
    #[arg(long, value_name = "PATH")]
    out_link: Option<Utf8PathBuf>,
    #[command(flatten)]
    place: PlaceArgs,
}

impl Args {
    /// Does it.
    pub fn run(self, cx: &Context) -> Result<Done> {
        let place = self.place.read(cx)?;
        let parts = match self.nodes.as_slice() {
            [] => vec![place.whole()],
            names => names.iter().map(|name| place.part(name)).collect::<Result<_>>()?,
        };
        let link = self.out_link.map(|link| cx.env.cwd().join(link));
        let paths = build(cx, &place, &parts, self.release, link.as_deref())?;
        let lines: Vec<String> = paths.iter().map(ToString::to_string).collect();
        Ok(Done::with(lines.join("\n")))
    }
}

/// Builds parts of a lattice, and returns their paths in the same order.
pub(crate) fn build(
    cx: &Context,
    place: &Place,
    parts: &[Part],
    release: bool,
    link: Option<&camino::Utf8Path>,
) -> Result<Vec<StorePath>> {
    let nix = Nix::find(cx)?;
    let mut log = Log::create(cx, "lattice-build.log")?;
    let system = format!("\"{}\"", nix.system());
    let release = release.to_string();
    let arguments = [("system", system.as_str()), ("release", release.as_str())];
    let expression = Expression { file: &place.folder, arguments: &arguments };
    let attributes: Vec<String> = parts.iter().map(|part| part.attribute.clone()).collect();
    let built = nix.build_attributes(cx, &expression, &attributes, link, &mut log);
    let mut paths = built.map_err(|refusal| explained(place, refusal.into(), &log))?;
    // nix answers in an order of its own, with what else a crate has: of nixpkgs, an output for programs, which is empty.
    paths.retain(|path| parts.iter().any(|part| part.output == path.name()));
    let rank = |path: &StorePath| parts.iter().position(|part| part.output == path.name());
    paths.sort_by_key(|path| rank(path).unwrap_or(parts.len()));
    Ok(paths)
}

/// Adds what may be wrong with the compiler.
fn explained(place: &Place, error: Error, log: &Log) -> Error {
    let Ok(toolchain) = Toolchain::read(&place.folder) else { return error };
    if !toolchain.rustc.is_file() {
        return error
            .hint(format!("there is no compiler at `{}`; generate again here", toolchain.rustc));
    }
    let said = fs::read(log.path()).unwrap_or_default();
    if !String::from_utf8_lossy(&said).contains("Permission denied") {
        return error;
    }
    match toolchain.closed_folder() {
        Some(folder) => error.hint(format!(
            "the compiler is below `{folder}`, which only its owner may enter, and a daemon of Nix builds as others do: \
             give one that all can read: `flake-lattice generate --rustc PATH`"
        )),
        None => error,
    }
}
