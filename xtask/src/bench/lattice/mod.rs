//! Lattices of crates that others wrote: how many there are that end compiling, how finely they come apart, how long that
//! takes, and whether their own tests and their public names say the same of the facade as of the original.
//!
//! The table goes to `docs/lattice-corpus.md`. What came of a crate is kept, so that a run that was stopped goes on where
//! it was; another `flake-lattice` or another compiler begins anew. Not here: what Nix makes of lattices, which
//! [`super::lattice_times`] measures and the tests of the crate show.

mod api;
pub mod crates;
mod shipped;

use crate::error::{Error, Result};
use crate::run;
use crate::workspace::Workspace;
use api::Api;
use camino::{Utf8Path, Utf8PathBuf};
use crates::{ALONE, OTHERS};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use shipped::{Bed, Tests};
use std::fmt::Write;
use std::time::Instant;

/// Of those without dependencies, so many in a hundred may stay whole.
const MOST_WHOLE: usize = 10;

/// What came of one crate.
#[derive(Serialize, Deserialize)]
struct Row {
    name: String,
    /// How long the lattice took, in seconds.
    took: f64,
    outcome: Outcome,
}

#[derive(Serialize, Deserialize)]
enum Outcome {
    Lattice {
        items: usize,
        nodes: usize,
        levels: u64,
        largest: usize,
        coarser: String,
        whole: bool,
        tests: Tests,
        api: Api,
    },
    Failed(String),
}

/// Takes them all apart and writes the table. If some are named, only these, and no table is written.
pub fn lattice(
    workspace: &Workspace,
    programs: &Utf8Path,
    named: &[String],
) -> Result<Vec<String>> {
    let room = workspace.target.join("bench/lattice");
    std::fs::create_dir_all(&room).map_err(Error::io("make the folder", &room))?;
    let folders = crates::sources(&room)?;
    let bench = Bench {
        program: programs.join("flake-lattice"),
        rows: Bench::rows(&room, programs)?,
        room,
    };
    let mut tables = Vec::new();
    for (title, wanted) in [
        ("Without dependencies and build scripts", &ALONE[..]),
        ("With dependencies, build scripts or procedural macros", &OTHERS[..]),
    ] {
        let mut rows = Vec::new();
        for crate_ in wanted {
            let name = crate_.split('@').next().unwrap_or_default();
            if !named.is_empty() && !named.iter().any(|one| one == name) {
                continue;
            }
            let folder = folders
                .get(name)
                .ok_or_else(|| Error::new(format!("cargo did not get `{name}`")))?;
            rows.push(bench.row(folder)?);
        }
        tables.push((title, rows));
    }
    let text = document(&tables);
    if !named.is_empty() {
        eprintln!("{text}");
        return Ok(broken(&tables));
    }
    let path = workspace.root.join("docs/lattice-corpus.md");
    std::fs::write(&path, &text).map_err(Error::io("write", &path))?;
    eprintln!("{text}");
    Ok(broken(&tables))
}

/// Where all of it is done.
struct Bench {
    program: Utf8PathBuf,
    room: Utf8PathBuf,
    /// The rows that this program and this compiler made.
    rows: Utf8PathBuf,
}

impl Bench {
    /// The folder of the rows; it is named by what made them.
    fn rows(room: &Utf8Path, programs: &Utf8Path) -> Result<Utf8PathBuf> {
        let program = programs.join("flake-lattice");
        let mut hash = Sha256::new();
        hash.update(std::fs::read(&program).map_err(Error::io("read", &program))?);
        hash.update(run::read(&duct::cmd!("rustc", "-vV"), "rustc -vV")?);
        let name: String = hash.finalize()[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        let rows = room.join("rows").join(name);
        std::fs::create_dir_all(&rows).map_err(Error::io("make the folder", &rows))?;
        Ok(rows)
    }

    /// What came of a crate, now or in an earlier run.
    fn row(&self, folder: &Utf8Path) -> Result<Row> {
        let name = folder.file_name().unwrap_or_default();
        let path = self.rows.join(format!("{name}.json"));
        let known = std::fs::read_to_string(&path).ok();
        if let Some(row) = known.and_then(|text| serde_json::from_str(&text).ok()) {
            return Ok(row);
        }
        eprintln!("taking apart {name}");
        let row = self.take_apart(folder)?;
        let text =
            serde_json::to_string_pretty(&row).map_err(|cause| Error::new(cause.to_string()))?;
        std::fs::write(&path, text).map_err(Error::io("write", &path))?;
        Ok(row)
    }

    fn take_apart(&self, folder: &Utf8Path) -> Result<Row> {
        let name = folder.file_name().unwrap_or_default().to_owned();
        let output = self.room.join("made").join(&name);
        if output.exists() {
            std::fs::remove_dir_all(&output).map_err(Error::io("remove", &output))?;
        }
        let began = Instant::now();
        let words = ["generate", folder.as_str(), "--output", output.as_str()];
        // No compiler's results of another run.
        let made = duct::cmd(self.program.as_str(), words)
            .env("XDG_CACHE_HOME", self.room.join("cache").as_str());
        let made = run::read(&made, "flake-lattice generate");
        let took = began.elapsed().as_secs_f64();
        let outcome = match made {
            Err(error) => Outcome::Failed(error.to_string()),
            Ok(_) => {
                let target = shipped::target(&self.room);
                let bed = Bed { target: &target, original: folder, lattice: &output };
                outcome(&output, bed.run()?, api::compare(&target, folder, &output)?)?
            }
        };
        Ok(Row { name, took, outcome })
    }
}

/// What was promised and is not so.
fn broken(tables: &[(&str, Vec<Row>)]) -> Vec<String> {
    let mut broken = Vec::new();
    for (title, rows) in tables {
        let failed = rows.iter().filter(|row| matches!(row.outcome, Outcome::Failed(_)));
        broken.extend(failed.map(|row| format!("{title}: `{}` ends in no lattice", row.name)));
    }
    if let Some((title, rows)) = tables.first() {
        let whole =
            rows.iter().filter(|row| matches!(row.outcome, Outcome::Lattice { whole: true, .. }));
        let whole = whole.count();
        if whole * 100 > rows.len() * MOST_WHOLE {
            broken.push(format!("{title}: {whole} of {} stay whole", rows.len()));
        }
    }
    for (_, row) in tables.iter().flat_map(|(title, rows)| rows.iter().map(move |row| (title, row)))
    {
        if let Outcome::Lattice { tests, api, .. } = &row.outcome {
            let say = |what: &str, which: &[&str]| {
                format!("`{}`: {what}: {}", row.name, which.join(", "))
            };
            let lost = tests.lost();
            if !lost.is_empty() {
                broken.push(say("pass with the original alone", &lost));
            }
            let missing: Vec<&str> = api.missing.iter().map(String::as_str).collect();
            if !missing.is_empty() {
                broken.push(say("missing in the facade", &missing));
            }
        }
    }
    broken
}

/// What the lattice says of itself.
fn outcome(output: &Utf8Path, tests: Tests, api: Api) -> Result<Outcome> {
    let path = output.join("lattice.json");
    let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let lattice: Value =
        serde_json::from_str(&text).map_err(|cause| Error::new(cause.to_string()))?;
    let nodes = lattice["nodes"].as_array().cloned().unwrap_or_default();
    let items = |node: &Value| node["items"].as_array().map_or(0, Vec::len);
    let all: usize = nodes.iter().map(items).sum();
    let whole = lattice["whole"].as_str();
    let coarser = match whole {
        Some(cause) => format!("whole: {cause}"),
        None => {
            let cases = lattice["coarsened"].as_array().cloned().unwrap_or_default();
            let case = |case: &Value| {
                let extent = case["extent"].as_str().unwrap_or_default().to_owned();
                let code = case["cause"].as_str().unwrap_or_default();
                (format!("{extent} {}", items(case)), first_line(code))
            };
            grouped(&cases.iter().map(case).collect::<Vec<_>>())
        }
    };
    Ok(Outcome::Lattice {
        items: all,
        nodes: nodes.len(),
        levels: nodes
            .iter()
            .filter_map(|node| node["level"].as_u64())
            .max()
            .map_or(0, |level| level + 1),
        largest: nodes.iter().map(items).max().unwrap_or_default() * 100 / all.max(1),
        whole: whole.is_some(),
        coarser,
        tests,
        api,
    })
}

/// Cases of the same kind as one, with the words for the first of them.
fn grouped(cases: &[(String, String)]) -> String {
    let code = |cause: &str| cause.split(':').next().unwrap_or_default().to_owned();
    let mut groups: Vec<(String, String, usize)> = vec![];
    for (extent, cause) in cases {
        let same = |group: &&mut (String, String, usize)| {
            group.0 == *extent && code(&group.1) == code(cause)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.2 += 1,
            None => groups.push((extent.clone(), cause.clone(), 1)),
        }
    }
    let shown = groups.iter().map(|(extent, cause, times)| match times {
        1 => format!("{extent}: {cause}"),
        _ => format!("{extent}, {times} times: {cause}"),
    });
    shown.collect::<Vec<_>>().join("; ")
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(90).collect()
}

fn document(tables: &[(&str, Vec<Row>)]) -> String {
    let mut text = "# What becomes of crates that others wrote\n\nMade by `cargo xtask bench lattice`. Items are those of the \
        library with its default features on the machine that ran it; the largest node's share is of the items; what had \
        to be coarser than the graph of names suggests stands last, with the compiler's word for it. Everything that has \
        nodes here was compiled as a lattice.\n\n\
        `tests` are the integration tests that the crate ships: how many pass with the original, and how many of these with \
        the facade in its place. `names` are the public paths of the original, as rustdoc knows them; each leads to an item \
        of the same kind in the facade. `more` are names that only the facade has: what else is in a module that a macro \
        makes names in.\n"
        .to_owned();
    for (title, rows) in tables {
        let made = |whole: bool| {
            let made = |row: &&Row| matches!(&row.outcome, Outcome::Lattice { whole: is, .. } if *is == whole);
            rows.iter().filter(made).count()
        };
        let _ = write!(
            text,
            "\n## {title}\n\n{} crates: {} in nodes, {} whole, {} in none.{}\n\n| crate | items | nodes | levels | largest | time | tests | names | coarser |\n|---|---|---|---|---|---|---|---|---|\n",
            rows.len(),
            made(false),
            made(true),
            rows.len() - made(false) - made(true),
            tested(rows),
        );
        for row in rows {
            let took = row.took;
            let _ = match &row.outcome {
                Outcome::Lattice { items, nodes, levels, largest, coarser, tests, api, .. } => {
                    writeln!(
                        text,
                        "| {} | {items} | {nodes} | {levels} | {largest} % | {took:.1} s | {} | {} | {} |",
                        row.name,
                        cell(&tests.cell()),
                        api.cell(),
                        cell(coarser)
                    )
                }
                Outcome::Failed(why) => writeln!(
                    text,
                    "| {} | | | | | {took:.1} s | | | none: {} |",
                    row.name,
                    cell(&first_line(why))
                ),
            };
        }
    }
    text
}

/// How many tests of how many crates were run.
fn tested(rows: &[Row]) -> String {
    let run = rows.iter().filter_map(|row| match &row.outcome {
        Outcome::Lattice { tests: Tests::Run { original, facade }, .. } => {
            Some((original.len(), original.intersection(facade).count()))
        }
        _ => None,
    });
    let run: Vec<(usize, usize)> = run.collect();
    let sum = |part: fn(&(usize, usize)) -> usize| run.iter().map(part).sum::<usize>();
    format!(
        " Of {} crates with tests {} pass with the original and {} of these with the facade.",
        run.len(),
        sum(|(original, _)| *original),
        sum(|(_, facade)| *facade)
    )
}

/// As it may stand in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
