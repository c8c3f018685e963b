//! What came of all cells, as a table for people.

use crate::cell::{Cell, Verb};
use crate::invariants::Outcome;
use std::fmt::Write;

/// One row for each phase and fault, one column for each verb.
pub fn markdown(results: &[(Cell, Result<Outcome, String>)]) -> String {
    let mut text = format!(
        "# Fault matrix\n\n{} cells: what came of an attempt, and its exit status\n\n\
         | phase | fault | switch | test | rollback | boot |\n|---|---|---|---|---|---|\n",
        results.len()
    );
    let mut rows: Vec<(String, String)> = vec![];
    let mut sorted: Vec<Cell> = results.iter().map(|(cell, _)| *cell).collect();
    sorted.sort_by_key(|cell| cell.phase);
    for cell in sorted {
        let row = (cell.phase.to_string(), cell.fault.to_string());
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    for (phase, fault) in rows {
        let _ = write!(text, "| {phase} | {fault} |");
        for verb in Verb::ALL {
            let result = results.iter().find(|(cell, _)| {
                cell.verb == verb
                    && cell.phase.to_string() == phase
                    && cell.fault.to_string() == fault
            });
            let _ = match result {
                None => write!(text, " |"),
                Some((_, Ok(outcome))) => write!(text, " {} ({}) |", outcome.word, outcome.exit),
                Some((_, Err(_))) => write!(text, " **wrong** |"),
            };
        }
        text.push('\n');
    }
    text
}
