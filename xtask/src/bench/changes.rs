//! What it takes to say what differs between two systems, beside `nix store diff-closures`, and beside `dix` if asked for.
//!
//! Two closures of 5,000 paths are made for the purpose, as an update of nixpkgs makes them: most paths are built anew, some
//! have another version. They are registered by a real Nix; only the two systems exist as folders, because nobody looks
//! into the others. Ours is the whole command, from its start to its last line. Where `dix` is measured too, all of them
//! run in a view of the machine in which the store is `/nix`, which costs each of them the same.

use super::dix::View;
use super::times::{Times, shell};
use crate::error::{Error, Result};
use crate::example::Place;
use crate::test::Tools;
use crate::workspace::Workspace;
use camino::Utf8Path;
use fastrand::Rng;
use std::collections::BTreeSet;

/// How often each way is gone.
const RUNS: usize = 30;

/// Paths of each closure, the system and what it links together among them.
const PATHS: usize = 5000;

/// How many packages somebody chose.
const CHOSEN: usize = 300;

/// To how many others a path refers besides those that nothing else would lead to.
const REFERENCES: usize = 5;

/// One path in so many is the same in both closures.
const COMMON: usize = 10;

/// The versions of packages.
const OLD: &str = "1.2.9";
const NEW: &str = "1.3.0";

/// The promise.
const MOST_MILLISECONDS: f64 = 50.0;

/// All ways, again and again; gives what is more than promised.
pub fn changes(
    workspace: &Workspace,
    programs: &Utf8Path,
    tools: &Tools,
    dix: Option<&Utf8Path>,
) -> Result<Vec<String>> {
    let place = Place::new(&workspace.target.join("bench/changes"), tools, programs)?;
    let nix = place.dir.join("nix");
    std::fs::create_dir_all(nix.join("store")).map_err(Error::io("make the folder", &nix))?;
    let view = dix.map(|_| View::of(&place.dir)).transpose()?;
    let (store, enter) = match &view {
        Some(view) => ("/nix/store".to_owned(), view.enter()),
        None => (nix.join("store").into_string(), String::new()),
    };
    let [old, new] = [Side::Old, Side::New].map(|side| Closure::make(side, &store));
    let registrations = place.dir.join("registrations");
    let text: String = [&old, &new].map(|closure| closure.registrations.as_str()).concat();
    std::fs::write(&registrations, text).map_err(Error::io("write", &registrations))?;
    shell(&place, &format!("{enter}sh -euc 'nix-store --load-db < {registrations}'"))?;
    for (number, system) in [(1, &old.system), (2, &new.system)] {
        let name = system.rsplit('/').next().unwrap_or_default();
        let profiles = "~/machine/nix/var/nix/profiles";
        shell(
            &place,
            &format!(
                "mkdir -p {nix}/store/{name} {profiles} ~/machine/run
                 ln -s {system} {profiles}/system-{number}-link
                 ln -sfn system-{number}-link {profiles}/system
                 ln -sfn {system} ~/machine/run/current-system"
            ),
        )?;
    }
    let (old, new) = (&old.system, &new.system);
    let home = place.home();
    let mut ways = vec![
        (
            "`git flake-generations diff`",
            format!("{enter}flake-generations diff 1 2 --host demo --root {home}/machine"),
        ),
        ("`nix store diff-closures`", format!("{enter}nix store diff-closures {old} {new}")),
    ];
    if let Some(dix) = dix {
        ways.push(("`dix`", format!("{enter}{dix} --color never {old} {new}")));
    }
    let (said, _) = shell(&place, &ways[0].1)?;
    let wanted = format!("in {PATHS} paths → ");
    if !said.contains(&wanted) {
        return Err(Error::new(format!("`{}` did not say `{wanted}`:\n{said}", ways[0].1)));
    }
    let mut times = vec![Times::default(); ways.len()];
    for run in 0..RUNS {
        for number in 0..ways.len() {
            // What comes first finds warmer or colder caches.
            let number = (number + run) % ways.len();
            times[number].add(shell(&place, &ways[number].1)?.1);
        }
    }
    println!(
        "\nNix {}: what differs between two closures of {PATHS} paths, {RUNS} runs\n",
        tools.nix.version
    );
    println!("| way | median | minimum |\n|---|---|---|");
    for ((name, _), times) in ways.iter().zip(&times) {
        println!("| {name} | {:.0} ms | {:.0} ms |", times.median(), times.minimum());
    }
    let ours = times[0].median();
    if ours < MOST_MILLISECONDS {
        return Ok(vec![]);
    }
    Ok(vec![format!(
        "nix {}: closures of {PATHS} paths are compared in less than {MOST_MILLISECONDS} ms; measured: {ours:.0} ms",
        tools.nix.version
    )])
}

/// Which of the two closures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Old,
    New,
}

/// A closure, as `nix-store --load-db` reads it.
struct Closure {
    /// The system, which needs all others.
    system: String,
    registrations: String,
}

impl Closure {
    /// The same shape for both sides, with other hashes and some other versions.
    fn make(side: Side, store: &str) -> Closure {
        // The same seed each time, so that every run measures the same.
        let mut rng = Rng::with_seed(1);
        let names: Vec<String> = (0..PATHS).map(|number| name(number, side)).collect();
        let paths: Vec<String> = names
            .iter()
            .enumerate()
            .map(|(number, name)| format!("{store}/{}-{name}", hash(number, side)))
            .collect();
        let mut references: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); PATHS];
        let (system, environment) = (PATHS - 1, PATHS - 2);
        references[system].insert(environment);
        for _ in 0..CHOSEN {
            references[environment].insert(rng.usize(..environment));
        }
        for number in 0..environment {
            // Something that is made of it, so that all are needed; and what it is made of itself.
            let user = rng.usize(number + 1..PATHS);
            references[user].insert(number);
            for _ in 0..REFERENCES.min(number) {
                let used = rng.usize(..number);
                references[number].insert(used);
            }
        }
        let mut registrations = String::new();
        for (number, needs) in references.iter().enumerate() {
            // What is newer is larger, so that there is a difference to tell.
            let size = 1000 + rng.u32(..1_000_000) + 100 * u32::from(names[number].contains(NEW));
            let (path, hash) = (&paths[number], "0".repeat(64));
            registrations.push_str(&format!("{path}\n{hash}\n{size}\n\n{}\n", needs.len()));
            for reference in needs {
                registrations.push_str(&paths[*reference]);
                registrations.push('\n');
            }
        }
        Closure { system: paths[system].clone(), registrations }
    }
}

/// What a path is called: packages, outputs of packages, and files without a version.
fn name(number: usize, side: Side) -> String {
    if number == PATHS - 1 {
        return "nixos-system-demo-26.05".to_owned();
    }
    if number == PATHS - 2 {
        return "system-path".to_owned();
    }
    let newer = side == Side::New && number.is_multiple_of(3) && !common(number);
    let version = if newer { NEW } else { OLD };
    match number % 5 {
        0 => format!("unit-{number}.service"),
        1 => format!("package{}-{version}-dev", number + 1),
        _ => format!("package{number}-{version}"),
    }
}

/// Whether a path is the same in both closures: the first ones, which refer to no others that differ.
fn common(number: usize) -> bool {
    number < PATHS / COMMON
}

/// Thirty-two digits of Nix's base 32.
fn hash(number: usize, side: Side) -> String {
    let letter = if side == Side::New && !common(number) { 'n' } else { 'a' };
    format!("{}{number:08}", letter.to_string().repeat(24))
}
