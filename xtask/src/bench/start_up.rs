//! What one start of each program costs, and how big it is.

use crate::error::{Error, Result};
use crate::run;
use crate::workspace::Workspace;
use camino::Utf8Path;

/// How often a program is started to see what one start costs.
const STARTS: u32 = 100;
/// The promise: CPU time of `--version`, and size of the file.
const MOST_MILLISECONDS: f64 = 5.0;
/// The largest has a parser and a printer for all of Rust, the next one SQLite and all of switching.
const MOST_BYTES: u64 = 10_000_000;

/// CPU time of a start and size of each program; gives what is more than promised.
pub fn start_up(workspace: &Workspace, programs: &Utf8Path) -> Result<Vec<String>> {
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

/// Milliseconds of CPU time, user and system, that one start costs: the shell's `times` tells of
/// its children.
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
