//! A node of the lattice: a configuration for one version of rustc, in a folder of its own in the project.
//!
//! Not here: its `flake.nix`, which `flake-template-generator` makes of the configuration.

use crate::choice::Choices;
use crate::keys::Key;
use crate::output::Output;
use crate::probe::{Prober, is_version};
use crate::value::{Stage, Step, System, Value, Version};
use camino::{Utf8Path, Utf8PathBuf};
use studio_core::cli::Context;
use studio_core::process::Program;
use studio_core::{Error, Result};

/// Where a node stands; each part is one name, which leads nowhere else.
#[derive(Clone, Debug)]
pub struct Node {
    version: Version,
    system: System,
    stage: Stage,
    step: Step,
}

impl Node {
    /// The node that is asked for; what follows from it for the configuration is set in `choices`.
    pub fn of(choices: &mut Choices) -> Option<Node> {
        let Some(Value::Version(version)) = choices.value(Key::BuildRustcVersion).cloned() else {
            return None;
        };
        let Some(Value::System(system)) = choices.value(Key::Architecture).cloned() else {
            return None;
        };
        let Some(Value::Step(step)) = choices.value(Key::Step).cloned() else { return None };
        let stage = match choices.value(Key::Stage) {
            Some(Value::Stage(stage)) => *stage,
            _ => Stage::FIRST,
        };
        choices.set(Key::Stage, Value::Stage(stage));
        choices.set(Key::System, Value::System(system.clone()));
        Some(Node { version, system, stage, step })
    }

    /// Its configuration, in the project at `root`.
    pub fn file(&self, root: &Utf8Path) -> Utf8PathBuf {
        root.join("flakes")
            .join(self.version.to_string())
            .join(Value::System(self.system.clone()).to_string())
            .join(self.stage.folder())
            .join(Value::Step(self.step.clone()).to_string())
            .join("config.toml")
    }

    /// Fails unless the rustc of the configuration answers that it is of this version.
    pub fn demand_rustc(
        &self,
        prober: &mut Prober,
        root: &Utf8Path,
        choices: &Choices,
    ) -> Result<()> {
        let wanted = format!("no rustc {} was found", self.version);
        let hint = format!("name it: `--{} FILE`", Key::Rustc.row().flag);
        let Some(choice) = choices.get(Key::Rustc).filter(|choice| choice.value.is_some()) else {
            let missed = choices.get(Key::Rustc).map(|choice| choice.missed.clone());
            let error = Error::new(wanted);
            let error = missed.into_iter().flatten().fold(error, Error::because);
            return Err(error.hint(hint));
        };
        match prober.chosen_rustc(root, choices) {
            Ok(rustc) if is_version(&rustc, Some(&self.version)) => Ok(()),
            Ok(rustc) => Err(Error::new(wanted)
                .because(format!("`{}` is {}", rustc.path, rustc.version))
                .because(format!("it comes from {}", choice.source))
                .hint(hint)),
            Err(missed) => {
                let error = missed.into_iter().fold(Error::new(wanted), Error::because);
                Err(error.because(format!("it comes from {}", choice.source)).hint(hint))
            }
        }
    }

    /// Says what makes the flake of it.
    pub fn say_what_is_next(&self, cx: &Context, output: &Output) {
        let file = output.shown();
        let folder = file.parent().unwrap_or(Utf8Path::new("."));
        let next = Program::new("flake-template-generator", cx.env.cwd()).args([
            "--config-path",
            file.as_str(),
            "--output-dir",
            folder.as_str(),
        ]);
        cx.ui.hint(format!("make its flake: `{}`", next.line()));
    }
}
