//! The subcommands: their arguments, and what they say.

pub mod build;
pub mod diff;
pub mod export;
pub mod generate;
pub mod graph;
pub mod plan;
pub mod step;
pub mod steps;
pub mod verify;
pub mod why;

use crate::generate::{Proof, generate};
use crate::model::{LATTICE_FILE, Lattice};
use crate::package::features::{Defaults, Selection};
use crate::plan::{Loaded, Request};
use camino::{Utf8Path, Utf8PathBuf};
use studio_core::cli::Context;
use studio_core::error::{Error, OrSay, Result};
use studio_core::fs;

/// Which crate, with which features, for which target.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Crate {
    /// The package, where the folder has several
    #[arg(short, long, value_name = "NAME")]
    package: Option<String>,
    /// Features that are on, beside the default ones
    #[arg(short = 'F', long, value_name = "NAMES", value_delimiter = ',')]
    features: Vec<String>,
    /// Leave the default features off
    #[arg(long, conflicts_with = "all_features", hide_short_help = true)]
    no_default_features: bool,
    /// Turn all features on
    #[arg(long)]
    all_features: bool,
    /// The target triple; otherwise the one that `rustc` is for
    #[arg(long, value_name = "TRIPLE", hide_short_help = true)]
    target: Option<String>,
}

impl Crate {
    /// The crate in `folder`.
    fn request(&self, cx: &Context, folder: Option<&Utf8Path>) -> Result<Request> {
        let folder = match folder {
            Some(folder) => cx.env.cwd().join(folder),
            None => cx.env.cwd().to_owned(),
        };
        let folder = folder.canonicalize_utf8().unwrap_or(folder);
        let defaults = match (self.no_default_features, self.all_features) {
            (true, _) => Defaults::Off,
            (_, true) => Defaults::All,
            _ => Defaults::On,
        };
        let program = |variable: &str, name: &str| cx.env.get(variable).unwrap_or(name).to_owned();
        Ok(Request {
            folder,
            package: self.package.clone(),
            selection: Selection { named: self.features.clone(), defaults },
            target: self.target.clone(),
            output: None,
            cargo: program("CARGO", "cargo"),
            rustc: program("RUSTC", "rustc"),
            libraries: Default::default(),
        })
    }
}

/// Reads the lattice in a folder or file.
pub fn read(path: &Utf8Path) -> Result<Lattice> {
    let file = if path.is_dir() { path.join(LATTICE_FILE) } else { path.to_owned() };
    let Some(text) = fs::read_optional(&file)? else {
        return Err(Error::new(format!("there is no lattice in `{path}`"))
            .because(format!("it has no `{LATTICE_FILE}`"))
            .hint("make one: `flake-lattice generate --output DIR`"));
    };
    let format: Format = serde_json::from_str(&text).or_say(|| not_a_lattice(&file))?;
    if format.format != crate::model::FORMAT {
        return Err(Error::new(not_a_lattice(&file))
            .because(format!(
                "its format is {}, and {} is wanted",
                format.format,
                crate::model::FORMAT
            ))
            .hint("make it again: `flake-lattice generate --output DIR`"));
    }
    serde_json::from_str(&text).or_say(|| not_a_lattice(&file))
}

fn not_a_lattice(file: &Utf8Path) -> String {
    format!("`{file}` is no lattice that this version can read")
}

#[derive(serde::Deserialize)]
struct Format {
    format: u32,
}

/// The lattice in a folder: the one that was generated there, or the one that its crate would become.
fn read_or_plan(cx: &Context, krate: &Crate, folder: Option<&Utf8PathBuf>) -> Result<Lattice> {
    let here = cx.env.cwd().join(folder.map_or("", |folder| folder.as_str()));
    if here.is_file() || here.join(LATTICE_FILE).is_file() {
        return read(&here);
    }
    let request = krate.request(cx, folder.map(Utf8PathBuf::as_path))?;
    let loaded = Loaded::read(&request, &[])?;
    Ok(generate(&request, loaded, &cx.env.cache_home()?, Proof::None, &cx.ui)?.lattice)
}
