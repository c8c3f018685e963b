//! What is promised about the time that lattices take: to make one, to make it again, to evaluate it, and to build it after
//! an edit, beside the same crate in one piece.
//!
//! The crates are made for the purpose and the same each time, but for those of others in the first table. The whole crate
//! is built by one derivation with the same compiler and the same flags. Not here: what becomes of a hundred crates of
//! others ([`super::lattice`]).

mod made;

use super::lattice::crates;
use super::times::{Times, shell};
use crate::error::{Error, Result};
use crate::example::Place;
use crate::run;
use crate::test::Tools;
use crate::workspace::Workspace;
use camino::{Utf8Path, Utf8PathBuf};
use made::{Body, Made, NUMBER};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use wait4::Wait4;

/// How often each thing is done.
const RUNS: usize = 5;
/// How often each edit is made, since each build takes long.
const EDITS: usize = 3;
/// Items of the crate that is only made and evaluated.
const MANY: usize = 1000;
/// Items of the crate that is built.
const SOME: usize = 200;
/// The promises.
const LEAST_ITEMS_A_SECOND: f64 = 1000.0;
const MOST_AGAIN: f64 = 100.0;
const MOST_TO_EVALUATE: f64 = 1500.0;
const MOST_AFTER_AN_EDIT: f64 = 0.25;

/// Crates of others with enough items that the start of cargo and of the compiler is not most of it.
const OTHERS: [&str; 4] = ["regex-syntax", "winnow", "hashbrown", "unsafe-libyaml"];

/// How long it takes to make a lattice without compiling it, and to find out that nothing changed.
pub fn generation(
    workspace: &Workspace,
    on: &Utf8Path,
    programs: &Utf8Path,
) -> Result<Vec<String>> {
    let room = on.join("lattice-times");
    crate::example::clear(&room)?;
    let program = programs.join("flake-lattice");
    let folder = room.join("many");
    Made::new(&folder, MANY, Body::Short)?;
    let mut broken = vec![];
    println!("\nA lattice without the compile check, {RUNS} runs\n");
    println!(
        "| crate | items | median | minimum | CPU time | items a second | of CPU time |\n|---|---|---|---|---|---|---|"
    );
    let others = workspace.target.join("bench/lattice");
    std::fs::create_dir_all(&others).map_err(Error::io("make the folder", &others))?;
    let sources = crates::sources(&others)?;
    let others = OTHERS.iter().filter_map(|name| sources.get(*name));
    for krate in std::iter::once(&folder).chain(others) {
        let (costs, items) = made(&program, &room, krate)?;
        let name = krate.file_name().unwrap_or_default();
        let speed = items as f64 / costs.times.median() * 1000.0;
        println!(
            "| {name} | {items} | {} | {speed:.0} | {:.0} |",
            costs.cells(),
            items as f64 / costs.cpu.median() * 1000.0
        );
        if speed < LEAST_ITEMS_A_SECOND {
            broken.push(format!(
                "`{name}`: {LEAST_ITEMS_A_SECOND} items a second become a lattice; measured: {speed:.0}"
            ));
        }
    }
    let output = room.join("checked");
    let generate =
        || ask(&program, &room, &["generate", folder.as_str(), "-q", "--output", output.as_str()]);
    let first = generate()?;
    let mut again = Costs::default();
    for _ in 0..RUNS {
        again.add(&generate()?);
    }
    println!("\n| {MANY} items | median | minimum | CPU time |\n|---|---|---|---|");
    println!("| with the compile check, once | {:.0} ms | | {:.0} ms |", first.time, first.cpu);
    println!("| again without a change | {} |", again.cells());
    let again = again.times;
    if again.median() > MOST_AGAIN {
        broken.push(format!(
            "a second run without a change takes less than {MOST_AGAIN} ms; measured: {:.0} ms",
            again.median()
        ));
    }
    // Last, since what is removed slows down what is made next, here and in a run that follows soon.
    crate::example::clear(&room)?;
    Ok(broken)
}

/// How long it takes to make the lattice of a crate from nothing, and how many items it has.
fn made(program: &Utf8Path, room: &Utf8Path, krate: &Utf8Path) -> Result<(Costs, u64)> {
    let mut costs = Costs::default();
    // Each in a folder of its own: for some minutes ext4 looks for other inodes than those that files left.
    let folder = room.join("made").join(krate.file_name().unwrap_or_default());
    let output = |run: usize| folder.join(run.to_string());
    for run in 0..RUNS {
        let output = output(run);
        let words = ["generate", krate.as_str(), "--no-check", "-q", "--output", output.as_str()];
        costs.add(&ask(program, room, &words)?);
    }
    let items = lattice(&output(0))?["crate"]["items"].as_u64().unwrap_or_default();
    Ok((costs, items))
}

/// Runs the program.
fn ask(program: &Utf8Path, room: &Utf8Path, words: &[&str]) -> Result<Cost> {
    let mut command = Command::new(program);
    command.args(words).env("XDG_CACHE_HOME", room.join("cache"));
    Cost::of(&mut command, &format!("flake-lattice {}", words.join(" ")))
}

/// Runs a shell line.
fn line(place: &Place, line: &str) -> Result<Cost> {
    let mut command = Command::new("sh");
    command.args(["-euc", line]).current_dir(&place.dir).env_clear().envs(place.environment());
    Cost::of(&mut command, line)
}

/// What one run took, in milliseconds.
struct Cost {
    time: f64,
    /// Of processors, of the command and of all that it started.
    cpu: f64,
}

impl Cost {
    fn of(command: &mut Command, shown: &str) -> Result<Cost> {
        let failed =
            |cause: &dyn std::fmt::Display| Error::new(format!("`{shown}` failed: {cause}"));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let start = Instant::now();
        let mut child = command.spawn().map_err(|cause| failed(&cause))?;
        let used = child.wait4().map_err(|cause| failed(&cause))?;
        let time = start.elapsed();
        if !used.status.success() {
            return Err(failed(&used.status));
        }
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        Ok(Cost {
            time: milliseconds(time),
            cpu: milliseconds(used.rusage.utime + used.rusage.stime),
        })
    }
}

/// What all runs of one thing took.
#[derive(Default)]
struct Costs {
    times: Times,
    cpu: Times,
}

impl Costs {
    fn add(&mut self, cost: &Cost) {
        self.times.add(cost.time);
        self.cpu.add(cost.cpu);
    }

    /// Median, minimum and CPU time, as cells of a table.
    fn cells(&self) -> String {
        let (times, cpu) = (&self.times, &self.cpu);
        let [median, minimum, cpu] = [times.median(), times.minimum(), cpu.median()];
        format!("{median:.0} ms | {minimum:.0} ms | {cpu:.0} ms")
    }
}

fn lattice(folder: &Utf8Path) -> Result<Value> {
    let path = folder.join("lattice.json");
    let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    serde_json::from_str(&text).map_err(|cause| Error::new(cause.to_string()))
}

/// What Nix takes to evaluate and to build lattices.
pub fn with_nix(workspace: &Workspace, programs: &Utf8Path, tools: &Tools) -> Result<Vec<String>> {
    let mut place = Place::new(&workspace.target.join("bench/lattice-nix"), tools, programs)?;
    // Of rustup's programs only those behind it work in another home.
    let sysroot = run::read(&duct::cmd!("rustc", "--print", "sysroot"), "rustc --print sysroot")?;
    let bin = Utf8PathBuf::from(sysroot.trim()).join("bin");
    place.before_path(&bin);
    place.set("CARGO", bin.join("cargo").as_str());
    place.set("RUSTC", bin.join("rustc").as_str());
    let mut broken = evaluation(&place, tools)?;
    for profile in [Profile::Dev, Profile::Release] {
        broken.extend(edits(&place, tools, profile, &bin.join("rustc"))?);
    }
    Ok(broken)
}

/// What Nix takes to evaluate a lattice of a thousand nodes that it has not seen.
fn evaluation(place: &Place, tools: &Tools) -> Result<Vec<String>> {
    let folder = place.home().join("many");
    Made::new(&folder, MANY, Body::Short)?;
    shell(place, "flake-lattice generate ~/many --no-check --output ~/evaluated/lattice")?;
    let nodes = lattice(&place.home().join("evaluated/lattice"))?["nodes"].clone();
    let nodes = nodes.as_array().map_or(0, Vec::len);
    if nodes != MANY {
        return Err(Error::new(format!("of {MANY} items there are {nodes} nodes")));
    }
    shell(place, "cd ~/evaluated; git init --quiet; git add .; git commit --quiet --message one")?;
    let mut costs = Costs::default();
    for run in 0..RUNS {
        // Another commit each time, so that nothing is taken from a cache.
        let edit = format!("echo '// {run}' >> \"$(ls nodes/*/lib.rs | head -n 1)\"");
        let commit = format!("git commit --quiet --all --message {run}");
        shell(place, &format!("cd ~/evaluated/lattice; {edit}; {commit}"))?;
        costs.add(&line(place, "cd ~/evaluated/lattice; nix eval --raw .#default.drvPath")?);
    }
    let version = &tools.nix.version;
    println!("\nNix {version}, {RUNS} runs; at most {MOST_TO_EVALUATE:.0} ms\n");
    println!("| evaluate | median | minimum | CPU time |\n|---|---|---|---|");
    println!("| {MANY} nodes | {} |", costs.cells());
    let took = costs.times.median();
    if took < MOST_TO_EVALUATE {
        return Ok(vec![]);
    }
    Ok(vec![format!(
        "nix {version}: {MANY} nodes are evaluated in less than {MOST_TO_EVALUATE} ms; measured: {took:.0} ms"
    )])
}

/// How the compiler is asked to work.
#[derive(Clone, Copy)]
enum Profile {
    Dev,
    Release,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Profile::Dev => "dev",
            Profile::Release => "release",
        }
    }

    /// The attribute of the lattice.
    fn attribute(self) -> &'static str {
        match self {
            Profile::Dev => "default",
            Profile::Release => "release.default",
        }
    }

    /// As `offline.nix` says it.
    fn flags(self) -> &'static str {
        match self {
            Profile::Dev => "-Cembed-bitcode=no",
            Profile::Release => "-Copt-level=3",
        }
    }
}

/// The crate in one piece, for Nix.
fn whole(rustc: &Utf8Path, profile: Profile) -> String {
    format!(
        r#"{{
  outputs = _: {{
    packages = builtins.listToAttrs (map (system: {{
      name = system;
      value.default = derivation {{
        name = "made-whole";
        inherit system;
        builder = "/bin/sh";
        args = [ "-euc" "exec {rustc} --crate-name=made --edition=2021 --emit=link --crate-type=lib --cap-lints=allow {flags} --out-dir=$out $src" ];
        src = ./lib.rs;
      }};
    }}) [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ]);
  }};
}}
"#,
        flags = profile.flags(),
    )
}

/// Builds the lattice and the whole crate from nothing, then edits one function after the other and builds both again.
fn edits(place: &Place, tools: &Tools, profile: Profile, rustc: &Utf8Path) -> Result<Vec<String>> {
    let home = place.home();
    let name = profile.name();
    let folder = home.join("some");
    let made = Made::new(&folder, SOME, Body::Usual)?;
    shell(
        place,
        &format!("rm -rf ~/{name}; mkdir -p ~/{name}/whole; cd ~/{name}; git init --quiet"),
    )?;
    let flake = home.join(name).join("whole/flake.nix");
    std::fs::write(&flake, whole(rustc, profile)).map_err(Error::io("write", &flake))?;
    let generate = format!(
        "flake-lattice generate ~/some --no-check --output ~/{name}/lattice; \
         cp ~/some/src/lib.rs ~/{name}/whole/; cd ~/{name}; git add .; git commit --quiet --allow-empty --message edit"
    );
    let lattice_line =
        format!("cd ~/{name}/lattice; nix build --no-link .#{} 2> ~/said", profile.attribute());
    let whole_line = format!("cd ~/{name}/whole; nix build --no-link .#default 2> ~/said");
    shell(place, &generate)?;
    let cold = [line(place, &lattice_line)?, line(place, &whole_line)?];
    println!("\nNix {}, profile {name}, {SOME} nodes, {EDITS} runs\n", tools.nix.version);
    println!(
        "| build | nodes built | lattice | CPU time | whole crate | CPU time | ratio | of CPU time | goal |\n|---|---|---|---|---|---|---|---|---|"
    );
    let row = |title: &str, built: usize, [ours, beside]: [&Cost; 2], goal: &str| {
        println!(
            "| {title} | {built} | {:.0} ms | {:.0} ms | {:.0} ms | {:.0} ms | {:.2} | {:.2} | {goal} |",
            ours.time,
            ours.cpu,
            beside.time,
            beside.cpu,
            ours.time / beside.time,
            ours.cpu / beside.cpu
        );
    };
    row("from nothing, once", SOME, [&cold[0], &cold[1]], "");
    let mut broken = vec![];
    let mut number = 100;
    for (title, function, goal) in [
        ("an item at the top", SOME - 1, Some(MOST_AFTER_AN_EDIT)),
        ("an item in the middle", SOME / 2, None),
        ("an item at the bottom", 0, None),
    ] {
        let (mut ours, mut beside) = (Costs::default(), Costs::default());
        let mut built = 0;
        // What the edits before changed is built back first, or rather is in the store still.
        made.edit(function, NUMBER)?;
        shell(place, &generate)?;
        shell(place, &lattice_line)?;
        for run in 0..EDITS {
            number += 1;
            made.edit(function, number)?;
            shell(place, &format!("cp ~/{name}/lattice/lattice.json ~/before.json; {generate}"))?;
            let (said, _) =
                shell(place, &format!("flake-lattice diff --json ~/before.json ~/{name}/lattice"))?;
            let predicted = predicted(&said)?;
            let mut sides = [(true, &lattice_line), (false, &whole_line)];
            // What comes first finds warmer or colder caches.
            sides.rotate_left(run % 2);
            for (is_lattice, build) in sides {
                let cost = line(place, build)?;
                if !is_lattice {
                    beside.add(&cost);
                    continue;
                }
                ours.add(&cost);
                let nodes = nodes_built(&home.join("said"), &home.join(name).join("lattice"))?;
                built = nodes.len();
                if nodes != predicted {
                    broken.push(format!(
                        "nix {}, {title}: `diff` said that {} are built, and it was {}",
                        tools.nix.version,
                        shown(&predicted),
                        shown(&nodes)
                    ));
                }
            }
        }
        let median = |costs: &Costs| Cost { time: costs.times.median(), cpu: costs.cpu.median() };
        let ratio = ours.times.median() / beside.times.median();
        let shown_goal = goal.map_or(String::new(), |goal| goal.to_string());
        row(
            &format!("after an edit of {title}"),
            built,
            [&median(&ours), &median(&beside)],
            &shown_goal,
        );
        if goal.is_some_and(|goal| ratio > goal) {
            broken.push(format!(
                "nix {}, {name}: after an edit of {title} a lattice takes a quarter of what the whole crate does; measured: {ratio:.2}",
                tools.nix.version
            ));
        }
    }
    Ok(broken)
}

/// What `diff --json` says is built.
fn predicted(said: &str) -> Result<BTreeSet<String>> {
    let changes: Value =
        serde_json::from_str(said).map_err(|cause| Error::new(cause.to_string()))?;
    let changes = changes.as_object().cloned().unwrap_or_default();
    let built = changes.into_iter().filter(|(_, change)| change["what"] != "removed");
    Ok(built.map(|(name, _)| name).collect())
}

/// The nodes of a lattice among the derivations that Nix said it built.
fn nodes_built(said: &Utf8Path, folder: &Utf8Path) -> Result<BTreeSet<String>> {
    let text = std::fs::read_to_string(said).map_err(Error::io("read", said))?;
    let nodes = lattice(folder)?["nodes"].as_array().cloned().unwrap_or_default();
    let names = nodes.iter().filter_map(|node| node["name"].as_str());
    let is_built = |name: &&str| text.contains(&format!("-{name}-1.0.0.drv'"));
    Ok(names.filter(is_built).map(str::to_owned).collect())
}

fn shown(names: &BTreeSet<String>) -> String {
    let few: Vec<&str> = names.iter().map(String::as_str).take(5).collect();
    format!("{} ({}…)", names.len(), few.join(", "))
}
