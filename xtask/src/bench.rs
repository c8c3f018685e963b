//! `cargo xtask bench`: the numbers that the project promises, measured with the programs as they ship.
//!
//! Start-up and size of each program; and how often a configuration is evaluated on its way from check to switch,
//! beside the same steps by hand. Times depend on the machine, so those are given in evaluations: 1.0 is as long as Nix
//! takes to evaluate the configuration once.

use crate::error::{Error, Result};
use crate::example::Place;
use crate::run;
use crate::test::Tools;
use crate::workspace::{Profile, Workspace};
use camino::Utf8Path;
use std::time::Instant;

/// Measure what the README promises
#[derive(clap::Args)]
pub struct Bench {
    /// Only start-up and size of the programs, which takes seconds
    #[arg(long)]
    quick: bool,
    /// Measure with this version of Nix; may be repeated [default: 2.26 and 2.34]
    #[arg(long, value_name = "VERSION")]
    nix: Vec<String>,
}

/// How often a program is started to see what one start costs.
const STARTS: u32 = 100;
/// The promise: CPU time of `--version`, and size of the file.
const MOST_MILLISECONDS: f64 = 5.0;
const MOST_BYTES: u64 = 6_000_000;

const ATTRIBUTE: &str = "nixosConfigurations.\"demo\".config.system.build.toplevel";

/// A part of the configuration that takes seconds to evaluate, as a real one does, and no time to build. It stands where
/// the check has to look as well: a real system is evaluated as a whole before anything of it is known.
const SLOW: &str = "\
{
  faults.eval =
    let
      round = sum: n: builtins.bitAnd (sum * 31 + n) 65535;
      rounds = sum: _: builtins.foldl' round sum (builtins.genList (n: n) 1000);
    in
    builtins.foldl' rounds 1 (builtins.genList (n: n) ROUNDS) < 0;
}
";
const ROUNDS: &str = "8000";

impl Bench {
    /// Fails if a promise is broken.
    pub fn run(&self, workspace: &Workspace) -> Result<()> {
        let programs = workspace.build(Profile::Release)?;
        let mut broken = start_up(workspace, &programs)?;
        let both = ["2.26", "2.34"].map(str::to_owned).to_vec();
        let versions = if self.nix.is_empty() { both } else { self.nix.clone() };
        for version in versions.iter().filter(|_| !self.quick) {
            let tools = Tools::get(workspace, Some(version))?;
            broken.extend(evaluations(workspace, &programs, &tools)?);
        }
        if broken.is_empty() {
            return Ok(());
        }
        Err(Error::new(format!("promised, but not so:\n{}", broken.join("\n"))))
    }
}

/// CPU time of a start and size of each program; gives what is more than promised.
fn start_up(workspace: &Workspace, programs: &Utf8Path) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    println!("\n| program | CPU time of `--version` | size |\n|---|---|---|");
    for name in &workspace.programs {
        let program = programs.join(name);
        let size = program.metadata().map_err(Error::io("look at", &program))?.len();
        let cost = start(&program)?;
        println!("| {name} | {cost:.1} ms | {:.1} MB |", size as f64 / 1e6);
        if cost > MOST_MILLISECONDS {
            broken.push(format!("{name}: a start costs {cost:.1} ms of CPU time"));
        }
        if size > MOST_BYTES {
            broken.push(format!("{name}: it has {size} bytes"));
        }
    }
    Ok(broken)
}

/// Milliseconds of CPU time, user and system, that one start costs: the shell's `times` tells of its children.
fn start(program: &Utf8Path) -> Result<f64> {
    let script = "i=0; while [ $i -lt $2 ]; do \"$1\" --version > /dev/null || exit 1; i=$((i + 1)); done; times";
    let expression = duct::cmd!("sh", "-c", script, "sh", program, STARTS.to_string());
    let said = run::read(&expression, &format!("{program} --version"))?;
    let children = said.lines().nth(1).unwrap_or_default();
    let seconds: Option<Vec<f64>> = children.split_whitespace().map(seconds).collect();
    match seconds.as_deref() {
        Some([user, system]) => Ok((user + system) * 1000.0 / f64::from(STARTS)),
        _ => Err(Error::new(format!("the shell's `times` said what nobody understands: {said}"))),
    }
}

/// `0m0.120s`
fn seconds(text: &str) -> Option<f64> {
    let (minutes, seconds) = text.strip_suffix('s')?.split_once('m')?;
    Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
}

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

/// Walks each way in a place of its own; gives what is more than promised.
fn evaluations(workspace: &Workspace, programs: &Utf8Path, tools: &Tools) -> Result<Vec<String>> {
    let mut columns = Vec::new();
    for way in ways() {
        let place = Place::new(&workspace.target.join("bench"), tools, programs)?
            .with_example(workspace, tools)?;
        slow_down(&place)?;
        time(&place, way.prepare)?;
        let steps =
            way.steps.iter().map(|step| time(&place, step)).collect::<Result<Vec<f64>>>()?;
        let flake = "\"git+file://$HOME/server/upstream.git\"";
        let evaluate = format!("nix eval --no-eval-cache --raw {flake}'#{ATTRIBUTE}.drvPath'");
        let unit = time(&place, &evaluate)?;
        columns.push((way.name, unit, steps));
    }
    Ok(table(tools, &columns))
}

/// Commits [`SLOW`] to the example's upstream, and leaves it one machine, so that one evaluation is what is measured.
fn slow_down(place: &Place) -> Result<()> {
    let module = place.home().join("slow.nix");
    std::fs::write(&module, SLOW.replace("ROUNDS", ROUNDS)).map_err(Error::io("write", &module))?;
    let script = "git clone --quiet --recurse-submodules ~/server/upstream.git ~/work; cd ~/work; \
                  mv ~/slow.nix modules/; git rm --quiet hosts/box.example.nix hosts/spare.nix; \
                  sed 's|imports = \\[|imports = [ ../modules/slow.nix|' hosts/demo.nix > new; mv new hosts/demo.nix; \
                  git add --all; git commit --quiet --message slow; git push --quiet origin HEAD:main";
    time(place, script).map(drop)
}

/// Seconds of wall time that a shell line takes.
fn time(place: &Place, line: &str) -> Result<f64> {
    let expression = place.command("sh", &["-euc", line]);
    let start = Instant::now();
    run::read(&expression, line)?;
    Ok(start.elapsed().as_secs_f64())
}

fn table(tools: &Tools, columns: &[(&str, f64, Vec<f64>)]) -> Vec<String> {
    let version = &tools.nix.version;
    let unit = columns.iter().map(|column| column.1).fold(f64::INFINITY, f64::min);
    println!("\nNix {version}, in evaluations of the configuration; one takes {unit:.1} s here\n");
    print!("| step |");
    for (name, ..) in columns {
        print!(" {name} |");
    }
    println!("\n|---|{}", "---|".repeat(columns.len()));
    let steps = ["check", "test", "switch", "switch again"];
    for (number, step) in steps.iter().enumerate() {
        print!("| {step} |");
        for (_, _, times) in columns {
            print!(" {:.2} |", times[number] / unit);
        }
        println!();
    }
    print!("| all |");
    for (_, _, times) in columns {
        print!(" {:.2} |", times.iter().sum::<f64>() / unit);
    }
    println!();
    // A half is more than anything but an evaluation takes.
    let mut broken = Vec::new();
    if let Some((_, _, times)) = columns.last() {
        let evaluated = times[..3].iter().map(|time| (time / unit + 0.5).floor()).sum::<f64>();
        if evaluated > 2.0 {
            broken.push(format!(
                "nix {version}: check, test and switch took {evaluated} evaluations"
            ));
        }
        if times[3] / unit > 0.5 {
            broken.push(format!("nix {version}: the second switch evaluated something"));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_shell_says_of_times_is_understood() {
        assert_eq!(seconds("0m0.120s"), Some(0.12));
        assert_eq!(seconds("1m2.5s"), Some(62.5));
        assert_eq!(seconds("2.5"), None);
    }
}
