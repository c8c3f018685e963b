//! What a shell line costs: its time, that of processors, and the memory of the largest process in
//! it, as the kernel counted them. Not here: what costs are compared with.

use super::times::Times;
use crate::error::{Error, Result};
use crate::example::Place;
use camino::Utf8Path;
use std::fs::File;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use wait4::{ResourceUsage, Wait4};

/// What all runs of one thing cost.
#[derive(Clone, Debug, Default)]
pub struct Costs {
    /// How long each took.
    pub times: Times,
    /// How long processors worked for it, whatever else the machine did.
    pub cpu: Times,
    /// Bytes that the largest process had in memory at its peak, in any run. Processes that ran at
    /// the same time are not added up.
    pub peak: u64,
}

/// One way to do something, as shell lines. In them `$1` is the number of the run, and `$2` a file
/// of the repository that no run before it was given.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// What the reader of the table would type.
    pub shown: &'static str,
    /// Once, before all runs.
    pub prepare: &'static str,
    /// Before each run.
    pub before: &'static str,
    /// What is measured.
    pub line: &'static str,
    /// After each run: what it made goes again.
    pub after: &'static str,
}

/// A way, where it is gone, and which files are there to change.
pub struct Walk<'a> {
    /// The way.
    pub way: &'a Way,
    /// The folder.
    pub place: &'a Place,
    /// The file that a run may change.
    pub file: &'a dyn Fn(usize) -> String,
}

/// Walks all ways, again and again and in turn; gives the costs in the same order.
pub fn measure(walks: &[Walk], runs: usize) -> Result<Vec<Costs>> {
    let mut all = vec![Costs::default(); walks.len()];
    for walk in walks {
        walk.untimed(walk.way.prepare, 0)?;
    }
    for run in 0..runs {
        for turn in 0..walks.len() {
            // What comes first finds warmer or colder caches.
            let number = (turn + run) % walks.len();
            let (walk, costs) = (&walks[number], &mut all[number]);
            walk.untimed(walk.way.before, run)?;
            settle(&walk.place.dir)?;
            let (took, used) = walk.run(walk.way.line, run)?;
            costs.times.add(milliseconds(took));
            costs.cpu.add(milliseconds(used.utime + used.stime));
            costs.peak = costs.peak.max(used.maxrss);
            walk.untimed(walk.way.after, run)?;
        }
    }
    Ok(all)
}

/// Writes down what was only promised to the disk, so that it is not written during a measurement.
fn settle(folder: &Utf8Path) -> Result<()> {
    let failed = || Error::io("sync the file system of", folder);
    let folder_itself = File::open(folder).map_err(failed())?;
    rustix::fs::syncfs(&folder_itself).map_err(|errno| failed()(errno.into()))
}

impl Walk<'_> {
    fn untimed(&self, line: &str, run: usize) -> Result<()> {
        if line.is_empty() { Ok(()) } else { self.run(line, run).map(drop) }
    }

    fn run(&self, line: &str, run: usize) -> Result<(Duration, ResourceUsage)> {
        // Files, because somebody who reads a pipe would be measured too.
        let said = self.place.dir.join("said");
        let output = File::create(&said).map_err(Error::io("write", &said))?;
        let errors = output.try_clone().map_err(Error::io("write", &said))?;
        let mut command = Command::new("sh");
        command
            .args(["-euc", line, "sh", &run.to_string(), &(self.file)(run)])
            .current_dir(&self.place.dir)
            .env_clear()
            .envs(self.place.environment())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        let failed = |cause| Error::new(format!("cannot run `{line}`: {cause}"));
        let start = Instant::now();
        let used = command.spawn().map_err(failed)?.wait4().map_err(failed)?;
        let took = start.elapsed();
        if used.status.success() {
            return Ok((took, used.rusage));
        }
        Err(failure(line, used.status, &said))
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn failure(line: &str, status: std::process::ExitStatus, said: &Utf8Path) -> Error {
    let said = std::fs::read_to_string(said).unwrap_or_default();
    Error::new(format!("`{line}` failed ({status})\n{}", said.trim_end()))
}
