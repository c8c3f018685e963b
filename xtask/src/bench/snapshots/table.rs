//! The table that is printed, and what of it breaks a promise.

use super::MOST_MEMORY;
use super::rows::Row;
use crate::bench::cost::Costs;

/// One row, measured.
pub struct Compared {
    work: String,
    ours: Cell,
    beside: Cell,
    jj: Option<Cell>,
    own: Option<u64>,
    ratio: f64,
    goal: f64,
}

/// A command, what it took, and its memory.
struct Cell {
    shown: String,
    took: String,
    memory: String,
}

impl Compared {
    /// `costs` in the order of the row: ours, what stands beside, jj's.
    pub fn times(row: &Row, costs: &[Costs]) -> Compared {
        let [ours, beside, ..] = costs else {
            unreachable!("a row has two ways at least");
        };
        let cell = |shown: &str, costs: &Costs| Cell {
            shown: shown.to_owned(),
            took: took(costs),
            memory: format!("{} ({})", megabytes(costs.peak), megabytes(costs.own)),
        };
        Compared {
            work: row.work.to_owned(),
            ours: cell(row.ours.shown, ours),
            beside: cell(row.beside.shown, beside),
            jj: costs.get(2).zip(row.jj).map(|(costs, way)| cell(way.shown, costs)),
            own: Some(ours.own),
            ratio: ours.times.median() / beside.times.median(),
            goal: row.goal,
        }
    }

    /// What the snapshot of this number added to the disk, beside a worktree.
    pub fn disk(number: usize, ours: u64, worktree: u64, goal: f64) -> Compared {
        let cell = |shown: &str, bytes| Cell {
            shown: shown.to_owned(),
            took: megabytes(bytes),
            memory: String::new(),
        };
        Compared {
            work: format!("disk of snapshot {number}, one file changed each"),
            ours: cell("`git mutable-snapshot`", ours),
            beside: cell("`git worktree add`", worktree),
            jj: None,
            own: None,
            ratio: ours as f64 / worktree as f64,
            goal,
        }
    }
}

/// Rows, and words on those that are missing.
pub struct Table {
    with_jj: bool,
    rows: Vec<Compared>,
    skipped: Vec<String>,
}

impl Table {
    /// An empty one, with a place for jj or without.
    pub fn new(with_jj: bool) -> Table {
        Table { with_jj, rows: vec![], skipped: vec![] }
    }

    /// One more row.
    pub fn add(&mut self, row: Compared) {
        self.rows.push(row);
    }

    /// Something is not as the reader expects it, and why.
    pub fn skip(&mut self, work: &str, why: &str) {
        self.skipped.push(format!("{work}: {why}"));
    }

    /// To stdout.
    pub fn print(&self) {
        let (head, line) = if self.with_jj { (" jj |", "---|") } else { ("", "") };
        println!("| work | ours | memory | beside | memory | ratio | goal |{head}");
        println!("|---|---|---|---|---|---|---|{line}");
        for row in &self.rows {
            let cell = |cell: &Cell| format!("{}: {}", cell.shown, cell.took);
            let jj = match (&row.jj, self.with_jj) {
                (Some(jj), true) => format!(" {} |", cell(jj)),
                (None, true) => " |".to_owned(),
                (_, false) => String::new(),
            };
            println!(
                "| {} | {} | {} | {} | {} | {:.3} | {} |{jj}",
                row.work,
                cell(&row.ours),
                row.ours.memory,
                cell(&row.beside),
                row.beside.memory,
                row.ratio,
                row.goal,
            );
        }
        println!("\nmemory: of the largest process, and of that its own without mapped files");
        for line in &self.skipped {
            println!("\nnot measured: {line}");
        }
    }

    /// What is more than promised; `on` says on which repository.
    pub fn broken(&self, on: &str) -> Vec<String> {
        let mut broken = Vec::new();
        for row in &self.rows {
            let (work, goal, ratio) = (&row.work, row.goal, row.ratio);
            if ratio.is_nan() || ratio > goal {
                let beside = &row.beside.shown;
                broken.push(format!(
                    "{on}: {work}: at most {goal} of {beside}; measured: {ratio:.3}"
                ));
            }
            if let Some(own) = row.own.filter(|own| *own > MOST_MEMORY) {
                broken.push(format!(
                    "{on}: {work}: at most {} of its own memory; measured: {}",
                    megabytes(MOST_MEMORY),
                    megabytes(own)
                ));
            }
        }
        broken
    }
}

/// The time of something, as [`what`] says.
pub fn took(costs: &Costs) -> String {
    let (times, cpu) = (&costs.times, &costs.cpu);
    format!("{:.0} / {:.0} ms (CPU {:.0})", times.minimum(), times.median(), cpu.median())
}

/// What the numbers of [`took`] are.
pub fn what(runs: usize) -> String {
    format!("minimum / median of {runs} runs (median of CPU time)")
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_broken_by_more_than_the_goal_and_by_no_number() {
        let broken = |ours, worktree| {
            let mut table = Table::new(false);
            table.add(Compared::disk(100, ours, worktree, 0.03));
            table.broken("here").len()
        };
        assert_eq!(broken(3, 100), 0);
        assert_eq!(broken(4, 100), 1);
        assert_eq!(broken(0, 0), 1);
    }

    #[test]
    fn memory_is_a_promise_too() {
        let mut row = Compared::disk(100, 0, 100, 0.03);
        row.own = Some(MOST_MEMORY + 1);
        let mut table = Table::new(false);
        table.add(row);
        assert_eq!(
            table.broken("here"),
            [
                "here: disk of snapshot 100, one file changed each: at most 200.0 MB of its own memory; measured: 200.0 MB"
            ]
        );
    }
}
