//! What it costs to be shown a build that talks: a real one that says 10,000 lines a second, or as many as nix can hand on,
//! on a terminal.
//!
//! Ours is `git flake-check` of a snapshot on a terminal that somebody holds. Beside it runs `nix flake check` of the same
//! snapshot, whose log goes into a file; and both once more with a build that takes as long and says nothing, because what
//! they differ by there has nothing to do with lines. What the kernel counts as our process's own time is shown too: that
//! of nix is not in it.

use super::times::{Times, shell};
use crate::error::{Error, Result};
use crate::example::Place;
use crate::test::Tools;
use crate::workspace::Workspace;
use camino::Utf8Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often each way is gone.
const RUNS: usize = 5;

/// How often a build speaks, and how many lines it says then.
const TIMES: usize = 100;
const LINES: usize = 1000;

/// One of them, for awk: as long as those of compilers.
const LINE: &str =
    r#""  CC  src/drivers/net/ethernet/adapter_" n ".o  -O2 -Wall -Wextra -fstack-protector""#;

/// The pace that is promised for, in lines a second.
const PACE: f64 = 10_000.0;

/// The promise: of a build's time.
const MOST: f64 = 0.02;

/// Between two looks at a process.
const PAUSE: Duration = Duration::from_millis(20);

/// What a build says each time.
#[derive(Clone, Copy)]
enum Talk {
    Lines,
    Nothing,
}

/// Who looks on.
#[derive(Clone, Copy)]
enum Way {
    Nix,
    Ours,
}

/// All ways, again and again; gives what is more than promised.
pub fn view(workspace: &Workspace, programs: &Utf8Path, tools: &Tools) -> Result<Vec<String>> {
    let place = Place::new(&workspace.target.join("bench/example"), tools, programs)?
        .with_example(workspace, tools)?;
    shell(&place, "studio --upstream ~/server/upstream.git --yes --no-editor > ~/studio")?;
    let [mut nix, mut ours] = [Talk::Lines, Talk::Nothing].map(|_| Times::default());
    let [mut nix_silent, mut ours_silent] = [nix.clone(), ours.clone()];
    let mut own = Times::default();
    for run in 0..RUNS {
        for (talk, nix, ours) in
            [(Talk::Lines, &mut nix, &mut ours), (Talk::Nothing, &mut nix_silent, &mut ours_silent)]
        {
            let (time, _) = measure(&place, talk, Way::Nix, run)?;
            nix.add(time);
            let (time, spent) = measure(&place, talk, Way::Ours, run)?;
            ours.add(time);
            if matches!(talk, Talk::Lines) {
                own.add(spent);
            }
        }
    }
    let build = nix.median();
    let pace = (TIMES * LINES) as f64 / build * 1000.0;
    let share = (ours.over(&nix) - ours_silent.over(&nix_silent)) / build;
    println!(
        "\nNix {}: a build of {:.1} s that says {pace:.0} lines a second, median of {RUNS}\n",
        tools.nix.version,
        build / 1000.0
    );
    println!("| way | lines | none | added by lines |\n|---|---|---|---|");
    for (name, lines, silent) in [
        ("`nix flake check`, into a file", &nix, &nix_silent),
        ("`git flake-check`, on a terminal", &ours, &ours_silent),
    ] {
        println!(
            "| {name} | {:.0} ms | {:.0} ms | {:.0} ms |",
            lines.median(),
            silent.median(),
            lines.over(silent)
        );
    }
    let each = own.median() / (TIMES * LINES) as f64;
    println!(
        "\nThe view makes it {:.2} % longer. Our own process takes {:.1} µs a line, so {:.1} % of one processor at {PACE:.0} \
         lines a second.",
        share * 100.0,
        each * 1000.0,
        each * PACE / 10.0
    );
    let mut broken = Vec::new();
    if share > MOST {
        broken.push(format!(
            "nix {}: looking on costs at most {:.0} % of a build's time; measured: {:.1} %",
            tools.nix.version,
            MOST * 100.0,
            share * 100.0
        ));
    }
    Ok(broken)
}

/// One check that was never built; gives the milliseconds of the whole and of our own process.
fn measure(place: &Place, talk: Talk, way: Way, run: usize) -> Result<(f64, f64)> {
    let (name, say) = match talk {
        Talk::Lines => {
            ("lines", format!("awk 'BEGIN {{ for (n = 0; n < {LINES}; n++) print {LINE} }}'"))
        }
        Talk::Nothing => ("silent", "true".to_owned()),
    };
    let way_name = if matches!(way, Way::Nix) { "nix" } else { "ours" };
    // A little less than a tenth of a second, because saying it takes its time too.
    let script = format!(
        "i=0; while [ $i -lt {TIMES} ]; do {say}; usleep 90000; i=$((i + 1)); done; echo > $out"
    );
    let checks = format!(
        "{{ lib, self, system }}: {{ {name} = (lib.pkgs system).build \"{name}-{way_name}-{run}\" ''\n{script}\n''; }}\n"
    );
    let home = place.home();
    let path = home.join("checks.nix");
    std::fs::write(&path, checks).map_err(Error::io("write", &path))?;
    shell(
        place,
        "cd \"$(cat ~/studio)\"; cp ~/checks.nix checks.nix; git mutable-snapshot > ~/snapshot",
    )?;
    let line = match way {
        Way::Nix => {
            "cd \"$(cat ~/snapshot)\"; exec nix flake check --print-build-logs --no-update-lock-file \
             \"git+file://$PWD?submodules=1&rev=$(git rev-parse HEAD)\" 2> ~/nix.log"
        }
        Way::Ours => {
            "cd \"$(cat ~/snapshot)\"; exec script --quiet --return --command 'exec flake-check' /dev/null"
        }
    };
    let failed = |cause| Error::new(format!("cannot run `{line}`: {cause}"));
    let mut command = Command::new("sh");
    command.args(["-euc", line]).env_clear().envs(place.environment()).current_dir(&place.dir);
    let start = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().map_err(failed)?;
    let mut spent = 0.0;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        if let Some(now) = time_of("flake-check", &child.id().to_string()) {
            spent = now;
        }
        std::thread::sleep(PAUSE);
    };
    let time = start.elapsed().as_secs_f64() * 1000.0;
    if status.success() { Ok((time, spent)) } else { Err(Error::new(format!("`{line}` failed"))) }
}

/// Milliseconds of processor time that the process of this name took by itself, which is `process` or one that descends
/// from it.
fn time_of(name: &str, process: &str) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // `PID (NAME) STATE …`, see proc_pid_stat(5).
    let (before, after) = stat.rsplit_once(") ")?;
    if before.split_once(" (").is_some_and(|(_, found)| found == name) {
        let fields: Vec<i64> = after.split(' ').filter_map(|field| field.parse().ok()).collect();
        // STATE is no number, so `utime` and `stime`, the 14th and 15th, are the 11th and 12th here. In hundredths of a
        // second on every Linux.
        return Some((fields.get(10)? + fields.get(11)?) as f64 * 10.0);
    }
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let mut children = threads
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    children.find_map(|children| children.split_whitespace().find_map(|child| time_of(name, child)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_grandchild_is_its_own() {
        let mut child = Command::new("sh")
            .args([
                "-c",
                "awk 'BEGIN { for (n = 0; n < 20000000; n++) x += n; system(\"sleep 2\") }'; true",
            ])
            .spawn()
            .unwrap();
        let id = child.id().to_string();
        let name = std::fs::canonicalize("/usr/bin/awk").ok();
        let name = name.as_ref().and_then(|path| path.file_name()).and_then(|name| name.to_str());
        let begin = Instant::now();
        let mut most = 0.0_f64;
        while child.try_wait().unwrap().is_none() && begin.elapsed() < Duration::from_secs(60) {
            let now = ["awk", name.unwrap_or("awk")].iter().find_map(|name| time_of(name, &id));
            most = most.max(now.unwrap_or_default());
            std::thread::sleep(PAUSE);
        }
        assert!(most > 20.0, "{most}");
        assert_eq!(time_of("nobody", &std::process::id().to_string()), None);
    }
}
