//! How often a configuration is evaluated on its way from check to switch, beside the same steps by
//! hand.
//!
//! The configuration says so when it is evaluated, so that is counted, not guessed from times; times
//! are given in evaluations, where 1.0 is as long as Nix takes for one, because they depend on the
//! machine.

use super::ATTRIBUTE;
use crate::error::{Error, Result};
use crate::example::Place;
use crate::run;
use crate::test::Tools;
use crate::workspace::Workspace;
use camino::Utf8Path;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Instant;

/// A part of the configuration that takes seconds to evaluate, as a real one does, and no time to
/// build. It stands where the check has to look as well: a real system is evaluated as a whole
/// before anything of it is known.
const SLOW: &str = "\
{
  faults.eval =
    let
      round = sum: n: builtins.bitAnd (sum * 31 + n) 65535;
      rounds = sum: _: builtins.foldl' round sum (builtins.genList (n: n) 1000);
      sum = builtins.foldl' rounds 1 (builtins.genList (n: n) ROUNDS);
    in
    builtins.trace \"SAYS\" (sum < 0);
}
";
/// What the configuration says each time.
const SAYS: &str = "the configuration is evaluated";

/// Stands before Nix on PATH and keeps what it says; `$0.real` is Nix.
const LISTENER: &str = "\
#!/bin/sh
exec 3>&1
{ \"$0.real\" \"$@\" 2>&1 >&3 3>&-; echo $? > \"$0.$$\"; } | tee -a \"$HOME/said\" >&2
read -r status < \"$0.$$\"
rm \"$0.$$\"
exit \"$status\"
";
const ROUNDS: &str = "8000";

/// One way from check to switch: what it is called, and the four steps as shell lines.
struct Way {
    name: &'static str,
    prepare: &'static str,
    steps: [String; 4],
}

fn ways() -> [Way; 3] {
    let by_hand = |folder: &str| {
        let build = format!("nix build --no-link {folder}'#{ATTRIBUTE}'");
        [format!("nix flake check {folder}"), build.clone(), build.clone(), build]
    };
    let ours = "cd \"$(cat ~/snapshot)\" && git flake-";
    [
        Way {
            name: "by hand, dirty tree",
            prepare: "git clone --quiet --recurse-submodules ~/server/upstream.git ~/dirty; \
                      echo >> ~/dirty/README.md",
            steps: by_hand("~/dirty"),
        },
        Way {
            name: "by hand, commit",
            prepare: "git clone --quiet --recurse-submodules ~/server/upstream.git ~/clean",
            steps: by_hand("~/clean"),
        },
        Way {
            name: "studio",
            prepare: "cd \"$(studio --upstream ~/server/upstream.git --no-editor)\"; \
                      git mutable-snapshot > ~/snapshot",
            steps: [
                format!("{ours}check"),
                format!("{ours}test --root ~/machine"),
                format!("{ours}switch --root ~/machine"),
                format!("{ours}switch --root ~/machine"),
            ],
        },
    ]
}

/// What one step cost.
struct Cost {
    seconds: f64,
    evaluations: usize,
}

/// Walks each way in a place of its own; gives what is more than promised.
pub fn evaluations(
    workspace: &Workspace,
    programs: &Utf8Path,
    tools: &Tools,
) -> Result<Vec<String>> {
    let mut columns = Vec::new();
    let mut unit = f64::INFINITY;
    for way in ways() {
        let mut place = Place::new(&workspace.target.join("bench/example"), tools, programs)?
            .with_example(workspace, tools)?;
        listen(&mut place, tools)?;
        slow_down(&place)?;
        cost(&place, way.prepare)?;
        let steps =
            way.steps.iter().map(|step| cost(&place, step)).collect::<Result<Vec<Cost>>>()?;
        let flake = "\"git+file://$HOME/server/upstream.git\"";
        let evaluate = format!("nix eval --no-eval-cache --raw {flake}'#{ATTRIBUTE}.drvPath'");
        unit = unit.min(cost(&place, &evaluate)?.seconds);
        columns.push((way.name, steps));
    }
    table(tools, unit, &columns);
    Ok(columns.last().map(|(_, steps)| broken(tools, steps)).unwrap_or_default())
}

/// Puts [`LISTENER`] before Nix.
fn listen(place: &mut Place, tools: &Tools) -> Result<()> {
    let folder = place.dir.join("listener");
    let nix = folder.join("nix");
    std::fs::create_dir_all(&folder).map_err(Error::io("make the folder", &folder))?;
    std::fs::write(&nix, LISTENER).map_err(Error::io("write", &nix))?;
    std::fs::set_permissions(&nix, PermissionsExt::from_mode(0o755))
        .map_err(Error::io("set the mode of", &nix))?;
    let bin = &tools.nix.bin;
    symlink(bin.join("nix"), folder.join("nix.real")).map_err(Error::io("link", &nix))?;
    for name in ["nix-build", "nix-collect-garbage", "nix-env", "nix-instantiate", "nix-store"] {
        symlink(bin.join(name), folder.join(name)).map_err(Error::io("link", &nix))?;
    }
    place.before_path(&folder);
    Ok(())
}

/// Commits [`SLOW`] to the example's upstream, and leaves it one machine, so that one evaluation is
/// what is measured.
fn slow_down(place: &Place) -> Result<()> {
    let module = place.home().join("slow.nix");
    std::fs::write(&module, SLOW.replace("ROUNDS", ROUNDS).replace("SAYS", SAYS))
        .map_err(Error::io("write", &module))?;
    let script = "git clone --quiet --recurse-submodules ~/server/upstream.git ~/work; cd ~/work; \
                  mv ~/slow.nix modules/; git rm --quiet hosts/box.example.nix hosts/spare.nix; \
                  sed 's|imports = \\[|imports = [ ../modules/slow.nix|' hosts/demo.nix > new; mv new hosts/demo.nix; \
                  git add --all; git commit --quiet --message slow; git push --quiet origin HEAD:main";
    cost(place, script).map(drop)
}

/// Runs a shell line.
fn cost(place: &Place, line: &str) -> Result<Cost> {
    let said = place.home().join("said");
    let _ = std::fs::remove_file(&said);
    let expression = place.command("sh", &["-euc", line]);
    let start = Instant::now();
    run::read(&expression, line)?;
    let seconds = start.elapsed().as_secs_f64();
    let evaluations = std::fs::read_to_string(&said).unwrap_or_default().matches(SAYS).count();
    Ok(Cost { seconds, evaluations })
}

fn table(tools: &Tools, unit: f64, columns: &[(&str, Vec<Cost>)]) {
    println!(
        "\nNix {}: evaluations, and time where one takes 1 ({unit:.1} s here)\n",
        tools.nix.version
    );
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    println!("| step | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
    let steps = ["check", "test", "switch", "switch again"];
    for (number, step) in steps.iter().enumerate() {
        row(step, columns.iter().map(|(_, costs)| &costs[number..=number]), unit);
    }
    row("all", columns.iter().map(|(_, costs)| costs.as_slice()), unit);
}

fn row<'a>(step: &str, cells: impl Iterator<Item = &'a [Cost]>, unit: f64) {
    let cell = |costs: &[Cost]| {
        let evaluations: usize = costs.iter().map(|cost| cost.evaluations).sum();
        let time = costs.iter().map(|cost| cost.seconds).sum::<f64>() / unit;
        format!("{evaluations} in {time:.2}")
    };
    println!("| {step} | {} |", cells.map(cell).collect::<Vec<_>>().join(" | "));
}

/// Once for the check and once for the build at most; nothing for what was done before.
fn broken(tools: &Tools, costs: &[Cost]) -> Vec<String> {
    let version = &tools.nix.version;
    let counts: Vec<usize> = costs.iter().map(|cost| cost.evaluations).collect();
    let promises = [
        (counts[0] <= 1, "the check evaluates once"),
        (counts[1] + counts[2] <= 1, "test and switch evaluate once together"),
        (counts[3] == 0, "a second switch evaluates nothing"),
    ];
    promises
        .iter()
        .filter(|(kept, _)| !kept)
        .map(|(_, promise)| format!("nix {version}: {promise}; counted: {counts:?}"))
        .collect()
}
