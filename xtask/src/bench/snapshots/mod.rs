//! Snapshots, studios and hydrating, each beside the commands that a user would use instead: their
//! time, their memory, their disk, and how time grows with history.
//!
//! All ways are gone in turn in one run, on repositories that are the same each time. Ratios are of
//! medians; the minimum stands beside them, because a disk that is written to by others disturbs
//! only upwards. What a run made is removed, and what the disk still owes is written, outside of
//! what is measured.

mod disk;
mod ground;
mod history;
mod rows;
mod table;

use super::cost::{Walk, measure};
use super::jj;
use super::repositories::Recipe;
use crate::error::Result;
use crate::workspace::Workspace;
use camino::{Utf8Path, Utf8PathBuf};
use ground::Ground;
use rows::Row;
use table::{Compared, Table};

/// The sizes of the promise.
const FILES: [usize; 2] = [12_000, 100_000];
/// Commits of the repositories of [`FILES`].
const COMMITS: usize = 50;
/// How often each way is gone.
const RUNS: usize = 7;
/// The promise: bytes of its own that any process of ours has in memory, without pages of mapped files.
const MOST_MEMORY: u64 = 200_000_000;

/// What all measurements have in common.
pub struct Bench<'a> {
    /// The folder that repositories and studios are made in.
    folder: Utf8PathBuf,
    programs: &'a Utf8Path,
    /// Instead of [`FILES`], and for histories too; those are shorter then.
    files: Option<usize>,
    /// The folder of `jj`, if it is shown too.
    jj: Option<Utf8PathBuf>,
}

impl<'a> Bench<'a> {
    /// Measures below `on`, which is there.
    pub fn new(on: &Utf8Path, programs: &'a Utf8Path) -> Bench<'a> {
        Bench { folder: on.join("snapshots"), programs, files: None, jj: None }
    }

    /// Measures with so many files, and short histories.
    pub fn with_files(self, files: Option<usize>) -> Bench<'a> {
        Bench { files, ..self }
    }

    /// Shows `jj` too, which is built if it is not there.
    pub fn against_jj(self, workspace: &Workspace) -> Result<Bench<'a>> {
        Ok(Bench { jj: Some(jj::folder(workspace)?), ..self })
    }

    /// What depends on the number of files; gives what is more than promised.
    pub fn sizes(&self) -> Result<Vec<String>> {
        let mut broken = Vec::new();
        for files in self.files.map_or(FILES.to_vec(), |files| vec![files]) {
            broken.extend(self.size(Recipe { files, commits: COMMITS })?);
        }
        Ok(broken)
    }

    /// What depends on the number of commits; gives what is more than promised.
    pub fn history(&self) -> Result<Vec<String>> {
        history::history(self, self.files)
    }

    /// A home with a studio and a clone of the repository.
    fn ground(&self, recipe: Recipe) -> Result<Ground> {
        Ground::new(&self.folder, self.programs, self.jj.as_deref(), recipe)
    }

    /// All rows, on one repository.
    fn size(&self, recipe: Recipe) -> Result<Vec<String>> {
        let ground = self.ground(recipe)?;
        let mut table = Table::new(self.jj.is_some());
        for row in rows::ALL {
            if let Some(flag) = row.needs.filter(|flag| !ground.studio_knows(flag)) {
                table.skip(row.work, &format!("`studio` has no `{flag}` yet"));
                continue;
            }
            table.add(self.row(&ground, row, RUNS)?);
        }
        let (compared, number) = disk::row(&ground)?;
        table.add(compared);
        if number < disk::SNAPSHOTS {
            let why = format!("number {number} takes too much to make so many");
            table.skip(&format!("disk of snapshot {}", disk::SNAPSHOTS), &why);
        }
        ground.clear()?;
        println!("\n{} files: {}, ratio of medians\n", recipe.files, table::what(RUNS));
        table.print();
        Ok(table.broken(&format!("{} files", recipe.files)))
    }

    /// One row: all its ways.
    fn row(&self, ground: &Ground, row: &Row, runs: usize) -> Result<Compared> {
        eprintln!("measuring: {} ({})", row.work, ground.recipe.name());
        let mut ways = vec![&row.ours, &row.beside];
        ways.extend(row.jj.as_ref().filter(|_| self.jj.is_some()));
        let file = |run| ground.recipe.file(run);
        let walks: Vec<Walk> =
            ways.into_iter().map(|way| Walk { way, place: &ground.place, file: &file }).collect();
        let costs = measure(&walks, runs)?;
        Ok(Compared::times(row, &costs))
    }
}
