//! `flake-lattice generate`: writes a lattice.

use super::Crate;
use crate::generate::{Generated, Proof, digest_of, files_of, generate, json, options, summary};
use crate::model::{Coarsening, Extent, FORMAT, INPUTS_FILE, Inputs, LATTICE_FILE, Lattice};
use crate::plan::{Loaded, Request};
use crate::vendor::Vendor;
use crate::wiring::{self, WiringArgs, With};
use camino::{Utf8Path, Utf8PathBuf};
use studio_core::cli::{Context, Done};
use studio_core::error::Result;
use studio_core::fs;
use studio_core::generated::{Kind, Overwrite, Tree, tell_unseen, write};
use studio_core::ui::count;

const TOOL: &str = "flake-lattice";

/// Write the lattice of a crate: a folder a node, and a facade
///
/// Each node is compiled. Those that cannot stand alone are put together, as far as the compiler's words ask for, and the
/// worst that comes of it is one node with the whole crate. Prints the folder.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of the crate; otherwise the current one
    folder: Option<Utf8PathBuf>,
    /// Where the lattice goes; otherwise `generated/NAME`
    #[arg(short, long, value_name = "DIR")]
    output: Option<Utf8PathBuf>,
    /// Do not compile: what comes out may not compile either
    #[arg(long, hide_short_help = true)]
    no_check: bool,
    /// Replace whatever is in the folder
    ///
    /// What was made by hand is kept beside it.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    krate: Crate,
    #[command(flatten)]
    nix: WiringArgs,
}

impl Args {
    /// Generates.
    pub fn run(self, cx: &Context) -> Result<Done> {
        let mut request = self.krate.request(cx, self.folder.as_deref())?;
        let output = match &self.output {
            Some(output) => cx.env.cwd().join(output),
            None => {
                let package = crate::package::load(
                    &request.cargo,
                    &request.folder,
                    request.package.as_deref(),
                )?;
                cx.env.cwd().join("generated").join(package.name)
            }
        };
        request.output = Some(output.clone());
        if let Some(lattice) = self.is_current(&request, &output)
            && self.nix.is_current(cx, &output)
        {
            cx.ui.step(format!("`{}` has not changed: nothing to do", lattice.krate.name));
            return Ok(Done::with(output));
        }
        // Before the work that takes long: there may be no compiler.
        let (loaded, options) = std::thread::scope(|scope| {
            let options = scope.spawn(|| self.nix.options(cx));
            let loaded = Loaded::read(&request, &[]);
            (loaded, options.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let (options, loaded) = (options?, loaded?);
        let proof = if self.no_check { Proof::None } else { Proof::Compiled };
        let mut generated = generate(&request, loaded, &cx.env.cache_home()?, proof, &cx.ui)?;
        let mut tree = Tree::new();
        for (path, bytes) in generated.files.iter().filter(|(path, _)| *path != LATTICE_FILE) {
            tree.add(path, bytes.clone(), Kind::Plain)?;
        }
        if matches!(options.builder, With::Offline(_)) {
            let cache = cx.env.cache_home()?;
            let outside = options.outside;
            let vendor = Vendor {
                request: &request,
                cache: &cache,
                generated: &generated,
                outside,
                ui: &cx.ui,
            };
            generated.lattice.outside = vendor.add(&mut tree)?;
        }
        tree.add(LATTICE_FILE, json(&generated.lattice)?, Kind::Plain)?;
        wiring::add(&mut tree, &generated.lattice, &options)?;
        let overwrite = if self.force { Overwrite::Anything } else { Overwrite::OnlyGenerated };
        let written = write(&output, &tree, TOOL, overwrite)?;
        report(cx, &generated);
        match written.changes.len() {
            0 => cx.ui.step("nothing changed"),
            some => cx.ui.step(format!("{} written", count(some, "file"))),
        }
        if let Some(kept) = written.kept {
            cx.ui.step(format!("what was there by hand is in `{kept}`"));
        }
        let shown = self.output.as_deref().unwrap_or(&output);
        tell_unseen(cx, &output, shown, &tree);
        Ok(Done::with(output))
    }

    /// The lattice in `output`, if another run would write the same, by what was read for it.
    fn is_current(&self, request: &Request, output: &Utf8Path) -> Option<Lattice> {
        if self.no_check || self.force {
            return None;
        }
        let text = fs::read_optional(&output.join(INPUTS_FILE)).ok()??;
        let inputs: Inputs = serde_json::from_str(&text).ok()?;
        let known = inputs.format == FORMAT
            && inputs.tool == env!("CARGO_PKG_VERSION")
            && inputs.options == options(request);
        // Paths are relative to the package, which is the folder unless it is one of several there.
        if !known || request.package.is_some() {
            return None;
        }
        let folder = &request.folder;
        let now = files_of(folder).ok()?;
        let same = |(path, digest): (&String, &String)| match now.get(path) {
            Some(now) => now == digest,
            None => digest_of(&folder.join(path)) == *digest,
        };
        if !inputs.files.iter().all(same) || !now.keys().all(|path| inputs.files.contains_key(path))
        {
            return None;
        }
        let lattice = super::read(output).ok()?;
        let nodes = lattice.nodes.iter().map(|node| (format!("nodes/{}", node.name), &node.files));
        let facade = std::iter::once(("facade".to_owned(), &lattice.facade.files));
        let whole = nodes.chain(facade).all(|(folder, files)| {
            files
                .iter()
                .all(|(path, digest)| digest_of(&output.join(&folder).join(path)) == *digest)
        });
        // Starting a program takes longer than all of the above.
        (whole && crate::package::toolchain(&request.rustc, folder).ok()? == inputs.toolchain)
            .then_some(lattice)
    }
}

/// Says what came of it, and where it had to be coarser than the source suggests.
fn report(cx: &Context, generated: &Generated) {
    cx.ui.step(summary(generated));
    if let Some(cause) = &generated.lattice.whole {
        cx.ui.step(format!("it is one node: {cause}"));
        return;
    }
    for one in &generated.lattice.coarsened {
        cx.ui.step(coarsening(one));
    }
}

fn coarsening(one: &Coarsening) -> String {
    let what = match (one.extent, one.items.as_slice()) {
        (Extent::Items, [first, rest @ ..]) if rest.len() == 1 => {
            format!("`{first}` and `{}`", rest[0])
        }
        (Extent::Items, items) => count(items.len(), "item"),
        (Extent::Module, items) => format!("the {} of a module", count(items.len(), "item")),
        (Extent::ModuleTree, items) => {
            format!("the {} of a module tree", count(items.len(), "item"))
        }
        (Extent::Crate, _) => "all items".to_owned(),
    };
    format!("put together: {what}\n  {}", one.cause)
}
