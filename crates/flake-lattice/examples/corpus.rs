//! Takes a folder of crates apart, one by one, and prints what came of each as a table.
//!
//! `cargo run --release -p flake-lattice --example corpus -- CACHE CRATE…`

#![expect(clippy::print_stdout, reason = "a table for people")]

use camino::Utf8PathBuf;
use flake_lattice::generate::{Proof, generate};
use flake_lattice::plan::Request;
use studio_core::ui::{Color, Ui, Verbosity};

fn main() {
    let mut args = std::env::args().skip(1).map(Utf8PathBuf::from);
    let cache = args.next().expect("a folder for the cache");
    let verbose = std::env::args().any(|arg| arg == "-v");
    let verbosity = if verbose { Verbosity::Verbose } else { Verbosity::Quiet };
    let ui = Ui::new(verbosity, Color::Never, true);
    let (mut all, mut whole, mut failed) = (0, 0, 0);
    println!("{:32} items nodes levels largest rounds  made   compiled  what", "crate");
    for folder in args.filter(|arg| arg != "-v") {
        all += 1;
        let request = Request {
            folder: folder.clone(),
            cargo: "cargo".to_owned(),
            rustc: "rustc".to_owned(),
            ..Request::default()
        };
        let name = folder.file_name().unwrap_or_default().to_owned();
        match generate(&request, &cache, Proof::Compiled, &ui) {
            Ok(one) => {
                let lattice = &one.lattice;
                whole += usize::from(lattice.whole.is_some());
                let levels = lattice.nodes.iter().map(|node| node.level + 1).max().unwrap_or(0);
                let largest = lattice.nodes.iter().map(|node| node.items.len()).max().unwrap_or(0);
                let what = match &lattice.whole {
                    Some(cause) => format!("whole: {cause}"),
                    None => lattice
                        .coarsened
                        .iter()
                        .map(|one| format!("{:?} {}: {}", one.extent, one.items.len(), one.cause))
                        .collect::<Vec<_>>()
                        .join(" | "),
                };
                println!(
                    "{name:32} {:5} {:5} {levels:6} {:6.0}% {:6} {:5} ms {:6.1} s  {}",
                    lattice.krate.items,
                    lattice.nodes.len(),
                    100.0 * largest as f64 / lattice.krate.items.max(1) as f64,
                    one.rounds,
                    one.took.as_millis(),
                    one.compiled.as_secs_f64(),
                    what.chars().take(160).collect::<String>(),
                );
            }
            Err(error) => {
                failed += 1;
                let causes = error.causes().join(" / ").replace('\n', " ");
                println!(
                    "{name:32} FAILED {error}: {}",
                    causes.chars().take(300).collect::<String>()
                );
            }
        }
    }
    println!("{all} crates, {whole} whole, {failed} failed");
}
