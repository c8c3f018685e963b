//! How time grows with history: the same files with a tenth and a hundredth of the commits, and what
//! a studio costs beside a clone of the longest.

use super::ground::Ground;
use super::rows::{CLONE, OVER_HISTORY};
use super::table::{self, Table};
use super::{Bench, FILES};
use crate::bench::cost::{Walk, measure};
use crate::bench::repositories::Recipe;
use crate::error::Result;

/// The histories of the promise.
const COMMITS: [usize; 3] = [1_000, 10_000, 100_000];
/// How often each way is gone; a clone takes long.
const RUNS: usize = 5;
const CLONES: usize = 3;
/// The promise: how much longer something may take with the longest history than with the shortest.
const MOST: f64 = 1.5;

/// Measures it; gives what is more than promised. With a number of `files` histories are a hundredth
/// as long, for a trial.
pub fn history(bench: &Bench, files: Option<usize>) -> Result<Vec<String>> {
    let (files, part) = files.map_or((FILES[0], 1), |files| (files, 100));
    let recipes = COMMITS.map(|commits| Recipe { files, commits: (commits / part).max(11) });
    let grounds =
        recipes.iter().map(|recipe| bench.ground(*recipe)).collect::<Result<Vec<Ground>>>()?;
    let file = |run| recipes[0].file(run);
    let mut broken = Vec::new();
    let mut lines = Vec::new();
    for (work, way) in OVER_HISTORY {
        eprintln!("measuring: {work}, over history");
        let walks: Vec<Walk> =
            grounds.iter().map(|ground| Walk { way, place: &ground.place, file: &file }).collect();
        let costs = measure(&walks, RUNS)?;
        let medians: Vec<f64> = costs.iter().map(|costs| costs.times.median()).collect();
        let cells = costs
            .iter()
            .zip(&medians)
            .map(|(costs, median)| format!("{}: {:.2}", table::took(costs), median / medians[0]));
        lines.push(format!("| {work} | {} |", cells.collect::<Vec<_>>().join(" | ")));
        for (recipe, median) in recipes.iter().zip(&medians).skip(1) {
            let ratio = median / medians[0];
            if ratio > MOST {
                broken.push(format!(
                    "{work}: with {} commits at most {MOST} of the time with {}; measured: {ratio:.2}",
                    recipe.commits, recipes[0].commits
                ));
            }
        }
    }
    let mut beside = Table::new(bench.jj.is_some());
    let longest = &grounds[grounds.len() - 1];
    beside.add(bench.row(longest, &CLONE, CLONES)?);
    for ground in grounds {
        ground.clear()?;
    }
    println!(
        "\n{files} files, by commits: {}; ratio of medians to the first; goal {MOST}\n",
        table::what(RUNS)
    );
    let names = recipes.map(|recipe| recipe.commits.to_string());
    println!("| work | {} |\n|---|---|---|---|", names.join(" | "));
    println!("{}", lines.join("\n"));
    let commits = recipes[recipes.len() - 1].commits;
    println!("\nAn upstream of {commits} commits: {}\n", table::what(CLONES));
    beside.print();
    broken.extend(beside.broken(&format!("{commits} commits")));
    Ok(broken)
}
