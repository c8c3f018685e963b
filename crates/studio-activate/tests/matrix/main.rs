//! The fault matrix: an attempt is brought to each of its phases, there something goes wrong, and once somebody has
//! recovered, nothing may be lost. `docs/architecture.md` says how it is run and where its table is.

#![expect(clippy::disallowed_methods, reason = "tests set the scene themselves")]
#![expect(clippy::print_stderr, reason = "what was planned, and the seed, are for people")]

mod cell;
mod expect;
mod invariants;
mod scene;
mod soak;
mod strike;
mod table;
mod whole;

use cell::Cell;
use invariants::Outcome;
use scene::Scene;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most of the time is waiting.
const THREADS: usize = 6;

#[test]
fn in_every_phase_every_fault_leaves_a_machine_that_starts_and_knows_what_it_is() {
    let mut cells = if testkit::thorough() { cell::all() } else { cell::chosen() };
    if let Ok(only) = std::env::var("STUDIO_TEST_CELLS") {
        cells = cell::all();
        cells.retain(|cell| cell.to_string().contains(&only));
    }
    let planned = cells.len();
    eprintln!("{planned} cells are planned");
    let results = play_all(&cells);
    assert_eq!(results.len(), planned, "a cell was skipped");
    testkit::report("fault-matrix.md", &table::markdown(&results));
    let wrong: Vec<String> = results
        .iter()
        .filter_map(|(cell, result)| Some(format!("===== {cell}\n{}", result.as_ref().err()?)))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {planned} cells are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Plays all cells, in the order of the list.
fn play_all(cells: &[Cell]) -> Vec<(Cell, Result<Outcome, String>)> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![]);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(cell) = cells.get(at) else { return };
                    let result = play(*cell);
                    results.lock().expect("no panic").push((at, *cell, result));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("no panic");
    results.sort_by_key(|(at, ..)| *at);
    results.into_iter().map(|(_, cell, result)| (cell, result)).collect()
}

/// Plays one cell, looks at the machine, and sees whether it can still be switched.
fn play(cell: Cell) -> Result<Outcome, String> {
    let mut scene = Scene::new(cell);
    let played = catch_unwind(AssertUnwindSafe(|| scene.play()));
    let result = match played {
        Err(cause) => Err(vec![said(cause.as_ref())]),
        Ok(()) => invariants::check(&scene),
    };
    let result = result.and_then(|outcome| {
        let usable = catch_unwind(AssertUnwindSafe(|| {
            // It may have been collected.
            let three = scene.machine.system("three", &[]);
            scene.machine.activate("switch", &three).ok();
            scene.wait_until_quiet();
            whole::faults(&scene.machine)
        }));
        match usable {
            Ok(faults) if faults.is_empty() => Ok(outcome),
            Ok(faults) => Err(faults),
            Err(cause) => Err(vec!["it cannot be switched any more".into(), said(cause.as_ref())]),
        }
    });
    let result = result.map_err(|faults| format!("- {}\n{}", faults.join("\n- "), scene.story()));
    // What a cell that went wrong left at work must not stay for ever.
    scene.machine.kill(&testkit::Role::ALL);
    result
}

/// The words of a panic.
fn said(cause: &(dyn std::any::Any + Send)) -> String {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}
