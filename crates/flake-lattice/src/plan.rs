//! A crate read and resolved, as far as nothing has to be compiled for it.

use crate::coarsen::Learnt;
use crate::emit::{Externals, Lines, Material, Widened};
use crate::graph::Graph;
use crate::item::Source;
use crate::model::{self, FORMAT, Lattice};
use crate::package::features::{Features, Selection};
use crate::package::{self, Dependency, LibraryKind, Package, Target};
use crate::resolve::{Scopes, Uses, uses_of};
use crate::source::cfg::Cfg;
use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::DependencyKind;
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet};
use studio_core::error::Result;
use studio_core::fs;

/// What is to be taken apart, and for what.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The folder of the crate, or of its workspace.
    pub folder: Utf8PathBuf,
    /// The package, where the folder has several.
    pub package: Option<String>,
    /// The features.
    pub selection: Selection,
    /// The target triple; the machine's own otherwise.
    pub target: Option<String>,
    /// Where the lattice goes, if that is known.
    pub output: Option<Utf8PathBuf>,
    /// `cargo`.
    pub cargo: String,
    /// `rustc`.
    pub rustc: String,
    /// What the libraries of dependencies are called in code, by key, where that is known to be another name.
    pub libraries: BTreeMap<String, String>,
}

/// A package that was read.
pub struct Loaded {
    /// The package.
    pub package: Package,
    /// Which features are on.
    pub features: Features,
    /// The target.
    pub target: Target,
    /// All that is on.
    pub cfg: Cfg,
    /// The library's source.
    pub source: Source,
    /// What it may name of other crates.
    pub externals: Externals,
    /// The text of its `Cargo.lock`.
    pub lock: Option<String>,
    /// Where the lattice goes, if that is known.
    pub output: Option<Utf8PathBuf>,
}

impl Loaded {
    /// Reads what is asked for; `script` is what its build script says is on.
    pub fn read(request: &Request, script: &[String]) -> Result<Loaded> {
        let (folder, target) = (&request.folder, request.target.as_deref());
        // To start cargo and the compiler takes as long as to read some hundred items.
        let (package, target) = std::thread::scope(|scope| {
            let target = scope.spawn(|| Target::ask(&request.rustc, folder, target));
            let package = package::load(&request.cargo, folder, request.package.as_deref());
            (package, target.join())
        });
        let package = package?;
        let features = Features::of(&package, &request.selection)?;
        let target = target.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let mut cfg = target.cfg.clone();
        for feature in &features.on {
            cfg.feature(feature);
        }
        for one in script {
            cfg.add(one);
        }
        let source = crate::source::read(&package.folder, &package.root, &cfg)?;
        let lock = fs::read_optional(&package.workspace.join("Cargo.lock"))?;
        let externals =
            Externals::new(&package, &features, &source, lock.as_deref(), &request.libraries);
        let output = request.output.clone();
        Ok(Loaded { package, features, target, cfg, source, externals, lock, output })
    }

    /// The dependencies whose names in `Cargo.toml` no file of the source has: their libraries may be called otherwise.
    ///
    /// # Errors
    /// If a file cannot be read any more.
    pub fn not_named(&self) -> Result<Vec<&Dependency>> {
        let is_asked = |one: &&Dependency| {
            one.kind == DependencyKind::Normal && self.features.has(one) && one.key == one.package
        };
        let mut unseen: Vec<&Dependency> =
            self.package.dependencies.iter().filter(is_asked).collect();
        for file in self.source.files.keys() {
            if unseen.is_empty() {
                break;
            }
            let text = fs::read(&self.package.folder.join(file))?;
            let text = String::from_utf8_lossy(&text);
            let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            let words: BTreeSet<&str> = words.collect();
            unseen.retain(|one| !words.contains(one.name().as_str()));
        }
        Ok(unseen)
    }

    /// Why the crate cannot be taken apart at all, if it cannot.
    pub fn indivisible(&self) -> Option<String> {
        if self.package.kind == LibraryKind::ProcMacro {
            return Some("it is a proc-macro crate, whose macros only it can export".to_owned());
        }
        if let Some(links) = &self.package.links {
            return Some(format!("it links the native library `{links}`"));
        }
        if self.source.items.is_empty() {
            return Some("it has no items of its own".to_owned());
        }
        if self.package.build_script.is_some() {
            let reads = self
                .source
                .items
                .iter()
                .any(|item| item.syntax.to_token_stream().to_string().contains("\"OUT_DIR\""));
            if reads {
                return Some("it includes what its build script writes (`OUT_DIR`)".to_owned());
            }
        }
        None
    }

    /// What names mean in it.
    pub fn scopes(&self) -> Scopes<'_> {
        Scopes::new(&self.source, &self.package.edition, &self.externals.names())
    }

    /// `--cfg` values that the compiler may still be asked for: those in macros, where nobody can decide them before.
    pub fn late_cfg(&self, script: &[String]) -> BTreeSet<String> {
        let feature = |name: &String| format!("feature=\"{name}\"");
        self.features.on.iter().map(feature).chain(script.iter().cloned()).collect()
    }

    /// A lattice without its nodes.
    pub fn frame(&self) -> Lattice {
        Lattice {
            format: FORMAT,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            krate: model::Crate {
                name: self.package.name.clone(),
                lib: self.package.library.clone(),
                version: self.package.version.clone(),
                edition: self.package.edition.clone(),
                items: self.source.items.len(),
            },
            target: self.target.triple.clone(),
            features: self.features.on.iter().cloned().collect(),
            cfg: self.cfg.lines(),
            nodes: vec![],
            facade: model::Facade {
                dependencies: BTreeSet::new(),
                externals: BTreeSet::new(),
                files: BTreeMap::new(),
            },
            externals: BTreeMap::new(),
            link_args: vec![],
            coarsened: vec![],
            outside: None,
            whole: None,
        }
    }
}

/// What items need, with what was learnt from the compiler.
pub fn uses_with(scopes: &Scopes<'_>, learnt: &Learnt, first: &mut Option<Vec<Uses>>) -> Vec<Uses> {
    let mut uses = first.take().unwrap_or_else(|| uses_of(scopes));
    for (item, demand) in &learnt.demands {
        match &demand.target {
            crate::resolve::Target::Item(other) | crate::resolve::Target::Variant(other, _) => {
                uses[*item].items.extend((other != item).then_some(*other));
            }
            crate::resolve::Target::External(path) => {
                uses[*item].externals.extend(path.first().cloned());
            }
            _ => {}
        }
        uses[*item].demands.insert(demand.clone());
    }
    if !learnt.absent.is_empty() {
        for one in &mut uses {
            let absent = |demand: &crate::resolve::Demand| match &demand.target {
                crate::resolve::Target::Item(call) => {
                    learnt.absent.contains(&(*call, demand.name.clone()))
                }
                _ => false,
            };
            one.demands.retain(|demand| !absent(demand));
            one.exported.retain(|demand| !absent(demand));
        }
    }
    for (item, name) in &learnt.externals {
        uses[*item].externals.insert(name.replace('-', "_"));
    }
    uses
}

/// The nodes as they would be if everything compiled, and what they are made of.
pub fn material<'a>(
    loaded: &'a Loaded,
    scopes: &'a Scopes<'a>,
    uses: &'a [Uses],
    graph: &'a Graph,
    learnt: &Learnt,
    script: &[String],
) -> Material<'a> {
    let mut widened = Widened::of(&loaded.source, uses, graph, &learnt.members);
    widened.exhaustive = learnt.exhaustive.clone();
    widened.absent = learnt.absent.clone();
    Material {
        package: &loaded.package,
        features: &loaded.features,
        source: &loaded.source,
        scopes,
        uses,
        graph,
        externals: &loaded.externals,
        output: loaded.output.as_deref(),
        widened,
        late_cfg: loaded.late_cfg(script),
        lines: Lines::default(),
    }
}

/// Where a package's lattices are compiled.
pub fn workshop(cache: &Utf8Path, package: &Package) -> Utf8PathBuf {
    let key = &crate::digest::hex(package.folder.as_str().as_bytes())[..12];
    cache.join("studio/lattice").join(format!("{}-{key}", package.name))
}
