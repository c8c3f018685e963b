//! Whether the nodes compile: one `cargo check` over all of them, and what it says as faults of nodes.
//!
//! Not here: what is to be done about a fault ([`crate::coarsen`]).

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel};
use cargo_metadata::{BuildScript, Message, Metadata, PackageId};
use std::collections::BTreeMap;
use studio_core::error::{Error, OrSay, Result};
use studio_core::fs;
use studio_core::process::Program;
use studio_core::ui::Ui;

/// What is wrong with a crate of the lattice.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The crate's name: a node's, or that of the original, which is the facade's.
    pub krate: String,
    /// The compiler's code, `E0425`.
    pub code: Option<String>,
    /// What it says.
    pub message: String,
    /// What it adds: notes, hints, and what it writes beside lines.
    pub notes: Vec<String>,
    /// The line in the crate's `lib.rs`, from 1, if it is there.
    pub line: Option<usize>,
}

/// What came of a check.
#[derive(Debug, Default)]
pub struct Checked {
    /// Whether everything compiles.
    pub all: bool,
    /// What does not.
    pub faults: Vec<Fault>,
    /// What a build script said, if one was run.
    pub script: Option<Script>,
}

/// What a build script said.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// `--cfg` values.
    pub cfg: Vec<String>,
    /// Whether it said more than that: variables, libraries to link.
    pub more: bool,
    /// What it says to the linker of tests.
    pub link_args: Vec<String>,
}

impl Script {
    /// What it said, of which cargo hands on a part.
    fn of(said: BuildScript) -> Script {
        let linked = !said.linked_libs.is_empty() || !said.linked_paths.is_empty();
        let more = linked || !said.env.is_empty();
        // https://doc.rust-lang.org/cargo/guide/build-cache.html: `build/NAME/out` is its folder, `build/NAME/output` all
        // that it wrote.
        let output = said.out_dir.parent().map(|folder| folder.join("output"));
        let text = output.and_then(|output| fs::read(&output).ok()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let link_args = text.lines().filter_map(for_tests).map(str::to_owned).collect();
        Script { cfg: said.cfgs, more, link_args }
    }
}

/// What a line of a build script says to the linker of tests:
/// <https://doc.rust-lang.org/cargo/reference/build-scripts.html#rustc-link-arg>
fn for_tests(line: &str) -> Option<&str> {
    let line = line.strip_prefix("cargo::").or_else(|| line.strip_prefix("cargo:"))?;
    let (key, value) = line.split_once('=')?;
    matches!(key, "rustc-link-arg" | "rustc-link-arg-tests").then_some(value.trim_end())
}

/// A folder in which lattices are compiled; it is kept, so that a second check is quick.
#[derive(Debug)]
pub struct Workshop {
    /// The workspace.
    pub workspace: Utf8PathBuf,
    /// What cargo writes.
    pub target: Utf8PathBuf,
}

impl Workshop {
    /// Compiles everything in the workspace. `total` is how many crates that is, `what` what is said of it.
    pub fn check(
        &self,
        cargo: &str,
        triple: Option<&str>,
        (total, what): (usize, &str),
        ui: &Ui,
    ) -> Result<Checked> {
        let mut program = Program::new(cargo, &self.workspace)
            .args(["check", "--workspace", "--keep-going", "--message-format=json", "--offline"])
            .arg("--quiet")
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env_remove("CARGO_BUILD_TARGET");
        if let Some(triple) = triple {
            program = program.args(["--target", triple]);
        }
        ui.detail(format!("+ {}", program.line()));
        let mut checked = Checked::default();
        let mut strange = vec![];
        let mut done = 0;
        let workspace = &self.workspace;
        let mut hear = |line: &str, say: &dyn Fn(&str)| match serde_json::from_str(line) {
            Ok(Message::CompilerArtifact(one)) if one.manifest_path.starts_with(workspace) => {
                done += 1;
                say(&format!("{done} of {total}"));
            }
            Ok(Message::CompilerMessage(one)) if one.message.level == DiagnosticLevel::Error => {
                if one.target.src_path.starts_with(workspace) {
                    checked.faults.extend(fault(&one.target.name, &one.message));
                } else {
                    strange.push(one.message.rendered.unwrap_or(one.message.message));
                }
            }
            // That of the facade only passes on what this one says.
            Ok(Message::BuildScriptExecuted(one))
                if is_in(&one.package_id.repr, &workspace.join("nodes")) =>
            {
                checked.script = Some(Script::of(one));
            }
            _ => {}
        };
        let heard = ui.at_work(what, |say| program.hear(&mut |line| hear(line, say)))?;
        checked.all = heard.code == Some(0);
        if !checked.all && checked.faults.is_empty() {
            strange.push(heard.stderr.trim().to_owned());
            return Err(not_compiled(&strange.join("\n"), &self.target));
        }
        Ok(checked)
    }
}

impl Workshop {
    /// By which names code knows the dependencies of the package in the workspace, by the names of their packages; those
    /// that were given another name are left out.
    ///
    /// # Errors
    /// If not all of them can be had.
    pub fn libraries(&self, cargo: &str, ui: &Ui) -> Result<BTreeMap<String, String>> {
        self.resolve(cargo, ui)?;
        let words = ["metadata", "--format-version", "1", "--offline", "--quiet"];
        let said = Program::new(cargo, &self.workspace).args(words).run()?;
        let metadata: Metadata = serde_json::from_slice(&said.stdout)
            .or_say(|| "what `cargo metadata` says was not understood")?;
        let resolve = metadata.resolve.iter();
        let root =
            resolve.flat_map(|all| &all.nodes).find(|one| Some(&one.id) == root_of(&metadata));
        let known = root.iter().flat_map(|root| &root.deps).filter_map(|dependency| {
            let package = metadata.packages.iter().find(|one| one.id == dependency.pkg)?;
            let is_library =
                |one: &&cargo_metadata::Target| one.name.replace('-', "_") == dependency.name;
            package.targets.iter().find(is_library)?;
            Some((package.name.to_string(), dependency.name.clone()))
        });
        Ok(known.collect())
    }

    /// Sees to it that all dependencies are there, from the network only if need be.
    pub fn resolve(&self, cargo: &str, ui: &Ui) -> Result<()> {
        let ask = |offline: &[&str]| {
            let program = Program::new(cargo, &self.workspace).args(["fetch", "--quiet"]);
            program.args(offline).env("CARGO_TARGET_DIR", &self.target).run()
        };
        if ask(&["--offline"]).is_ok() {
            return Ok(());
        }
        ui.step("getting the dependencies");
        ui.at_work("getting the dependencies", |_| ask(&[]))
            .map(drop)
            .map_err(|cause| not_compiled(&Error::from(cause).causes().join("\n"), &self.target))
    }
}

fn root_of(metadata: &Metadata) -> Option<&PackageId> {
    metadata.resolve.as_ref()?.root.as_ref()
}

/// cargo itself failed, or a dependency does not compile: nothing that the nodes could be blamed for.
fn not_compiled(said: &str, place: &Utf8Path) -> Error {
    let error = Error::new("the lattice could not be compiled").because(said);
    let error = fs::explain(error, said, place);
    if said.contains("offline") {
        return error.hint("connect to the network once, for `cargo fetch`");
    }
    error
}

fn is_in(package: &str, workspace: &Utf8Path) -> bool {
    package.contains(workspace.as_str())
}

fn fault(krate: &str, diagnostic: &Diagnostic) -> Option<Fault> {
    // "aborting due to 3 previous errors"
    if diagnostic.code.is_none() && diagnostic.message.starts_with("aborting") {
        return None;
    }
    let labels = diagnostic.spans.iter().filter_map(|span| span.label.clone());
    let mut notes: Vec<String> = labels.collect();
    for child in &diagnostic.children {
        notes.push(child.message.clone());
        notes.extend(child.spans.iter().filter_map(|span| span.suggested_replacement.clone()));
    }
    let primary = diagnostic.spans.iter().find(|span| span.is_primary);
    let line = primary.and_then(|span| {
        // What a macro made is looked for where it was called in this crate, as far out as that goes.
        let own = format!("{krate}/lib.rs");
        let mut line = span.file_name.ends_with(&own).then_some(span.line_start);
        let mut expansion = span.expansion.as_deref();
        while let Some(one) = expansion {
            if one.span.file_name.ends_with(&own) {
                line = Some(one.span.line_start);
            }
            expansion = one.span.expansion.as_deref();
        }
        line
    });
    Some(Fault {
        krate: krate.to_owned(),
        code: diagnostic.code.as_ref().map(|code| code.code.clone()),
        message: diagnostic.message.clone(),
        notes,
        line,
    })
}
