//! From a crate to a lattice that compiles: nodes are written, compiled, and put together where they cannot stand alone,
//! until all of them do.

use crate::check::{Fault, Script, Workshop};
use crate::coarsen::{Learnt, Outcome, cause_of};
use crate::emit::{self, Emitted, Files};
use crate::graph::{Graph, NodeId};
use crate::model::*;
use crate::package::Locals;
use crate::plan::{self, Loaded, Request};
use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::DependencyKind;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use studio_core::error::{Error, OrSay, Result};
use studio_core::fs::{self, Lock};
use studio_core::ui::{Ui, count};

/// After so many rounds the cause was not understood well enough to go on in small steps.
const ROUNDS: usize = 16;

/// A lattice and its files.
#[derive(Debug)]
pub struct Generated {
    /// The lattice.
    pub lattice: Lattice,
    /// All files of the folder, `lattice.json` and `inputs.json` too.
    pub files: Files,
    /// How often it was compiled.
    pub rounds: usize,
}

/// Whether the nodes are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// They are, and put together until they compile.
    Compiled,
    /// They are not: what comes out is the finest lattice that the source suggests.
    None,
}

/// Everything that a run has at hand.
struct Run<'a> {
    request: &'a Request,
    workshop: Workshop,
    written: BTreeMap<String, Vec<u8>>,
    ui: &'a Ui,
    rounds: usize,
    read: BTreeSet<Utf8PathBuf>,
    /// What the build script of a crate that stays whole said.
    script: Option<Script>,
}

/// Makes the lattice of a crate that was read as it was asked for. `cache` is where it is compiled.
pub fn generate(
    request: &Request,
    mut loaded: Loaded,
    cache: &Utf8Path,
    proof: Proof,
    ui: &Ui,
) -> Result<Generated> {
    let mut request = request.clone();
    let folder = plan::workshop(cache, &loaded.package);
    fs::create_dir_all(&folder)?;
    let lock = folder.join("lock");
    let _turn = Lock::wait(&lock, "flake-lattice", ui)?;
    if proof == Proof::Compiled && !loaded.not_named()?.is_empty() {
        request.libraries = libraries(&request.cargo, &loaded, &folder.join("names"), ui)?;
        loaded = Loaded::read(&request, &[])?;
    }
    let request = &request;
    let workshop = Workshop { workspace: folder.join("work"), target: folder.join("target") };
    let mut run = Run {
        request,
        workshop,
        written: BTreeMap::new(),
        ui,
        rounds: 0,
        read: BTreeSet::new(),
        script: None,
    };
    let mut script = Script::default();
    let mut whole = loaded.indivisible();
    if loaded.package.build_script.is_some() && whole.is_none() {
        // What the build script says is on decides which items there are, so it has to run first.
        let (_, files) = run.whole(&loaded, String::new())?;
        script = run.compile(&loaded, &files, 2)?.1.unwrap_or_default();
        if script.more {
            whole = Some("its build script sets variables or links libraries".to_owned());
        } else {
            loaded = Loaded::read(request, &script.cfg)?;
        }
    }
    let (mut lattice, mut files) = match whole {
        Some(cause) => run.proven_whole(&loaded, cause, proof)?,
        None => run.finest(&loaded, &script.cfg, proof)?,
    };
    // What the build script says of the library it says of the tests beside it, too.
    let said = run.script.take().unwrap_or(script);
    // What names a folder of this run would be there for nobody else.
    let here = [folder.as_str(), loaded.package.folder.as_str()];
    let (left, link_args): (Vec<_>, Vec<_>) =
        said.link_args.into_iter().partition(|one| here.iter().any(|here| one.contains(here)));
    let said = emit::Said { cfg: said.cfg, link_args };
    let (package, features) = (&loaded.package, &loaded.features);
    if let Some(tests) = emit::tests(package, features, &said, loaded.output.as_deref())? {
        add(&mut files, "tests", &tests);
        for one in left {
            let one = here.iter().fold(one, |one, here| one.replace(here, "…"));
            ui.step(format!(
                "the tests are linked without `{one}`, which names a file of the build script"
            ));
        }
        lattice.link_args = said.link_args;
    }
    let mut inputs = inputs(request, &loaded, &run.read)?;
    // A run that compiles has something to do, whatever one that did not left there.
    inputs.options.extend((proof == Proof::None).then(|| "unchecked".to_owned()));
    files.insert(LATTICE_FILE.to_owned(), json(&lattice)?);
    files.insert(INPUTS_FILE.to_owned(), json(&inputs)?);
    Ok(Generated { lattice, files, rounds: run.rounds })
}

impl Run<'_> {
    /// The finest lattice that compiles.
    fn finest(
        &mut self,
        loaded: &Loaded,
        script: &[String],
        proof: Proof,
    ) -> Result<(Lattice, Files)> {
        let scopes = loaded.scopes();
        let mut learnt = Learnt::default();
        let mut found = None;
        loop {
            let uses = plan::uses_with(&scopes, &learnt, &mut found);
            let bonds: Vec<_> = learnt.bonds.iter().copied().collect();
            let graph = Graph::new(&loaded.source, &loaded.package.library, &uses, &bonds);
            let material = plan::material(loaded, &scopes, &uses, &graph, &learnt, script);
            let nodes: Vec<Emitted> =
                (0..graph.nodes.len()).map(|node| material.node(node)).collect::<Result<_>>()?;
            let facade = material.facade()?;
            self.read.extend(nodes.iter().flat_map(|one| one.read.iter().cloned()));
            let mut files = emit::workspace();
            for (node, emitted) in nodes.iter().enumerate() {
                let name = &graph.nodes[node].name;
                add(&mut files, &format!("nodes/{name}"), &emitted.files);
            }
            add(&mut files, "facade", &facade.files);
            let finish = |run: &Run<'_>, files: Files, learnt: &Learnt| {
                let mut lattice = loaded.frame();
                let records = nodes.iter().enumerate();
                lattice.nodes = records.map(|(node, one)| material.record(node, one)).collect();
                let keys = nodes.iter().flat_map(|one| &one.externals).chain(&facade.externals);
                lattice.externals = loaded.externals.records(keys);
                lattice.facade = facade_record(&facade);
                lattice.coarsened = learnt.record.clone();
                Ok((lattice, run.with_lock(files, loaded)?))
            };
            if proof == Proof::None {
                return finish(self, files, &learnt);
            }
            let (faults, _) = self.compile(loaded, &files, nodes.len() + 1)?;
            if faults.is_empty() {
                return finish(self, files, &learnt);
            }
            for fault in &faults {
                self.ui.detail(format!("{}: {}", fault.krate, cause_of(fault)));
            }
            if self.rounds >= ROUNDS {
                let cause = format!("after {} rounds: {}", self.rounds, cause_of(&faults[0]));
                return self.proven_whole(loaded, cause, proof);
            }
            let text = |node: NodeId| {
                let text = nodes[node].files.get("lib.rs").cloned().unwrap_or_default();
                String::from_utf8_lossy(&text).into_owned()
            };
            if let Outcome::Whole(cause) = learnt.learn(&material, &faults, &text, self.rounds) {
                return self.proven_whole(loaded, cause, proof);
            }
            drop(material);
            found = Some(uses);
        }
    }

    /// The coarsest lattice, which compiles if the original does.
    fn proven_whole(
        &mut self,
        loaded: &Loaded,
        cause: String,
        proof: Proof,
    ) -> Result<(Lattice, Files)> {
        let (lattice, files) = self.whole(loaded, cause)?;
        if proof == Proof::Compiled {
            let (faults, script) = self.compile(loaded, &files, 2)?;
            self.script = script;
            if let Some(fault) = faults.first() {
                return Err(Error::new(format!("`{}` does not compile", loaded.package.name))
                    .because(cause_of(fault))
                    .hint("see `cargo check` in the crate; nothing was written"));
            }
        }
        let files = self.with_lock(files, loaded)?;
        Ok((lattice, files))
    }

    fn whole(&mut self, loaded: &Loaded, cause: String) -> Result<(Lattice, Files)> {
        let (name, node, facade) = emit::whole(
            &loaded.package,
            &loaded.features,
            &loaded.externals,
            loaded.output.as_deref(),
        )?;
        self.read.extend(node.read.iter().cloned());
        let mut files = emit::workspace();
        add(&mut files, &format!("nodes/{name}"), &node.files);
        add(&mut files, "facade", &facade.files);
        let mut lattice = loaded.frame();
        let root = loaded.package.root.strip_prefix(&loaded.package.folder);
        let sources = node.files.iter().filter(|(path, _)| path.ends_with(".rs"));
        lattice.nodes = vec![Node {
            level: 0,
            items: vec![ItemRecord {
                path: loaded.package.library.clone(),
                kind: ItemKind::Crate,
                file: root.map(|root| root.to_string()).unwrap_or_default(),
            }],
            dependencies: BTreeMap::new(),
            externals: node.externals.clone(),
            flags: Default::default(),
            bytes: sources.map(|(_, bytes)| bytes.len() as u64).sum(),
            files: emit::digests(&node.files),
            name,
        }];
        lattice.externals = loaded.externals.records(&node.externals);
        lattice.facade = facade_record(&facade);
        lattice.whole = Some(cause);
        Ok((lattice, files))
    }

    /// Compiles files in the workshop.
    fn compile(
        &mut self,
        loaded: &Loaded,
        files: &Files,
        crates: usize,
    ) -> Result<(Vec<Fault>, Option<Script>)> {
        self.rounds += 1;
        self.write(loaded, files)?;
        let others = |one: &crate::package::Dependency| one.kind != DependencyKind::Development;
        if self.rounds == 1 && loaded.package.dependencies.iter().any(others) {
            self.workshop.resolve(&self.request.cargo, self.ui)?;
        }
        let what = match self.rounds {
            1 => "compiling the nodes".to_owned(),
            round => format!("compiling the nodes, round {round}"),
        };
        let triple = self.request.target.as_deref();
        let checked = self.workshop.check(&self.request.cargo, triple, (crates, &what), self.ui)?;
        Ok((checked.faults, checked.script))
    }

    /// Puts files in the workshop; those that are there already keep their times, so that cargo does not compile them again.
    fn write(&mut self, loaded: &Loaded, files: &Files) -> Result<()> {
        let root = &self.workshop.workspace;
        let lock = root.join("Cargo.lock");
        if self.written.is_empty() {
            fs::remove_tree(&root.join("nodes")).or_else(ignore_missing(&root.join("nodes")))?;
            fs::remove_tree(&root.join("facade")).or_else(ignore_missing(&root.join("facade")))?;
            fs::create_dir_all(root)?;
            match &loaded.lock {
                Some(text) => fs::write_new(&lock, text.as_bytes())?,
                None => fs::remove_file(&lock)?,
            }
        }
        for path in self.written.keys().filter(|path| !files.contains_key(*path)) {
            let path = root.join(path);
            fs::remove_file(&path)?;
            // A folder without a manifest must not look like a member.
            let above = path.ancestors().skip(1).take_while(|folder| *folder != root);
            above.for_each(fs::remove_if_empty);
        }
        for (path, bytes) in files {
            if self.written.get(path) != Some(bytes) {
                let place = root.join(path);
                fs::create_dir_all(place.parent().unwrap_or(root))?;
                fs::write_new(&place, &from_here(loaded, path, bytes))?;
            }
        }
        self.written = files.clone();
        Ok(())
    }

    /// Adds the lock file that cargo made, which says which versions were compiled.
    fn with_lock(&self, mut files: Files, loaded: &Loaded) -> Result<Files> {
        let made = match self.rounds {
            0 => loaded.lock.clone().filter(|_| !loaded.externals.keys().is_empty()),
            _ => fs::read_optional(&self.workshop.workspace.join("Cargo.lock"))?,
        };
        if let Some(text) = made {
            files.insert("Cargo.lock".to_owned(), text.into_bytes());
        }
        Ok(files)
    }
}

/// Which dependencies have libraries that code knows by other names, by key. `place` is where cargo is asked.
fn libraries(
    cargo: &str,
    loaded: &Loaded,
    place: &Utf8Path,
    ui: &Ui,
) -> Result<BTreeMap<String, String>> {
    if place.is_dir() {
        fs::remove_tree(place)?;
    }
    fs::create_dir_all(place)?;
    for (path, bytes) in emit::asking(&loaded.externals) {
        fs::write_new(&place.join(path), &bytes)?;
    }
    if let Some(lock) = &loaded.lock {
        fs::write_new(&place.join("Cargo.lock"), lock.as_bytes())?;
    }
    let workshop = Workshop { workspace: place.to_owned(), target: place.join("target") };
    let mut known = workshop.libraries(cargo, ui)?;
    let others = loaded.not_named()?.into_iter().filter_map(|one| {
        let name = known.remove(&one.package)?;
        (name != one.name()).then(|| (one.key.clone(), name))
    });
    Ok(others.collect())
}

fn ignore_missing(path: &Utf8Path) -> impl FnOnce(Error) -> Result<()> {
    let there = path.exists();
    move |error| if there { Err(error) } else { Ok(()) }
}

fn add(files: &mut Files, folder: &str, more: &Files) {
    files.extend(more.iter().map(|(path, bytes)| (format!("{folder}/{path}"), bytes.clone())));
}

fn facade_record(facade: &Emitted) -> Facade {
    Facade {
        dependencies: facade.nodes.clone(),
        externals: facade.externals.clone(),
        files: emit::digests(&facade.files),
    }
}

/// A manifest as it works in the workshop: the way to a dependency that is a folder is another one there.
fn from_here<'b>(loaded: &Loaded, path: &str, bytes: &'b [u8]) -> Cow<'b, [u8]> {
    let folders = loaded.package.dependencies.iter().filter_map(|one| one.path.as_ref());
    let (Some(output), Some(folder)) = (&loaded.output, path.strip_suffix("/Cargo.toml")) else {
        return Cow::Borrowed(bytes);
    };
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    for dependency in folders {
        let way = emit::relative(&output.join(folder), dependency);
        text =
            text.replace(&format!("path = {way:?}"), &format!("path = {:?}", dependency.as_str()));
    }
    Cow::Owned(text.into_bytes())
}

/// What was read, so that the next run knows whether there is anything to do.
fn inputs(request: &Request, loaded: &Loaded, read: &BTreeSet<Utf8PathBuf>) -> Result<Inputs> {
    let package = &loaded.package;
    let mut files = files_of(&package.folder)?;
    let workspace = ["Cargo.lock", "Cargo.toml"].map(|name| package.workspace.join(name));
    let sources = loaded.source.files.keys().map(|path| package.folder.join(path));
    for path in workspace.into_iter().chain(sources).chain(read.iter().cloned()) {
        let shown = match path.strip_prefix(&package.folder) {
            Ok(path) => path.to_string(),
            Err(_) => emit::relative(&package.folder, &path),
        };
        files.insert(shown, digest_of(&path));
    }
    // Packages of neighbouring folders, each as one: they are compiled along, and may be vendored.
    for dependency in &package.dependencies {
        // One that is not there is cargo's to tell, if it is needed.
        let locals = Locals::of(&request.cargo, [dependency]).unwrap_or_default();
        for local in locals.iter().filter(|local| local.folder != package.folder) {
            let shown = emit::relative(&package.folder, &local.folder) + "/";
            files.insert(shown, digest_of(&local.folder.join("")));
            for path in emit::beyond_local(local)? {
                files.insert(emit::relative(&package.folder, &path), digest_of(&path));
            }
        }
    }
    Ok(Inputs {
        format: FORMAT,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        toolchain: loaded.target.toolchain.clone(),
        options: options(request),
        files,
    })
}

/// The digests of the files of a package that a lattice may be made of, and of its manifest.
pub fn files_of(package: &Utf8Path) -> Result<BTreeMap<String, String>> {
    let mut files = emit::digests(&emit::made_of(package)?);
    files.insert("Cargo.toml".to_owned(), digest_of(&package.join("Cargo.toml")));
    Ok(files)
}

/// The digest of a file; of none, nothing. Of a package's folder, whose path ends with a slash, that of its files.
pub fn digest_of(path: &Utf8Path) -> String {
    if path.as_str().ends_with('/') {
        let files = files_of(path).unwrap_or_default();
        let lines = files.iter().map(|(path, digest)| format!("{digest} {path}\n"));
        return crate::digest::hex(lines.collect::<String>().as_bytes());
    }
    fs::read(path).map(|bytes| crate::digest::hex(&bytes)).unwrap_or_default()
}

/// What was asked for that changes the result.
pub fn options(request: &Request) -> Vec<String> {
    let mut options = vec![format!("{:?}", request.selection.defaults)];
    options.extend(request.selection.named.iter().cloned());
    options.extend(request.target.clone());
    options.extend(request.package.clone());
    options
}

/// A record of the lattice as its file has it.
pub fn json(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    let mut bytes =
        serde_json::to_vec_pretty(value).or_say(|| "the lattice cannot be written".to_owned())?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// What came of it, in a few lines.
pub fn summary(generated: &Generated) -> String {
    let lattice = &generated.lattice;
    let levels = lattice.nodes.iter().map(|node| node.level + 1).max().unwrap_or_default();
    let mut text = format!(
        "`{}` {}: {} in {} on {}",
        lattice.krate.name,
        lattice.krate.version,
        count(lattice.krate.items, "item"),
        count(lattice.nodes.len(), "node"),
        count(levels, "level"),
    );
    if generated.rounds > 0 {
        text.push_str(&format!(", compiled in {}", count(generated.rounds, "round")));
    }
    text
}
