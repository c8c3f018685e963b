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
/// The promise: bytes in memory at the peak of any of our commands.
const MOST_MEMORY: u64 = 200_000_000;

/// What the caller of the bench chose.
pub struct Options<'a> {
    /// The folder that repositories and studios are made in.
    pub on: &'a Utf8Path,
    /// Instead of [`FILES`], and for histories too; those are shorter then.
    pub files: Option<usize>,
    /// Whether `jj` is shown too.
    pub against_jj: bool,
}

/// Measures everything; gives what is more than promised.
pub fn snapshots(
    workspace: &Workspace,
    programs: &Utf8Path,
    options: &Options,
) -> Result<Vec<String>> {
    let jj = if options.against_jj { Some(jj::folder(workspace)?) } else { None };
    let bench = Bench { folder: options.on.join("snapshots"), programs, jj };
    let mut broken = Vec::new();
    let sizes = options.files.map_or(FILES.to_vec(), |files| vec![files]);
    for files in sizes {
        broken.extend(bench.size(Recipe { files, commits: COMMITS })?);
    }
    broken.extend(history::history(&bench, options.files)?);
    Ok(broken)
}

/// What all measurements have in common.
struct Bench<'a> {
    folder: Utf8PathBuf,
    programs: &'a Utf8Path,
    jj: Option<Utf8PathBuf>,
}

impl Bench<'_> {
    /// A home with a studio and a clone of the repository.
    fn ground(&self, recipe: Recipe) -> Result<Ground> {
        Ground::new(&self.folder, self.programs, self.jj.as_deref(), recipe)
    }

    /// All rows that depend on the number of files.
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
