//! What the toolkit adds to the commands that it calls, from the end of the build to the running
//! system.
//!
//! Two systems are switched to in turn, both checked and built before. Once by the bare commands in
//! a shell, once by `git flake-switch`, so each run really switches. What the command does up to the
//! end of the build (git's start, the verification of the snapshot, finding what was built) is
//! measured by a command that stops there: it is told a specialisation that the system does not
//! have.

use super::times::{Times, shell};
use crate::error::{Error, Result};
use crate::example::Place;
use crate::test::Tools;
use crate::workspace::Workspace;
use camino::Utf8Path;
use std::time::{Duration, Instant};

/// How often each way is gone.
const PAIRS: usize = 20;

/// The promise: milliseconds over the bare commands.
const MOST_MILLISECONDS: f64 = 50.0;

/// Two snapshots that differ in what runs, in `~/a` and `~/b`, and both systems once switched to.
const PREPARE: &str = "\
cd \"$(studio --upstream ~/server/upstream.git --yes --no-editor)\"
git mutable-snapshot > ~/a
echo other > inputs/motd/message
git mutable-snapshot > ~/b
for one in a b; do cd \"$(cat ~/$one)\"; git flake-switch -q --yes --root ~/machine > ~/$one.system; done";

/// The bare commands; `X` is the system.
const BARE: [(&str, &str); 3] = [
    ("`switch-to-configuration test`", "STUDIO_ROOT=~/machine X/bin/switch-to-configuration test"),
    ("`nix-env --set`", "nix-env -p ~/machine/nix/var/nix/profiles/system --set X"),
    ("`switch-to-configuration boot`", "STUDIO_ROOT=~/machine X/bin/switch-to-configuration boot"),
];

/// Both ways, again and again; gives what is more than promised.
pub fn switch(workspace: &Workspace, programs: &Utf8Path, tools: &Tools) -> Result<Vec<String>> {
    let place = Place::new(&workspace.target.join("bench/example"), tools, programs)?
        .with_example(workspace, tools)?;
    shell(&place, PREPARE)?;
    let sides = ["a", "b"].map(|name| Side::read(&place, name));
    let sides = sides.into_iter().collect::<Result<Vec<Side>>>()?;
    let mut next = sides.iter().cycle();
    let (mut bare, mut ours, mut engine) = (Times::default(), Times::default(), Times::default());
    let mut before = Times::default();
    let mut single = [Times::default(), Times::default(), Times::default()];
    for pair in 0..PAIRS {
        // What comes first finds warmer or colder caches, so they take turns.
        for way in if pair % 2 == 0 { [0, 1, 2] } else { [2, 1, 0] } {
            let side = next.next().ok_or_else(|| Error::new("there is nothing to switch to"))?;
            match way {
                0 => bare.add(side.bare(&place, &mut single)?),
                1 => ours.add(side.ours(&place)?),
                _ => engine.add(side.engine(&place, pair)?),
            }
        }
        before.add(sides[pair % 2].up_to_the_build(&place)?);
        // The bare commands write an entry for each generation, so more of them would take longer.
        shell(&place, "nix-env -p ~/machine/nix/var/nix/profiles/system --delete-generations +2")?;
    }
    println!(
        "\nNix {}: a switch of a system that is built, median of {PAIRS}\n",
        tools.nix.version
    );
    println!("| what | ms |\n|---|---|");
    for ((name, _), times) in BARE.iter().zip(&single) {
        println!("| {name} | {:.0} |", times.median());
    }
    println!("| the three together | {:.0} |", bare.median());
    println!("| `git flake-switch` | {:.0} |", ours.median());
    println!("| of it, from the order to the record's end | {:.0} |", engine.median());
    println!("| of it, up to the end of the build | {:.0} |", before.median());
    let added = ours.without(&before).over(&bare);
    println!("| added by the whole command (run by run) | {:.0} |", ours.over(&bare));
    println!("| **added from the end of the build on** | **{added:.0}** |");
    println!("| of it, from the order to the record's end | {:.0} |", engine.over(&bare));
    if added < MOST_MILLISECONDS {
        return Ok(vec![]);
    }
    Ok(vec![format!(
        "nix {}: from the end of the build on, a switch takes less than {MOST_MILLISECONDS} ms more than the bare commands; measured: {added:.0} ms",
        tools.nix.version
    )])
}

/// One of the two systems.
struct Side {
    name: &'static str,
    system: String,
    /// What `studio-activate` is told, as a shell line, without the name of the attempt.
    order: Vec<String>,
}

impl Side {
    fn read(place: &Place, name: &'static str) -> Result<Side> {
        let (system, _) = shell(place, &format!("cat ~/{name}.system"))?;
        // The last one switched to is there already, and would not be switched to again.
        let other = if name == "a" { "b" } else { "a" };
        shell(place, &format!("cd \"$(cat ~/{other})\"; git flake-switch -q --root ~/machine"))?;
        let line = format!("cd \"$(cat ~/{name})\"; git flake-switch -v --root ~/machine 2>&1");
        let (said, _) = shell(place, &line)?;
        let order = said.lines().find_map(|line| line.strip_prefix("+ studio-activate "));
        let order = order.ok_or_else(|| {
            Error::new(format!("`git flake-switch -v` did not tell its order:\n{said}"))
        })?;
        let words = order.split_whitespace().filter(|word| !word.starts_with("--id="));
        Ok(Side {
            name,
            system: system.trim().to_owned(),
            order: words.map(str::to_owned).collect(),
        })
    }

    fn bare(&self, place: &Place, single: &mut [Times; 3]) -> Result<f64> {
        let mut all = 0.0;
        for ((_, line), times) in BARE.iter().zip(single) {
            let (_, took) = shell(place, &line.replace('X', &self.system))?;
            times.add(took);
            all += took;
        }
        Ok(all)
    }

    fn ours(&self, place: &Place) -> Result<f64> {
        let folder = self.name;
        let line = format!("cd \"$(cat ~/{folder})\"; git flake-switch --yes --root ~/machine");
        Ok(shell(place, &line)?.1)
    }

    /// All of it up to the moment in which it is known what was built.
    fn up_to_the_build(&self, place: &Place) -> Result<f64> {
        let line = format!(
            "cd \"$(cat ~/{})\"; \
             ! git flake-switch --yes --root ~/machine --specialisation none 2> ~/said; \
             grep -q 'has no specialisation' ~/said || {{ cat ~/said >&2; exit 1; }}",
            self.name
        );
        Ok(shell(place, &line)?.1)
    }

    /// The order alone, to the moment in which the record says that it is done.
    fn engine(&self, place: &Place, number: usize) -> Result<f64> {
        let id = format!("bench-{}-{number}", self.name);
        let record = format!("machine/var/lib/studio/transactions/{id}.json");
        let record = place.home().join(record);
        let line = format!("studio-activate {} --id={id}", self.order.join(" "));
        let start = Instant::now();
        shell(place, &line)?;
        loop {
            let text = std::fs::read_to_string(&record).unwrap_or_default();
            if text.contains("\"phase\": \"committed\"") {
                let took = start.elapsed().as_secs_f64() * 1000.0;
                // The engine lets its lock go a moment later.
                std::thread::sleep(Duration::from_millis(50));
                return Ok(took);
            }
            if start.elapsed() > Duration::from_secs(60) {
                return Err(Error::new(format!("`{line}` came to no good end; see `{record}`")));
            }
            std::thread::sleep(Duration::from_micros(300));
        }
    }
}
