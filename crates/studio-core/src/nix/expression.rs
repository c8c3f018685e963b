//! Files of Nix that are used without flakes: nothing is copied to the store but what they name.

use super::failure::Refusal;
use super::operation::{FEATURE_PARSING, Log, keep, show};
use super::{FOLDER, Nix};
use crate::context::Context;
use crate::error::{Error, OrSay};
use crate::process::{Failure, Program};
use crate::store_path::StorePath;
use camino::{Utf8Path, Utf8PathBuf};

/// How many files are given to one process; their names must fit into its arguments.
const AT_ONCE: usize = 1000;

/// A file that evaluates to a function or to attributes, and the arguments of that function.
#[derive(Clone, Debug)]
pub struct Expression<'a> {
    /// The file, or a folder with a `default.nix`; absolute.
    pub file: &'a Utf8Path,
    /// Arguments by name, as expressions of Nix.
    pub arguments: &'a [(&'a str, &'a str)],
}

impl Nix {
    /// Builds attributes of a file; `link` keeps the results, if there is one. In no order.
    ///
    /// Other attributes are built although one fails.
    pub fn build_attributes(
        &self,
        cx: &Context,
        expression: &Expression<'_>,
        attributes: &[String],
        link: Option<&Utf8Path>,
        log: &mut Log,
    ) -> Result<Vec<StorePath>, Refusal> {
        let program = self
            .verb(&["build", "--print-build-logs", "--print-out-paths", "--keep-going"])
            .map_err(Refusal::machine)?;
        let program = match link {
            Some(link) => program.args(["--out-link", link.as_str()]),
            None => program.arg("--no-link"),
        };
        let program = self.of(program, expression).args(attributes);
        let said = show(cx, &program, log, || "not everything could be built".to_owned())?;
        let paths = said.text().lines().map(StorePath::new).collect::<Result<Vec<_>, _>>();
        paths.map_err(Refusal::machine)
    }

    /// What `function` makes of an attribute of a file, which must be what JSON has.
    pub fn eval_attribute<T: serde::de::DeserializeOwned>(
        &self,
        cx: &Context,
        expression: &Expression<'_>,
        attribute: &str,
        function: &str,
        log: &mut Log,
    ) -> Result<T, Refusal> {
        let program = self.verb(&["eval", "--json", "--apply", function]);
        let program = self.of(program.map_err(Refusal::machine)?, expression).arg(attribute);
        let said = keep(cx, &program, log, || format!("`{attribute}` could not be evaluated"))?;
        serde_json::from_slice(&said.stdout)
            .or_say(|| format!("`{attribute}` is not what was expected"))
            .map_err(Refusal::machine)
    }

    fn of(&self, program: Program, expression: &Expression<'_>) -> Program {
        let program = program.args(["--file", expression.file.as_str()]);
        let pairs = expression.arguments.iter();
        pairs.fold(program, |program, (name, value)| program.args(["--arg", name, value]))
    }

    /// What nix has against files that parse for others: names that are not bound, names that are bound twice.
    pub fn objections(&self, files: &[Utf8PathBuf]) -> Result<Option<String>, Error> {
        self.version()?;
        for files in files.chunks(AT_ONCE) {
            let program = Program::new(self.relative("nix-instantiate")?, FOLDER.into())
                .args(FEATURE_PARSING)
                .arg("--parse")
                .args(files)
                .env("NO_COLOR", "1");
            match program.run() {
                Ok(_) => {}
                Err(Failure::Status { output, .. }) => return Ok(Some(output)),
                Err(other) => return Err(other.into()),
            }
        }
        Ok(None)
    }
}
